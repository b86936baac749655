"""When the list of a room's people is asked for, for all sessions of the gateway together.

Owns that: where somebody is interested and it is not known, where changes went missing, after a
cut. One session asks, and the others are told. Must not know what pages are shown of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Final, Protocol

from msgspec.structs import replace

from common.client.events import PeopleReply, Presence
from common.client.rooms import ROSTER_PATIENCE
from common.talk.setup import AnyClient
from common.web.roster import Rosters

PATIENCE: Final = 0.3
"""Seconds that a change waits for the ones before it to come by another session."""
AGAIN: Final = 2.0
"""Seconds between two questions about a room at least, also where no answer came."""
RETURNED: Final = ROSTER_PATIENCE
"""Seconds after a cut at which the list is asked for once more: a server that has just started
announces nobody who comes back."""


class Member(Protocol):
    """A session, as far as people are asked about through it."""

    @property
    def client(self) -> AnyClient: ...
    @property
    def linked(self) -> bool: ...
    def rooms(self) -> Iterable[str]: ...


class Attendance:
    """Who is where. For the loop's thread."""

    def __init__(
        self,
        members: Callable[[], Iterable[Member]],
        changed: Callable[[str], None],
        now: Callable[[], float],
    ) -> None:
        """`members` are the live sessions; `changed` is called with a room whose list is another
        one by an answer. `now` in seconds of any clock."""
        self.rosters = Rosters()
        self._members = members
        self._changed = changed
        self._now = now
        self._asked: dict[str, float] = {}
        """When each room was asked about last."""
        self._cut: dict[str, float] = {}
        """When a question was last due to a cut."""
        self._waiting: dict[str, asyncio.TimerHandle] = {}
        self._returning: dict[str, asyncio.TimerHandle] = {}

    def heard(self, event: Presence) -> Presence:
        """A session heard of a change; returns it with the former nickname, which is known here."""
        roster = self.rosters.of(event.room)
        if event.rev and roster.heard(event.rev, event.kind, event.user, event.nick):
            self._later(event.room, PATIENCE)
        if event.kind == "nick" and not event.old:
            return replace(event, old=roster.former(event.user))
        return event

    def want(self, room: str, through: Member) -> None:
        """Somebody looks at this room."""
        roster = self.rosters.of(room)
        if not roster.known or roster.doubtful:
            self._ask(room, through)

    def linked(self, member: Member) -> None:
        """A link came back: what happened meanwhile was not heard. Sessions that were cut by the
        same cut come back together, and one question does for them all."""
        now = self._now()
        for room in member.rooms():
            roster = self.rosters.of(room)
            if roster.known and now >= self._cut.get(room, float("-inf")) + AGAIN:
                self._cut[room] = now
                roster.doubt()
                self._ask(room, member)
                self._once_returned(room)

    def tidy(self) -> None:
        """Forget the rooms that nobody is in any more."""
        rooms = {room for member in self._members() for room in member.rooms()}
        self.rosters.keep(rooms)
        for times in (self._asked, self._cut):
            for room in times.keys() - rooms:
                del times[room]

    def close(self) -> None:
        """Ask nothing any more."""
        for timers in (self._waiting, self._returning):
            for timer in timers.values():
                timer.cancel()
            timers.clear()

    def _later(self, room: str, pause: float) -> None:
        if room not in self._waiting:
            loop = asyncio.get_running_loop()
            self._waiting[room] = loop.call_later(pause, self._look, room)

    def _once_returned(self, room: str) -> None:
        former = self._returning.pop(room, None)
        if former is not None:
            former.cancel()
        loop = asyncio.get_running_loop()
        self._returning[room] = loop.call_later(RETURNED, self._look_anew, room)

    def _look_anew(self, room: str) -> None:
        self._returning.pop(room, None)
        if room in self.rosters:
            self.rosters.of(room).doubt()
            self._look(room)

    def _look(self, room: str) -> None:
        self._waiting.pop(room, None)
        roster = self.rosters.of(room)
        if not (roster.lacks or roster.doubtful):
            return
        through = next((one for one in self._members() if one.linked and room in one.rooms()), None)
        if through is not None:
            self._ask(room, through)

    def _ask(self, room: str, through: Member) -> None:
        wait = self._asked.get(room, float("-inf")) + AGAIN - self._now()
        if wait > 0:
            self._later(room, wait)
            return
        self._asked[room] = self._now()
        future = through.client.who(room)
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda done: loop.call_soon(self._came, room, done))

    def _came(self, room: str, done: Future[PeopleReply]) -> None:
        if done.cancelled() or done.exception() is not None:
            self._later(room, AGAIN)
            return
        reply = done.result()
        self.rosters.of(reply.room).came(reply.people, reply.rev)
        self._changed(reply.room)
