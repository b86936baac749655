"""What came below while somebody reads further up: a pill at the foot of the conversation.

Owns its words and where it is. Must not know how it is counted.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from common.client import layout
from common.gui.theme import theme_of
from common.gui.widgets import Button


class NewPill(Button):
    """Hidden until `tell` has something to say; a press goes to the end."""

    def __init__(self, parent: tk.Misc, command: Callable[[], object]) -> None:
        super().__init__(parent, " ", "primary", icon="down", command=command)
        self.configure(takefocus=False)
        self.count = 0
        """How many it tells of."""
        self._said = ""

    def tell(self, count: int) -> None:
        """Say how many messages there are; 0 takes it away."""
        self.count = count
        self.say(layout.new_messages(count) if count else "")

    def say(self, words: str) -> None:
        """Say these words; "" takes it away."""
        if words == self._said:
            return
        self._said = words
        if words:
            self.configure(text=words)
            self.place(relx=0.5, rely=1.0, y=-theme_of(self).px(12), anchor="s")
        else:
            self.place_forget()
