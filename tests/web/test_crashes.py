"""The gateway dies between two steps, and nothing that a page handed in is lost or doubled."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest

from common.client.faults import POINTS
from tests.support.gateway import GatewayProgram, Visitor
from tests.support.programs import BrokerProgram
from tests.web.house import Page, run

SAYING = [point for point in POINTS if point not in ("shown", "cursor")]


async def page_of(visitor: Visitor, http: aiohttp.ClientSession) -> Page:
    """A page with that visitor's cookie."""
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.jar.items())
    headers = {"Origin": visitor.page, "Cookie": cookies}
    return Page(await http.ws_connect(f"{visitor.page}/ws", headers=headers, max_msg_size=0))


@pytest.mark.parametrize("point", SAYING)
def test_a_line_that_is_handed_in_again_is_stored_once(
    broker: BrokerProgram, tmp_path: Path, point: str
) -> None:
    """Killed once the file holds it, once it was sent, once it is stored, once that is noted."""
    fault = {"CAUSETTE_CLIENT_FAULT": f"{point}:2"}
    first = GatewayProgram(tmp_path / "web", broker.link, env=fault)
    visitor = Visitor(first.page)
    assert visitor.join("ada").status == 200
    port = first.page.rpartition(":")[2]

    async def until_it_dies() -> None:
        async with aiohttp.ClientSession() as http:
            ada = await (await page_of(visitor, http)).attach()
            await ada.enter("before", "KEY-1")
            await ada.settled("KEY-1")
            await ada.enter("once", "KEY-2")
            await ada.until_closed()

    async def and_after() -> None:
        async with aiohttp.ClientSession() as http:
            ada = await (await page_of(visitor, http)).attach(unsent=["KEY-2"])
            await ada.enter("once", "KEY-2")
            await ada.enter("after", "KEY-3")
            await ada.settled("KEY-2", "KEY-3")
            await ada.until(lambda: ada.seqs()[-1:] == [3], "three in all")
            assert ada.texts() == ["before", "once", "after"]

    try:
        run(until_it_dies())
        assert first.wait() == -9
    finally:
        first.kill()
    with GatewayProgram(tmp_path / "web", broker.link, bind=f"127.0.0.1:{port}"):
        run(and_after())


def test_a_gateway_that_dies_tells_what_it_owes_without_any_page(
    broker: BrokerProgram, tmp_path: Path
) -> None:
    """What it had taken leaves when it starts again, whether the browser comes back or not."""
    with GatewayProgram(
        tmp_path / "web", broker.link, env={"CAUSETTE_CLIENT_FAULT": "kept"}
    ) as first:
        visitor = Visitor(first.page)
        assert visitor.join("ada").status == 200

        async def say() -> None:
            async with aiohttp.ClientSession() as http:
                ada = await (await page_of(visitor, http)).attach()
                await ada.enter("owed", "KEY-1")
                await ada.until_closed()

        run(say())
        first.wait()

    async def hear() -> None:
        async with aiohttp.ClientSession() as http:
            bob = await (await page_of(other, http)).attach()
            await bob.until(lambda: bob.texts() == ["owed"], "what ada said")

    with GatewayProgram(tmp_path / "web", broker.link) as second:
        other = Visitor(second.page)
        assert other.join("bob").status == 200
        run(hear())


def test_a_gateway_that_is_stopped_says_goodbye_to_its_pages(
    broker: BrokerProgram, tmp_path: Path
) -> None:
    with GatewayProgram(tmp_path / "web", broker.link) as gateway:
        visitor = Visitor(gateway.page)
        assert visitor.join("ada").status == 200

        async def scenario() -> None:
            async with aiohttp.ClientSession() as http:
                ada = await (await page_of(visitor, http)).attach()
                stopping = asyncio.create_task(asyncio.to_thread(gateway.stop))
                assert await ada.until_closed() == 1001
                assert await stopping == 0

        run(scenario())
