"""The pane at the right: who is here, and who is not.

Owns how people look in a list. What a row does is its user's; who is in it is the model's.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from common.gui.model import WindowModel
from common.gui.rowlist import Row, RowList
from common.gui.rule import Rule
from common.gui.sidebar import HEAD
from common.gui.theme import theme_of
from common.gui.widgets import Pane, label
from common.i18n import _
from common.talk.surroundings import PersonRow

WIDTH = 184
_ABSENT = " absent"


class PeoplePane(Pane):
    """`refresh` shows what the model says now; `on_open` gets the user who was chosen."""

    def __init__(
        self,
        parent: tk.Misc,
        model: WindowModel,
        *,
        on_open: Callable[[str, int, int], object],
    ) -> None:
        """`on_open` also gets a place of the screen, for a menu."""
        super().__init__(parent, "surface")
        self._theme = theme_of(parent)
        self._model = model
        self._on_open = on_open
        self.pack_propagate(False)
        self._top = Pane(self)
        self._top.pack(fill="x")
        self._top.pack_propagate(False)
        self._heading = label(self._top, font="caption-bold", tone="muted")
        self._heading.pack(side="left")
        self._theme.pad(self._heading, padx=(16, 8))
        Rule(self).pack(fill="x")
        self.list = RowList(self, on_open=self._opened, on_menu=on_open, width=WIDTH)
        self.list.pack(fill="both", expand=True)
        self._theme.pad(self.list, pady=(6, 0))
        self._theme.on_change(self._dress, self)
        self._dress()

    def _dress(self) -> None:
        self.configure(width=self._theme.px(WIDTH))
        self._top.configure(height=self._theme.px(HEAD))

    def refresh(self) -> None:
        """Show who is in the open room."""
        people = self._model.people()
        if self._heading.cget("text") != people.heading:
            self._heading.configure(text=people.heading)
        rows = [_row(one, stale=people.stale) for one in people.present]
        if people.absent:
            rows.append(Row(key=_ABSENT, label=people.absent_heading, heading=True))
            rows += [_row(one, stale=people.stale) for one in people.absent]
        self.list.show(rows)

    def row(self, user: str) -> PersonRow | None:
        """The person of that row."""
        people = self._model.people()
        for one in (*people.present, *people.absent):
            if one.user == user:
                return one
        return None

    def _opened(self, user: str) -> None:
        place = self.list.place_of(user)
        canvas = self.list.canvas
        down = place[3] if place is not None else 0
        px = self._theme.px
        self._on_open(user, canvas.winfo_rootx() + px(24), canvas.winfo_rooty() + down)


def _row(person: PersonRow, *, stale: bool) -> Row:
    hollow = stale or not person.here
    return Row(
        key=person.user,
        label=person.label,
        face=(person.user, person.nick, person.bot),
        dim=not person.here,
        dot="hollow" if hollow else "full",
        tip=_("was here before the cut") if stale and person.here else "",
    )
