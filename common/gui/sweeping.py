"""Collecting garbage in the window's thread alone.

Python collects cycles in whichever thread happens to allocate; pictures and fonts of Tk that are
among them then call Tk from there, which waits for ever where Tk's thread is not in its loop.
Owns when it is done instead. Must not know a widget.
"""

from __future__ import annotations

import gc
import time
from typing import Final

_FULL_EVERY: Final = 20.0
"""Seconds between two full collections, which take the longest: only while nothing waits."""


class Sweeper:
    """From its making to `close`, garbage is collected by `sweep` alone. One at a time."""

    def __init__(self) -> None:
        self._limits = gc.get_threshold()
        self._full = time.monotonic()
        self._was_on = gc.isenabled()
        gc.disable()

    def sweep(self, idle: bool) -> None:
        """Collect what Python would have collected by now. In the window's thread, often."""
        young, middle, old = gc.get_count()
        now = time.monotonic()
        if idle and old > self._limits[2] and now - self._full > _FULL_EVERY:
            self._full = now
            gc.collect(2)
        elif middle > self._limits[1]:
            gc.collect(1)
        elif young > self._limits[0]:
            gc.collect(0)

    def close(self) -> None:
        """Leave it to Python again. In the window's thread."""
        gc.collect()
        if self._was_on:
            gc.enable()
