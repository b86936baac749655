"""What stands in the middle where there is nothing: a picture, a bold line, muted ones, a button.

Owns how that looks. Must not know of what there is nothing.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from common.gui.theme import theme_of
from common.gui.widgets import Pane, button, label

_WIDE = 300


class Emptiness(Pane):
    """Shown by `say` over its parent, in the middle."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, "bg")
        self._theme = theme_of(parent)
        self._picture = label(self, image=self._theme.mark(44))
        self._picture.pack()
        self._title = label(self, font="bold", justify="center")
        self._title.pack()
        self._theme.pad(self._title, pady=(16, 6))
        self._words = label(self, font="small", tone="muted", justify="center")
        self._words.pack()
        self.button = button(self, " ", command=self._pressed)
        self._command: Callable[[], object] | None = None
        self._theme.on_change(self._dress, self)
        self._dress()

    def _dress(self) -> None:
        self._words.configure(wraplength=self._theme.px(_WIDE))

    def say(
        self, title: str, words: str, action: str = "", command: Callable[[], object] | None = None
    ) -> None:
        """Show it with these words, and a button where `action` names one."""
        self._title.configure(text=title)
        self._words.configure(text=words)
        self._command = command
        if action:
            self.button.configure(text=action)
            self.button.pack()
            self._theme.pad(self.button, pady=(14, 0))
        else:
            self.button.pack_forget()
        if not self.winfo_manager():
            self.place(relx=0.5, rely=0.45, anchor="center")
            self.lift()

    def hide(self) -> None:
        """Something is there."""
        self.place_forget()

    def _pressed(self) -> None:
        if self._command is not None:
            self._command()
