"""When a page is told what changed: at once, but not too often, and in one go what came in one go.

Owns that, and whether all there is to tell is lines of the open room. Must not know what a page is
told, nor the session.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from common.web.pace import NEVER, Pace

PAUSE: Final = 0.01
"""Seconds between two words to a page at least, so that what comes together goes together. Three
times as long, messages that were late already waited for it: with 500 pages 20 ms of the slowest
hundredth (measured)."""


class Telling:
    """`changed` has the page told; not while events are taken in, between `hear` and `heard`."""

    __slots__ = ("_hearing", "_lines_alone", "_pace", "_tell")

    def __init__(self, tell: Callable[[bool], float]) -> None:
        """`tell(lines_alone)` tells the page what it does not know, and returns when there will be
        more by the loop's clock, or `NEVER`. `lines_alone`: it can be lines alone."""
        self._tell = tell
        self._pace = Pace(PAUSE, self._do)
        self._hearing = False
        self._lines_alone = False

    def hear(self, *, lines_alone: bool) -> None:
        """Events are taken in from now on, of which lines of the open room may be all there is to
        tell: what they change is told when all of them are taken."""
        self._hearing = True
        self._lines_alone = self._lines_alone and lines_alone

    def heard(self) -> None:
        """They are taken in: the page is told, at once if it was told nothing just now."""
        self._hearing = False
        self._pace.now_or_soon()

    def changed(self) -> None:
        """Something is to be told, soon."""
        if not self._hearing:
            self._lines_alone = False
            self._pace.soon()

    def anew(self) -> None:
        """A page that knows nothing yet is told all of it, now."""
        self._lines_alone = False
        self._pace.now()

    def stop(self) -> None:
        """Nothing is told any more."""
        self._pace.stop()

    def _do(self) -> float:
        due = self._tell(self._lines_alone)
        # What is due without anything new may be any part of it.
        self._lines_alone = due == NEVER
        return due
