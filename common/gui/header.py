"""The line over the conversation: which room this is, and what one can do with all of it.

Owns which of it stays where the window is narrow. What a button does is its user's.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from tkinter import ttk

from common.gui.cutting import shortened
from common.gui.model import WindowModel
from common.gui.rule import Rule
from common.gui.sidebar import HEAD
from common.gui.theme import theme_of
from common.gui.widgets import Button, Pane, button, label, picture
from common.i18n import _
from common.talk.surroundings import counted, kind_of

_LOW = 41
_ICONS = {"room": "hash", "private": "lock", "direct": "person"}


@dataclass(frozen=True, kw_only=True)
class HeaderDoings:
    """What its buttons do."""

    rooms: Callable[[], object]
    search: Callable[[], object]
    save: Callable[[], object]
    people: Callable[[], object]
    room_menu: Callable[[int, int], object]


class Header(Pane):
    """`refresh` shows what the model says now; `narrow` is the small window's form."""

    def __init__(self, parent: tk.Misc, model: WindowModel, doings: HeaderDoings) -> None:
        super().__init__(parent, "bg")
        self._theme = theme_of(parent)
        self._model = model
        self._narrow = False
        self._words = ("", "")
        self._line = Pane(self)
        self._line.pack(fill="x")
        self._line.pack_propagate(False)
        Rule(self).pack(fill="x")
        self.menu = button(
            self._line, kind="icon", icon="menu", name=_("Rooms"), command=doings.rooms
        )
        self._count = picture(self._line)
        self._icon = picture(self._line)
        self._icon.pack(side="left")
        self._caption = label(self._line, font="title")
        self._caption.pack(side="left")
        self._about = label(self._line, font="small", tone="muted")
        self._about.pack(side="left")
        self.more = self._tool(
            "more",
            _("More about this room"),
            lambda: doings.room_menu(
                self.more.winfo_rootx() - self._theme.px(8),
                self.more.winfo_rooty() + self.more.winfo_height(),
            ),
        )
        self.people = self._tool("people", _("People"), doings.people)
        self.save = self._tool("save", _("Save the conversation (Ctrl+S)"), doings.save)
        self.search = self._tool("search", _("Search (Ctrl+F)"), doings.search)
        self._theme.pad(self._icon, padx=(16, 6))
        self._theme.pad(self._about, padx=(14, 8))
        self._line.bind("<Configure>", lambda _event: self._fit())
        self._theme.on_change(self._dress, self)
        self._dress()

    def _tool(self, icon: str, name: str, command: Callable[[], object]) -> Button:
        made = button(self._line, kind="icon", icon=icon, name=name, command=command)
        made.pack(side="right")
        self._theme.pad(made, padx=(0, 4))
        return made

    def _dress(self) -> None:
        self._line.configure(height=self._theme.px(_LOW if self._narrow else HEAD))
        self._fit()

    def narrow(self, rooms_folded: bool, small: bool) -> None:
        """`rooms_folded`: the way to the rooms is a button here; `small`: a lower line."""
        if rooms_folded and not self.menu.winfo_manager():
            self.menu.pack(side="left", before=self._icon)
            self._theme.pad(self.menu, padx=(6, 0))
        elif not rooms_folded and self.menu.winfo_manager():
            self.menu.pack_forget()
        if small != self._narrow:
            self._narrow = small
            self._caption.configure(font=self._theme.font("bold" if small else "title"))
            if small:
                self.save.pack_forget()
            else:
                self.save.pack(side="right", after=self.people)
            self._dress()
        self.refresh()

    def refresh(self) -> None:
        """Show the name of the open room, and how much is unread elsewhere."""
        room = self._model.conversation.room
        words = (room.title[1:] if room else "", self._model.about_room())
        if words != self._words:
            self._words = words
            icon = _ICONS[kind_of(room)] if room is not None else "hash"
            self._icon.configure(image=self._theme.image(icon, "muted", 18))
            self._fit()
        self._badge(self._count)

    def _badge(self, shown: ttk.Label) -> None:
        unread, concern = self._model.counts()
        if not unread or not self.menu.winfo_manager():
            shown.place_forget()
            return
        text = counted(concern or unread)
        pill = self._theme.pill(text, "you" if concern else "accent", 15)
        shown.configure(image=pill)
        # From the middle of the icon on: a count of three figures would hide it otherwise.
        shown.place(in_=self.menu, relx=0.5, x=self._theme.px(1), y=-self._theme.px(2))
        shown.lift()

    def _fit(self) -> None:
        """Cut the name, then what is said of the room, to the width there is."""
        name, about = self._words
        px = self._theme.px
        room = self._line.winfo_width()
        tools = 3 if self._narrow else 4
        room -= px(60) + tools * px(36) + (px(36) if self.menu.winfo_manager() else 0)
        font = self._theme.font("bold" if self._narrow else "title")
        self._caption.configure(text=shortened(name, font, max(room, px(40))))
        room -= font.measure(name) + px(24)
        small = self._theme.font("small")
        fits = about and room > px(60) and not self._narrow
        self._about.configure(text=shortened(about, small, room) if fits else "")
