"""The chat: rooms at the left, the conversation and where one writes, people at the right.

Owns how these are put together and which of them an event concerns. What is said and done is
`talk.Controller`'s, what stands around the conversation the model's, each pane its own file's.
Everything here runs in the thread of Tk; events of the library come through `post`.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial
from typing import Final

from common.client.entries import ROLES
from common.client.events import Event, LinkUp, Ready
from common.client.timeline import Entry, Mine, Said
from common.gui.banner import Banner
from common.gui.chat_panes import ChatPanes
from common.gui.conversation_view import ConversationView
from common.gui.desk import Desk
from common.gui.dialogs.direct import NewDirect
from common.gui.dialogs.going import GoTo
from common.gui.dialogs.joining import NewRoom
from common.gui.dialogs.saving import SaveRoom
from common.gui.dialogs.shortcuts import Shortcuts
from common.gui.drafts import Typed
from common.gui.emptyroom import EmptyRoom
from common.gui.header import Header, HeaderDoings
from common.gui.links import open_link
from common.gui.menus import Menus
from common.gui.model import PersonRow, WindowConversation, WindowModel, is_bot
from common.gui.notify import Notifier
from common.gui.panes import PEOPLE, ROOMS
from common.gui.people import PeoplePane
from common.gui.screens import Joined, Post, Trouble
from common.gui.search import SearchBar
from common.gui.settings import Remembered
from common.gui.shortcuts import bind_keys
from common.gui.sidebar import Doings, Sidebar
from common.gui.theme import theme_of
from common.gui.toast import Toast
from common.gui.widgets import Pane
from common.gui.writing import DESK, Writing
from common.i18n import _
from common.talk.controller import Controller, now_ms
from common.talk.pump import Pump

_SOON: Final = 20
"""Milliseconds in which changes are gathered before the panes follow."""
_TICK: Final = 500


class ChatFrame(Pane):
    """One session. `close` before it is destroyed."""

    def __init__(
        self,
        parent: tk.Misc,
        joined: Joined,
        *,
        post: Post,
        remembered: Remembered,
        on_disconnect: Callable[[Trouble | None], object],
        on_quit: Callable[[], object],
        on_title: Callable[[int, int], object],
    ) -> None:
        super().__init__(parent, "bg")
        self._theme = theme_of(parent)
        self._remembered = remembered
        self._post_to = post
        self._on_disconnect, self._on_title = on_disconnect, on_title
        self._on_quit = on_quit
        self._over = False
        setup, profile = joined.opened.setup, joined.opened.profile
        self._client = setup.client
        typed = Typed(profile.note(DESK) if profile is not None else "")
        self._wanted = typed.current
        """The room of last time, until it is there or another is opened."""
        self.talk = WindowConversation(setup.nick, setup.ignored, setup.silenced)
        self.talk.encrypted = setup.encrypted
        self.model = WindowModel(self.talk, typed, remembered.folded)
        self.controller = Controller(setup, self.talk, _Face(self), self._post)
        self._pump = Pump(setup.client, self._deliver)
        self._refreshing: str | None = None
        self._asked_people = ""
        self._kept_rooms: list[str] | None = None
        self._counts = (0, 0)
        self._notifier = Notifier(self)
        self.desk = Desk(
            over=self,
            controller=self.controller,
            model=self.model,
            remembered=remembered,
            say=self.say,
            leave=lambda: on_disconnect(None),
            quit=on_quit,
            compose=self.compose,
            menu_of_composer=lambda button: self.menus.add(button),  # noqa: PLW0108 - made below
        )
        self.menus = Menus(self.desk, on_search=self._search, on_link=open_link)
        self._build(setup.label)
        self._bind_shortcuts()
        self._ticking = self.after(_TICK, self._tick)
        self._pump.start()

    def _build(self, server: str) -> None:
        menus = self.menus
        self.sidebar = Sidebar(
            self,
            self.model,
            Doings(
                open=self._open,
                room_menu=menus.room,
                new_room=lambda: NewRoom(self.desk),
                new_direct=lambda: NewDirect(self.desk),
                server_menu=menus.server,
                own_menu=menus.own,
            ),
            server,
        )
        self.people = PeoplePane(self, self.model, on_open=self._person_menu)
        self.middle = Pane(self)
        self.header = Header(
            self.middle,
            self.model,
            HeaderDoings(
                rooms=lambda: self.panes.toggle(ROOMS),
                search=self._search,
                save=self._save,
                people=lambda: self.panes.toggle(PEOPLE),
                room_menu=lambda x, y: menus.room(self.talk.current, x, y),
            ),
        )
        self.header.pack(fill="x")
        self.banner = Banner(self.middle, self.header, on_try=self._try_now)
        self.writing = Writing(self.middle, self.desk)
        self.composer = self.writing.composer
        self.composer.pack(side="bottom", fill="x")
        self.view = ConversationView(
            self.middle,
            self._theme,
            on_older=self.controller.older,
            on_link=open_link,
            on_action=self._act,
            on_context=menus.message,
            on_view=self._viewed,
        )
        self.view.pack(fill="both", expand=True)
        self.search = SearchBar(
            self.view, self._theme, on_older=self.controller.older, on_close=self.composer.focus_set
        )
        self.empty = EmptyRoom(self.view)
        self.toast = Toast(self.view)
        self.panes = ChatPanes(
            self, self.model.panes, self.sidebar, self.people, self.middle, self._arranged
        )

    def _bind_shortcuts(self) -> None:
        window = self.winfo_toplevel()
        step = self.model.step
        # Up and Down alone mean something in each of these.
        steps = {
            "up": lambda: self._open(step(-1)),
            "down": lambda: self._open(step(1)),
            "unread-up": lambda: self._open(step(-1, unread=True)),
            "unread-down": lambda: self._open(step(1, unread=True)),
        }
        for part in self._areas():
            bind_keys(part, steps)
        bind_keys(
            window,
            {
                **steps,
                "search": self._search,
                "save": self._save,
                "go": lambda: GoTo(self.desk),
                "new": lambda: NewRoom(self.desk),
                "sheet": lambda: Shortcuts(self),
                "rooms": lambda: self.panes.toggle(ROOMS),
                "people": lambda: self.panes.toggle(PEOPLE),
                "disconnect": lambda: self._on_disconnect(None),
                "area": self._next_area,
                "end": self.view.to_end,
                "back": self._back,
                **{f"room-{n}": partial(self._open_at, n - 1) for n in range(1, 10)},
            },
        )
        self.writing.follow(self.view)
        for widget in (self.composer.text, self.view.text):
            widget.bind("<ButtonPress-1>", lambda _event: self.panes.settle(), add="+")

    # --- as the window sees it -----------------------------------------------------------------

    def focus(self) -> None:
        """Put the cursor where one writes."""
        self.composer.focus_set()

    def others(self) -> int:
        """How many other people are in its rooms now, as far as that is known."""
        known = {user for here in self.talk.present.values() for user in here}
        known.discard(self.talk.user)
        most = max((room.people for room in self.talk.rooms.values()), default=0)
        return max(len(known), most - 1, 0)

    def linked(self) -> bool:
        """Whether the link is up."""
        return self.talk.link.state == "up"

    def close(self) -> None:
        """Take no more events and keep what is typed."""
        if self._over:
            return
        self._keep_rooms()
        self.writing.close(self._wanted)
        self._over = True
        self._pump.stop()
        for waiting in (self._refreshing, self._ticking):
            if waiting is not None:
                self.after_cancel(waiting)
        self._remembered.folded = sorted(self.model.panes.folded)

    # --- events --------------------------------------------------------------------------------

    def _post(self, call: Callable[[], None]) -> None:
        def guarded() -> None:
            if not self._over:
                call()

        self._post_to(guarded)

    def _deliver(self, batch: list[Event] | None) -> None:
        """In the pump's thread."""
        self._post_to(partial(self._take, batch))

    def _take(self, batch: list[Event] | None) -> None:
        if self._over:
            self._pump.done()
            return
        try:
            if batch is not None:
                self._taken(batch)
        finally:
            self._pump.done()

    def _taken(self, batch: list[Event]) -> None:
        self._look()
        self.controller.take(batch)
        calls = self.model.take(batch)
        if any(isinstance(event, Ready) for event in batch):
            self._show_room()
        if self._wanted and self._wanted in self.talk.rooms:
            wanted, self._wanted = self._wanted, ""
            self.controller.open(wanted)
        if any(isinstance(event, LinkUp) for event in batch):
            self._asked_people = ""
        kept = self._remembered
        for call in calls[-1:]:
            self._notifier.call(call.title, call.text, note=kept.notify, sound=kept.sound)
        failure = self.talk.failure
        if failure is not None:
            self._on_disconnect(Trouble(failure.code, failure.values, failure.text))

    def _look(self) -> None:
        """Whether this person has the window before them."""
        focused = self.focus_displayof() is not None
        if focused != self.model.focused:
            self.model.look(focused)
            self.changed()

    def _tick(self) -> None:
        self._look()
        if self.talk.link.state != "up" or self.banner.words:
            self.banner.say(self.model.banner(now_ms()))
        self._ticking = self.after(_TICK, self._tick)

    # --- the face of the controller ------------------------------------------------------------

    def changed(self) -> None:
        """Something is to be shown, soon."""
        if self._refreshing is None and not self._over:
            self._refreshing = self.after(_SOON, self._refresh)

    def _refresh(self) -> None:
        self._refreshing = None
        talk, model = self.talk, self.model
        room = talk.room
        if self.view.room is not room:
            self._show_room()
        self._ask_people()
        self.sidebar.refresh(_(ROLES.get(self.controller.role, "")))
        self.people.refresh()
        self.header.refresh()
        self.banner.say(model.banner(now_ms()))
        known = room.acquaintances() if room is not None else []
        bots = frozenset(user for user, nick in known if is_bot(nick))
        self.view.refresh(link_down=talk.link.state != "up", bots=bots)
        self.empty.follow(self.desk)
        counts = model.counts()
        if counts != self._counts:
            self._counts = counts
            self._on_title(*counts)
        self._keep_rooms()

    def _ask_people(self) -> None:
        """Who is in the open room is asked for once for each link."""
        name = self.talk.current
        known = name in self.talk.present or name == self._asked_people
        if name and not known and self.linked():
            self._asked_people = name
            self.controller.learn_people(name)

    def _keep_rooms(self) -> None:
        """The rooms of this session are asked for at the next start."""
        if not self.talk.ready:
            return
        names = [name for name in self.talk.rooms if not name.startswith("@")]
        if names != self._kept_rooms:
            self._kept_rooms = names
            self._client.set_rooms(names)

    def say(self, text: str) -> None:
        """Tell something for a moment."""
        if not self._over:
            self.toast.say(text)

    def compose(self, text: str) -> None:
        """Put words before what stands in the composer, and the caret behind it all."""
        self.writing.soon(partial(self.writing.compose, text))

    def opened(self, left: str) -> None:
        """Another room is open; what was typed stays with the room that was left."""
        self.writing.soon(partial(self._opened, left))

    def _opened(self, _left: str) -> None:
        if self._over:
            return
        self._wanted = ""
        self._show_room()
        self.panes.settle()
        self.changed()

    def _show_room(self) -> None:
        room = self.talk.room
        self.writing.turn_to(room)
        self.view.show(room)
        self.search.refresh()
        self.composer.focus_set()

    def older_came(self) -> None:
        """Older lines of the open room are here."""
        self.changed()
        self.search.refresh()

    def cleared(self) -> None:
        """The open room was emptied."""
        self.view.show(self.talk.room)

    def ask_to_quit(self) -> None:
        """The command that ends was typed."""
        self._on_quit()

    # --- going about ---------------------------------------------------------------------------

    def _open(self, name: str) -> None:
        if name == self.talk.current:
            self.panes.settle()
            self.view.to_end()
            self.composer.focus_set()
        elif name:
            self.controller.open(name)

    def _open_at(self, place: int) -> None:
        rows = self.model.rooms()
        if place < len(rows):
            self._open(rows[place].name)

    def _search(self) -> None:
        if self.talk.room is not None:
            self.search.open()

    def _save(self) -> None:
        if self.talk.room is not None:
            SaveRoom(self.desk)

    def _try_now(self) -> None:
        self._client.hurry()
        self.composer.focus_set()

    def _areas(self) -> list[tk.Misc]:
        lists = self.people.list.canvas, self.sidebar.list.canvas
        return [self.composer.text, *lists, self.view.text]

    def _next_area(self) -> None:
        areas = [one for one in self._areas() if one.winfo_viewable()]
        now = self.focus_get()
        place = areas.index(now) if now in areas else -1
        areas[(place + 1) % len(areas)].focus_set()

    def _back(self) -> None:
        if not self.panes.settle() and self.search.is_open:
            self.search.close()
        self.composer.focus_set()

    def _arranged(self, small: bool, rooms_folded: bool) -> None:
        self.composer.compact(small)
        self.header.narrow(rooms_folded, small)
        self._remembered.folded = sorted(self.model.panes.folded)

    def _viewed(self, following: bool) -> None:
        if following:
            self.controller.mark_seen()
        self.changed()

    def _act(self, name: str, entry: Entry) -> None:
        """A link under a message, or its author's name, was clicked."""
        if isinstance(entry, Mine):
            doing = {
                "again": self.controller.resend,
                "edit": self.controller.edit,
                "delete": self.controller.give_up,
            }.get(name)
            if doing is not None:
                doing(entry)
        elif isinstance(entry, Said) and name == "author":
            here = entry.user in self.talk.present.get(self.talk.current, {})
            row = PersonRow(user=entry.user, nick=entry.nick, here=here, you=entry.own)
            self.menus.person(row, self.winfo_pointerx(), self.winfo_pointery())

    def _person_menu(self, user: str, x: int, y: int) -> None:
        row = self.people.row(user)
        if row is not None:
            self.menus.person(row, x, y)


class _Face:
    """What the controller knows of the window: a widget has a `quit` of its own."""

    def __init__(self, chat: ChatFrame) -> None:
        self._chat = chat
        self.changed = chat.changed
        self.say = chat.say
        self.compose = chat.compose
        self.opened = chat.opened
        self.older_came = chat.older_came
        self.cleared = chat.cleared
        self.quit = chat.ask_to_quit
