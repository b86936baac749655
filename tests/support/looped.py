"""Clients on an asyncio loop, as tests from other threads use them: with the door of `Client`.

Owns a loop in a thread, on which any number of `AsyncClient`s run side by side. What is measured
against the threaded client can so be measured against this one, by the same tests.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeVar

from common.client.aio import AsyncClient, LoopContext
from common.client.client import Options, Requests
from common.client.engine import Command, Request
from common.client.events import Event
from common.client.kept import AnyProfile, MemoryProfile
from common.client.target import Target
from common.keys import KeyPair
from tests.support.waiting import scaled

T = TypeVar("T")


class Looped:
    """A loop in a thread of its own, and what its clients share."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="loop", daemon=True)
        self._thread.start()
        self.context = self.run(LoopContext)

    def run(self, command: Callable[[], T]) -> T:
        """Does something in the loop's thread, and waits for what comes of it."""

        async def there() -> T:
            return command()

        return asyncio.run_coroutine_threadsafe(there(), self._loop).result(scaled(20))

    def client(
        self, target: Target, keys: KeyPair, options: Options, profile: AnyProfile | None
    ) -> LoopedClient:
        """A client of it; not started."""
        return self.run(lambda: LoopedClient(self, target, keys, options, profile))

    def close(self) -> None:
        """Ends everything that is left."""
        self.run(self.context.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(scaled(10))
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class LoopedClient(Requests):
    """What `Client` offers, done by an `AsyncClient`."""

    def __init__(
        self,
        loop: Looped,
        target: Target,
        keys: KeyPair,
        options: Options,
        profile: AnyProfile | None,
    ) -> None:
        super().__init__(profile or MemoryProfile())
        self._run = loop.run
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self.ended = False
        self.batches: list[int] = []
        self.client = AsyncClient(
            target,
            keys,
            options,
            self._profile,
            context=loop.context,
            emit=self._heard,
            on_end=self._over,
        )

    def _heard(self, events: list[Event]) -> None:
        assert events, "a batch holds something"
        assert not self.ended, "nothing comes after the end"
        self.batches.append(len(events))
        for event in events:
            self._events.put(event)

    def _over(self) -> None:
        assert not self.ended, "it ends once"
        self.ended = True
        self._events.put(None)

    def start(self) -> None:
        self._run(self.client.start)

    def get(self, timeout: float | None = None) -> Event | None:
        return self._events.get(timeout=timeout)

    def close(self, timeout: float = 2.0) -> None:
        self._run(self.client.close)

    def hurry(self) -> None:
        self._run(self.client.hurry)

    def seen(self, room: str, seq: int, id: str) -> None:
        self._run(lambda: self.client.seen(room, seq, id))

    def unsent(self) -> int:
        return self._run(self.client.unsent)

    def drop_unsent(self) -> None:
        self._run(self.client.drop_unsent)

    def _call(self, request: Request) -> Future[Any]:
        return self._run(lambda: self.client._call(request))

    def _keep(self, write: Command) -> None:
        self._run(lambda: self.client._keep(write))
