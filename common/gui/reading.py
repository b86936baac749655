"""A text to read: it can be selected and copied, by mouse and keyboard, but not typed into.

Owns which of Tk's own habits it keeps. Must not know what stands in it.

It is not disabled, because each change of a text's state lays its rows out anew: what would type,
paste or cut in it is simply not bound.
"""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Callable
from typing import Any, Final

_CLASS: Final = "CausetteReading"
_KEPT: Final = (
    "<Button-1>", "<B1-Motion>", "<Double-Button-1>", "<Triple-Button-1>", "<Shift-Button-1>",
    "<Double-Shift-Button-1>", "<Triple-Shift-Button-1>", "<B1-Leave>", "<B1-Enter>",
    "<ButtonRelease-1>", "<Control-Button-1>", "<<SelectAll>>", "<<SelectNone>>",
)  # fmt: skip
NOTCH: Final = 60
"""Pixels at 96 dpi for one notch of the wheel."""


def reading_text(parent: tk.Misc, **options: Any) -> tk.Text:
    """A text without borders, wrapped at words, whose owner writes into it."""
    text = tk.Text(
        parent,
        wrap="word",
        undo=False,
        borderwidth=0,
        highlightthickness=0,
        padx=0,
        pady=0,
        insertwidth=0,
        insertontime=0,
        cursor="xterm",
        exportselection=True,
        **options,
    )
    for sequence in _KEPT:
        if not text.bind_class(_CLASS, sequence):
            text.tk.call("bind", _CLASS, sequence, text.tk.call("bind", "Text", sequence))
    tags = tuple(_CLASS if tag == "Text" else tag for tag in text.bindtags())
    text.bindtags(tags)
    return text


def bind_wheel(widget: tk.Misc, scroll: Callable[[float], object]) -> None:
    """Call with the pixels (at 96 dpi, downwards) that each turn of the wheel asks for."""

    def turned(event: tk.Event[tk.Misc]) -> str:
        # Windows and X11 since Tk 8.7 count 120 for a notch, macOS one or more for each.
        notch = 1 if sys.platform == "darwin" and abs(event.delta) < 120 else 120
        scroll(-event.delta / notch * NOTCH)
        return "break"

    def notch(pixels: float) -> Callable[[tk.Event[tk.Misc]], str]:
        def turn(_event: tk.Event[tk.Misc]) -> str:
            scroll(pixels)
            return "break"

        return turn

    widget.bind("<MouseWheel>", turned)
    widget.bind("<Shift-MouseWheel>", lambda _event: "break")
    if widget.tk.call("tk", "windowingsystem") == "x11":
        widget.bind("<Button-4>", notch(-NOTCH))
        widget.bind("<Button-5>", notch(NOTCH))


def consumed(action: Callable[[], object]) -> Callable[[tk.Event[tk.Misc]], str]:
    """A binding that does something and is the last to see the key."""

    def called(_event: tk.Event[tk.Misc]) -> str:
        action()
        return "break"

    return called
