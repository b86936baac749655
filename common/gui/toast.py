"""Something told for a moment, over the foot of the conversation.

Owns how long it stays: long enough to be read. Must not know what it says.
"""

from __future__ import annotations

import tkinter as tk
from typing import Final

from common.gui.theme import theme_of
from common.gui.widgets import Card, label
from common.safe import one_line

_LEAST: Final = 4_000
_EACH: Final = 70
"""Milliseconds for all of it, and for each character."""
_WIDE: Final = 420


class Toast(Card):
    """Shown by `say`; a click takes it away."""

    def __init__(self, parent: tk.Misc, lift: int = 52) -> None:
        """`lift`: pixels at 96 dpi from the parent's foot."""
        super().__init__(parent, padding=(12, 8))
        self._theme = theme_of(parent)
        self._lift = lift
        self._words = label(self, font="small", justify="center")
        self._words.pack()
        self._going: str | None = None
        for widget in (self, self._words):
            widget.bind("<ButtonPress-1>", lambda _event: self.hide())
        self.bind("<Destroy>", lambda _event: self._cancel(), add="+")

    @property
    def words(self) -> str:
        """What it says, "" while it is not there."""
        return str(self._words.cget("text")) if self.winfo_manager() else ""

    def say(self, text: str) -> None:
        """Show this; "" hides it."""
        self._cancel()
        words = one_line(text)
        if not words:
            self.hide()
            return
        wide = self.master.winfo_width() - self._theme.px(48)
        self._words.configure(
            text=words, wraplength=max(self._theme.px(120), min(wide, self._theme.px(_WIDE)))
        )
        self.place(relx=0.5, rely=1.0, y=-self._theme.px(self._lift), anchor="s")
        self.lift()
        self._going = self.after(_LEAST + _EACH * len(words), self.hide)

    def hide(self) -> None:
        """Take it away."""
        self._cancel()
        self.place_forget()

    def _cancel(self) -> None:
        if self._going is not None:
            self.after_cancel(self._going)
            self._going = None
