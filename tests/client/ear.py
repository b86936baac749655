"""A loop with clients, for the tests of `AsyncClient`: who hears what they tell, and waits for it.

Must not know what is tested.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from common import keys
from common.client import events as ev
from common.client.aio import AsyncClient
from common.client.client import Options
from common.client.kept import AnyProfile, MemoryProfile
from common.client.shared import LoopContext
from common.client.target import Target, explicit
from tests.support import scaled
from tests.support.members import GENERAL

T = TypeVar("T")


class Ear:
    """A client's program: keeps what it is told, and can be waited for."""

    def __init__(self) -> None:
        self.batches: list[list[ev.Event]] = []
        self.ends = 0
        self.hook: Callable[[list[ev.Event]], None] = lambda events: None
        self._told = asyncio.Event()

    def hear(self, events: list[ev.Event]) -> None:
        assert events
        assert not self.ends, "nothing comes after the end"
        self.batches.append(events)
        self._told.set()
        self.hook(events)

    def end(self) -> None:
        self.ends += 1
        self._told.set()

    @property
    def events(self) -> list[ev.Event]:
        return [event for batch in self.batches for event in batch]

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]

    def texts(self) -> list[str]:
        return [record.text for told in self.of(ev.Messages) for record in told.records]

    async def until(self, fits: Callable[[], T]) -> T:
        """Waits until something is so, looking after each batch."""
        async with asyncio.timeout(scaled(15)):
            while not (answer := fits()):
                self._told.clear()
                await self._told.wait()
            return answer

    async def ready(self) -> ev.Ready:
        return (await self.until(lambda: self.of(ev.Ready)))[0]


def run(test: Coroutine[Any, Any, None]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(scaled(60)):
            await test

    asyncio.run(limited())


async def answer(future: Future[T]) -> T:
    async with asyncio.timeout(scaled(15)):
        return await asyncio.wrap_future(future)


@contextlib.asynccontextmanager
async def people(
    target: Target, *names: str, profile: AnyProfile | None = None
) -> AsyncIterator[list[tuple[AsyncClient, Ear]]]:
    """Clients of one loop, which are in."""
    context = LoopContext()
    made = []
    try:
        for name in names:
            ear = Ear()
            client = AsyncClient(
                target,
                keys.generate(),
                Options(nick=name, rooms=[GENERAL], join_timeout=scaled(15)),
                profile or MemoryProfile(),
                context=context,
                emit=ear.hear,
                on_end=ear.end,
            )
            client.start()
            made.append((client, ear))
        for _, ear in made:
            await ear.ready()
        yield made
    finally:
        context.close()
    assert [ear.ends for _, ear in made] == [1] * len(made)


def nowhere() -> Target:
    return explicit("tcp://127.0.0.1:9", "tcp://127.0.0.1:9", keys.generate().public)
