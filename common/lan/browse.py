"""Finding servers: once (`discover`), or as they come and go (`Watch`).

Owns the thread that listens, and the list of what is there. Must not decide on trust, nor know who
wants the list, nor whether it may look (`permission`).
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from typing import Final

from common.addresses import Own, interfaces
from common.lan.found import MOST, Found, in_order, read
from common.lan.mdns import Mdns, Unavailable
from common.lan.permission import allowed

__all__ = ["WITHIN", "Unavailable", "Watch", "allowed", "discover"]

EVERY: Final = 3.0
"""Seconds between two looks at this machine's addresses, and for the end to be noticed."""
AGAIN: Final = 20.0
"""Seconds after which a server that is listed is asked for again, where it has not been heard."""
WITHIN: Final = 3.0
"""Seconds in which the servers of a network answer, the second question included."""
_QUIET: Final = 1.3
"""Seconds without news after which `settled` believes that all have answered: nobody repeats what
they said within the last second (RFC 6762, 6)."""
_MISSES: Final = 2
"""Times that one does not answer before it is taken off the list."""

List = Callable[[list[Found]], object]


class Watch:
    """Looks for servers from `start` to `close`; may be asked, or tells."""

    def __init__(
        self,
        on_change: List | None = None,
        on_trouble: Callable[[Unavailable | None], object] | None = None,
        look: Callable[[], list[Own]] = interfaces,
    ) -> None:
        """From the thread, `on_change` is told the whole list whenever it has changed, and
        `on_trouble` why nothing can be found now, or None once it can."""
        self._on_change = on_change
        self._on_trouble = on_trouble
        self._look = look
        self._changed = threading.Condition()
        self._there: dict[str, Found] = {}
        self._trouble: Unavailable | None = None
        self._shown: list[Found] = []
        self._news_at = time.monotonic()
        self._missed: dict[str, int] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._own: list[Own] = []
        self._mdns: Mdns | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._begun = threading.Event()
        self._over = False
        self._thread = threading.Thread(target=self._run, name="causette-browse", daemon=True)

    def start(self) -> None:
        """Begin to look; returns at once."""
        self._thread.start()

    def close(self, timeout: float = 1.0) -> None:
        """Stop looking, and wait for that so many seconds at most; nothing is told after it. May be
        repeated, and called from what is told."""
        with self._changed:
            self._over = True
        if self._thread.ident is None or self._thread is threading.current_thread():
            self._cancel()
            return
        self._begun.wait(timeout)
        self._cancel()
        self._thread.join(timeout)

    @property
    def servers(self) -> list[Found]:
        """Those that are there, in the order of lists."""
        with self._changed:
            return list(self._shown)

    @property
    def trouble(self) -> Unavailable | None:
        """Why nothing can be found now."""
        with self._changed:
            return self._trouble

    def wait(self, timeout: float, enough: Callable[[list[Found]], bool]) -> list[Found]:
        """The list as soon as it is `enough`, or after `timeout` seconds, or once it is clear that
        nothing can be found."""
        with self._changed:
            self._changed.wait_for(
                lambda: enough(self._shown) or self._trouble is not None or self._over, timeout
            )
            return list(self._shown)

    def settled(self, timeout: float = WITHIN) -> list[Found]:
        """The list once some have come and no more seem to, after `timeout` seconds at most."""
        end = time.monotonic() + timeout
        while True:
            found = self.wait(end - time.monotonic(), bool)
            with self._changed:
                rest = self._news_at + _QUIET - time.monotonic()
            if not found or rest <= 0 or time.monotonic() >= end:
                return found
            self.wait(min(rest, end - time.monotonic()), lambda now: now != found)  # noqa: B023

    def __enter__(self) -> Watch:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    # --- the thread ----------------------------------------------------------------------------

    def _cancel(self) -> None:
        if self._loop is not None and self._task is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(self._task.cancel)

    def _run(self) -> None:
        try:
            asyncio.run(self._browse())
        except asyncio.CancelledError:
            pass
        except Exception as error:  # not to be found is no reason to end
            self._suffer(Unavailable("refused", f"{type(error).__name__}: {error}"))
        finally:
            self._begun.set()

    async def _browse(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self._begun.set()
        asked = time.monotonic()
        try:
            while not self._over:
                try:
                    await self._take_part()
                except Unavailable as trouble:
                    await self._hush()
                    self._suffer(trouble)
                    if trouble.reason == "missing":
                        return
                else:
                    self._suffer(None)
                if time.monotonic() >= asked + AGAIN:
                    asked = time.monotonic()
                    for instance in list(self._there):
                        self._ask(instance)
                await asyncio.sleep(EVERY)
        finally:
            await self._hush()

    async def _take_part(self) -> None:
        self._own = self._look()
        if self._mdns is None:
            self._mdns = await Mdns.open(self._own)
            self._mdns.browse(self._heard)
        else:
            await self._mdns.follow(self._own)

    async def _hush(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()
        mdns, self._mdns = self._mdns, None
        if mdns is not None:
            await mdns.close()

    def _heard(self, instance: str, there: bool) -> None:
        if there:
            self._ask(instance)
        elif self._there.pop(instance, None) is not None:
            self._show()

    def _ask(self, instance: str) -> None:
        if instance in self._tasks or len(self._tasks) >= MOST or self._mdns is None:
            return
        task = asyncio.get_running_loop().create_task(self._learn(self._mdns, instance))
        self._tasks[instance] = task
        task.add_done_callback(lambda _done: self._tasks.pop(instance, None))

    async def _learn(self, mdns: Mdns, instance: str) -> None:
        heard = await mdns.hear(instance)
        if heard is None:
            if instance in self._there:
                self._missed[instance] = self._missed.get(instance, 0) + 1
                if self._missed[instance] >= _MISSES:
                    self._missed.pop(instance)
                    self._there.pop(instance)
                    self._show()
            return
        self._missed.pop(instance, None)
        server = read(heard, [one.network for one in self._own])
        if server is None:
            if self._there.pop(instance, None) is not None:
                self._show()
        elif instance in self._there or len(self._there) < MOST:
            self._there.pop(instance, None)  # of two that hold one key, the latest counts
            self._there[instance] = server
            self._show()

    def _show(self) -> None:
        shown = in_order({one.identity: one for one in self._there.values()}.values())
        with self._changed:
            if shown == self._shown:
                return
            self._shown = shown
            self._news_at = time.monotonic()
            over = self._over
            self._changed.notify_all()
        if self._on_change is not None and not over:
            self._on_change(list(shown))

    def _suffer(self, trouble: Unavailable | None) -> None:
        with self._changed:
            if (self._trouble and self._trouble.reason) == (trouble and trouble.reason):
                return
            self._trouble = trouble
            over = self._over
            self._changed.notify_all()
        if self._on_trouble is not None and not over:
            self._on_trouble(trouble)


def discover(timeout: float = WITHIN) -> list[Found]:
    """The servers that answer within `timeout` seconds. Raises Unavailable where none can be found
    out."""
    with Watch() as watch:
        found = watch.wait(timeout, lambda _found: False)
        if watch.trouble is not None and not found:
            raise watch.trouble
        return found
