"""Simulated time: what happens next, in one thread. Owns the order of events and nothing else."""

import heapq
from collections.abc import Callable
from typing import Any


class Agenda:
    """Events by time; those of one moment happen in the order in which they were planned."""

    def __init__(self, start: float) -> None:
        self.now = start
        self.tell: Callable[[str], None] = lambda words: None
        """What watches a replay."""
        self._planned: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0

    def after(self, delay: float, act: Callable[..., None], *args: Any) -> None:
        """Plans `act(*args)` for `delay` seconds from now."""
        self.at(self.now + delay, act, *args)

    def at(self, moment: float, act: Callable[..., None], *args: Any) -> None:
        """Plans `act(*args)`; a moment that is over means now."""
        self._count += 1
        heapq.heappush(self._planned, (max(moment, self.now), self._count, act, args))

    def run_until(self, moment: float) -> None:
        """Lets time pass up to `moment`."""
        while self._planned and self._planned[0][0] <= moment:
            self.now, _, act, args = heapq.heappop(self._planned)
            act(*args)
        self.now = moment


class Violation(AssertionError):
    """What must never happen did."""


class Wakes:
    """Counts the turns that nothing but time asked for: too many a second is a busy loop."""

    MOST = 400

    def __init__(self, name: str) -> None:
        self._name = name
        self._second = 0
        self._count = 0

    def idle(self, now: float) -> None:
        """A turn began with nothing to read."""
        if int(now) != self._second:
            self._second, self._count = int(now), 0
        self._count += 1
        if self._count > self.MOST:
            raise Violation(f"{self._name} spins: {self._count} idle turns within a second")
