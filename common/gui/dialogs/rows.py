"""A list of rows in a frame, as dialogs have it. Owns the frame and its height."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from common.gui.rowlist import OnRow, RowList
from common.gui.theme import theme_of
from common.gui.widgets import Card


def framed_rows(
    parent: tk.Misc,
    tall: float,
    *,
    on_open: OnRow | None = None,
    on_menu: Callable[[str, int, int], object] | None = None,
    width: float = 208,
) -> tuple[Card, RowList]:
    """A list in a frame, packed into `parent`, `tall` pixels at 96 dpi high."""
    theme = theme_of(parent)
    box = Card(parent, padding=3)
    box.pack(fill="both", expand=True)
    box.pack_propagate(False)

    def fit() -> None:
        box.configure(height=theme.px(tall))

    fit()
    theme.on_change(fit, box)
    made = RowList(box, "card", on_open=on_open, on_menu=on_menu, width=width)
    made.pack(fill="both", expand=True)
    # Rows keep that far from the frame's sides by themselves.
    theme.pad(made, pady=(6, 6))
    return box, made
