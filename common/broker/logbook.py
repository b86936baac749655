"""The operator's log of what people do: harmless in a terminal, and bounded.

Owns how many lines a second are written; whoever makes the broker say more fills no disk and buries
no other line for long, as what was left out is counted. Pure but for `logging`.
"""

import logging
from typing import Final

from common.broker.limits import Bucket
from common.safe import one_line

RATE: Final = 50.0
"""Lines a second of each level."""
BURST: Final = 500.0
"""Lines of each level at once after a silence: many people come in at the same moment."""
SUMMARY: Final = 5.0
"""Seconds between two counts of what was left out."""

_log = logging.getLogger("causette.broker")


class Logbook:
    """Writes lines of the levels `info`, `warning` and `error`. `now` in monotonic seconds."""

    def __init__(self, now: float) -> None:
        self._buckets = {
            level: Bucket(RATE, BURST, now)
            for level in (logging.INFO, logging.WARNING, logging.ERROR)
        }
        self._left_out = dict.fromkeys(self._buckets, 0)
        self._told = now

    @property
    def due(self) -> float:
        """When to `tick`."""
        return self._told + SUMMARY if any(self._left_out.values()) else float("inf")

    def write(self, level: str, words: str, now: float) -> None:
        """Writes one line, or counts it."""
        number = getattr(logging, level.upper())
        if self._buckets[number].wait(now):
            if not any(self._left_out.values()):
                self._told = now
            self._left_out[number] += 1
        else:
            _log.log(number, "%s", one_line(words))

    def tick(self, now: float) -> None:
        """Tells what was left out, where it is time to."""
        if now >= self.due:
            self.close()
            self._told = now

    def close(self) -> None:
        """Tells what was left out."""
        for level, count in self._left_out.items():
            if count:
                _log.log(level, "left out %d more lines like these", count)
                self._left_out[level] = 0
