"""Who may do what: questions about the ledger's facts, answered. Pure, and changes nothing.

Owns ranks, moderators, who may see a room and why somebody may not speak in it. Must not know
sessions beyond whose they are, and no request but whom it names. The one memory that is no fact,
when somebody last spoke in a slow room, is here too: it need not outlive the broker.
"""

from collections.abc import Callable
from typing import Final

from common.broker.facts import Member, Sanction, Spans, place
from common.broker.ledger import SERVER_LOG, Ledger, Person, Room
from common.broker.sessions import Session
from common.broker.turn import Refusal
from common.protocol.deeds import About
from common.protocol.identity import user_of_key
from common.protocol.names import nick_key

MEMBER: Final = 0
ADMIN: Final = 1
OWNER: Final = 2
CONSOLE: Final = 3
"""Whoever holds the broker's own key."""
RANKS: Final = {"admin": ADMIN, "owner": OWNER}
NAMES: Final = ("member", "admin", "owner", "console")
REMEMBERED: Final = 10_000
"""Last words in slow rooms above which those that no longer matter are forgotten."""


class Rights:
    """`console` is the broker's own public key, '' where nobody may use it. Under `plain` nobody
    can prove who they are: what is private exists for nobody."""

    def __init__(self, ledger: Ledger, console: str = "", *, plain: bool = False) -> None:
        self._ledger = ledger
        self._facts = ledger.facts
        self._console = user_of_key(console) if console else ""
        self._plain = plain
        self._spoke: dict[tuple[int, str], int] = {}

    # --- ranks ---------------------------------------------------------------------------------

    def rank(self, user: str) -> int:
        """`MEMBER` to `CONSOLE`."""
        if self._console and user == self._console:
            return CONSOLE
        fact = self._ledger.facts.ranks.get(user)
        return RANKS[fact.role] if fact is not None else MEMBER

    def role(self, user: str) -> str:
        """`owner`, `admin` or ''; the console is as good as an owner."""
        rank = self.rank(user)
        return NAMES[min(rank, OWNER)] if rank else ""

    def require_rank(self, session: Session, least: int) -> None:
        """Raises `Refusal` where the session's person has a lower rank."""
        if self.rank(user_of(session)) < least:
            raise Refusal("not-permitted", f"that takes the rank of {NAMES[least]}")

    def outranks(self, actor: str, target: str) -> bool:
        """Whether somebody's rank is above another's. Both are users."""
        return self.rank(actor) > self.rank(target)

    def require_outranked(self, session: Session, target: str) -> None:
        """Raises `Refusal` where the session's person may not act upon `target`, a user."""
        if not self.outranks(user_of(session), target):
            rank = NAMES[self.rank(target)]
            raise Refusal("not-permitted", f"that takes a rank above {rank}, which they have")

    def target(self, deed: About) -> Person:
        """Whom a deed concerns. Raises `Refusal`."""
        if deed.user:
            person = self._ledger.people.get(deed.user)
        else:
            person = self._ledger.holder(nick_key(deed.nick.removeprefix("@")))
        if person is None:
            raise Refusal("no-such-person", f"there is nobody called {deed.nick or deed.user!r}")
        return person

    # --- rooms ---------------------------------------------------------------------------------

    def moderates(self, who: Person | str, room: Room) -> bool:
        """Whether somebody decides in a room. In a private one no rank helps, and in a direct
        conversation nobody does."""
        user = who if isinstance(who, str) else who.user
        if room.direct:
            return False
        member = self._ledger.facts.member(room.number, user)
        if room.rules.private:
            return member is not None and member.inside and member.moderator
        return (member is not None and member.moderator) or self.rank(user) >= ADMIN

    def require_moderator(self, session: Session, room: Room) -> None:
        """Raises `Refusal` where the session's person does not moderate the room."""
        if not self.moderates(user_of(session), room):
            raise Refusal("not-permitted", f"only moderators of {room.name!r} may do that")

    def require_above(self, session: Session, target: str, room: Room) -> None:
        """Raises `Refusal` where a moderator may not act upon `target` in their room: in a public
        one a rank protects from whoever has none above it."""
        if target == user_of(session):
            raise Refusal("bad-request", "nobody does that to themselves")
        if not room.rules.private and self.rank(target):
            self.require_outranked(session, target)

    def member(self, room: Room, user: str) -> Member | None:
        """The membership that holds now, in a private room."""
        member = self._ledger.facts.member(room.number, user)
        return member if member is not None and member.inside else None

    def may_see(self, room: Room, user: str) -> bool:
        """Whether the room exists for this person."""
        return not room.rules.private or self._inside(room, user, f"{room.number}/{user}")

    def spans(self, room: Room, user: str) -> Spans | None:
        """What they may read of a room that they may see; None: everything."""
        if room.direct or not room.rules.private:
            return None
        member = self.member(room, user)
        return member.spans if member is not None else ()

    def readable(self, room: Room, user: str, seq: int) -> bool:
        """Whether they may read this number."""
        spans = self.spans(room, user)
        return spans is None or any(
            first <= seq and (last is None or seq <= last) for first, last in spans
        )

    def kept_out(self, room: Room, user: str, wall: int) -> Refusal | None:
        """Why somebody may not come into a room that they may see, or read it."""
        if not room.guarded:
            return None
        kick = self._ledger.facts.kicks.get(place(room.number, user))
        if kick is None or not kick.holds(wall):
            return None
        return sanctioned("kicked", f"kicked from {room.name!r}", kick, wall)

    # --- speaking ------------------------------------------------------------------------------

    def refusal(self, room: Room, person: Person, wall: int) -> Refusal | None:
        """Why somebody may not speak in a room, now: asked where either of them is `guarded`.

        The console's person must be, for it never speaks. This is on the way of every message to
        a private room: each key is made once, and each table looked into once.
        """
        user, rules, facts = person.user, room.rules, self._facts
        slot = f"{room.number}/{user}"
        if rules.private and not self._inside(room, user, slot):
            return no_such_room(room.name)
        if slot in facts.kicks and (refusal := self.kept_out(room, user, wall)) is not None:
            return refusal
        mute = facts.mutes.get(slot)
        if person.guarded:
            if user == self._console:
                return Refusal("not-permitted", "the console does not speak")
            everywhere = facts.mutes.get(place(SERVER_LOG, user))
            if everywhere is not None and everywhere.holds(wall):
                mute = everywhere
        if mute is not None and mute.holds(wall):
            return sanctioned("muted", "muted", mute, wall)
        if not (rules.readonly or rules.slow) or self.moderates(user, room):
            return None
        if rules.readonly:
            return Refusal("read-only", f"only moderators speak in {room.name!r}")
        until = self._spoke.get((room.number, user), 0) + rules.slow * 1_000
        if wall < until <= wall + rules.slow * 1_000:  # else the clock was set back
            words = f"{rules.slow} s must pass between two messages in {room.name!r}"
            return Refusal("slow-mode", words, until=until)
        return None

    def spoke(self, room: Room, user: str, wall: int) -> Callable[[], None]:
        """Remembers that somebody spoke in a slow room; answers what takes that back."""
        slot = (room.number, user)
        before = self._spoke.get(slot)
        if len(self._spoke) >= REMEMBERED:
            self._forget(wall)
        self._spoke[slot] = wall

        def undo() -> None:
            if before is None:
                self._spoke.pop(slot, None)
            else:
                self._spoke[slot] = before

        return undo

    def _inside(self, room: Room, user: str, slot: str) -> bool:
        """Whether a private room is this person's."""
        if self._plain:
            return False
        if room.direct:
            return user in room.direct
        member = self._facts.members.get(slot)
        return member is not None and member.inside

    def _forget(self, wall: int) -> None:
        slow = {room.number: room.rules.slow * 1_000 for room in self._ledger.rooms.values()}
        self._spoke = {
            slot: ts for slot, ts in self._spoke.items() if wall < ts + slow.get(slot[0], 0)
        }


def user_of(session: Session) -> str:
    """The user of a session that is in."""
    assert session.person is not None
    return session.person.user


def no_such_room(name: str) -> Refusal:
    """The one answer for a room that does not exist and for one that is not for them."""
    return Refusal("no-such-room", f"there is no room {name[:80]!r}")


def sanctioned(code: str, what: str, sanction: Sanction, wall: int) -> Refusal:
    """The refusal of somebody under a sanction; it carries the reason and the end of it."""
    words = what
    if sanction.until:
        words += f" for another {max(sanction.until - wall, 0) / 1_000:.0f} s"
    if sanction.reason:
        words += f": {sanction.reason}"
    return Refusal(code, words, reason=sanction.reason, until=sanction.until)
