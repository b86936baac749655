"""What a page has been told of the people in the open room, and the smallest difference.

Owns the message `people`. A long list is told once, then by its changes, which are written once for
all pages (see `roster`). Must not know sockets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from common.client.timeline import Timeline
from common.look import nick_index
from common.safe import one_line
from common.talk.surroundings import Surroundings, absent_heading, is_bot
from common.web.pace import NEVER
from common.web.roster import Roster, Rosters

AT_ONCE: Final = 60
"""People up to which a change in their list is told at once."""
PAUSE: Final = 1.0
"""Seconds between two words about longer lists, since many come and go together."""

_encode = msgspec.json.Encoder().encode


class Peopled(Protocol):
    """Whose rooms these are."""

    around: Surroundings
    rosters: Rosters


class PeopleView:
    """One page's knowledge of people. `flush` tells it what is not known there yet."""

    def __init__(self, of: Peopled, send: Callable[[str], None]) -> None:
        self._of = of
        self._talk = of.around.conversation
        self._send = send
        self._room: Timeline | None = None
        self._turn = -1
        self._at = -NEVER
        self._sign: object = None
        self._told: dict[str, object] = {}
        self._stale = True
        self._absent: set[tuple[str, str]] = set()
        """Users and names of those who were told as absent."""

    def again(self) -> None:
        """Tell all of it anew."""
        self._room = self._sign = None

    def spoke(self, user: str, nick: str) -> None:
        """Somebody said something who is not here: a hook, say. They stand among the absent now."""
        if (user, one_line(nick)) not in self._absent:
            self._stale, self._sign = True, None

    def flush(self, clock: float) -> float:
        """Tell what changed; returns when to look again, by that clock."""
        room = self._talk.room
        if room is None:
            self._room = None
            return NEVER
        roster = self._of.rosters.of(room.name)
        sign = (room, roster.turn, self._talk.link.state, tuple(self._talk.ignored), room.people)
        if self._sign is not None and sign[1:] == self._sign and room is self._room:
            return NEVER
        behind = room is self._room and len(roster.people) > AT_ONCE
        if behind and clock < self._at + PAUSE:
            return self._at + PAUSE
        self._sign = sign[1:]
        self._tell(room, roster, clock)
        return NEVER

    def _tell(self, room: Timeline, roster: Roster, clock: float) -> None:
        parts = '"reset":false,"put":[],"gone":[]'
        if room is not self._room or roster.since(self._turn) is None:
            self._told, self._stale = {}, True
            parts = f'"reset":true,{_whole_list(roster)}'
        elif roster.turn != self._turn:
            self._stale = True
            parts = _changes(roster, self._turn)
        other = room is not self._room or roster.turn != self._turn
        self._room, self._turn = room, roster.turn
        more = self._words(room)
        if not (other or more):
            return
        self._at = clock
        if more:
            parts += f",{_encode(more).decode()[1:-1]}"
        self._send(f'{{"t":"people","room":{_encode(room.name).decode()},{parts}}}')

    def _words(self, room: Timeline) -> dict[str, object]:
        """What else is another than it was told."""
        around, talk = self._of.around, self._talk
        now: dict[str, object] = {
            "heading": around.heading(room),
            "stale": talk.link.state != "up",
            "ignored": sorted(talk.ignored),
        }
        if self._stale:
            self._stale = False
            rows = around.absent(room)
            self._absent = {(row.user, row.nick) for row in rows}
            now["absent_heading"] = absent_heading(len(rows))
            now["absent"] = [_person(row.user, row.nick) for row in rows]
        changed = {
            part: value
            for part, value in now.items()
            if part not in self._told or self._told[part] != value
        }
        self._told |= changed
        return changed


def _person(user: str, nick: str) -> dict[str, object]:
    return {"user": user, "nick": nick, "colour": nick_index(user), "bot": is_bot(nick)}


def _whole_list(roster: Roster) -> str:
    """The list as JSON, written once for all pages that are told of it now."""
    kept = roster.written
    if kept is None or kept[:2] != (-1, roster.turn):
        people = [_person(user, nick) for user, nick in roster.people.items()]
        text = f'"put":{_encode(people).decode()},"gone":[]'
        kept = roster.written = (-1, roster.turn, text)
    return kept[2]


def _changes(roster: Roster, turn: int) -> str:
    """What changed since that turn."""
    kept = roster.written
    if kept is None or kept[:2] != (turn, roster.turn):
        users = roster.since(turn) or set()
        put = [_person(user, roster.people[user]) for user in users if user in roster.people]
        gone = [user for user in users if user not in roster.people]
        text = f'"reset":false,"put":{_encode(put).decode()},"gone":{_encode(gone).decode()}'
        kept = roster.written = (turn, roster.turn, text)
    return kept[2]
