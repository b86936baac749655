"""Many descriptors beside whatever else the loop does."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

from common.client.watching import AT_ONCE, Watch
from tests.client.ear import run


@contextmanager
def lines(count: int) -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    """Pairs of connected sockets."""
    pairs = [socket.socketpair() for _ in range(count)]
    try:
        yield pairs
    finally:
        for pair in pairs:
            for end in pair:
                end.close()


def test_hundreds_that_are_ready_leave_the_loop_its_turn() -> None:
    """Guards that what comes later than they did is not served last."""

    async def test() -> None:
        served: list[int] = []
        at: list[int] = []
        over = asyncio.Event()

        def serve(number: int, ours: socket.socket) -> None:
            ours.recv(1)
            served.append(number)
            if len(served) == 10 * AT_ONCE:
                over.set()

        def asked(line: socket.socket) -> None:
            line.recv(1)
            at.append(len(served))

        with (
            lines(1) as ((ours, theirs),),
            lines(10 * AT_ONCE) as pairs,
            closing(Watch()) as watch,
        ):
            for number, (one, other) in enumerate(pairs):
                other.send(b"x")
                watch.add(one.fileno(), partial(serve, number, one))
            theirs.send(b"x")
            loop = asyncio.get_running_loop()
            loop.add_reader(ours.fileno(), asked, ours)
            await over.wait()
            loop.remove_reader(ours.fileno())
        assert at[0] <= 2 * AT_ONCE

    run(test())


def test_what_is_not_watched_any_more_is_not_served() -> None:
    async def test() -> None:
        served: list[str] = []
        with lines(2) as ((one, to_one), (two, to_two)), closing(Watch()) as watch:

            def first(name: str, ours: socket.socket, other: socket.socket) -> None:
                served.append(name + ours.recv(1).decode())
                watch.remove(other.fileno())
                watch.remove(other.fileno())

            watch.add(one.fileno(), lambda: first("one", one, two))
            watch.add(two.fileno(), lambda: first("two", two, one))
            to_one.send(b"!")
            to_two.send(b"!")
            last = asyncio.Event()
            with lines(1) as ((ours, theirs),):
                # Its sign comes after theirs, and both are served in one turn.
                theirs.send(b"!")
                watch.add(ours.fileno(), last.set)
                await last.wait()
                watch.remove(ours.fileno())
        assert served in (["one!"], ["two!"])

    run(test())


def test_one_that_fails_does_not_keep_the_others_from_being_served() -> None:
    async def test() -> None:
        told: list[dict[str, Any]] = []
        served: list[int] = []
        over = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: told.append(context))
        with lines(6) as pairs, closing(Watch()) as watch:

            def serve(number: int, ours: socket.socket) -> None:
                ours.recv(1)
                served.append(number)
                if len(served) == len(pairs):
                    over.set()
                if number % 2:
                    raise ValueError(number)

            for number, (ours, theirs) in enumerate(pairs):
                watch.add(ours.fileno(), partial(serve, number, ours))
                theirs.send(b"x")
            await over.wait()
        assert sorted(served) == list(range(6))
        assert sorted(str(one["exception"]) for one in told) == ["1", "3", "5"]

    run(test())
