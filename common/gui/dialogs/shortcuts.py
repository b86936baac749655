"""The sheet of keys: what can be done without the mouse, in groups.

Owns the table, which the bindings of `common.gui.shortcuts` are tested against.
"""

from __future__ import annotations

import sys
import tkinter as tk
from typing import Final

from common.gui.sheet import Sheet
from common.gui.theme import theme_of
from common.gui.widgets import Pane, label
from common.i18n import N_, _

TABLE: Final[tuple[tuple[str, tuple[tuple[str, str], ...]], ...]] = (
    (
        N_("Writing"),
        (
            ("Enter", N_("send")),
            ("Shift+Enter", N_("new line")),
            ("Tab", N_("complete a name, a room, an emoji, a command")),
            ("Up", N_("what was sent before")),
            ("**…**  `…`  >", N_("bold, code, a quote")),
            ("Ctrl+Up", N_("change the refused message")),
            ("Escape", N_("back to where one writes")),
        ),
    ),
    (
        N_("Reading"),
        (
            ("Page Up, Page Down", N_("scroll")),
            ("Ctrl+End", N_("to the newest message")),
            ("Ctrl+F", N_("search in the conversation")),
            ("Ctrl+S", N_("save the conversation")),
            ("Menu, Shift+F10", N_("what can be done with this")),
        ),
    ),
    (
        N_("Rooms"),
        (
            ("Ctrl+K", N_("go to a room")),
            ("Ctrl+N", N_("join a room, or make one")),
            ("Alt+Up, Alt+Down", N_("previous or next room")),
            ("Alt+Shift+Up, Down", N_("previous or next with something new")),
            ("Ctrl+1 … Ctrl+9", N_("the first to the ninth room")),
        ),
    ),
    (
        N_("Window"),
        (
            ("F6", N_("to the next area")),
            ("Ctrl+B, Ctrl+U", N_("fold rooms, people")),
            ("Ctrl+ +, -, 0", N_("size of text")),
            ("F1, Ctrl+/", N_("this sheet")),
            ("Ctrl+Shift+D", N_("disconnect")),
            ("Ctrl+Q", N_("quit")),
        ),
    ),
)


def shown(keys: str) -> str:
    """The keys as this system calls them."""
    words = {
        "Enter": _("Enter"), "Shift": _("Shift"), "Escape": _("Esc"), "Up": "↑", "Down": "↓",
        "Page Up": _("Page Up"), "Page Down": _("Page Down"), "End": _("End"),
    }  # fmt: skip
    for one in ("Page Up", "Page Down", "Enter", "Shift", "Escape", "End"):
        keys = keys.replace(one, words[one])
    for one in ("Up", "Down"):
        if one not in (words["Page Up"], words["Page Down"]) and "Page" not in keys:
            keys = keys.replace(one, words[one])
    return keys.replace("Ctrl", "⌘") if sys.platform == "darwin" else keys


_ONE_COLUMN = 760
_TWO_COLUMNS = 900
"""How high the sheet is with all groups below each other, how wide with two beside each other; in
pixels at 96 dpi."""


class Shortcuts(Sheet):
    """Presented at once: two columns, or one where the window is narrow and the screen high."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, _("Keyboard shortcuts"), width=640)
        theme = theme_of(parent)
        wide = parent.winfo_toplevel().winfo_width() >= theme.px(700)
        low = self.winfo_screenheight() < theme.px(_ONE_COLUMN)
        wide = wide or (low and self.winfo_screenwidth() >= theme.px(_TWO_COLUMNS))
        sides = [Pane(self.body), Pane(self.body)] if wide else [Pane(self.body)]
        for place, side in enumerate(sides):
            side.pack(side="left", fill="both", expand=True, anchor="n")
            if place:
                theme.pad(side, padx=(28, 0))
        for place, group in enumerate(TABLE):
            self._group(sides[place % len(sides)], *group)
        close = self.act(_("Close"), primary=True)
        self.present(close)

    @staticmethod
    def _group(side: Pane, title: str, keys: tuple[tuple[str, str], ...]) -> None:
        """The rows of a group, in the columns of the groups above it."""
        theme = theme_of(side)
        row = side.grid_size()[1]
        heading = label(side, _(title), font="caption-bold", tone="muted")
        heading.grid(row=row, column=0, columnspan=2, sticky="w")
        theme.pad(heading, pady=(16 if row else 0, 0))
        for place, (one, words) in enumerate(keys, row + 1):
            made = label(side, shown(one), font="mono")
            made.grid(row=place, column=0, sticky="w")
            theme.pad(made, padx=(0, 16), pady=(5, 0))
            about = label(side, _(words), font="small")
            about.grid(row=place, column=1, sticky="w")
            theme.pad(about, pady=(5, 0))
