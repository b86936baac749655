"""Words that are cut to the room there is, with "…" for what is missing.

Owns how they are cut, and that a tooltip has all of them. Must not know what they say.
"""

from __future__ import annotations

import tkinter as tk
from tkinter import font as tkfont
from tkinter import ttk

from common.gui.theme import theme_of
from common.gui.tooltip import tooltip
from common.gui.widgets import ground_of


def shortened(words: str, font: tkfont.Font, room: int) -> str:
    """The words, or as many of their first letters as fit `room` pixels with an ellipsis."""
    if font.measure(words) <= room:
        return words
    low, high = 0, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        if font.measure(words[:middle].rstrip() + "…") <= room:
            low = middle
        else:
            high = middle - 1
    return words[:low].rstrip() + "…"


class CutLabel(ttk.Label):
    """One line of words, as wide as its manager makes it: it asks for no width of its own."""

    def __init__(
        self, parent: tk.Misc, words: str = "", *, font: str = "body", tone: str = "text"
    ) -> None:
        self._theme = theme_of(parent)
        self._font = self._theme.font(font)
        self._words = words
        super().__init__(
            parent,
            font=self._font,
            style=self._theme.styles.label(ground_of(parent), tone),
            anchor="w",
            width=1,
        )
        self.bind("<Configure>", lambda _event: self._fit())
        self._theme.on_change(self._fit, self)
        tooltip(self, lambda: self._words if self.cget("text") != self._words else "")
        self._fit()

    def say(self, words: str) -> None:
        """Show these words instead."""
        if words != self._words:
            self._words = words
            self._fit()

    def _fit(self) -> None:
        room = self.winfo_width()
        # Before it is drawn, its room is not known.
        self.configure(text=shortened(self._words, self._font, room) if room > 1 else self._words)
