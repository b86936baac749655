"""Who may do and read what, in the plainest words: lists and sets, and no span, fact or topic.

Owns the model that the core is judged by. Knows nothing of how the core does it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Line = dict[str, Any]
MEMBER, ADMIN, OWNER = 0, 1, 2
Codes = frozenset[str]
HIDDEN = frozenset({"no-such-room"})
REFUSED = frozenset({"not-permitted"})
ALLOWED: frozenset[str] = frozenset()


@dataclass
class Place:
    """A room, or a direct conversation of two."""

    name: str
    private: bool = False
    parties: tuple[str, ...] = ()
    newcomers: str = "all"
    readonly: bool = False
    log: list[str] = field(default_factory=list)
    """What each record says, from number 1; of a deletion: `delete N`."""
    authors: list[str] = field(default_factory=list)
    members: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Of a private room: since when, and from which number on they read."""
    moderators: set[str] = field(default_factory=set)
    ever: set[str] = field(default_factory=set)
    readable: dict[str, set[int]] = field(default_factory=dict)
    muted: dict[str, int] = field(default_factory=dict)
    kicked: dict[str, int] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)

    def add(self, author: str, text: str) -> int:
        self.log.append(text)
        self.authors.append(author)
        for member in self.members:
            self.readable[member].add(len(self.log))
        return len(self.log)

    def take_in(self, user: str, now: int) -> None:
        if user in self.members:
            return
        whole = user not in self.ever and self.newcomers == "all"
        first = 1 if whole else len(self.log) + 1
        self.readable.setdefault(user, set()).update(range(first, len(self.log) + 1))
        self.ever.add(user)
        self.members[user] = (now, first)

    def put_out(self, user: str) -> None:
        """The longest member moderates where nobody else does."""
        del self.members[user]
        self.moderators.discard(user)
        if self.members and not self.moderators:
            self.moderators.add(min(self.members, key=lambda one: (self.members[one], one)))


@dataclass
class World:
    """Everything that holds at a moment. `now` in milliseconds of the wall clock."""

    now: int = 0
    places: dict[str, Place] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)
    banned: dict[str, int] = field(default_factory=dict)
    kicked: dict[str, int] = field(default_factory=dict)
    muted: dict[str, int] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    """Key to user, of those that were not revoked."""

    # --- what is so ---

    def rank(self, user: str) -> int:
        return self.ranks.get(user, MEMBER)

    def _holds(self, until: dict[str, int], user: str) -> bool:
        return user in until and (not until[user] or self.now < until[user])

    def outside(self, user: str) -> bool:
        """Whether somebody may not be connected at all."""
        return self._holds(self.banned, user) or self._holds(self.kicked, user)

    def sees(self, user: str, place: Place) -> bool:
        """Whether the room exists as far as they may know."""
        if place.parties:
            return user in place.parties
        return not place.private or user in place.members

    def hears(self, user: str, place: Place) -> bool:
        """Whether what is said there may reach them."""
        return self.sees(user, place) and not self._holds(place.kicked, user)

    def may_read(self, user: str, place: Place, seq: int) -> bool:
        """Whether a record's number and author may reach them."""
        if self.outside(user):
            return False
        if place.parties or not place.private:
            return self.sees(user, place)
        return seq in place.readable.get(user, ())

    def to_read(self, user: str, place: Place) -> list[int]:
        """All that they may have, in order."""
        return [n for n in range(1, len(place.log) + 1) if self.may_read(user, place, n)]

    def moderates(self, user: str, place: Place) -> bool:
        if place.parties:
            return False
        if place.private:
            return user in place.members and user in place.moderators
        return user in place.moderators or self.rank(user) >= ADMIN

    # --- what is asked for: the codes that refuse it, or none where it happens ---

    def say(self, user: str, name: str, text: str) -> frozenset[str]:
        place = self.places.get(name)
        if self._holds(self.muted, user):
            return frozenset({"muted", "no-such-room"})
        if place is None:
            place = self.places[name] = Place(name, moderators={user})
        if not self.sees(user, place):
            return HIDDEN
        refusals = set()
        if self._holds(place.muted, user):
            refusals.add("muted")
        if self._holds(place.kicked, user):
            refusals.add("kicked")
        if place.readonly and not self.moderates(user, place):
            refusals.add("read-only")
        if refusals:
            return frozenset(refusals)
        place.add(user, text)
        return ALLOWED

    def join(self, user: str, name: str) -> frozenset[str]:
        place = self.places.get(name)
        if place is None:
            self.places[name] = Place(name, moderators={user})
            return ALLOWED
        if not self.sees(user, place):
            return HIDDEN
        return frozenset({"kicked"}) if self._holds(place.kicked, user) else ALLOWED

    def direct(self, user: str, peer: str) -> Place:
        parties = tuple(sorted((user, peer)))
        name = f"@{parties[0]}-{parties[1]}"
        return self.places.setdefault(name, Place(name, private=True, parties=parties))

    def look(self, user: str, name: str) -> frozenset[str]:
        """Any question about a room that exists or does not."""
        place = self.places.get(name)
        if place is None or not self.sees(user, place):
            return HIDDEN
        return frozenset({"kicked"}) if self._holds(place.kicked, user) else ALLOWED

    def create(self, user: str, name: str, private: bool, newcomers: str) -> frozenset[str]:
        if name in self.places:
            return frozenset({"room-exists"})
        place = self.places[name] = Place(name, private, newcomers=newcomers, moderators={user})
        if private:
            place.take_in(user, self.now)
        return ALLOWED

    def leave(self, user: str, name: str) -> None:
        """Of a room that they are in."""
        place = self.places[name]
        if place.private and not place.parties:
            place.put_out(user)

    def invite(self, user: str, name: str, whom: str) -> frozenset[str]:
        if refused := self._may_decide(user, name):
            return refused
        place = self.places[name]
        if not place.private:
            return frozenset({"bad-request", "not-permitted"})
        place.take_in(whom, self.now)
        return ALLOWED

    def remove(self, user: str, name: str, whom: str) -> frozenset[str]:
        if refused := self._may_decide(user, name):
            return refused
        place = self.places[name]
        if not place.private:
            return frozenset({"bad-request", "not-permitted"})
        if whom in place.members:
            place.put_out(whom)
        return ALLOWED

    def moderator(self, user: str, name: str, whom: str, *, role: str) -> frozenset[str]:
        """Somebody's role in a room."""
        if refused := self._may_decide(user, name):
            return refused
        place = self.places[name]
        if place.private and whom not in place.members:
            return frozenset({"no-such-person", "not-permitted", "bad-request"})
        if role == "moderator":
            place.moderators.add(whom)
        else:
            place.moderators.discard(whom)
        return ALLOWED

    def rule(self, user: str, name: str, **rules: Any) -> frozenset[str]:
        """`set` of a room's rules."""
        if refused := self._may_decide(user, name):
            return refused
        for rule, value in rules.items():
            setattr(self.places[name], rule, value)
        return ALLOWED

    def sanction(
        self, user: str, name: str, whom: str, what: str, seconds: int
    ) -> frozenset[str] | None:
        """A mute, kick or their end in a room; None where the rules leave it open."""
        place = self.places.get(name)
        if place is None or not self.sees(user, place):
            return HIDDEN
        if place.parties or (what == "kick" and place.private):
            return frozenset({"bad-request", "not-permitted"})
        if not self.moderates(user, place):
            return REFUSED
        if whom == user or whom in place.moderators:
            return None
        protected = self.rank(whom) >= ADMIN and self.rank(whom) >= self.rank(user)
        if protected and not place.private:
            return REFUSED
        until = self.now + seconds * 1_000 if seconds else 0
        if what == "mute":
            place.muted[whom] = until
        elif what == "unmute":
            place.muted.pop(whom, None)
        elif seconds:
            place.kicked[whom] = until
        return ALLOWED

    def throw_out(self, user: str, whom: str, what: str, seconds: int) -> frozenset[str]:
        """Somebody is kicked from, banned from or let in again to the whole server."""
        if self.rank(user) < ADMIN or self.rank(whom) >= self.rank(user):
            return REFUSED
        if what == "unban":
            self.banned.pop(whom, None)
        elif what == "ban":
            self.banned[whom] = self.now + seconds * 1_000 if seconds else 0
        else:
            self.kicked[whom] = self.now + max(seconds, 10) * 1_000
        return ALLOWED

    def promote(self, user: str, whom: str, role: str) -> frozenset[str]:
        """Somebody's role on the server."""
        if self.rank(user) < OWNER or whom == user:
            return REFUSED
        self.ranks[whom] = ADMIN if role == "admin" else MEMBER
        return ALLOWED

    def may_delete(self, user: str, name: str, seq: int) -> bool:
        place = self.places.get(name)
        if place is None or not self.sees(user, place) or seq > len(place.log):
            return False
        if seq in place.deleted or place.log[seq - 1].startswith("delete "):
            return False
        if not self.may_read(user, place, seq):
            return False
        return place.authors[seq - 1] == user or self.moderates(user, place)

    def _may_decide(self, user: str, name: str) -> frozenset[str]:
        place = self.places.get(name)
        if place is None or not self.sees(user, place):
            return HIDDEN
        return (
            ALLOWED if self.moderates(user, place) else frozenset({"not-permitted", "bad-request"})
        )
