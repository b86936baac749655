"""Tooltips: the name of what has no words, after a moment under the pointer or by keyboard focus.

Owns the one small window that shows them. Must not know what they are about.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from common.gui.theme import theme_of

_DELAY = 500
"""Milliseconds before it shows."""
_WIDTH = 280

Box = tuple[int, int, int, int]
"""Left, top, right and bottom within a widget, in device pixels."""


class _Tip:
    """The tooltip of one widget."""

    def __init__(
        self, widget: tk.Widget, words: Callable[[], str], where: Callable[[], Box | None]
    ) -> None:
        self._widget = widget
        self._words = words
        self._where = where
        self._waiting: str | None = None
        self._shown: tk.Toplevel | None = None
        widget.bind("<Enter>", self._soon, add="+")
        widget.bind("<FocusIn>", self._focused, add="+")
        for event in ("<Leave>", "<FocusOut>", "<ButtonPress>", "<KeyPress>", "<Unmap>"):
            widget.bind(event, self._away, add="+")
        widget.bind("<Destroy>", self._away, add="+")

    def anew(self) -> None:
        """Something else is under the pointer now."""
        self._soon(None)

    def _soon(self, _event: tk.Event[tk.Misc] | None) -> None:
        self._away(None)
        self._waiting = self._widget.after(_DELAY, self._show)

    def _focused(self, event: tk.Event[tk.Misc]) -> None:
        if theme_of(self._widget).by_keyboard:
            self._soon(event)

    def _away(self, _event: tk.Event[tk.Misc] | None) -> None:
        if self._waiting is not None:
            self._widget.after_cancel(self._waiting)
            self._waiting = None
        if self._shown is not None:
            self._shown.destroy()
            self._shown = None

    def _show(self) -> None:
        self._waiting = None
        widget = self._widget
        words = self._words()
        if not words or not widget.winfo_viewable():
            return
        theme = theme_of(widget)
        colour, px = theme.color, theme.px
        tip = self._shown = tk.Toplevel(widget, background=colour["edge"], takefocus=False)
        tip.withdraw()
        tip.overrideredirect(True)
        tk.Label(
            tip,
            text=words,
            font=theme.font("small"),
            foreground=colour["text"],
            background=colour["raised"],
            padx=px(8),
            pady=px(4),
            justify="left",
            wraplength=px(_WIDTH),
        ).pack(padx=px(1), pady=px(1))
        tip.update_idletasks()
        wide, tall = tip.winfo_reqwidth(), tip.winfo_reqheight()
        left, top, right, bottom = self._where() or (
            0, 0, widget.winfo_width(), widget.winfo_height()
        )  # fmt: skip
        x = widget.winfo_rootx() + (left + right - wide) // 2
        y = widget.winfo_rooty() + bottom + px(4)
        if y + tall > widget.winfo_screenheight():
            y = widget.winfo_rooty() + top - tall - px(4)
        x = max(0, min(x, widget.winfo_screenwidth() - wide))
        tip.geometry(f"+{x}+{y}")
        tip.deiconify()


def tooltip(
    widget: tk.Widget,
    words: str | Callable[[], str],
    where: Callable[[], Box | None] = lambda: None,
) -> Callable[[], None]:
    """Name a widget; `words` are asked for each time it shows, and "" shows nothing.

    `where` is the part of the widget that they are about, `None` for all of it; what is returned
    is called when the pointer comes to another part.
    """
    return _Tip(widget, words if callable(words) else lambda: words, where).anew
