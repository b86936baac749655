"""Order in one room: its rules and moderators, who is silenced or put out, what is deleted. Pure.

Owns the deeds that name a room and are not about who belongs to it; `sanctions` has those about the
whole server, `rights` the questions.
"""

from msgspec import UNSET
from msgspec.structs import replace

from common.broker.batch import DeleteRead
from common.broker.facts import Change, Member, Sanction, place
from common.broker.ledger import Person, Room, Subject
from common.broker.lists import page_of
from common.broker.lobby import Lobby
from common.broker.membership import Membership, news
from common.broker.putting_out import PuttingOut, notice_of
from common.broker.rights import Rights, user_of
from common.broker.roomnames import RoomNames
from common.broker.sessions import Session, Sessions
from common.broker.turn import Refusal, Turn
from common.protocol import deeds as d
from common.protocol import messages as m
from common.protocol.codec import encode
from common.protocol.limits import WIRE


class Moderation:
    """Each deed raises `Refusal`."""

    def __init__(
        self,
        turn: Turn,
        sessions: Sessions,
        lobby: Lobby,
        rights: Rights,
        names: RoomNames,
        putting_out: PuttingOut,
        membership: Membership,
    ) -> None:
        self._turn = turn
        self._sessions = sessions
        self._lobby = lobby
        self._rights = rights
        self._names = names
        self._out = putting_out
        self._membership = membership
        self._deleting: set[tuple[int, int]] = set()

    def set(self, session: Session, ask: d.Set) -> None:
        room, by = self._moderated(session, ask.room)
        if ask.newcomers is not UNSET and not room.rules.private:
            raise Refusal("bad-request", "everybody may read all of a public room")
        wanted = {
            name: value
            for name in ("readonly", "slow", "newcomers", "keep", "keep_bytes")
            if (value := getattr(ask, name)) is not UNSET
        }
        rules = replace(room.rules, **wanted)
        if rules != room.rules:
            self._turn.charge_deed(session)
            self._deed("set", by, room, [("rules", str(room.number), rules)])
            self._turn.publish(room, encode(m.RoomLine(type="set", by=by.nick)))
            self._turn.then(lambda: self._lobby.tell_state(room))
        self._done(session, ask.id)

    def mute(self, session: Session, ask: d.Mute) -> None:
        room, by = self._moderated(session, ask.room)
        target = self._above(session, ask, room)
        sanction = self._sanction(ask, by)
        change: Change = ("mute", place(room.number, target.user), sanction)
        self._deed("muted", by, room, [change], target, ask.reason, sanction.until)
        self._say(room, "muted", target, by, ask.reason, until=sanction.until)
        self._done(session, ask.id)

    def unmute(self, session: Session, ask: d.Unmute) -> None:
        room, by = self._moderated(session, ask.room)
        target = self._above(session, ask, room)
        key = place(room.number, target.user)
        if key in self._turn.ledger.facts.mutes:
            self._deed("unmuted", by, room, [("mute", key, None)], target, ask.reason)
            self._say(room, "unmuted", target, by, ask.reason)
        self._done(session, ask.id)

    def kick(self, session: Session, ask: d.Kick) -> None:
        room, by = self._moderated(session, ask.room)
        if room.rules.private:
            words = f"{room.name!r} is a private room: its members are removed, not kicked"
            raise Refusal("bad-request", words)
        target = self._above(session, ask, room)
        self._turn.charge_deed(session)
        changes: list[Change] = []
        until = 0
        if ask.seconds:
            sanction = self._sanction(ask, by)
            until = sanction.until
            changes.append(("kick", place(room.number, target.user), sanction))
        self._deed("kicked", by, room, changes, target, ask.reason, until)
        notice = notice_of("kicked", by, ask.reason, room=room.name, until=until)
        line = news("kicked", target, by, ask.reason, until=until)
        self._turn.then(lambda: self._put_out(room, target, notice, line))
        self._done(session, ask.id)

    def role(self, session: Session, ask: d.Role) -> None:
        room, by = self._moderated(session, ask.room)
        if ask.role not in ("moderator", "member"):
            raise Refusal("bad-request", f"{ask.role!r} is no role in a room")
        target = self._rights.target(ask)
        member = self._turn.ledger.facts.member(room.number, target.user) or Member()
        if room.rules.private and not member.inside:
            raise Refusal("no-such-person", f"{target.nick!r} is no member of {room.name!r}")
        moderator = ask.role == "moderator"
        if member.moderator != moderator:
            self._appoint(room, by, target, member, ask)
        self._done(session, ask.id)

    def sanctions(self, session: Session, ask: d.AskList) -> None:
        """Who is muted in a room, or kept out of it."""
        room, _ = self._moderated(session, ask.room)
        ledger, wall = self._turn.ledger, self._turn.wall
        prefix = place(room.number, "")
        entries = []
        for what, table in (("kick", ledger.facts.kicks), ("mute", ledger.facts.mutes)):
            for key, sanction in table.items():
                user = key.removeprefix(prefix)
                name = f"{what}/{user}"
                if key.startswith(prefix) and sanction.holds(wall):
                    person = ledger.people.get(user)
                    entries.append(
                        d.Entry(
                            name=name,
                            user=user,
                            nick=person.nick if person is not None else "",
                            room=room.name,
                            what=what,
                            by=sanction.by,
                            reason=sanction.reason,
                            ts=sanction.ts,
                            until=sanction.until,
                        )
                    )
        self._turn.tell(session, page_of(ask, entries, room))

    # --- deleting ------------------------------------------------------------------------------

    def delete(self, session: Session, ask: d.Delete) -> None:
        """Whose message it is, only the file knows: `found` goes on with it."""
        user = user_of(session)
        room = self._names.existing(ask.room, user)
        refusal = self._rights.kept_out(room, user, self._turn.wall)
        if refusal is not None:
            raise refusal
        if ask.seq > room.committed:
            raise _no_such_message(room, ask.seq)
        slot = (room.number, ask.seq)
        if slot in self._deleting:
            raise Refusal("rate-limited", f"message {ask.seq} is being deleted", 0.5)
        if self._turn.reading(user) >= WIRE.reads:
            raise Refusal("rate-limited", f"more than {WIRE.reads} pages asked for at once", 0.1)
        self._deleting.add(slot)
        self._turn.ledger.on_rollback(lambda: self._deleting.discard(slot))
        self._turn.read(
            DeleteRead(session.id, user, ask.id, room.number, room.name, ask.seq, ask.reason)
        )

    def given_up(self, read: DeleteRead) -> None:
        """Whose message it is cannot be read; whoever asked is told so by the reader."""
        self._deleting.discard((read.room, read.seq))

    def found(self, read: DeleteRead, type: str, author: str) -> None:
        """The record that somebody wants deleted is a `type` by `author`; '' where there is none.
        Raises `Refusal` for whoever asked, if they still are here."""
        self._deleting.discard((read.room, read.seq))
        session = self._sessions.get(read.session)
        if session is None or session.person is None or session.person.user != read.user:
            return
        by = session.person
        room = self._names.existing(read.name, read.user)
        if type != "message" or not self._rights.readable(room, read.user, read.seq):
            raise _no_such_message(room, read.seq)
        if author != by.user and not self._rights.moderates(by, room):
            raise Refusal("not-permitted", "only its author or a moderator deletes a message")
        ledger = self._turn.ledger
        ledger.apply_deletion(room, read.seq, by, read.reason, self._turn.wall)
        subject: Person | Subject = ledger.people.get(author) or Subject(author)
        reason = f"{read.seq}: {read.reason}" if read.reason else str(read.seq)
        self._deed("message-deleted", by, room, [], subject, reason)
        if author != by.user:
            notice = notice_of("deleted", by, read.reason, room=room.name, seq=read.seq)
            self._out.tell(author, notice)
        self._done(session, read.id)

    # --- helpers -------------------------------------------------------------------------------

    def _moderated(self, session: Session, name: str) -> tuple[Room, Person]:
        """A room that the session's person moderates, and that person."""
        room = self._names.existing(name, user_of(session))
        self._rights.require_moderator(session, room)
        assert session.person is not None
        return room, session.person

    def _above(self, session: Session, ask: d.About, room: Room) -> Person:
        """Whom the deed concerns, and may."""
        target = self._rights.target(ask)
        self._rights.require_above(session, target.user, room)
        return target

    def _sanction(self, ask: d.Mute | d.Kick, by: Person) -> Sanction:
        wall = self._turn.wall
        until = wall + ask.seconds * 1_000 if ask.seconds else 0
        return Sanction(until=until, reason=ask.reason, by=by.nick, ts=wall)

    def _appoint(self, room: Room, by: Person, target: Person, member: Member, ask: d.Role) -> None:
        moderator = ask.role == "moderator"
        key = place(room.number, target.user)
        heir = None
        if room.rules.private or moderator:
            changed: Member | None = replace(member, moderator=moderator, ts=member.ts)
            heir = None if moderator else self._membership.heir(room, target.user)
            if not moderator and heir is None and self._is_last(room, target.user):
                raise Refusal("not-permitted", f"{room.name!r} would be without a moderator")
        else:
            changed = None
        changes: list[Change] = [("member", key, changed)]
        if heir is not None:
            changes.append(heir)
        self._deed("role", by, room, changes, target, ask.reason)
        self._turn.publish(room, news("role", target, by, ask.reason, role=ask.role))
        notice = notice_of("role", by, ask.reason, room=room.name, role=ask.role)

        def tell() -> None:
            self._out.tell(target.user, notice)
            self._lobby.tell_state(room, target.user)
            self._membership.promoted(room, heir)

        self._turn.then(tell)

    def _is_last(self, room: Room, user: str) -> bool:
        members = self._turn.ledger.facts.members_of(room.number)
        return not any(member.inside for other, member in members.items() if other != user)

    def _put_out(self, room: Room, target: Person, notice: d.Notice, line: bytes) -> None:
        self._out.tell(target.user, notice)
        self._out.leave_room(target.user, room)
        self._lobby.later(room, line)

    def _say(
        self, room: Room, what: str, target: Person, by: Person, reason: str, *, until: int = 0
    ) -> None:
        """Tells the room, and the one whom it concerns on each of their sessions, where the room
        exists for them."""
        self._turn.publish(room, news(what, target, by, reason, until=until))
        if self._rights.may_see(room, target.user):
            self._out.tell(target.user, notice_of(what, by, reason, room=room.name, until=until))

    def _deed(
        self,
        type: str,
        by: Person,
        room: Room,
        changes: list[Change],
        subject: Person | Subject | None = None,
        reason: str = "",
        until: int = 0,
    ) -> None:
        self._turn.ledger.apply_deed(
            type,
            by,
            self._turn.wall,
            changes,
            room=room.name,
            subject=subject or Subject(),
            reason=reason,
            until=until,
        )

    def _done(self, session: Session, id: str) -> None:
        self._turn.asked(session, id=id)
        self._turn.tell(session, m.Done(id=id))


def _no_such_message(room: Room, seq: int) -> Refusal:
    return Refusal("no-such-message", f"there is no message {seq} in {room.name!r}")
