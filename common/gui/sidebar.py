"""The pane at the left: the server, rooms, conversations between two, and oneself.

Owns how these look. What a row does is its user's; which rows there are is the model's.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass

from common.gui.cutting import CutLabel
from common.gui.model import WindowModel
from common.gui.rowlist import Row, RowList
from common.gui.rule import Rule
from common.gui.theme import theme_of
from common.gui.widgets import Pane, button, label, picture
from common.i18n import _
from common.talk.surroundings import RoomRow, is_bot

WIDTH = 224
HEAD = 52
_MORE = 36
"""Of the width of the server's name, for the button beside it."""
_ROOMS = " rooms"
_DIRECTS = " directs"
"""Keys of the headings: no room is called so."""


@dataclass(frozen=True, kw_only=True)
class Doings:
    """What the pane leads to. A menu gets a place of the screen."""

    open: Callable[[str], object]
    room_menu: Callable[[str, int, int], object]
    new_room: Callable[[], object]
    new_direct: Callable[[], object]
    server_menu: Callable[[int, int], object]
    own_menu: Callable[[tk.Widget], object]


class Sidebar(Pane):
    """`refresh` shows what the model says now."""

    def __init__(self, parent: tk.Misc, model: WindowModel, doings: Doings, server: str) -> None:
        super().__init__(parent, "surface")
        self._theme = theme_of(parent)
        self._model = model
        self._doings = doings
        self._shown: tuple[object, ...] = ()
        self._role = ""
        self.pack_propagate(False)
        self._head(server)
        self._foot()
        self.list = RowList(
            self,
            on_open=self._opened,
            on_menu=self._menu,
            on_action=self._action,
            width=WIDTH,
        )
        self.list.pack(fill="both", expand=True)
        self._theme.on_change(self._dress, self)
        self._dress()

    def _head(self, server: str) -> None:
        theme = self._theme
        head = Pane(self)
        head.pack(fill="x")
        head.pack_propagate(False)
        mark = label(head, image=theme.mark(28))
        mark.pack(side="left")
        theme.pad(mark, padx=(14, 10))
        more = button(
            head,
            kind="icon",
            icon="down",
            name=_("Server, invitations, devices"),
            command=lambda: self._doings.server_menu(
                more.winfo_rootx() - self._theme.px(8), more.winfo_rooty() + more.winfo_height()
            ),
        )
        words = Pane(head)
        words.pack(side="left", fill="x", expand=True)
        theme.pad(words, padx=(0, 9))
        self._server = CutLabel(words, server, font="bold")
        self._server.pack(fill="x")
        theme.pad(self._server, padx=(0, _MORE))
        line = Pane(words)
        line.pack(fill="x")
        self._dot = picture(line)
        self._dot.pack(side="left")
        self._status = label(line, font="caption", tone="muted")
        self._status.pack(side="left", fill="x")
        theme.pad(self._status, padx=(5, 0))
        self._top = head
        more.lift()
        self.server_button = more
        Rule(self).pack(fill="x")

    def _foot(self) -> None:
        theme = self._theme
        foot = Pane(self)
        foot.pack(side="bottom", fill="x")
        foot.pack_propagate(False)
        Rule(self).pack(side="bottom", fill="x")
        self._face = picture(foot)
        self._face.pack(side="left")
        theme.pad(self._face, padx=(16, 10))
        own = button(
            foot,
            kind="icon",
            icon="settings",
            name=_("Settings, nickname, quit"),
            command=lambda: self._doings.own_menu(own),
        )
        own.pack(side="right")
        theme.pad(own, padx=(0, 8))
        words = Pane(foot)
        words.pack(side="left", fill="x", expand=True)
        self._nick = CutLabel(words, font="bold")
        self._nick.pack(fill="x")
        self._you = label(words, font="caption", tone="muted")
        self._you.pack(fill="x")
        self._bottom = foot
        self.own_button = own

    def _dress(self) -> None:
        px = self._theme.px
        self.configure(width=px(WIDTH))
        self._top.configure(height=px(HEAD))
        # Beside the name alone: the line under it needs all the width, and so the box of the
        # button ends where that line's letters begin.
        self.server_button.place(
            in_=self._server,
            relx=1.0,
            x=px(_MORE),
            rely=0.5,
            y=-px(4),
            anchor="e",
            bordermode="outside",
        )
        self._bottom.configure(height=px(HEAD))
        self._shown = ()
        self.refresh(self._role)

    def refresh(self, role: str) -> None:
        """Show the rooms, the link and oneself as they are."""
        self._role = role
        model, talk = self._model, self._model.conversation
        words, tone = model.status()
        shown = (words, tone, talk.server, talk.nick, talk.user, role)
        if shown != self._shown:
            self._shown = shown
            if talk.server:
                self._server.say(talk.server)
            self._dot.configure(image=self._theme.dot(tone, 8, hollow=tone != "success"))
            self._status.configure(text=words)
            self._nick.say(talk.nick)
            self._you.configure(text=_("you") + (f" · {role}" if role else ""))
            self._face.configure(image=self._theme.avatar(talk.user or "?", talk.nick or "?", 28))
        rows = model.rooms()
        self.list.show(_rows(rows))
        current = talk.current
        if self.list.selected != current:
            self.list.select(current)

    def _opened(self, key: str) -> None:
        self._doings.open(key)

    def _menu(self, key: str, x: int, y: int) -> None:
        self._doings.room_menu(key, x, y)

    def _action(self, key: str) -> None:
        if key == _ROOMS:
            self._doings.new_room()
        else:
            self._doings.new_direct()


def _rows(rooms: list[RoomRow]) -> list[Row]:
    rows = [
        Row(
            key=_ROOMS,
            label=_("Rooms"),
            heading=True,
            action="plus",
            tip=_("Join a room, or make one"),
        )
    ]
    rows += [room_row(room) for room in rooms if room.kind != "direct"]
    rows.append(
        Row(
            key=_DIRECTS,
            label=_("Direct messages"),
            heading=True,
            action="plus",
            tip=_("Write to one person alone"),
        )
    )
    rows += [room_row(room) for room in rooms if room.kind == "direct"]
    return rows


def room_row(room: RoomRow) -> Row:
    """A room as a row of a list."""
    face = None
    if room.kind == "direct":
        user = room.peer.user if room.peer is not None else room.label
        face = (user, room.label, is_bot(room.label))
    concerns = bool(room.mentions) and room.kind != "direct"
    return Row(
        key=room.name,
        label=room.label,
        icon="" if face else "lock" if room.kind == "private" else "hash",
        face=face,
        bold=bool(room.unread),
        dim=room.silent and not room.current,
        pill=room.badge,
        pill_tone="you" if concerns else "accent",
        badge="edit" if room.typed else "bell-off" if room.silent else "",
        tip=_tip(room),
    )


def _tip(room: RoomRow) -> str:
    words = []
    if room.kind == "private":
        words.append(_("private: only its members see it"))
    if room.silent:
        words.append(_("silent: nothing new is counted"))
    if room.typed:
        words.append(_("something is typed here and not sent"))
    return " · ".join(words)
