"""What administrators decide about people on the whole server: sanctions, ranks, nicknames. Pure.

Owns the deeds that name no room, and the lists of what they led to. Those about
one room are `moderation`'s and `membership`'s, those about who may come in `access`'s.
"""

from typing import Final

from common.broker.access import Access, key_of
from common.broker.facts import Change, Rank, Sanction, place
from common.broker.ledger import SERVER_LOG, Person, Subject
from common.broker.lists import page_of
from common.broker.lobby import Lobby
from common.broker.putting_out import PuttingOut, notice_of
from common.broker.rights import ADMIN, CONSOLE, OWNER, RANKS, Rights, user_of
from common.broker.sessions import Session, Sessions
from common.broker.turn import Refusal, Turn
from common.protocol import deeds as d
from common.protocol import messages as m
from common.protocol.names import nick_key

SHORTEST_KICK: Final = 10
"""Seconds: whoever is kicked from the server notices it."""


class Sanctions:
    """Each deed raises `Refusal`."""

    def __init__(
        self,
        turn: Turn,
        sessions: Sessions,
        lobby: Lobby,
        rights: Rights,
        putting_out: PuttingOut,
        access: Access,
    ) -> None:
        self._turn = turn
        self._facts = turn.ledger.facts
        self._sessions = sessions
        self._lobby = lobby
        self._rights = rights
        self._out = putting_out
        self._access = access
        self._token = turn.ledger.token

    # --- sanctions -----------------------------------------------------------------------------

    def mute(self, session: Session, ask: d.Mute) -> None:
        by = self._administrator(session)
        target = self._below(session, ask)
        sanction = self._sanction(by, ask.seconds, ask.reason)
        change: Change = ("mute", place(SERVER_LOG, target.user), sanction)
        self._deed("muted", by, [change], target, ask.reason, sanction.until)
        self._out.tell(target.user, notice_of("muted", by, ask.reason, until=sanction.until))
        self._done(session, ask.id)

    def unmute(self, session: Session, ask: d.Unmute) -> None:
        by = self._administrator(session)
        target = self._below(session, ask)
        key = place(SERVER_LOG, target.user)
        if key in self._facts.mutes:
            self._deed("unmuted", by, [("mute", key, None)], target, ask.reason)
            self._out.tell(target.user, notice_of("unmuted", by, ask.reason))
        self._done(session, ask.id)

    def kick(self, session: Session, ask: d.Kick) -> None:
        by = self._administrator(session)
        target = self._below(session, ask)
        sanction = self._sanction(by, max(ask.seconds, SHORTEST_KICK), ask.reason)
        change: Change = ("kick", place(SERVER_LOG, target.user), sanction)
        self._deed("kicked", by, [change], target, ask.reason, sanction.until)
        notice = notice_of("kicked", by, ask.reason, until=sanction.until)
        self._access.put_out(target.user, notice)
        self._done(session, ask.id)

    def ban(self, session: Session, ask: d.Ban) -> None:
        """Also of a key that nobody has seen yet. Memberships stay: an unban gives all back."""
        by = self._administrator(session)
        target, key = self._banned(session, ask)
        sanction = self._sanction(by, ask.seconds, ask.reason, key)
        change: Change = ("ban", target.user, sanction)
        self._deed("banned", by, [change], target, ask.reason, sanction.until)
        notice = notice_of("banned", by, ask.reason, until=sanction.until)
        self._access.put_out(target.user, notice)
        self._done(session, ask.id)

    def unban(self, session: Session, ask: d.Unban) -> None:
        by = self._administrator(session)
        target, _ = self._banned(session, ask)
        changes: list[Change] = []
        if target.user in self._facts.bans:
            changes.append(("ban", target.user, None))
        kick = place(SERVER_LOG, target.user)
        if kick in self._facts.kicks:
            changes.append(("kick", kick, None))
        if changes:
            self._deed("unbanned", by, changes, target, ask.reason)
        self._done(session, ask.id)

    def _banned(self, session: Session, ask: d.Ban | d.Unban) -> tuple[Person | Subject, str]:
        """Whom a ban concerns, and the key that was named."""
        if not ask.key:
            return self._below(session, ask), ""
        key = key_of(ask.key)
        user = self._turn.ledger.user_of(key)
        self._rights.require_outranked(session, user)
        return self._turn.ledger.people.get(user) or Subject(user), key

    # --- ranks and nicknames -------------------------------------------------------------------

    def role(self, session: Session, ask: d.Role) -> None:
        """On the server. Also of a user id that nobody has yet: who may come in is known before
        they do."""
        self._rights.require_rank(session, OWNER)
        by = session.person
        assert by is not None
        if ask.role == "moderator":
            raise Refusal("bad-request", "moderators are a room's: name one")
        target: Person | Subject = self._future(ask) or self._rights.target(ask)
        rank = self._rights.rank(target.user)
        if rank == CONSOLE:
            raise Refusal("not-permitted", "the console has its rank for good")
        if rank == RANKS.get(ask.role, 0):
            self._done(session, ask.id)
            return
        if rank == OWNER and self._owners() == 1 and self._rights.rank(by.user) < CONSOLE:
            raise Refusal("not-permitted", "the last owner stays; make somebody else owner first")
        fact = None
        if ask.role != "member":
            fact = Rank(role=ask.role, by=by.nick, ts=self._turn.wall)
        self._deed("role", by, [("rank", target.user, fact)], target, ask.reason)
        self._out.tell(target.user, notice_of("role", by, ask.reason, role=ask.role))
        self._done(session, ask.id)

    def _future(self, ask: d.Role) -> Subject | None:
        user = ask.user
        if user in self._turn.ledger.people or len(user) != 16:
            return None
        return None if set(user) - set("0123456789abcdef") else Subject(user)

    def _owners(self) -> int:
        return sum(rank.role == "owner" for rank in self._facts.ranks.values())

    def free(self, session: Session, ask: d.Free) -> None:
        """Whoever bears the nickname is called something else from now on."""
        by = self._administrator(session)
        ledger = self._turn.ledger
        comparable = nick_key(ask.nick.removeprefix("@"))
        holder = ledger.holder(comparable)
        if holder is None:
            raise Refusal("no-such-person", f"nobody is or was called {ask.nick!r}")
        if holder is not by:
            self._rights.require_outranked(session, holder.user)
        now = ""
        reason = _with(ask.nick, ask.reason)
        if holder.nick_key == comparable:
            self._deed("nick-freed", by, [], holder, reason)
            now = self._guest()
            self._lobby.bind(holder.user, holder.key, now, nick_key(now), hold=False)
        else:
            self._deed("nick-freed", by, [("nick", comparable, None)], holder, reason)
        self._out.tell(holder.user, notice_of("freed", by, ask.reason, subject=now))
        self._done(session, ask.id)

    def _guest(self) -> str:
        """A nickname that nobody has."""
        while True:
            nick = f"guest-{self._token()[-6:]}"
            if self._turn.ledger.holder(nick_key(nick)) is None:
                return nick

    # --- questions -----------------------------------------------------------------------------

    def listing(self, session: Session, ask: d.AskList) -> None:
        """A page of what concerns the whole server; one's devices are one's own to see."""
        user = user_of(session)
        if ask.what == "devices":
            found = self._access.devices(user)
        else:
            self._rights.require_rank(session, ADMIN)
            if ask.what == "roles":
                found = self._roles()
            elif ask.what == "sanctions":
                found = self._sanctions()
            elif ask.what == "invitations":
                found = self._access.invitations()
            elif ask.what == "waiting":
                found = self._access.waiting()
            else:
                found = self._nicks()
        self._turn.tell(session, page_of(ask, found))

    def _roles(self) -> list[d.Entry]:
        people = self._turn.ledger.people
        return [
            d.Entry(
                name=user,
                user=user,
                nick=people[user].nick if user in people else "",
                key=people[user].key if user in people else "",
                role=rank.role,
                by=rank.by,
                ts=rank.ts,
                here=bool(self._sessions.of_user(user)),
            )
            for user, rank in self._facts.ranks.items()
        ]

    def _sanctions(self) -> list[d.Entry]:
        prefix = place(SERVER_LOG, "")
        tables = (
            ("ban", "", self._facts.bans),
            ("kick", prefix, self._facts.kicks),
            ("mute", prefix, self._facts.mutes),
        )
        people, wall = self._turn.ledger.people, self._turn.wall
        found = []
        for what, start, table in tables:
            for key, one in table.items():
                if not key.startswith(start) or not one.holds(wall):
                    continue
                user = key.removeprefix(start)
                person = people.get(user)
                entry = d.Entry(
                    name=f"{what}/{user}",
                    user=user,
                    nick=person.nick if person else "",
                    key=one.key or (person.key if person else ""),
                    what=what,
                    by=one.by,
                    reason=one.reason,
                    ts=one.ts,
                    until=one.until,
                )
                found.append(entry)
        return found

    def _nicks(self) -> list[d.Entry]:
        return [
            d.Entry(name=key, nick=held.nick, user=held.user)
            for key, held in self._facts.nicks.items()
        ]

    # --- helpers -------------------------------------------------------------------------------

    def _administrator(self, session: Session) -> Person:
        self._rights.require_rank(session, ADMIN)
        assert session.person is not None
        return session.person

    def _below(self, session: Session, ask: d.About) -> Person:
        """Whom a deed concerns, who has a lower rank than who does it."""
        target = self._rights.target(ask)
        self._rights.require_outranked(session, target.user)
        return target

    def _sanction(self, by: Person, seconds: int, reason: str, key: str = "") -> Sanction:
        wall = self._turn.wall
        until = wall + seconds * 1_000 if seconds else 0
        return Sanction(until=until, reason=reason, by=by.nick, ts=wall, key=key)

    def _deed(
        self,
        type: str,
        by: Person,
        changes: list[Change],
        subject: Person | Subject,
        reason: str = "",
        until: int = 0,
    ) -> None:
        self._turn.ledger.apply_deed(
            type, by, self._turn.wall, changes, subject=subject, reason=reason, until=until
        )
        whom = subject.nick or subject.user
        self._turn.note("info", f"{by.nick}: {type} {whom}" + (f": {reason}" if reason else ""))

    def _done(self, session: Session, id: str) -> None:
        self._turn.asked(session, id=id)
        self._turn.tell(session, m.Done(id=id))


def _with(what: str, reason: str) -> str:
    """What a deed was about, with why."""
    return f"{what}: {reason}" if reason else what
