"""A card with a list of the broker's, and what can be done about each row.

Owns loading, the row that is chosen, and the buttons that need one. Must not know what is listed.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from common.gui.dialogs.rows import framed_rows
from common.gui.menu import popup_menu
from common.gui.rowlist import Row
from common.gui.sheet import Sheet
from common.gui.theme import theme_of
from common.gui.widgets import Button, Pane
from common.i18n import _

_TALL = 260


class Listing(Sheet):
    """`show` the rows when they are known; actions are done to the chosen one."""

    def __init__(self, parent: tk.Misc, title: str, *, width: int = 460) -> None:
        super().__init__(parent, title, width=width)
        self._look = theme_of(parent)
        self.top = Pane(self.body)
        self.top.pack(fill="x")
        self._state = self.paragraph(_("One moment…"), "muted")
        self._look.pad(self._state, pady=(0, 8))
        self._box, self.list = framed_rows(
            self.body, _TALL, on_open=self._chosen, on_menu=self._menu, width=width - 20
        )
        self._doings: list[tuple[Button, str, Callable[[str], object], Callable[[str], bool]]] = []
        self.act(_("Close"))

    def action(
        self,
        words: str,
        command: Callable[[str], object],
        *,
        danger: bool = False,
        able: Callable[[str], bool] | None = None,
    ) -> Button:
        """Something that is done to the chosen row, where `able` says that it can be."""
        made = self.act(words, lambda: self._act(command), danger=danger, left=True)
        made.enable(False)
        self._doings.append((made, words, command, able or (lambda _key: True)))
        return made

    def show(self, rows: Sequence[Row], empty: str = "") -> None:
        """These are the rows; without any, `empty` is said."""
        if not self.winfo_exists():
            return
        if rows:
            self._state.pack_forget()
        else:
            self.say(empty)
        self.list.show(rows)
        keys = [row.key for row in rows if not row.heading]
        self._chosen(self.list.selected if self.list.selected in keys else "")

    def say(self, words: str) -> None:
        """Something about the whole list, such as why it is not to be had."""
        if self.winfo_exists():
            self._state.configure(text=words)
            self._state.pack(fill="x", before=self._box)
            self._look.pad(self._state, pady=(0, 8))

    @property
    def said(self) -> str:
        """What stands over the list."""
        return str(self._state.cget("text")) if self._state.winfo_manager() else ""

    def _chosen(self, key: str) -> None:
        self.list.select(key)
        for made, _words, _command, able in self._doings:
            made.enable(bool(key) and able(key))

    def _act(self, command: Callable[[str], object]) -> None:
        if self.list.selected:
            command(self.list.selected)

    def _menu(self, key: str, x: int, y: int) -> None:
        self._chosen(key)
        menu = popup_menu(self)
        for _made, words, command, able in self._doings:
            menu.entry(words, lambda run=command: run(key), able=able(key))  # type: ignore[misc]
        if self._doings:
            menu.show_at(x, y)
