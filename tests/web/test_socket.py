"""What a page is told leaves in its order, whether the browser takes it at once or not."""

from __future__ import annotations

import asyncio
import socket as system_socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from common.web.metrics import Counts
from common.web.socket import AT_ONCE, Page
from tests.web.house import run

SMALL = 16_384
"""Bytes of the server's own buffer: a browser that does not read is felt soon."""


@asynccontextmanager
async def told() -> AsyncIterator[tuple[Page, aiohttp.ClientWebSocketResponse]]:
    """A page, and the browser that it tells."""
    made: asyncio.Future[Page] = asyncio.get_running_loop().create_future()

    async def door(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        line = request.transport.get_extra_info("socket")
        line.setsockopt(system_socket.SOL_SOCKET, system_socket.SO_SNDBUF, SMALL)
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        page = Page(socket, request.transport, Counts())
        made.set_result(page)
        await page.run(lambda _asked: None)
        await page.gone()
        return socket

    runner = web.ServerRunner(web.Server(door))
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(f"http://127.0.0.1:{runner.addresses[0][1]}/", max_msg_size=0) as ear,
        ):
            yield await made, ear
    finally:
        await runner.cleanup()


def test_what_fits_is_written_at_once() -> None:
    async def scenario() -> None:
        async with told() as (page, ear):
            before = len(asyncio.all_tasks())
            page.send("one")
            page.send("two")
            assert len(asyncio.all_tasks()) == before
            assert [await ear.receive_str(), await ear.receive_str()] == ["one", "two"]

    run(scenario())


def test_what_does_not_fit_waits_and_keeps_its_order() -> None:
    async def scenario() -> None:
        async with told() as (page, ear):
            sizes = [AT_ONCE - 4, 1, 100_000, 1, 200_000, 1, 1, 50_000, 1]
            for round_ in range(3):
                for number, size in enumerate(sizes):
                    page.send(f"{round_}.{number} " + "😀" * size)
                heard = [await ear.receive_str() for _ in sizes]
                assert [text.split()[0] for text in heard] == [
                    f"{round_}.{number}" for number in range(len(sizes))
                ]
                assert [len(text) for text in heard] == [4 + size for size in sizes]

    run(scenario())


def test_what_was_told_before_the_close_arrives_before_it() -> None:
    async def scenario() -> None:
        async with told() as (page, ear):
            page.send("x" * 500_000)
            page.send("last")
            page.close(4003)
            page.send("too late")
            assert len(await ear.receive_str()) == 500_000
            assert await ear.receive_str() == "last"
            assert (await ear.receive()).type is aiohttp.WSMsgType.CLOSE
            assert ear.close_code == 4003

    run(scenario())


def test_to_a_browser_that_went_nothing_is_written() -> None:
    async def scenario() -> None:
        async with told() as (page, ear):
            await ear.close()
            for _ in range(3):
                page.send("is anybody there?")
            page.send("x" * 300_000)
            await page.gone()

    run(scenario())
