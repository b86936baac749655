"""The way from any thread into the window's own: a queue that the window empties now and then.

Owns that nothing of Tk is touched elsewhere, not even by the collection of garbage, and that a
burst does not make the keyboard wait. Must not know what is done.
"""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final

from common.gui.sweeping import Sweeper

EVERY: Final = 30
"""Milliseconds between two looks into the queue."""
_AT_ONCE: Final = 0.015
"""Seconds of work between which keys are handled."""


class Inbox:
    """Calls that wait for the window's thread, in their order."""

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        self._calls: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._open = True
        self._sweeper = Sweeper()
        self._next = root.after(EVERY, self._drain)

    def post(self, call: Callable[[], object]) -> None:
        """Have `call` done soon in the window's thread. From any thread; after `close`, never."""
        self._calls.put(call)

    def close(self) -> None:
        """What waits is not done any more. In the window's thread."""
        if self._open:
            self._open = False
            self._root.after_cancel(self._next)
            self._sweeper.close()

    def _drain(self) -> None:
        end = time.monotonic() + _AT_ONCE
        more = False
        while self._open:
            try:
                call = self._calls.get_nowait()
            except Empty:
                break
            try:
                call()
            except Exception as error:
                # One that fails must not keep the others from being done.
                self._root.report_callback_exception(type(error), error, error.__traceback__)
            more = time.monotonic() >= end
            if more:
                break
        if self._open:
            self._sweeper.sweep(idle=not more)
            self._next = self._root.after(1 if more else EVERY, self._drain)
