"""A hairline between two areas. Owns its colour and its thickness, kept in step with the theme."""

from __future__ import annotations

import tkinter as tk
from typing import Literal

from common.gui.theme import theme_of


class Rule(tk.Frame):
    """One pixel at 96 dpi, of the token `border`."""

    def __init__(self, parent: tk.Misc, way: Literal["flat", "upright"] = "flat") -> None:
        super().__init__(parent, borderwidth=0, highlightthickness=0)
        self._theme = theme_of(parent)
        self._way = way
        self._dress()
        self._theme.on_change(self._dress, self)

    def _dress(self) -> None:
        self.configure(background=self._theme.color["border"])
        if self._way == "flat":
            self.configure(height=self._theme.px(1))
        else:
            self.configure(width=self._theme.px(1))
