"""The scrollbar of a conversation: about the whole room, of which the text holds a part.

Owns the arithmetic between the two, and that the bar lies over the text's edge only while there is
something to scroll. Must not know what stands in either.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Final

from common.gui.widgets import Scrollbar

_STEP: Final = 60


class RoomScrollbar(Scrollbar):
    """Over the right edge of its parent, whose words leave it room: they stay where they are when
    it comes. `on_place` gets the part of the room (0.0 to 1.0) that it was drawn to, `on_page` and
    `on_step` how many pages or pixels further."""

    def __init__(
        self,
        parent: tk.Misc,
        *,
        on_place: Callable[[float], object],
        on_page: Callable[[int], object],
        on_step: Callable[[float], object],
    ) -> None:
        super().__init__(parent)
        self._on_place, self._on_page, self._on_step = on_place, on_page, on_step
        self.configure(command=self._moved)

    def set(self, first: float | str, last: float | str) -> None:
        """As any scrollbar; it goes where everything is in sight."""
        super().set(first, last)
        shown = bool(self.place_info())
        if (float(first) > 0 or float(last) < 1) != shown:
            if shown:
                self.place_forget()
            else:
                self.place(relx=1, relheight=1, anchor="ne")

    def tell(
        self, window: tuple[int, int], size: int, first: float, last: float, at_end: bool
    ) -> None:
        """The text shows its parts from `first` to `last`; it holds `window[1]` entries of the
        room's `size`, behind `window[0]` others."""
        if not size:
            self.set(0, 1)
            return
        before, here = window
        low, high = ((before + part * here) / size for part in (first, last))
        self.set(low, 1 if at_end else high)

    def _moved(self, *how: str) -> None:
        if how[0] == "moveto":
            self._on_place(float(how[1]))
        elif how[2] == "pages":
            self._on_page(int(how[1]))
        else:
            self._on_step(int(how[1]) * _STEP)
