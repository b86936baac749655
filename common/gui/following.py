"""Light or dark as the desktop is, while the window runs.

Owns when the desktop is asked: when the window gets the focus, and now and then. It is asked in a
thread, for it may take seconds to answer. Must not know what is shown.
"""

from __future__ import annotations

import threading
import time
import tkinter as tk
from collections.abc import Callable
from typing import Final

from common.gui import desktop
from common.gui.theme import Choice, Mode, Theme

_LOOK: Final = 300
"""Milliseconds between two looks whether an answer came."""
_EVERY: Final = 30.0
_ON_FOCUS: Final = 2.0
"""Seconds between two questions at least: by the clock, and where the focus comes and goes."""


class Following:
    """Begins at once; ends with the window. All of it in the thread of Tk."""

    def __init__(self, theme: Theme, wanted: Callable[[], Choice]) -> None:
        """`wanted` tells the choice of now: where it is not "system", nobody is asked again."""
        self._theme = theme
        self._wanted = wanted
        self._thread: threading.Thread | None = None
        self._answer: Mode | None = None
        # The theme has asked when it was made, where it was to be the system's.
        self._asked = time.monotonic() if theme.system is not None else float("-inf")
        self._focused = False
        theme.root.bind("<FocusIn>", self._came, add="+")
        self._next = theme.root.after(_LOOK, self._tick)

    def close(self) -> None:
        """Ask nothing any more."""
        self._theme.root.after_cancel(self._next)

    def _came(self, event: tk.Event[tk.Misc]) -> None:
        """Somebody who changed the desktop's theme comes back to this window."""
        if event.widget is self._theme.root:
            self._focused = True

    def _tick(self) -> None:
        self._next = self._theme.root.after(_LOOK, self._tick)
        if self._thread is not None:
            if self._thread.is_alive():
                return
            self._thread = None
            if self._answer is not None:
                self._theme.system = self._answer
                if self._wanted() == "system":
                    self._theme.switch("system")
        since = time.monotonic() - self._asked
        due = since > _EVERY or (self._focused and since > _ON_FOCUS)
        if due and (self._theme.system is None or self._wanted() == "system"):
            self._ask()

    def _ask(self) -> None:
        self._asked, self._focused = time.monotonic(), False
        self._answer = None

        def ask() -> None:
            self._answer = desktop.mode()

        self._thread = threading.Thread(target=ask, name="light or dark", daemon=True)
        self._thread.start()
