"""The broker's decisions: a pure state machine. Events in, one `Batch` a turn out.

Owns sessions, who may subscribe to what, admission of requests, and presence; the durable state is
the `Ledger`'s. Knows no socket, no file, no clock: both clocks are set by the shell each turn
(`now`: monotonic seconds, `wall`: milliseconds since 1970), randomness is passed in.

Admission (may this be proposed?) is here, meaning (what does it do to the log?) in the ledger, so
that an ordered log could be put between the two.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, Final

from msgspec import UNSET
from msgspec.structs import replace

from common.broker.access import Access
from common.broker.asking import Asking
from common.broker.batch import Batch, DeleteRead, PageRead, Read, RepeatRead, StreamRow
from common.broker.entrance import Entrance
from common.broker.ledger import Ledger, Person, Room
from common.broker.limits import CoreSettings
from common.broker.lobby import Lobby
from common.broker.membership import Membership
from common.broker.moderation import Moderation
from common.broker.putting_out import PuttingOut
from common.broker.rights import Rights
from common.broker.roomnames import RoomNames
from common.broker.sanctions import Sanctions
from common.broker.sessions import Session, Sessions
from common.broker.turn import Refusal, Turn
from common.protocol import deeds as d
from common.protocol import messages as m
from common.protocol import topics
from common.protocol.codec import SESSION, DecodeError, decode_request, says_bye
from common.protocol.limits import WIRE

GRACE: Final = 3.0
"""Seconds for which a lost link does not count as leaving."""
RATE_RETRY: Final = 0.5
"""Seconds to wait at least once the burst is used up: one token at a time would have the rest of
the stream sent again for each of them, and each page asked for twice."""
REPEATS: Final = 1_024
"""Repeats that one person may have under look-up; more are left to the next retry."""


class Core:
    """One broker. The shell feeds events, then takes the turn's batch and carries it out."""

    def __init__(
        self, settings: CoreSettings, ledger: Ledger, epoch: str, now: float, wall: int
    ) -> None:
        self.settings = settings
        self.ledger = ledger
        self.epoch = epoch
        self._turn = Turn(ledger, now, wall)
        self._sessions = Sessions(GRACE)
        plain = settings.plain
        self._rights = Rights(ledger, settings.console, plain=plain)
        self._names = RoomNames(ledger, self._rights, plain=plain)
        self._lobby = Lobby(self._turn, self._sessions, self._rights, self._names, plain=plain)
        self._putting_out = PuttingOut(self._turn, self._sessions, self._lobby)
        parts = (self._turn, self._sessions, self._lobby, self._rights, self._names)
        self._membership = Membership(*parts, self._putting_out)
        self._moderation = Moderation(*parts, self._putting_out, self._membership)
        self._access = Access(
            settings, self._turn, self._sessions, self._rights, self._putting_out, self._claimed
        )
        self._sanctions = Sanctions(*parts[:4], self._putting_out, self._access)
        self._entrance = Entrance(settings, *parts[:4], self._membership, self._access)
        asking = self._asking = Asking(
            self._turn, self._sessions, self._rights, self._names, self._entrance.allowance_of
        )
        self.claimed = False
        """Whether the server has got its first owner: the claim is void from then on."""
        self.outcasts: Final = self._access.outcasts
        """See there: keys of which nothing that they push is to be read."""
        self._limits = replace(WIRE, sessions=settings.sessions)
        self._handlers: dict[type, Callable[[Session, Any], None]] = {
            m.Join: self._lobby.join,
            m.Leave: self._membership.leave,
            m.History: asking.history,
            m.Who: self._lobby.who,
            m.Rooms: self._lobby.list_rooms,
            m.Nick: self._lobby.rename,
            m.Ping: self._ping,
            m.Bye: self._bye,
            d.Create: self._membership.create,
            d.Invite: self._membership.invite,
            d.Remove: self._membership.remove,
            d.Set: self._moderation.set,
            d.Mute: _by_room(self._moderation.mute, self._sanctions.mute),
            d.Unmute: _by_room(self._moderation.unmute, self._sanctions.unmute),
            d.Kick: _by_room(self._moderation.kick, self._sanctions.kick),
            d.Role: _by_room(self._moderation.role, self._sanctions.role),
            d.Delete: self._moderation.delete,
            d.AskList: self._list,
            d.Ban: self._sanctions.ban,
            d.Unban: self._sanctions.unban,
            d.Free: self._sanctions.free,
            d.MakeInvitation: self._access.invitation,
            d.Withdraw: self._access.withdraw,
            d.Approve: self._access.approve,
            d.MakeDeviceCode: self._access.device_code,
            d.Revoke: self._access.revoke,
            d.Audit: asking.audit,
        }
        if "general" not in ledger.rooms:
            ledger.apply_room("general", "", wall)

    def begin(self, now: float, wall: int) -> None:
        """A turn begins: monotonic seconds, and milliseconds since 1970."""
        self._turn.now = now
        self._turn.wall = wall

    # --- the gate's questions ------------------------------------------------------------------

    def subscribed(self, topic: bytes, key: str | None, fd: int, address: str) -> bool:
        """Whether this peer may have exactly this topic. Granting an inbox begins a session."""
        session_id = topics.session_of(topic)
        if session_id is None:
            return self._may_hear(topic, key)
        session = self._sessions.get(session_id)
        if session is None:
            # `hello` tells of the limit itself
            if self._sessions.count(key) >= 2 * self.settings.sessions:
                self._turn.note("warning", f"too many sessions of key {key} from {address}")
                return False
            session = self._sessions.open(session_id, key, fd, address, self._turn.now)
            self._access.returned(key)
        elif session.key != key:
            self._turn.note("warning", f"refused another's inbox to {address}")
            return False
        elif session.fd != fd or session.gone:
            # libzmq connected again under the same inbox: the newest wins
            self._lobby.withdraw(session)
            self._forget(self._sessions.replace(session, fd, address))
        self._turn.tell(
            session,
            m.Greet(
                protocol=m.PROTOCOL,
                server=self.settings.name,
                epoch=self.epoch,
                time=self._turn.wall,
                plain=self.settings.plain,
                limits=self._limits,
            ),
        )
        return True

    def unsubscribed(self, topic: bytes) -> None:
        """The gate saw a subscription end, by its owner's wish or because the link is gone."""
        session_id = topics.session_of(topic)
        session = self._sessions.get(session_id) if session_id else None
        if session and not session.outlived():
            if session.person:
                self._turn.note("info", f"lost the link with {session.label}")
            self._sessions.linger(session, self._turn.now)

    def _may_hear(self, topic: bytes, key: str | None) -> bool:
        room = self._sessions.listening(topic)
        if room is None:
            return False
        if not self.settings.plain and not self._sessions.hears(key, room):
            return False
        self._lobby.granted(room)
        return True

    # --- frames from PULL ----------------------------------------------------------------------

    def receive(self, frame: bytes, key: str | None) -> None:
        """One PUSH frame: `session \\n lines`, with the key that ZAP attests, if any."""
        head, newline, lines = frame.partition(b"\n")
        session = self._sessions.get(head[:SESSION])
        if session is None or (session.gone and not says_bye(lines)):
            return  # before its inbox, or after its end: its sender will come in again, or does not
        if session.key != key:
            self._forged(key)
            return
        if len(frame) > WIRE.frame:
            words = f"a frame of {len(frame)} bytes; the limit is {WIRE.frame}"
            self._refuse(session, Refusal("too-large", words))
            return
        if not newline or len(head) != SESSION:
            self._refuse(session, Refusal("bad-frame", "no newline after the session id"))
            return
        for line in lines.split(b"\n"):
            if line and not self._line(session, line):
                return

    def malformed(self, parts: int, key: str | None) -> None:
        """A message of more than one frame, which this protocol does not have."""
        for session in self._sessions.of_key(key):
            self._refuse(session, Refusal("bad-frame", f"a message of {parts} frames, not of one"))
            return

    def _line(self, session: Session, line: bytes) -> bool:
        """Whether to go on with the lines behind it."""
        try:
            if len(line) > WIRE.line:
                words = f"a line of {len(line)} bytes; the limit is {WIRE.line}"
                raise DecodeError("too-large", words)
            request = decode_request(line)
        except DecodeError as fault:
            return self._undecodable(session, fault)
        if type(request) is m.Say:
            if session.row is not None:
                self._say(session, request)
            return True
        try:
            if type(request) is m.Hello:
                if session.hellos.wait(self._turn.now):
                    return False  # whoever is honest says it again
                self._entrance.hello(session, request)
            elif session.allowance is not None:  # else before `hello`: it will be sent again
                # Pages have a limit of their own, and nobody is kept from leaving.
                if type(request) not in (m.History, m.Bye):
                    self._turn.charge(session.allowance.asks, "requests")
                if self.settings.plain and isinstance(request, d.Deed):
                    words = "without encryption nobody can prove who they are"
                    raise Refusal("needs-encryption", words)
                self._handlers[type(request)](session, request)
        except Refusal as refusal:
            return self._refuse(session, refusal, getattr(request, "id", ""))
        return type(request) is not m.Bye

    def _refuse(self, session: Session, refusal: Refusal, id: str = "", n: int = 0) -> bool:
        """Answers with an error; False where this session has had so many that it gets none, and
        the rest of its frame is not worth reading."""
        if session.refusals.wait(self._turn.now):
            return False
        self._turn.error(session, refusal, id, n)
        return True

    def _undecodable(self, session: Session, fault: DecodeError) -> bool:
        row = session.row
        if session.allowance is not None and session.allowance.asks.wait(self._turn.now):
            return False  # a flood of nonsense earns no answers
        if fault.n and row is not None:
            if fault.n == row.last + 1:
                self._refuse_number(session, fault.n, fault.code, fault.text)
            elif fault.n <= row.last:
                self._repeat(session, fault.n, "", "", False)
            else:
                self._ask_for(session, row.last + 1)
            return True
        return self._refuse(session, Refusal(fault.code, fault.text), fault.id, fault.n)

    def _forged(self, key: str | None) -> None:
        self._turn.note(
            "warning", f"refused a forged sender: key {key} spoke for another's session"
        )
        for session in self._sessions.of_key(key):
            self._refuse(session, Refusal("forged-sender", "that session is another person's"))

    # --- saying --------------------------------------------------------------------------------

    def _say(self, session: Session, say: m.Say) -> None:
        """The way of every message: a number of a stream is taken once, in order, for ever."""
        row, person, allowance = session.row, session.person, session.allowance
        if row is None or person is None or allowance is None:
            return
        n = say.n
        if n != row.last + 1:
            self._out_of_order(session, row, say)
            return
        wait = allowance.says.wait(self._turn.now)
        if wait:
            session.held = True
            words = f"more than {self.settings.rate:g} messages a second"
            self._refuse(session, Refusal("rate-limited", words, max(wait, RATE_RETRY)), n=n)
            return
        session.held = False
        if say.user is not UNSET or say.nick is not UNSET:
            self._refuse_number(session, n, "forged-sender", "a message does not say who one is")
            return
        text = say.text
        if not text or (len(text) * 4 > WIRE.text and len(text.encode()) > WIRE.text):
            size = len(text.encode())
            words = f"a text of {size} bytes; 1 to {WIRE.text} are allowed"
            self._refuse_number(session, n, "too-large" if size else "bad-request", words)
            return
        room = self.ledger.rooms.get(say.room)
        if room is None:
            try:
                room = self._lobby.room(say.room, person.user, allowance.rooms)
            except Refusal as refusal:
                if refusal.retry:
                    session.held = True
                    self._refuse(session, refusal, n=n)
                else:
                    self._refuse_number(session, n, refusal.code, refusal.text)
                return
        guarded = room.guarded or person.guarded
        if guarded:
            why_not = self._rights.refusal(room, person, self._turn.wall)
            if why_not is not None:
                self._refuse_number(session, n, why_not.code, why_not.text, why_not)
                return
        seq = self.ledger.apply_say(row, n, room, person, text, say.me, self._turn.wall)
        self._turn.asked(session, n)
        if room.name not in session.rooms:  # its own record would not reach it
            id = f"{row.stream}-{n}"
            self._turn.tell(session, m.Stored(n=n, room=room.name, seq=seq, ts=room.ts, id=id))
        if guarded:
            self._said(room, person)

    def _said(self, room: Room, person: Person) -> None:
        if room.rules.slow:
            self.ledger.on_rollback(self._rights.spoke(room, person.user, self._turn.wall))
        if room.direct:
            self._membership.spoken(room)

    def _out_of_order(self, session: Session, row: StreamRow, say: m.Say) -> None:
        if say.n <= row.last:
            self._repeat(session, say.n, say.room, say.text, say.me)
        else:
            self._ask_for(session, row.last + 1)

    def _ask_for(self, session: Session, n: int) -> None:
        """Numbers are missing from `n` on; said once, the rest is the sender's time limit's."""
        if not session.held and session.resend_from != n:
            session.resend_from = n
            self._turn.tell(session, m.Resend(start=n))

    def _repeat(self, session: Session, n: int, name: str, text: str, me: bool) -> None:
        """A number that was taken: its outcome is looked up, before any right or rate is."""
        row = session.row
        if row is None or self._turn.reading(row.user) >= REPEATS:
            return
        room = self.ledger.rooms.get(self._names.canonical(name, row.user))
        number, name = (room.number, room.name) if room else (-1, name)
        self._turn.read(RepeatRead(session.id, row.user, row.stream, n, number, name, text, me))

    def _refuse_number(
        self, session: Session, n: int, code: str, text: str, refusal: Refusal | None = None
    ) -> None:
        """For good: a repeat is told the same code and text."""
        if session.row is None:
            return
        self.ledger.apply_refusal(session.row, n, code, text)
        self._turn.asked(session, n)
        self._turn.error(session, refusal or Refusal(code, text), n=n)

    # --- questions -----------------------------------------------------------------------------

    def _list(self, session: Session, ask: d.AskList) -> None:
        if ask.what == "members":
            self._membership.members(session, ask)
        elif ask.what == "sanctions" and ask.room:
            self._moderation.sanctions(session, ask)
        else:
            self._sanctions.listing(session, ask)

    def _ping(self, session: Session, ping: m.Ping) -> None:
        self._turn.tell(session, m.Pong(id=ping.id, time=self._turn.wall))

    def _bye(self, session: Session, _bye: m.Bye) -> None:
        self._turn.note("info", f"{session.label} left")
        self._end(session)

    # --- time, and the end of a turn -----------------------------------------------------------

    def tick(self) -> float:
        """What time alone brings about. Answers when to be asked again (monotonic seconds)."""
        for session in self._sessions.expired(self._turn.now):
            self._end(session)
        return min(self._lobby.tick(), self._sessions.next_expiry())

    def take(self) -> Batch:
        """This turn's decisions. The durable part first, then `committed` or `rolled_back`."""
        for append in self.ledger.batch.appends.values():
            if append.topic:
                self._lobby.spoke(append.room_state.name)
        return self.ledger.batch

    def committed(self) -> None:
        """The turn is in the file, and may be told."""
        self._turn.committed()

    def rolled_back(self) -> None:
        """The disk is full: nothing of the turn happened. Who was let in by it comes in again."""
        for session in self._turn.rolled_back():
            self._lobby.withdraw(session)
            self._forget(self._sessions.unwelcome(session))
        self._lobby.rolled_back()

    def read_done(self, user: str, size: int = 0) -> None:
        """The reader has answered one of this person's questions, with so many bytes."""
        self._turn.read_done(user)
        self._entrance.allowance_of(user).reads.spend(size)

    def may_have(self, read: Read) -> bool:
        """Whether what the reader read may be told: somebody may have been put out since."""
        if isinstance(read, DeleteRead):
            self._moderation.given_up(read)
        return not isinstance(read, PageRead) or self._asking.holds(read)

    def found(self, read: DeleteRead, type: str, user: str) -> None:
        """The reader knows what somebody wants deleted: a record's type and author, or two ''."""
        try:
            self._moderation.found(read, type, user)
        except Refusal as refusal:
            session = self._sessions.get(read.session)
            if session is not None:
                self._refuse(session, refusal, read.id)

    def configure(self, settings: CoreSettings) -> None:
        """Goes on with other settings, from this turn on and for everybody who is here. `plain` is
        for a start alone."""
        self.settings = settings
        self._limits = replace(WIRE, sessions=settings.sessions)
        self._entrance.configure(settings)
        self._access.settings = settings

    def _claimed(self) -> None:
        self.claimed = True
        self.configure(dataclasses.replace(self.settings, claim=""))

    def close(self) -> None:
        """Tells everybody that the broker stops."""
        for session in self._sessions.all():
            self._turn.tell(session, m.Closing())

    @property
    def people(self) -> int:
        """How many sessions are in."""
        return sum(1 for session in self._sessions.all() if session.person)

    # --- helpers -------------------------------------------------------------------------------

    def _end(self, session: Session) -> None:
        self._lobby.withdraw(session)
        self._forget(self._sessions.close(session))

    def _forget(self, stream: str | None) -> None:
        if stream is not None:
            self.ledger.forget_stream(stream)


def _by_room(
    in_room: Callable[[Session, Any], None], everywhere: Callable[[Session, Any], None]
) -> Callable[[Session, Any], None]:
    """What handles a deed that may name a room."""
    return lambda session, ask: (in_room if ask.room else everywhere)(session, ask)
