"""Who belongs to private rooms, and the conversations of two. Pure.

Owns making rooms, inviting, removing and leaving, what a member may read from when on, and which
sessions are in a direct conversation. Must not know sanctions: see `moderation`.
"""

from typing import Final

from msgspec.structs import replace

from common.broker.facts import Change, Member, Spans, place
from common.broker.ledger import DIRECT, Person, Room
from common.broker.lists import page_of
from common.broker.lobby import Lobby
from common.broker.putting_out import PuttingOut, notice_of
from common.broker.rights import Rights, user_of
from common.broker.roomnames import RoomNames
from common.broker.sessions import Session, Sessions
from common.broker.turn import Refusal, Turn
from common.protocol import deeds as d
from common.protocol import messages as m
from common.protocol.codec import encode
from common.protocol.limits import WIRE

DIRECTS: Final = 100
"""Direct conversations that a session is put into when it comes in, the newest."""
SPANS: Final = 100
"""Stretches of a room that one person may read; of more, the oldest are forgotten."""


class Membership:
    """Each deed raises `Refusal`."""

    def __init__(
        self,
        turn: Turn,
        sessions: Sessions,
        lobby: Lobby,
        rights: Rights,
        names: RoomNames,
        putting_out: PuttingOut,
    ) -> None:
        self._turn = turn
        self._sessions = sessions
        self._lobby = lobby
        self._rights = rights
        self._names = names
        self._out = putting_out

    # --- private rooms -------------------------------------------------------------------------

    def create(self, session: Session, ask: d.Create) -> None:
        user = user_of(session)
        ledger = self._turn.ledger
        if ask.room.startswith(DIRECT):
            raise Refusal("bad-room", f"a room cannot be called {ask.room!r}")
        name = self._names.name(ask.room, user)
        if name in ledger.rooms:
            raise Refusal("room-exists", f"there is a room {name!r}")
        if ask.private and user not in ledger.people:
            raise Refusal("not-permitted", "the console is no member of any room")
        if ask.newcomers != "all" and not ask.private:
            raise Refusal("bad-request", "everybody may read all of a public room")
        assert session.allowance is not None
        self._turn.charge(session.allowance.rooms, "new rooms")
        self._lobby.open_room(name, user, private=ask.private, newcomers=ask.newcomers)
        self._done(session, ask.id)

    def invite(self, session: Session, ask: d.Invite) -> None:
        room = self._private(session, ask.room)
        target = self._rights.target(ask)
        if self._rights.member(room, target.user) is None:
            assert session.person is not None
            self._let_in(room, target, session.person, ask.reason)
        self._done(session, ask.id)

    def remove(self, session: Session, ask: d.Remove) -> None:
        room = self._private(session, ask.room)
        target = self._rights.target(ask)
        if target.user == user_of(session):
            raise Refusal("bad-request", "nobody removes themselves; they leave")
        if self._rights.member(room, target.user) is not None:
            self._turn.charge_deed(session)
            by = session.person
            assert by is not None
            heir = self._close(room, target, by, "removed", ask.reason)
            notice = notice_of("removed", by, ask.reason, room=room.name)
            line = news("removed", target, by, ask.reason)
            self._turn.then(lambda: self._gone(room, target, line, heir, notice))
        self._done(session, ask.id)

    def leave(self, session: Session, ask: m.Leave) -> None:
        """Whoever leaves a private room is no member any more, on no device; any other room is
        left by this session alone."""
        person = session.person
        assert person is not None
        room = self._turn.ledger.rooms.get(self._names.canonical(ask.room, person.user))
        if room is None or room.direct or not room.rules.private:
            self._lobby.leave(session, ask)
            return
        if not self._rights.may_see(room, person.user):
            raise Refusal("not-joined", f"not in room {ask.room[:80]!r}")
        heir = self._close(room, person, person, "left", "")
        self._turn.then(lambda: self._gone(room, person, b"", heir, None))
        self._done(session, ask.id)

    def members(self, session: Session, ask: d.AskList) -> None:
        """The members of a private room or of a direct conversation; of a public one, who
        moderates it."""
        room = self._names.existing(ask.room, user_of(session))
        people = self._turn.ledger.people
        facts = self._turn.ledger.facts.members_of(room.number)
        if room.direct:
            users = set(room.direct)
        elif room.rules.private:
            users = {user for user, member in facts.items() if member.inside}
        else:
            users = {user for user, member in facts.items() if member.moderator}
        entries = [
            d.Entry(
                name=user,
                user=user,
                nick=people[user].nick,
                role="moderator" if user in facts and facts[user].moderator else "",
                ts=facts[user].ts if user in facts else 0,
                here=self._lobby.present(room, user),
            )
            for user in users & people.keys()
        ]
        self._turn.tell(session, page_of(ask, entries, room))

    def heir(self, room: Room, without: str) -> Change | None:
        """Who must moderate a private room that `without` moderates no more: the longest member,
        where no other moderator is left."""
        inside = {
            user: member
            for user, member in self._turn.ledger.facts.members_of(room.number).items()
            if member.inside and user != without
        }
        if not inside or any(member.moderator for member in inside.values()):
            return None
        user = min(inside, key=lambda user: (inside[user].ts, inside[user].spans[-1], user))
        return ("member", place(room.number, user), replace(inside[user], moderator=True))

    def promoted(self, room: Room, heir: Change | None) -> None:
        """Tells somebody that they moderate a room now. For `Turn.then`."""
        person = self._turn.ledger.people.get(heir[1].partition("/")[2]) if heir else None
        if person is not None:
            self._out.tell(person.user, d.Notice(what="role", room=room.name, role="moderator"))
            self._lobby.tell_state(room, person.user)

    # --- conversations of two ------------------------------------------------------------------

    def directs_of(self, user: str) -> list[str]:
        """The names of somebody's direct conversations in which something was said, the one with
        the newest words first."""
        rooms = [
            room
            for room in self._turn.ledger.directs(user)
            if room.seq and self._rights.may_see(room, user)
        ]
        rooms.sort(key=lambda room: room.ts, reverse=True)
        return [room.name for room in rooms[:DIRECTS]]

    def spoken(self, room: Room) -> None:
        """Something is being said in a direct conversation: the sessions that want to hear of it
        are put into it once it is stored."""
        if self._sessions.wanting(room.name, room.direct):
            self._turn.then(lambda: self._enter_both(room))

    def _enter_both(self, room: Room) -> None:
        for session in self._sessions.wanting(room.name, room.direct):
            if len(session.rooms) < WIRE.rooms:
                state = self._lobby.enter(session, room.name)
                self._turn.tell(session, m.Joined(id="", state=state))

    # --- helpers -------------------------------------------------------------------------------

    def _private(self, session: Session, name: str) -> Room:
        """A private room that the session's person moderates."""
        room = self._names.existing(name, user_of(session))
        if room.direct:
            raise Refusal("bad-request", "a direct conversation is of two people for ever")
        if not room.rules.private:
            raise Refusal("bad-request", f"{room.name!r} is a public room: everybody may join it")
        self._rights.require_moderator(session, room)
        return room

    def _let_in(self, room: Room, target: Person, by: Person, reason: str) -> None:
        former = self._turn.ledger.facts.member(room.number, target.user)
        if former is None and room.rules.newcomers == "all":
            spans: Spans = ((1, None),)
        else:
            spans = opened(former.spans if former is not None else (), room.seq)
        member = Member(spans=spans, ts=self._turn.wall)
        change: Change = ("member", place(room.number, target.user), member)
        self._turn.ledger.apply_deed(
            "invited", by, self._turn.wall, [change], room=room.name, subject=target, reason=reason
        )
        self._out.tell(target.user, notice_of("invited", by, reason, room=room.name))
        self._turn.publish(room, news("invited", target, by, reason))

    def _close(
        self, room: Room, person: Person, by: Person, type: str, reason: str
    ) -> Change | None:
        """Ends a membership in the log; answers whom that makes a moderator."""
        member = self._rights.member(room, person.user)
        assert member is not None
        out = replace(member, spans=closed(member.spans, room.seq), moderator=False)
        changes: list[Change] = [("member", place(room.number, person.user), out)]
        heir = self.heir(room, person.user)
        if heir is not None:
            changes.append(heir)
        self._turn.ledger.apply_deed(
            type, by, self._turn.wall, changes, room=room.name, subject=person, reason=reason
        )
        return heir

    def _gone(
        self,
        room: Room,
        person: Person,
        line: bytes,
        heir: Change | None,
        notice: d.Notice | None,
    ) -> None:
        if notice is not None:
            self._out.tell(person.user, notice)
        if self._rights.member(room, person.user) is None:
            self._out.leave_room(person.user, room)
        else:  # invited again, and perhaps back, within the same turn
            self._out.renew(room)
        self._lobby.later(room, line or self._lobby.left_line(room, person))
        self.promoted(room, heir)

    def _done(self, session: Session, id: str) -> None:
        self._turn.asked(session, id=id)
        self._turn.tell(session, m.Done(id=id))


def news(
    what: str, subject: Person, by: Person, reason: str = "", *, until: int = 0, role: str = ""
) -> bytes:
    """A line of a room's topic: what was decided about somebody."""
    line = m.RoomLine(
        type=what,
        user=subject.user,
        nick=subject.nick,
        text=reason,
        by=by.nick,
        until=until,
        role=role,
    )
    return encode(line)


def opened(spans: Spans, head: int) -> Spans:
    """What somebody may read who comes in after number `head`."""
    if spans and spans[-1][1] == head:
        return (*spans[:-1], (spans[-1][0], None))
    return (*spans, (head + 1, None))[-SPANS:]


def closed(spans: Spans, head: int) -> Spans:
    """What somebody might have read who goes after number `head`."""
    first = spans[-1][0]
    return (*spans[:-1], (first, head)) if first <= head else spans[:-1]
