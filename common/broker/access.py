"""Whether a key may come in: bans, invitations, device codes, the waiting list. Pure.

Owns what codes are good for, and whom an administrator lets in or a person makes their own. Who
somebody is once they are in is the entrance's; what was decided is kept as facts of the ledger.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from msgspec.structs import replace

from common.broker.codes import (
    CLAIM,
    DEVICE_CODE,
    DEVICE_CODE_LASTS,
    INVITATION,
    DeviceCodes,
    Guesses,
    canonical,
    digest,
    grouped,
    new_letters,
)
from common.broker.facts import Admitted, Change, Device, Invited, Rank, place
from common.broker.ledger import SERVER_LOG, Person, Subject
from common.broker.limits import CoreSettings
from common.broker.lobby import nickname
from common.broker.putting_out import PuttingOut
from common.broker.rights import ADMIN, CONSOLE, Rights, user_of
from common.broker.sessions import Session, Sessions
from common.broker.turn import Refusal, Turn
from common.broker.waitinglist import WaitingList
from common.protocol import deeds as d
from common.protocol import messages as m
from common.protocol.identity import user_of_key

INVITATIONS: Final = 1_000
"""Invitations that may be open at once."""
DEVICES: Final = 32
"""Keys that one person may have besides their first, revoked ones included."""
WAIT_RETRY: Final = 5.0
"""Seconds after which a key that waits may ask again."""


class ShutOut(Refusal):
    """Somebody who may not be here at all: once this was told, the connection is closed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """By what somebody comes in; at most one of what follows the user."""

    user: str
    """Who they are from now on."""
    claim: bool = False
    invitation: str = ""
    """Its short name."""
    device: str = ""
    """The letters of another device's code."""


class Access:
    """`drop_claim` is called once the first owner is in the file."""

    def __init__(
        self,
        settings: CoreSettings,
        turn: Turn,
        sessions: Sessions,
        rights: Rights,
        putting_out: PuttingOut,
        drop_claim: Callable[[], None],
    ) -> None:
        self.settings = settings
        self._turn = turn
        self._facts = turn.ledger.facts
        self._sessions = sessions
        self._rights = rights
        self._putting_out = putting_out
        self._drop_claim = drop_claim
        self.outcasts: set[str] = set()
        """Keys whose last session was ended because they may not be here. What they push is not to
        be read: the server closes that connection. A key is none of them as soon as it is granted
        an inbox again (`returned`), so that its `hello` is answered with the reason."""
        self._waiting = WaitingList(turn, sessions, settings.console)
        self._device_codes = DeviceCodes(turn)
        self._guesses = Guesses(turn)

    # --- at the entrance -----------------------------------------------------------------------

    def entry(self, session: Session, key: str, nick: str, code: str) -> Entry:
        """How a key comes in that would be called `nick`. Raises `Refusal`, and `ShutOut` where it
        has no business here."""
        user = self._turn.ledger.user_of(key)
        self._barred(key, user)
        entry = self._by_code(key, user, code.strip())
        by_code = entry.claim or entry.invitation or entry.device
        if self.settings.access == "invite" and not by_code and not self.admitted(key, user):
            self._waiting.add(session, key, nickname(nick)[0])
            words = "an administrator must let this key in, or give an invitation"
            raise Refusal("not-invited", words, WAIT_RETRY)
        return entry

    def admitted(self, key: str, user: str) -> bool:
        """Whether this key of that person was let in, now or earlier."""
        admitted = self._facts.admitted
        if key in admitted or self._rights.rank(user):
            return True
        person = self._turn.ledger.people.get(user)
        return key in self._facts.devices and person is not None and person.key in admitted

    def use(self, entry: Entry, key: str, person: Person, app: str) -> None:
        """Somebody has come in by an entry: makes so what follows from it."""
        ledger, wall = self._turn.ledger, self._turn.wall
        self._waiting.drop(key)
        letting_in = Admitted(by=entry.invitation or person.nick, ts=wall)
        changes: list[Change] = [("admitted", key, letting_in)]
        if entry.claim:
            changes.append(("rank", person.user, Rank(role="owner", by=person.nick, ts=wall)))
            ledger.apply_deed("owner-claimed", person, wall, changes, subject=person)
            self._turn.note("info", f"{person.nick} owns this server from now on")
            self._turn.then(self._drop_claim)
        elif entry.invitation:
            invited = self._facts.invitations[entry.invitation]
            left = invited.uses - 1
            rest = replace(invited, uses=left) if left else None
            changes.append(("invitation", entry.invitation, rest))
            name = entry.invitation
            ledger.apply_deed("invitation-used", person, wall, changes, reason=name, subject=person)
        elif entry.device:
            self._device_codes.use(entry.device)
            device = Device(user=person.user, name=app or "device", ts=wall)
            changes = [("device", key, device)]
            name = device.name
            ledger.apply_deed("device-added", person, wall, changes, reason=name, subject=person)
            self._turn.note("info", f"{person.nick} has another device: {name}")

    def _barred(self, key: str, user: str) -> None:
        """Raises `ShutOut` where somebody decided that this key or person may not be here."""
        facts, wall = self._facts, self._turn.wall
        device = facts.devices.get(key)
        if device is not None and device.revoked:
            words = _because("this key was revoked", device.reason)
            raise ShutOut("revoked", words, reason=device.reason)
        for one in (user, user_of_key(key)):
            ban = facts.bans.get(one)
            if ban is not None and ban.holds(wall):
                words = _because("banned", ban.reason)
                raise ShutOut("banned", words, reason=ban.reason, until=ban.until)
        kick = facts.kicks.get(place(SERVER_LOG, user))
        if kick is not None and kick.holds(wall):
            left = (kick.until - wall) / 1_000
            words = _because(f"kicked for another {left:.0f} s", kick.reason)
            raise ShutOut("kicked", words, left, reason=kick.reason, until=kick.until)

    def _by_code(self, key: str, user: str, code: str) -> Entry:
        if not code:
            return Entry(user)
        if code.startswith(CLAIM):
            return Entry(user, claim=self._claims(code))
        letters = canonical(code)
        if len(letters) == DEVICE_CODE:
            return self._by_device(key, user, letters)
        if self.admitted(key, user):
            return Entry(user)
        self._guesses.charge(key)
        name = self._invitation(letters)
        if not name:
            raise Refusal("bad-invitation", "that code is wrong, used up, withdrawn or too old")
        return Entry(user, invitation=name)

    def _claims(self, code: str) -> bool:
        claim = self.settings.claim
        if not claim or not compare_digest(code.encode(), claim.encode()):
            return False
        return not any(rank.role == "owner" for rank in self._facts.ranks.values())

    def _invitation(self, letters: str) -> str:
        wanted = digest(letters)
        for name, invited in self._facts.invitations.items():
            if invited.digest == wanted and not 0 < invited.expires <= self._turn.wall:
                return name
        return ""

    def _by_device(self, key: str, user: str, letters: str) -> Entry:
        if key in self._facts.devices:
            return Entry(user)  # it was used by this very key, which says it at each start
        self._guesses.charge(key)
        owner = self._device_codes.owner(letters)
        if not owner:
            raise Refusal("bad-invitation", "that device code is wrong, was used or is too old")
        if owner == user:
            return Entry(user)
        if self._rights.rank(user):
            words = "this key has a rank of its own, and cannot become another person's"
            raise Refusal("not-permitted", words)
        if any(session.person is not None for session in self._sessions.of_key(key)):
            words = "this key is in already, as somebody else: end its other sessions first"
            raise Refusal("not-permitted", words)
        if sum(device.user == owner for device in self._facts.devices.values()) >= DEVICES:
            raise Refusal("too-many", f"a person may have {DEVICES} further devices")
        return Entry(owner, device=letters)

    # --- putting out ---------------------------------------------------------------------------

    def turn_away(self, session: Session, refusal: ShutOut) -> None:
        """Who has no business here is told why, and their connections are closed."""

        def act() -> None:
            if self._sessions.get(session.id) is session:
                self._turn.error(session, refusal)
                self._putting_out.end(session)
                self._turn.ledger.batch.expel.append((session.fd, session.address))
                self._outcast(session)

        self._turn.then(act)

    def put_out(self, user: str, notice: d.Notice) -> None:
        """Once the turn is in the file, all of a person's sessions end, and hear why."""
        self._device_codes.forget(user)
        self._turn.then(lambda: self._end(self._sessions.of_user(user), user, notice))

    def returned(self, key: str | None) -> None:
        """A key was granted an inbox."""
        if key is not None:
            self.outcasts.discard(key)

    def _end(self, sessions: list[Session], user: str, notice: d.Notice) -> None:
        self._putting_out.end_sessions(sessions, user, notice)
        for key, device in self._facts.devices.items():
            if device.user == user:  # which may hear rooms still as who it was before
                self._putting_out.end_sessions((), user_of_key(key))
        for session in sessions:
            self._outcast(session)

    def _outcast(self, session: Session) -> None:
        """A session was ended; its key may have an inbox already in which it is to hear why."""
        if session.key is not None and not self._sessions.of_key(session.key):
            self.outcasts.add(session.key)

    # --- deeds ---------------------------------------------------------------------------------

    def invitation(self, session: Session, deed: d.MakeInvitation) -> None:
        self._rights.require_rank(session, ADMIN)
        wall, invitations = self._turn.wall, self._facts.invitations
        token = self._turn.ledger.token
        over = [name for name, one in invitations.items() if 0 < one.expires <= wall]
        if len(invitations) - len(over) >= INVITATIONS:
            raise Refusal("too-many", f"{INVITATIONS} invitations are open; withdraw some")
        letters = new_letters(token, INVITATION)
        word = sha256(token().encode()).hexdigest()
        name = next(word[:size] for size in range(4, 64) if word[:size] not in invitations)
        expires = wall + deed.seconds * 1_000 if deed.seconds else 0
        by = session.person
        assert by is not None
        invited = Invited(
            digest=digest(letters),
            uses=deed.uses,
            expires=expires,
            by=by.nick,
            ts=wall,
            note=deed.note,
        )
        changes: list[Change] = [("invitation", one, None) for one in over]
        changes.append(("invitation", name, invited))
        self._turn.asked(session, id=deed.id)
        self._turn.ledger.apply_deed("invitation-made", by, wall, changes, reason=name)
        code = grouped(letters)
        answer = d.Code(id=deed.id, code=code, name=name, uses=deed.uses, expires=expires)
        self._turn.tell(session, answer)

    def withdraw(self, session: Session, deed: d.Withdraw) -> None:
        self._rights.require_rank(session, ADMIN)
        name = deed.name.strip().lower()
        if name not in self._facts.invitations:
            raise Refusal("bad-invitation", f"there is no invitation {name[:80]!r}")
        self._do(session, deed, "invitation-withdrawn", [("invitation", name, None)], reason=name)

    def approve(self, session: Session, deed: d.Approve) -> None:
        self._rights.require_rank(session, ADMIN)
        key = key_of(deed.key)
        user = self._turn.ledger.user_of(key)
        known = self._turn.ledger.people.get(user)
        nick = known.nick if known else self._waiting.nick(key)
        changes: list[Change] = []
        if not self.admitted(key, user):
            by = session.person.nick if session.person else ""
            changes.append(("admitted", key, Admitted(by=by, ts=self._turn.wall)))
        self._do(session, deed, "approved", changes, subject=Subject(user, nick), reason=key)
        self._turn.then(lambda: self._waiting.drop(key))

    def device_code(self, session: Session, deed: d.MakeDeviceCode) -> None:
        user = user_of(session)
        if self._rights.rank(user) == CONSOLE:
            raise Refusal("not-permitted", "the console is nobody's device")
        letters = self._device_codes.make(user)
        expires = self._turn.wall + int(DEVICE_CODE_LASTS * 1_000)
        self._turn.tell(session, d.Code(id=deed.id, code=grouped(letters), expires=expires))

    def revoke(self, session: Session, deed: d.Revoke) -> None:
        """Of one's own keys, or of those of people of a lower rank."""
        key, person = key_of(deed.key), session.person
        assert person is not None
        if key == session.key:
            raise Refusal("bad-request", "this is the key that you are using")
        device = self._facts.devices.get(key)
        user = device.user if device is not None else user_of_key(key)
        owner = self._turn.ledger.people.get(user)
        if user != person.user:
            self._rights.require_rank(session, ADMIN)
        if owner is None or (device is None and owner.key != key):
            raise Refusal("no-such-person", f"nobody has the key {key[:16]}...")
        if user != person.user:
            self._rights.require_outranked(session, user)
        changes: list[Change] = []
        if device is None or not device.revoked:
            name = device.name if device is not None else ""
            wall, reason = self._turn.wall, deed.reason
            gone = Device(user=user, name=name, ts=wall, revoked=True, reason=reason)
            changes.append(("device", key, gone))
        self._do(session, deed, "key-revoked", changes, subject=owner, reason=deed.reason)
        if changes:
            self._device_codes.forget(user)
            notice = d.Notice(
                what="revoked", user=person.user, nick=person.nick, reason=deed.reason, key=key
            )
            self._turn.then(lambda: self._end(self._sessions.of_key(key), user, notice))

    def _do(
        self,
        session: Session,
        deed: d.Deed,
        type: str,
        changes: list[Change],
        *,
        subject: Person | Subject = Subject(),  # noqa: B008 - a constant
        reason: str = "",
    ) -> None:
        """Answers `done`, of what is so already too; then there is nothing to record."""
        assert session.person is not None
        if changes:
            self._turn.asked(session, id=deed.id)
            by, wall = session.person, self._turn.wall
            self._turn.ledger.apply_deed(type, by, wall, changes, subject=subject, reason=reason)
        self._turn.tell(session, m.Done(id=deed.id))

    # --- lists ---------------------------------------------------------------------------------

    def waiting(self) -> list[d.Entry]:
        """Keys that were not let in."""
        return self._waiting.entries()

    def invitations(self) -> list[d.Entry]:
        """Those that are still good."""
        wall = self._turn.wall
        return [
            d.Entry(
                name=name,
                uses=one.uses,
                until=one.expires,
                by=one.by,
                ts=one.ts,
                reason=one.note,
            )
            for name, one in self._facts.invitations.items()
            if not 0 < one.expires <= wall
        ]

    def devices(self, user: str) -> list[d.Entry]:
        """A person's keys that are not revoked; the first has no name."""
        devices = self._facts.devices
        found = [(key, one) for key, one in devices.items() if one.user == user]
        person = self._turn.ledger.people.get(user)
        if person is not None and person.key not in devices:
            found.append((person.key, Device(user=user)))
        return [
            d.Entry(
                name=key,
                key=key,
                user=user,
                what=one.name,
                ts=one.ts,
                here=any(session.person is not None for session in self._sessions.of_key(key)),
            )
            for key, one in found
            if not one.revoked
        ]


def key_of(text: str) -> str:
    """A public key as it is kept. Raises `Refusal`."""
    key = text.strip().lower()
    if len(key) != 64 or set(key) - set("0123456789abcdef"):
        raise Refusal("bad-request", f"{text[:80]!r} is not a key: 64 hexadecimal digits")
    return key


def _because(words: str, reason: str) -> str:
    return f"{words}: {reason}" if reason else words
