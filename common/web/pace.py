"""Something that is done again and again: soon, but not too often. Owns its timer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

NEVER: Final = float("inf")


class Pace:
    """`soon` has it done within a moment, `pause` seconds after the last time at the earliest.

    What is done returns when it is to be done again without being asked, by the loop's clock, or
    `NEVER`.
    """

    __slots__ = ("_at", "_do", "_last", "_loop", "_pause", "_timer")

    def __init__(self, pause: float, do: Callable[[], float]) -> None:
        """In the running loop."""
        self._loop = asyncio.get_running_loop()
        self._pause = pause
        self._do = do
        self._last = -NEVER
        self._at = NEVER
        self._timer: asyncio.Handle | None = None

    def soon(self) -> None:
        """Something is to be done."""
        self.at(self._last + self._pause)

    def now_or_soon(self) -> None:
        """Something is to be done: at once, if it was not done just now."""
        if self._last + self._pause <= (now := self._loop.time()):
            if self._timer is not None:
                self.stop()
            self._do_at(now)
        else:
            self.soon()

    def within(self, seconds: float) -> None:
        """Something is to be done in so many seconds, unless it is done earlier."""
        if self._timer is None:
            self.at(self._loop.time() + seconds)

    def at(self, due: float) -> None:
        """Something is to be done then, unless it is done earlier."""
        if due >= self._at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._at = due
        if due <= self._loop.time():
            self._timer = self._loop.call_soon(self._now)
        else:
            self._timer = self._loop.call_at(due, self._now)

    def stop(self) -> None:
        """It is not done any more, until it is asked for again."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._at = None, NEVER

    def now(self) -> None:
        """Do it at once."""
        self.stop()
        self._now()

    def _now(self) -> None:
        self._timer, self._at = None, NEVER
        self._do_at(self._loop.time())

    def _do_at(self, now: float) -> None:
        self._last = now
        due = self._do()
        if due < NEVER:
            self.at(due)
