"""The way in: what `hello` must say, and who somebody is from then on. Pure.

Owns what each person may still do; sessions are the registry's, people the ledger's.
"""

from msgspec import UNSET

from common.broker.access import Access, Entry, ShutOut
from common.broker.codes import CLAIM
from common.broker.ledger import Person
from common.broker.limits import Allowance, CoreSettings
from common.broker.lobby import Lobby, nickname
from common.broker.membership import Membership
from common.broker.rights import Rights
from common.broker.sessions import Session, Sessions
from common.broker.turn import Refusal, Turn
from common.protocol import messages as m
from common.protocol.identity import user_of_key, user_of_secret
from common.protocol.limits import WIRE


class Entrance:
    """Says `welcome`."""

    def __init__(
        self,
        settings: CoreSettings,
        turn: Turn,
        sessions: Sessions,
        lobby: Lobby,
        rights: Rights,
        membership: Membership,
        access: Access,
    ) -> None:
        self._settings = settings
        self._turn = turn
        self._sessions = sessions
        self._lobby = lobby
        self._rights = rights
        self._membership = membership
        self._access = access
        self._allowances: dict[str, Allowance] = {}
        self._console: Person | None = None
        if settings.console:
            # No row of the people's table: a nickname that nobody can have, and no key to it.
            self._console = Person(user_of_key(settings.console), settings.console, "server", "")
            self._console.guarded = True

    def configure(self, settings: CoreSettings) -> None:
        """Goes on with other settings, for everybody who is here."""
        self._settings = settings
        for allowance in self._allowances.values():
            allowance.adopt(settings, self._turn.now)

    def hello(self, session: Session, hello: m.Hello) -> None:
        if hello.protocol != m.PROTOCOL:
            raise Refusal(
                "protocol-version",
                f"protocol {hello.protocol} is not spoken here; this broker speaks {m.PROTOCOL}",
            )
        if hello.user is not UNSET:
            raise Refusal("forged-sender", "a hello does not say who one is: the key does")
        console = self._console if session.key == self._settings.console else None
        try:
            entry = Entry(console.user) if console else self._entry(session, hello)
        except ShutOut as refusal:
            self._access.turn_away(session, refusal)
            return
        user = entry.user
        if len(hello.stream) != 16 or set(hello.stream) - set("0123456789abcdef"):
            raise Refusal("bad-request", f"stream {hello.stream[:20]!r} is not 16 hexadecimals")
        if len(hello.rooms) > WIRE.rooms:
            raise Refusal("too-many", f"{len(hello.rooms)} rooms; the limit is {WIRE.rooms}")
        most = self._settings.sessions
        if session.person is None and self._here(session, user) >= most:
            raise Refusal("too-many", f"a person may have {most} sessions at a time", 3.0)
        names, refused = self._lobby.enterable(hello.rooms, user)
        if len(session.rooms.keys() | names) > WIRE.rooms:
            raise Refusal("too-many", f"a session may be in {WIRE.rooms} rooms at most")
        allowance = self.allowance_of(user)
        new = sum(name not in self._turn.ledger.rooms for name in set(names))
        self._turn.charge(allowance.rooms, "new rooms", new)
        row = self._turn.ledger.stream(hello.stream, user)
        if row is None:
            raise Refusal("stream-taken", f"stream {hello.stream} is another person's")
        try:
            person = console or self._admit(session, entry, hello)
        except Refusal:
            if not self._sessions.sends_from(hello.stream):
                self._turn.ledger.forget_stream(hello.stream)
            raise
        app = hello.app[:40]
        if session.key is not None and not console:
            self._access.use(entry, session.key, person, app)
        again = session.person is not None
        visible = hello.visible and not console
        if session.person is not person or session.visible != visible:
            self._lobby.withdraw(session)  # it is counted as what it was
        self._forget(self._sessions.welcome(session, person, row, visible))
        session.app = app
        session.direct = hello.direct
        session.again = hello.again
        session.allowance = allowance
        if hello.direct:
            room_for = WIRE.rooms - len(session.rooms.keys() | names)
            others = [name for name in self._membership.directs_of(user) if name not in names]
            names += others[:room_for]
        states = [self._lobby.enter(session, name) for name in names]
        self._turn.tell(
            session,
            m.Welcome(
                user=person.user,
                nick=person.nick,
                last=row.last,
                rooms=states,
                provisional=self._lobby.provisional,
                role=self._rights.role(user),
                refused=refused,
            ),
        )
        self._turn.asked(session)
        if not again:
            self._turn.note("info", f"{session.label} connected from {session.address}")

    def allowance_of(self, user: str) -> Allowance:
        """What this person may still do."""
        if user not in self._allowances:
            self._allowances[user] = Allowance(self._settings, self._turn.now)
        return self._allowances[user]

    def _here(self, session: Session, user: str) -> int:
        """How many sessions of this person are in and have their link, on all their devices;
        without keys nobody can be counted."""
        if session.key is None:
            return 0
        return sum(not one.gone for one in self._sessions.of_user(user))

    def _entry(self, session: Session, hello: m.Hello) -> Entry:
        """Who somebody is, and by what they come in."""
        key = session.key
        if key is None:
            if not self._settings.plain:
                raise Refusal("not-permitted", "without a key nobody comes in here")
            if hello.code and not hello.code.startswith(CLAIM):
                words = "without encryption there are no keys, and so no codes for them"
                raise Refusal("needs-encryption", words)
            if hello.secret is UNSET or not 16 <= len(hello.secret) <= 128:
                words = "without encryption a hello needs a secret of 16 to 128"
                raise Refusal("bad-request", words)
            return Entry(user_of_secret(hello.secret))
        known = self._turn.ledger.people.get(user_of_key(key))
        if known is not None and known.key != key:
            raise Refusal("not-permitted", "another key has this user id")
        return self._access.entry(session, key, hello.nick, hello.code)

    def _admit(self, session: Session, entry: Entry, hello: m.Hello) -> Person:
        user, ledger = entry.user, self._turn.ledger
        known = ledger.people.get(user)
        # Perhaps renamed meanwhile, on another device; or bound before a rule for nicknames was.
        if known is not None and (hello.again or entry.device or known.nick == hello.nick):
            return known
        wanted, comparable = nickname(hello.nick)
        nick, count = wanted, 1
        while hello.fallback and (owner := ledger.holder(comparable)) and owner.user != user:
            count += 1
            suffix = f"-{count}"
            nick, comparable = nickname(wanted[: WIRE.nick - len(suffix)] + suffix)
        if known is not None and known.nick == nick:
            return known
        try:
            own = self._lobby.may_be_called(user, nick, comparable)
        except Refusal:
            if known is not None and hello.fallback:
                return known  # a nickname that nobody chose is worth no refusal
            raise
        if not own:
            self._turn.charge(self.allowance_of(user).deeds, "new nicknames")
        return self._lobby.bind(user, known.key if known else session.key or "", nick, comparable)

    def _forget(self, stream: str | None) -> None:
        if stream is not None:
            self._turn.ledger.forget_stream(stream)
