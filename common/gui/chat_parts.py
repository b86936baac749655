"""The widgets of the chat: panes, header, conversation, composer; how they are put together.

Owns which parts there are and the keys that lead from one to another. What is done with them is the
chat's (`Doings` here), which makes them anew for another language.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from common.client.events import HistoryReply
from common.client.timeline import Entry
from common.gui.banner import Banner
from common.gui.chat_panes import ChatPanes
from common.gui.conversation_view import ConversationView
from common.gui.desk import Desk, Failed
from common.gui.dialogs.direct import NewDirect
from common.gui.dialogs.going import GoTo
from common.gui.dialogs.joining import NewRoom
from common.gui.dialogs.saving import SaveRoom
from common.gui.dialogs.shortcuts import Shortcuts
from common.gui.emptyroom import EmptyRoom
from common.gui.far import Far
from common.gui.header import Header, HeaderDoings
from common.gui.links import open_link
from common.gui.looking_back import SEARCHED
from common.gui.menus import Menus
from common.gui.panes import PEOPLE, ROOMS
from common.gui.people import PeoplePane
from common.gui.search import SearchBar
from common.gui.shortcuts import bind_keys, bind_window_keys
from common.gui.sidebar import Doings as SidebarDoings
from common.gui.sidebar import Sidebar
from common.gui.theme import theme_of
from common.gui.toast import Toast
from common.gui.widgets import Pane
from common.gui.writing import Writing


@dataclass(frozen=True, kw_only=True)
class Doings:
    """What the parts lead to."""

    open: Callable[[str], object]
    """A room; the open one: to its newest line."""
    act: Callable[[str, Entry], object]
    viewed: Callable[[bool], object]
    """Whether the newest line is in sight."""
    person_menu: Callable[[str, int, int], object]
    try_now: Callable[[], object]


class ChatParts(Pane):
    """Everything that is seen of a chat; `close` before it is destroyed."""

    def __init__(self, parent: tk.Misc, desk: Desk, doings: Doings, server: str) -> None:
        super().__init__(parent, "bg")
        self._desk = desk
        self._doings = doings
        menus = self.menus = Menus(desk, on_search=self.open_search, on_link=open_link)
        self.sidebar = Sidebar(
            self,
            desk.model,
            SidebarDoings(
                open=doings.open,
                room_menu=menus.room,
                new_room=lambda: NewRoom(desk),
                new_direct=lambda: NewDirect(desk),
                server_menu=menus.server,
                own_menu=menus.own,
            ),
            server,
        )
        self.people = PeoplePane(self, desk.model, on_open=doings.person_menu)
        middle = Pane(self)
        self.header = Header(
            middle,
            desk.model,
            HeaderDoings(
                rooms=lambda: self.panes.toggle(ROOMS),
                search=self.open_search,
                save=self.save,
                people=lambda: self.panes.toggle(PEOPLE),
                room_menu=lambda x, y: menus.room(desk.talk.current, x, y),
            ),
        )
        self.header.pack(fill="x")
        self.banner = Banner(middle, self.header, on_try=doings.try_now)
        self.writing = Writing(middle, desk)
        self.composer = self.writing.composer
        self.composer.pack(side="bottom", fill="x")
        theme = theme_of(self)
        far = self.far = Far(desk)
        self.view = ConversationView(
            middle,
            theme,
            on_older=far.older,
            on_link=open_link,
            on_action=doings.act,
            on_context=menus.message,
            on_view=doings.viewed,
            on_newer=far.newer,
            on_newest=far.back,
        )
        far.attach(self.view)
        self.view.pack(fill="both", expand=True)
        self.search = SearchBar(
            self.view,
            theme,
            room=lambda: desk.talk.room,
            fetch=self._page,
            on_far=far.go,
            on_close=self.composer.focus_set,
        )
        self.empty = EmptyRoom(self.view)
        self.toast = Toast(self.view)
        self.panes = ChatPanes(
            self, desk.model.panes, self.sidebar, self.people, middle, self._arranged
        )
        self._bind_shortcuts()

    # --- what is asked of it -------------------------------------------------------------------

    def open_search(self) -> None:
        """Look for something in the open room."""
        if self._desk.talk.room is not None:
            self.search.open()

    def _page(self, before: int, came: Callable[[HistoryReply], object], failed: Failed) -> None:
        """A page of the open room, for the search."""
        future = self._desk.client.history(self._desk.talk.current, before=before, limit=SEARCHED)
        self._desk.ask(future, came, failed)

    def save(self) -> None:
        """Save the open room."""
        if self._desk.talk.room is not None:
            SaveRoom(self._desk)

    def back(self) -> None:
        """Close what was opened over the conversation, and go on writing."""
        if not self.panes.settle() and self.search.is_open:
            self.search.close()
        self.composer.focus_set()

    # --- keys ----------------------------------------------------------------------------------

    def _bind_shortcuts(self) -> None:
        desk, go = self._desk, self._doings.open
        step = desk.model.step
        # Up and Down alone mean something in each of these.
        steps = {
            "up": lambda: go(step(-1)),
            "down": lambda: go(step(1)),
            "unread-up": lambda: go(step(-1, unread=True)),
            "unread-down": lambda: go(step(1, unread=True)),
        }
        for part in self._areas():
            bind_keys(part, steps)
        bind_window_keys(
            self,
            {
                **steps,
                "search": self.open_search,
                "save": self.save,
                "go": lambda: GoTo(desk),
                "new": lambda: NewRoom(desk),
                "sheet": lambda: Shortcuts(desk.over),
                "rooms": lambda: self.panes.toggle(ROOMS),
                "people": lambda: self.panes.toggle(PEOPLE),
                "disconnect": desk.leave,
                "area": self._next_area,
                "end": self.view.to_end,
                "back": self.back,
                **{f"room-{n}": partial(self._open_at, n - 1) for n in range(1, 10)},
            },
        )
        self.writing.follow(self.view, self.sidebar.list.canvas, self.people.list.canvas)
        for widget in (self.composer.text, self.view.text):
            widget.bind("<ButtonPress-1>", lambda _event: self.panes.settle(), add="+")

    def _open_at(self, place: int) -> None:
        rows = self._desk.model.rooms()
        if place < len(rows):
            self._doings.open(rows[place].name)

    def _areas(self) -> list[tk.Misc]:
        lists = self.people.list.canvas, self.sidebar.list.canvas
        return [self.composer.text, *lists, self.view.text]

    def _next_area(self) -> None:
        areas = [one for one in self._areas() if one.winfo_viewable()]
        now = self.focus_get()
        place = areas.index(now) if now in areas else -1
        areas[(place + 1) % len(areas)].focus_set()

    def _arranged(self, small: bool, rooms_folded: bool) -> None:
        self.composer.compact(small)
        self.header.narrow(rooms_folded, small)
        self._desk.remembered.folded = sorted(self._desk.model.panes.folded)
