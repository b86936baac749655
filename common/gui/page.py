"""A page that scrolls where it is taller than its window, with its content in a middle column.

Owns the scrolling, and that what has the keyboard's focus is in view. Must not know what stands on
it.
"""

from __future__ import annotations

import tkinter as tk

from common.gui.hearing import hear
from common.gui.theme import theme_of
from common.gui.widgets import Pane, Scrollbar

_COLUMN = 520
_MARGIN = 16
"""Pixels at 96 dpi: the widest that the column gets, and the least beside and above it."""
_WHEEL = 48


class Page(Pane):
    """Fill `column`; it is in the middle, from the top where there is no room."""

    def __init__(self, parent: tk.Misc, ground: str = "surface") -> None:
        super().__init__(parent, ground)
        self._theme = theme_of(parent)
        self._canvas = tk.Canvas(
            self, borderwidth=0, highlightthickness=0, takefocus=False, yscrollincrement=1
        )
        self._bar = Scrollbar(self, self._canvas)
        self._canvas.pack(side="left", fill="both", expand=True)
        self.column = Pane(self._canvas, ground)
        self._kept: tuple[tk.Misc, ...] = ()
        self._place = self._canvas.create_window(0, 0, window=self.column, anchor="nw")
        self._canvas.bind("<Configure>", self._arrange)
        self.column.bind("<Configure>", self._arrange)
        hear(self, "<FocusIn>", self._focused)
        hear(self, "<MouseWheel>", lambda event: self._wheel(-1 if event.delta > 0 else 1))
        hear(self, "<Prior>", lambda _event: self._by_page(-1))
        hear(self, "<Next>", lambda _event: self._by_page(1))
        if self.tk.call("tk", "windowingsystem") == "x11":
            hear(self, "<Button-4>", lambda _event: self._wheel(-1))
            hear(self, "<Button-5>", lambda _event: self._wheel(1))
        self._dress()
        self._theme.on_change(self._dress, self)

    @property
    def _scrolls(self) -> bool:
        return self.column.winfo_reqheight() + 2 * self._theme.px(_MARGIN) > self.winfo_height()

    def show_top(self) -> None:
        """Scroll back to the beginning."""
        self._canvas.yview_moveto(0)

    def show(self, widget: tk.Misc) -> None:
        """Scroll as little as it takes for a widget of the column to be in view."""
        if not self._scrolls:
            return
        margin = self._theme.px(_MARGIN)
        top = widget.winfo_rooty() - self._canvas.winfo_rooty() - margin
        bottom = top + widget.winfo_height() + 2 * margin
        if top < 0:
            self._canvas.yview_scroll(top, "units")
        elif bottom > self._canvas.winfo_height():
            self._canvas.yview_scroll(bottom - self._canvas.winfo_height(), "units")

    def keep(self, *widgets: tk.Misc) -> None:
        """Have these in view, the last one before the others, also while what is around them
        finds its size; until somebody scrolls."""
        self._kept = widgets
        self._show_kept_soon()

    def _show_kept_soon(self) -> None:
        # Not by this widget's own: it may be gone by then.
        self._theme.root.after_idle(self._show_kept)

    def _show_kept(self) -> None:
        if self.winfo_exists():
            for widget in self._kept:
                if widget.winfo_exists() and widget.winfo_ismapped():
                    self.show(widget)

    def _arrange(self, _event: object = None) -> None:
        theme, canvas = self._theme, self._canvas
        margin = theme.px(_MARGIN)
        tall = self.column.winfo_reqheight()
        scrolls = self._scrolls
        if scrolls and not self._bar.winfo_manager():
            self._bar.pack(side="right", fill="y", before=canvas)
        elif not scrolls and self._bar.winfo_manager():
            self._bar.pack_forget()
        room = canvas.winfo_width()
        wide = max(1, min(theme.px(_COLUMN), room - 2 * margin))
        left = (room - wide) // 2
        top = margin if scrolls else (canvas.winfo_height() - tall) // 2
        canvas.coords(self._place, left, top)
        canvas.itemconfigure(self._place, width=wide)
        canvas.configure(scrollregion=(0, 0, room, max(canvas.winfo_height(), tall + 2 * margin)))
        if self._kept:
            self._show_kept_soon()

    def _dress(self) -> None:
        self._canvas.configure(background=self._theme.color[self.ground])
        self._arrange()

    def _focused(self, event: tk.Event[tk.Misc]) -> None:
        if self._theme.by_keyboard and self._mine(event.widget):
            self.show(event.widget)

    def _mine(self, widget: object) -> bool:
        return str(widget).startswith(f"{self.column}.")

    def _wheel(self, direction: int) -> None:
        self._kept = ()
        if self._scrolls:
            self._canvas.yview_scroll(direction * self._theme.px(_WHEEL), "units")

    def _by_page(self, direction: int) -> None:
        self._kept = ()
        if self._scrolls:
            self._canvas.yview_scroll(direction * self._canvas.winfo_height() * 3 // 4, "units")


def keep_in_view(*widgets: tk.Misc) -> None:
    """Keep these in view on the page that they stand on, if there is one."""
    above: tk.Misc | None = widgets[-1]
    while above is not None and not isinstance(above, Page):
        above = above.master
    if above is not None:
        above.keep(*widgets)
