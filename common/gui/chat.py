"""The chat: rooms at the left, the conversation and where one writes, people at the right.

Owns which of these an event concerns, and where somebody reads in each room. What is said and done
is `talk.Controller`'s, what stands around the conversation the model's; the widgets are put
together in chat_parts.py. Everything here runs in the thread of Tk; events of the library come
through `post`.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial
from typing import Final

from common.client.entries import ROLES
from common.client.events import CaughtUp, Event, LinkUp, Messages, Ready
from common.client.timeline import Entry, Mine, Said
from common.gui.chat_parts import ChatParts, Doings
from common.gui.conversation_view import Stay
from common.gui.desk import Desk
from common.gui.drafts import Typed
from common.gui.model import WindowModel
from common.gui.notify import Notifier
from common.gui.screens import Joined, Post, Trouble
from common.gui.settings import Remembered
from common.gui.theme import theme_of
from common.gui.widgets import Pane
from common.gui.writing import DESK
from common.i18n import _
from common.talk.controller import Controller, now_ms
from common.talk.pump import Pump
from common.talk.surroundings import PeopledConversation, PersonRow, is_bot

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
        on_title: Callable[[str], object],
        on_speak: Callable[[str], object],
    ) -> None:
        super().__init__(parent, "bg")
        self._theme = theme_of(parent)
        self._remembered = remembered
        self._post_to = post
        self._on_disconnect, self._on_title = on_disconnect, on_title
        self._on_quit, self._on_speak = on_quit, on_speak
        self._over = False
        setup, profile = joined.opened.setup, joined.opened.profile
        self._client = setup.client
        typed = Typed(profile.note(DESK) if profile is not None else "")
        self._wanted = typed.current
        """The room of last time, until it is there or another is opened."""
        self.talk = PeopledConversation(setup.nick, setup.ignored, setup.silenced)
        self.talk.encrypted = setup.encrypted
        self.model = WindowModel(self.talk, typed, remembered.folded)
        self.controller = Controller(setup, self.talk, _Face(self), self._post)
        self._pump = Pump(setup.client, self._deliver)
        self._refreshing: str | None = None
        self._asked_people = ""
        self._caught: set[str] = set()
        """Rooms in which what was missed before this session has come."""
        self._kept_rooms: list[str] | None = None
        self._titled = ""
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
            speak=self._speak,
            menu_of_composer=lambda button: self.parts.menus.add(button),  # noqa: PLW0108 - below
        )
        self._label = setup.label
        self._stays: dict[str, Stay] = {}
        """Where this person was in the rooms that they left while they read further up."""
        self._furnish()
        self._ticking = self.after(_TICK, self._tick)
        self._pump.start()

    def _furnish(self) -> None:
        """Make all that is seen, in the language of now."""
        parts = self.parts = ChatParts(
            self,
            self.desk,
            Doings(
                open=self._open,
                act=self._act,
                viewed=self._viewed,
                person_menu=self._person_menu,
                try_now=self._try_now,
            ),
            self._label,
        )
        self.menus = parts.menus
        self.sidebar, self.people, self.panes = parts.sidebar, parts.people, parts.panes
        self.header, self.banner, self.search = parts.header, parts.banner, parts.search
        self.writing, self.composer = parts.writing, parts.composer
        self.view, self.empty, self.toast = parts.view, parts.empty, parts.toast
        parts.pack(fill="both", expand=True)

    def _speak(self, lang: str) -> None:
        """Another language: all that is seen anew, with what is typed and where one reads."""
        self._on_speak(lang)
        self.parts.far.back()
        room, stay = self.talk.room, self.view.stay
        self.writing.close(self._wanted)
        self.parts.destroy()
        self._furnish()
        self.update_idletasks()
        self.writing.turn_to(room)
        self.view.show(room, stay)
        self.composer.focus_set()
        self._refresh()

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
        for event in batch:
            if isinstance(event, LinkUp):
                self._asked_people = ""  # what was asked over the old link is perhaps not answered
            elif isinstance(event, CaughtUp):
                self._caught_up(event.room)
            elif isinstance(event, Messages) and event.room == self.talk.current:
                self.parts.far.heard(event.records)
        kept = self._remembered
        for call in calls[-1:]:
            self._notifier.call(call.title, call.text, note=kept.notify, sound=kept.sound)
        failure = self.talk.failure
        if failure is not None:
            self._on_disconnect(Trouble(failure.code, failure.values, failure.text))

    def _caught_up(self, room: str) -> None:
        """What was missed in a room is there: read on from where one left, the first time."""
        if room not in self._caught:
            self._caught.add(room)
            if room == self.talk.current and self.view.following:
                self.view.refresh()
                self.view.to_since()

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
        if not self.parts.far.shows(room):
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
        title = model.title()
        if title != self._titled:
            self._titled = title
            self._on_title(title)
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
        room = self.talk.room
        if room is not None and room.name in self._stays:
            # They see its old lines, so that nothing counts as seen before they go to its end.
            room.reading = True
        self.writing.soon(self._opened)

    def _opened(self) -> None:
        if self._over:
            return
        self._wanted = ""
        self._show_room()
        self.panes.settle()
        self.changed()

    def _show_room(self) -> None:
        """The open room, where this person was in it; else from what is new on, or at its end."""
        room, former, far = self.talk.room, self.view.room, self.parts.far
        if former is not None and former is not room and not far.away:
            stay = self.view.stay
            if stay is not None and former.name in self.talk.rooms:
                self._stays[former.name] = stay
        far.forget()
        self.writing.turn_to(room)
        stay = self._stays.pop(room.name, None) if room is not None else None
        self.view.show(room, stay)
        if stay is None:
            self.view.to_since()
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

    def _try_now(self) -> None:
        self._client.hurry()
        self.composer.focus_set()

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
