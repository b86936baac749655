"""Who is in each room, once for all sessions of the gateway, which hear the same of it. Pure.

Owns the lists of those present, and what changed in them since a page was told. Must not know the
sessions, nor how a list is asked for: `due` says when.

Theory. The broker numbers each change of a room's people. Sessions hear the changes of a room in
their order, one session earlier than the other; whichever hears a number first brings it in, and
the rest change nothing. Nobody hears of themselves: what comes behind a missing number waits for
another session to bring that one, and if none does the list is asked for again. So it is after a
cut, when changes went unheard and numbers may begin anew: until the list is here, all waits. What
differs between the old list and the new one is told like any other change.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from common.protocol.messages import Person
from common.safe import one_line

CHANGES: Final = 300
"""Changes of a room that are remembered for pages that were not told yet: further behind, a page
gets the whole list."""


@dataclass(slots=True)
class Roster:
    """The people of one room, user to nickname."""

    people: dict[str, str] = field(default_factory=dict)
    folded: set[str] = field(default_factory=set)
    """Their names in folded case: whose `@name` is a mention."""
    known: bool = False
    """The list came once."""
    doubtful: bool = True
    """It is not known which number comes next."""
    turn: int = 0
    """Counts the changes of this list since the gateway began."""
    rev: int = 0
    """The broker's number of the last change that is in it."""
    written: tuple[int, int, str] | None = None
    """From which turn to which, and these changes as a page is told them."""
    _waiting: dict[int, tuple[str, str, str]] = field(default_factory=dict)
    _changes: deque[str] = field(default_factory=lambda: deque(maxlen=CHANGES))
    """Users about whom something changed, the last `turn`s of them."""
    _former: dict[str, str] = field(default_factory=dict)

    def heard(self, rev: int, kind: str, user: str, nick: str) -> bool:
        """A change; tells whether numbers before it are missing."""
        if not self.doubtful and rev <= self.rev:
            return False
        if len(self._waiting) < CHANGES:
            self._waiting[rev] = (kind, user, one_line(nick))
        if self.doubtful:
            return False
        while self.rev + 1 in self._waiting:
            self.rev += 1
            self._apply(*self._waiting.pop(self.rev))
        return bool(self._waiting)

    def came(self, people: Iterable[Person], rev: int) -> None:
        """The whole list, as of that change."""
        now = {one.user: one_line(one.nick) for one in people}
        for user in [user for user in self.people if user not in now]:
            self._apply("left", user, "")
        for user, nick in now.items():
            if self.people.get(user) != nick:
                self._apply("joined", user, nick)
        self.known, self.doubtful, self.rev = True, False, rev
        later = {at: change for at, change in self._waiting.items() if at > rev}
        self._waiting = {}
        for at, change in sorted(later.items()):
            self.heard(at, *change)

    def doubt(self) -> None:
        """A link was cut: what waits belongs to what is over."""
        self.doubtful = True
        self._waiting.clear()

    @property
    def lacks(self) -> bool:
        """Numbers are missing before some that came."""
        return bool(self._waiting)

    def former(self, user: str) -> str:
        """The nickname that somebody had before the present one, "" where none is known."""
        return self._former.get(user, "")

    def since(self, turn: int) -> set[str] | None:
        """About whom something changed since then; None: too much to tell, take all."""
        behind = self.turn - turn
        if turn < 0 or not 0 <= behind <= len(self._changes):
            return None
        return set(list(self._changes)[len(self._changes) - behind :])

    def _apply(self, kind: str, user: str, nick: str) -> None:
        was = self.people.pop(user, "")
        if kind != "left":
            self.people[user] = nick
        if was and was != nick:
            self.folded.discard(was.casefold())
            if len(self._former) > CHANGES:
                self._former.clear()
            self._former[user] = was
        if kind != "left":
            self.folded.add(nick.casefold())
        self.turn += 1
        self._changes.append(user)


class Rosters(Mapping[str, Mapping[str, str]]):
    """Room to its people; rooms whose people are not known are missing."""

    def __init__(self) -> None:
        self._rooms: dict[str, Roster] = {}

    def of(self, room: str) -> Roster:
        """The list of a room, made where nobody was interested in it yet."""
        roster = self._rooms.get(room)
        if roster is None:
            roster = self._rooms[room] = Roster()
        return roster

    def keep(self, rooms: Iterable[str]) -> None:
        """Forget the rooms that nobody is in any more."""
        wanted = set(rooms)
        for name in [name for name in self._rooms if name not in wanted]:
            del self._rooms[name]

    def __getitem__(self, room: str) -> Mapping[str, str]:
        roster = self._rooms[room]
        if not roster.known:
            raise KeyError(room)
        return roster.people

    def __iter__(self) -> Iterator[str]:
        return (name for name, roster in self._rooms.items() if roster.known)

    def __len__(self) -> int:
        return sum(roster.known for roster in self._rooms.values())
