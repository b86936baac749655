"""What a chat does with events and with typed lines, whatever shows it. Owns the conversation.

Must not know keys, widths or prompt_toolkit: a `Face` shows things, `post` brings what happens in
other threads into the one that all of this runs in.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from common.client import commands, places
from common.client.commands import Call, Say, Wrong
from common.client.conversation import Conversation, Fetch, people_line, rooms_lines
from common.client.events import (
    Event,
    HistoryReply,
    JoinedReply,
    Notice,
    Paused,
    Ready,
    Refused,
)
from common.explain import explain
from common.i18n import _, n_, number
from common.talk.deeds import Deeds
from common.talk.face import Face
from common.talk.refusals import Refusals
from common.talk.saving import SaveFailed, save
from common.talk.setup import AnyClient, Basis

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Controller(Refusals):
    """One chat. Everything but `post` runs in one thread."""

    def __init__(
        self,
        setup: Basis,
        conversation: Conversation,
        face: Face,
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        """The notes of `setup` are told once the session is in."""
        self.client: AnyClient = setup.client
        self.conversation = conversation
        self.ways = setup.ways
        self.role = ""
        """Of this person on the server: owner, admin or none."""
        self._face = face
        self._post = post
        self._deeds = Deeds(self)
        self.waiting = 0
        """Requests whose answers have not come."""
        self.unstored = 0
        """Messages said in this run that are not stored, or refused."""
        self._notes = list(setup.notes)
        self._seen: tuple[str, int, str] | None = None

    # --- events --------------------------------------------------------------------------------

    def take(self, batch: list[Event]) -> None:
        """Takes a batch of the library's events in."""
        now = now_ms()
        for event in batch:
            fetches = self.conversation.handle(event, now)
            self.fetch(fetches)
            if isinstance(event, Ready):
                self.role = event.role
                self.learn_people(self.conversation.current)
                if self._notes:
                    self.tell(self._notes)
                for place in event.refused:
                    # Why it is not to be had is the answer to who asks for it by itself.
                    self.ask(self.client.join(place), self.enter_joined, self._kept_out)
            elif isinstance(event, Notice):
                self._noticed(event)
            elif isinstance(event, Paused):
                self._face.say(explain("rate-limited", {"seconds": event.seconds}))
        self.mark_seen()
        self._face.changed()

    def _kept_out(self, error: Refused) -> None:
        self.tell([explain(error.code, error.values, error.text)])

    def _noticed(self, event: Notice) -> None:
        if event.what == "role" and not event.room:
            self.role = "" if event.role == "member" else event.role
        if self.conversation.aside:
            # There is no room in which it could stand.
            self._face.say(self.conversation.aside)
            self.conversation.aside = ""

    def mark_seen(self) -> None:
        """Tells the library what this person has seen, where that is news."""
        seen = self.conversation.seen()
        if seen is not None and seen != self._seen:
            self._seen = seen
            self.client.seen(*seen)

    def fetch(self, fetches: list[Fetch]) -> None:
        """Asks for pages of history."""
        for one in fetches:
            future = self.client.history(one.room, before=one.before, limit=one.limit)
            self._when(future, self._history_came, partial(self._no_history, one))

    def _history_came(self, reply: HistoryReply) -> None:
        self.conversation.history_came(reply)
        begins = self.conversation.begins(reply)
        if begins is not None:
            self.client.seen(*begins)
        self.mark_seen()
        if reply.room == self.conversation.current:
            self._face.older_came()

    def _no_history(self, fetch: Fetch, _error: Refused) -> None:
        self.conversation.history_failed(fetch.room)
        self._face.older_came()

    def older(self) -> None:
        """The oldest line that is here is on the screen, and more is wanted."""
        self.fetch(self.conversation.older())

    def learn_people(self, room: str) -> None:
        """Learns who is there, for completion."""
        if room in self.conversation.rooms:
            future = self.client.who(room)
            self._when(
                future,
                lambda reply: self.conversation.people_came(reply.room, reply.people),
                lambda _error: None,
            )

    def _when(
        self, future: "Future[T]", done: Callable[[T], None], failed: Callable[[Refused], None]
    ) -> None:
        self.waiting += 1

        def finish() -> None:
            self.waiting -= 1
            error = future.exception()
            if error is None:
                done(future.result())
            elif isinstance(error, Refused):
                failed(error)
            else:
                _log.error("a request failed", exc_info=error)
                failed(Refused("", str(error)))
            self._face.changed()

        def finished(one: "Future[T]") -> None:
            # A cancelled request is one that the end of the session overtook.
            if not one.cancelled():
                self._post(finish)

        future.add_done_callback(finished)

    # --- what is typed ---------------------------------------------------------------------------

    def enter(self, line: str) -> Wrong | None:
        """Does what a typed line asks. `Wrong`: it cannot be used as it is."""
        room = self.conversation.room
        read = commands.parse(line, room.nicks() if room else ())
        if read is None or isinstance(read, Wrong):
            return read
        if isinstance(read, Say):
            return self._say(read.text, read.me)
        return self._call(read)

    def _say(self, text: str, me: bool) -> Wrong | None:
        room = self.conversation.current
        if not room:
            return Wrong(_("You are in no room. {usage}").format(usage=_usage("join")))
        self._say_in(room, text, me)
        return None

    def _say_in(self, room: str, text: str, me: bool = False) -> None:
        self.unstored += 1
        if me:
            self.conversation.deed(room, text)
        # What becomes of it comes as `Progress`, unless the library itself cannot take it.
        self._when(self.client.say(room, text, me=me), self._said, partial(self._unsaid, text))

    def _said(self, _reply: object) -> None:
        self.unstored -= 1

    def _unsaid(self, text: str, error: Refused) -> None:
        if "size" in error.values or error.code == "bad-room":
            self._face.compose(text)
            self.refused(error)

    def _call(self, call: Call) -> Wrong | None:
        if call.room.startswith("@"):
            call = replace(call, room=self._known_as(call.room))
        own: Callable[[Call], Wrong | None] | None = getattr(self, f"_do_{call.name}", None)
        handler = own or self._deeds.handler(call.name)
        return handler(call)

    def _known_as(self, place: str) -> str:
        """`@NICK` as the room that it is, where that conversation is open here."""
        for room in self.conversation.rooms.values():
            if room.kind.peer is not None and places.names(place, room.kind.peer.nick):
                return room.name
        return place

    def ask(
        self,
        future: "Future[T]",
        done: Callable[[T], None],
        failed: Callable[[Refused], None] | None = None,
    ) -> None:
        """Waits for an answer; a refusal is told, unless `failed` does it."""
        self._when(future, done, failed or self.refused)

    def open(self, name: str) -> None:
        """Goes to a room that this person is in."""
        left = self.conversation.current
        if name == left or name not in self.conversation.rooms:
            return
        self.conversation.open(name)
        self._opened(left)

    def _opened(self, left: str) -> None:
        self._face.opened(left)
        self.fetch(self.conversation.opening(self.conversation.rooms[self.conversation.current]))
        self.learn_people(self.conversation.current)
        self.mark_seen()
        self._face.changed()

    def invitation_link(self, code: str) -> str:
        """A join link that lets somebody in; "" where others could not use any."""
        found = self.ways().found
        return found[0].link(code) if found else ""

    # --- commands, by their stable names ---------------------------------------------------------

    def _do_help(self, call: Call) -> None:
        shown = [f"{usage}\t{about}" for usage, about in commands.help_lines(call.text)]
        if not call.text:
            shown.append(_("`code`, **bold**, > quote; //text says /text."))
        self.tell(shown)

    def _do_join(self, call: Call) -> None:
        self.enter_room(call.room)

    def enter_room(self, place: str, note: str = "") -> None:
        """Goes to a room, joining it where this person is not in; says `note` there."""
        if place in self.conversation.rooms:
            self.open(place)
            return

        def joined(reply: JoinedReply) -> None:
            self.enter_joined(reply)
            if note:
                self.tell([note])

        self.ask(self.client.join(place), joined)

    def enter_joined(self, reply: JoinedReply) -> None:
        """Goes to a room that was just joined."""
        left = self.conversation.current
        self.fetch(self.conversation.joined(reply))
        self._opened(left)

    def _do_leave(self, call: Call) -> Wrong | None:
        name = call.room or self.conversation.current
        room = self.conversation.rooms.get(name)
        if room is None:
            return _not_in(name)
        if room.kind.private and room.kind.peer is None and not call.room:
            # What takes another person to be undone is not done by a short word.
            words = _(
                "Type {command} to leave {room} for good: only an invitation brings you back."
            )
            return Wrong(words.format(room=room.title, command=f"{_shown('leave')} {name}"))

        def left(_reply: object) -> None:
            was = self.conversation.current
            self.conversation.leave(name)
            if self.conversation.current != was:
                self._face.opened(was)

        self.ask(self.client.leave(name), left)
        return None

    def _do_room(self, call: Call) -> Wrong | None:
        if call.room not in self.conversation.rooms:
            return _not_in(call.room)
        self.open(call.room)
        return None

    def _do_rooms(self, _call: Call) -> None:
        self._when(self.client.rooms(), lambda reply: self.tell(rooms_lines(reply)), self.refused)

    def _do_who(self, call: Call) -> None:
        room = call.room or self.conversation.current
        self._when(
            self.client.who(room),
            lambda reply: self.tell([people_line(reply.people)]),
            self.refused,
        )

    def _do_nick(self, call: Call) -> None:
        def renamed(_reply: object) -> None:
            self.conversation.renamed(call.nick)
            self.tell([_("You are {nick} here.").format(nick=call.nick)])

        self._when(self.client.nick(call.nick), renamed, self.refused)

    def _do_msg(self, call: Call) -> None:
        place = self._known_as(f"@{call.nick}")
        if place in self.conversation.rooms:
            self.open(place)
            if call.text:
                self._say_in(place, call.text)
            return

        def joined(reply: JoinedReply) -> None:
            self.enter_joined(reply)
            if call.text:
                self._say_in(reply.room, call.text)

        def failed(error: Refused) -> None:
            if call.text:
                self._face.compose(f"{_shown('msg')} {call.nick} {call.text}")
            self.refused(error)

        self._when(self.client.join(place), joined, failed)

    def _do_history(self, call: Call) -> Wrong | None:
        fetches = self.conversation.older(call.count or commands.HISTORY_USUAL)
        room = self.conversation.room
        if not fetches and room is not None and room.complete:
            return Wrong(_("This is the beginning of the room."))
        self._face.say(_("Fetching older messages…"))
        self.fetch(fetches)
        return None

    def _do_save(self, call: Call) -> Wrong | None:
        room = self.conversation.room
        if room is None:
            return Wrong(_("You are in no room. {usage}").format(usage=_usage("join")))
        try:
            target = Path(call.text) if call.text else None
            path, count = save(room, target, self.conversation.server)
        except SaveFailed as error:
            return Wrong(error.text)
        text = n_("{n} message saved in {path}", "{n} messages saved in {path}", count)
        self.tell([text.format(n=number(count), path=path)])
        return None

    def _do_clear(self, _call: Call) -> None:
        if self.conversation.room is not None:
            self.conversation.room.clear()
            self._face.cleared()

    def _do_quit(self, _call: Call) -> None:
        self._face.quit()

    # --- words ---------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Something was changed past the commands."""
        self._face.changed()

    # --- words -----------------------------------------------------------------------------------

    def tell(self, lines: list[str]) -> None:
        """Says something in the open room, to this person alone; a tab parts two columns."""
        room = self.conversation.room
        if room is None:
            self._face.say(lines[0] if lines else "")
        else:
            room.notice(lines, now_ms())
        self._face.changed()

    def status(self, text: str) -> None:
        """Says something for a moment."""
        self._face.say(text)

    def refused(self, error: Refused) -> None:
        """Tells why something was not done."""
        self._face.say(explain(error.code, error.values, error.text))


def _not_in(room: str) -> Wrong:
    shown = room if room.startswith("@") else f"#{room}"
    return Wrong(_("You are not in {room}.").format(room=shown))


def _shown(name: str) -> str:
    command = commands.find(name)
    return command.shown() if command else name


def _usage(name: str) -> str:
    command = commands.find(name)
    return command.usage() if command else name


def now_ms() -> int:
    """Milliseconds since 1970 by this machine's clock."""
    return time.time_ns() // 1_000_000
