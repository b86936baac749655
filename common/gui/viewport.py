"""A part that scrolls where there is less room than it needs, and is an ordinary pane elsewhere.

Owns when it scrolls, by which keys, and that what has the keyboard's focus is in view. Must not
know what is in it.
"""

from __future__ import annotations

import tkinter as tk
from typing import Final

from common.gui.hearing import hear
from common.gui.theme import theme_of
from common.gui.widgets import Pane, Scrollbar

_WHEEL: Final = 48
_MARGIN: Final = 8
"""Pixels at 96 dpi: a notch of the wheel or an arrow, and what stays free around the focus."""
_IN_A_PAGE: Final = 0.75


class Viewport(Pane):
    """Fill `body`. The bar stands in the padding at its right: nothing in it is moved or broken
    anew for it."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self._theme = theme_of(parent)
        self.body = Pane(self)
        self.body.pack(fill="both", expand=True)
        self._bar = Scrollbar(parent)
        self._bar.configure(command=self._dragged)
        self._top = 0
        self.scrolls = False
        """Whether there is more than is in view."""
        self.bind("<Configure>", self._arrange)
        self.body.bind("<Configure>", self._arrange)
        hear(self, "<FocusIn>", self._focused)
        hear(self, "<MouseWheel>", lambda event: self._step(-1 if event.delta > 0 else 1))
        if self.tk.call("tk", "windowingsystem") == "x11":
            hear(self, "<Button-4>", lambda _event: self._step(-1))
            hear(self, "<Button-5>", lambda _event: self._step(1))
        for keys, by in (("<Prior>", -1), ("<Next>", 1)):
            hear(self, keys, lambda _event, by=by: self._page(by))  # type: ignore[misc]
        for keys, by in (("<Up>", -1), ("<Down>", 1)):
            hear(self, keys, lambda event, by=by: self._arrow(event, by))  # type: ignore[misc]

    def show(self, widget: tk.Misc) -> None:
        """Scroll as little as it takes for a part of the body to be in view, its top at least."""
        margin = self._theme.px(_MARGIN)
        top = widget.winfo_rooty() - self.body.winfo_rooty() - margin
        bottom = top + widget.winfo_height() + 2 * margin
        self._go(min(max(self._top, bottom - self.winfo_height()), top))

    # --- how it is done ------------------------------------------------------------------------

    def _arrange(self, _event: object = None) -> None:
        room, wanted = self.winfo_height(), self.body.winfo_reqheight()
        scrolls = 1 < room < wanted
        if scrolls != self.scrolls:
            self.scrolls = scrolls
            if scrolls:
                self.body.pack_forget()
                self._bar.place(in_=self, relx=1, x=self._theme.px(4), relheight=1, anchor="nw")
            else:
                self._top = 0
                self.body.place_forget()
                self.body.pack(fill="both", expand=True)
                self._bar.place_forget()
        if scrolls:
            # It asks for the room that it would fill: a placed body asks for none.
            self.configure(width=self.body.winfo_reqwidth(), height=wanted)
            self._go(self._top)

    def _go(self, top: float) -> None:
        if not self.scrolls:
            return
        room, wanted = self.winfo_height(), self.body.winfo_reqheight()
        self._top = round(max(0, min(top, wanted - room)))
        self.body.place(x=0, y=-self._top, relwidth=1)
        self._bar.set(self._top / wanted, (self._top + room) / wanted)

    def _step(self, by: int) -> None:
        self._go(self._top + by * self._theme.px(_WHEEL))

    def _page(self, by: int) -> None:
        self._go(self._top + by * self.winfo_height() * _IN_A_PAGE)

    def _arrow(self, event: tk.Event[tk.Misc], by: int) -> None:
        # Elsewhere the arrows have their own meaning.
        if event.widget.winfo_class() == "TButton":
            self._step(by)

    def _dragged(self, *how: str) -> None:
        if how[0] == "moveto":
            self._go(float(how[1]) * self.body.winfo_reqheight())
        elif how[2] == "pages":
            self._page(int(how[1]))
        else:
            self._step(int(how[1]))

    def _focused(self, event: tk.Event[tk.Misc]) -> None:
        if self.scrolls and str(event.widget).startswith(f"{self.body}."):
            self.show(event.widget)
