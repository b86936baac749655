"""The sessions that are open: pure. Owns who is connected under which key, and in which rooms.

A session begins when the gate grants an inbox, is welcomed by `hello`, and ends by `bye` or a grace
after its inbox subscription ended. Knows no message and no rule.
"""

from collections.abc import Iterable
from typing import Final

from common.broker.batch import StreamRow
from common.broker.ledger import Person
from common.broker.limits import Allowance, Bucket
from common.protocol import topics

REFUSALS: Final = (20.0, 200.0)
"""A second, and at once: how often a session is told what is wrong with what it sends."""
HELLOS: Final = (1.0, 30.0)
"""A second, and at once."""

_NOBODY: Final[dict[bytes, "Session"]] = {}


class Session:
    """One PUSH and SUB pair of somebody."""

    __slots__ = (
        "_stale",
        "address",
        "again",
        "allowance",
        "app",
        "direct",
        "fd",
        "gone",
        "held",
        "hellos",
        "id",
        "inbox",
        "key",
        "person",
        "refusals",
        "resend_from",
        "rooms",
        "row",
        "visible",
    )

    def __init__(self, session: bytes, key: str | None, fd: int, address: str, now: float) -> None:
        self.id = session
        self.inbox = topics.inbox(session)
        self.key = key
        self.fd = fd
        self.address = address
        self.app = ""
        self.person: Person | None = None
        self.row: StreamRow | None = None
        self.rooms: dict[str, bytes] = {}
        """Room to the topic that was handed out."""
        self.visible = True
        self.direct = False
        """It wants to be in its person's direct conversations, as they begin."""
        self.again = False
        """It was here before the broker's start, as far as it says."""
        self.allowance: Allowance | None = None
        """What this person may still do, once welcomed."""
        self.refusals = Bucket(*REFUSALS, now)
        self.hellos = Bucket(*HELLOS, now)
        self.held = False
        """A number was refused for now: what follows it waits unanswered."""
        self.resend_from = 0
        self.gone = 0.0
        """When the link was lost (monotonic); 0 while it holds."""
        self._stale = 0

    @property
    def label(self) -> str:
        """How the operator's log names it."""
        nick = self.person.nick if self.person else "somebody"
        return f"{nick} ({self.app})" if self.app else nick

    def begin_again(self, fd: int, address: str) -> None:
        """The same inbox was subscribed on another connection: wait for `hello` again."""
        self.fd = fd
        self.address = address
        self.person = None
        self.row = None
        self.allowance = None
        self.held = False
        self.resend_from = 0
        if self.gone:
            self.gone = 0.0
        else:
            self._stale += 1

    def outlived(self) -> bool:
        """Whether the end that was just reported is that of a connection already replaced.

        The report carries no metadata, so replaced connections are counted (measured: a half-open
        predecessor is reported up to the heartbeat's time-out later).
        """
        if self._stale:
            self._stale -= 1
            return True
        return False


class Sessions:
    """All sessions, by id, key, person and room. `grace` in seconds."""

    def __init__(self, grace: float) -> None:
        self._grace = grace
        self._all: dict[bytes, Session] = {}
        self._by_key: dict[str | None, dict[bytes, Session]] = {}
        self._by_user: dict[str, dict[bytes, Session]] = {}
        self._by_room: dict[str, dict[bytes, Session]] = {}
        self._topics: dict[bytes, str] = {}
        self._hearers: dict[str, set[str]] = {}
        self._streams: dict[str, int] = {}
        self._gone: dict[bytes, Session] = {}
        self.get: Final = self._all.get
        """The session of an id, or None; asked for each frame."""

    def all(self) -> list[Session]:
        return list(self._all.values())

    def count(self, key: str | None) -> int:
        """Sessions of one key; without keys nobody can be counted."""
        return len(self._by_key.get(key, ())) if key is not None else 0

    def welcomed(self, key: str | None) -> int:
        """Those of them that are in and have their link; without keys nobody can be counted."""
        return sum(1 for one in self.of_key(key) if one.person is not None and not one.gone)

    def of_key(self, key: str | None) -> list[Session]:
        """A key's sessions; none without keys, where it would be everybody."""
        return list(self._by_key.get(key, {}).values()) if key is not None else []

    def of_user(self, user: str) -> list[Session]:
        """A person's welcomed sessions, of all their keys."""
        return list(self._by_user.get(user, {}).values())

    def wanting(self, room: str, users: Iterable[str]) -> list[Session]:
        """The sessions of these people that want to be in their conversation, and are not."""
        return [
            session
            for user in users
            for session in self._by_user.get(user, _NOBODY).values()
            if session.direct and room not in session.rooms
        ]

    def open(
        self, session_id: bytes, key: str | None, fd: int, address: str, now: float
    ) -> Session:
        session = Session(session_id, key, fd, address, now)
        self._all[session_id] = session
        self._by_key.setdefault(key, {})[session_id] = session
        return session

    def replace(self, session: Session, fd: int, address: str) -> str | None:
        """The same session on another connection; answers as `close` does."""
        self._gone.pop(session.id, None)
        self._disown(session)
        stream = self._release(session.row.stream) if session.row else None
        session.begin_again(fd, address)
        return stream

    def welcome(
        self, session: Session, person: Person, row: StreamRow, visible: bool
    ) -> str | None:
        """A session is somebody's from now on. Repeated, it is welcomed anew, and answers as
        `close` does of the stream that it had."""
        self._streams[row.stream] = self._streams.get(row.stream, 0) + 1
        stream = self._release(session.row.stream) if session.row else None
        self._disown(session)
        self._by_user.setdefault(person.user, {})[session.id] = session
        session.person = person
        session.row = row
        session.visible = visible
        return stream

    def unwelcome(self, session: Session) -> str | None:
        """Its welcome is taken back: it must say `hello` again. Answers as `close` does."""
        stream = self._release(session.row.stream) if session.row else None
        self._disown(session)
        session.person = session.row = session.allowance = None
        return stream

    def joined(self, session: Session, room: str, topic: bytes) -> None:
        session.rooms[room] = topic
        self._by_room.setdefault(room, {})[session.id] = session
        self._topics[topic] = room

    def left(self, session: Session, room: str) -> None:
        topic = session.rooms.pop(room)
        there = self._by_room.get(room, {})
        there.pop(session.id, None)
        if not there and room in self._by_room:
            del self._by_room[room]
            self._topics.pop(topic, None)

    def renewed(self, room: str, former: bytes, topic: bytes) -> None:
        """The room's topic is another one: the former is nobody's from now on."""
        self._topics.pop(former, None)
        self._hearers.pop(room, None)
        there = self._by_room.get(room)
        if there:
            self._topics[topic] = room
            for session in there.values():
                session.rooms[room] = topic

    def listening(self, topic: bytes) -> str | None:
        """The room of a topic that somebody was told."""
        return self._topics.get(topic)

    def hears(self, key: str | None, room: str) -> bool:
        """Whether a session of this key is in the room, and so may have its topic.

        Its person is remembered for as long as that is the topic: they may leave, or listen on a
        connection that has no session, and go on hearing what is said there.
        """
        for session in self.of_key(key):
            if room in session.rooms and session.person is not None:
                self._hearers.setdefault(room, set()).add(session.person.user)
                return True
        return False

    def heard_by(self, user: str) -> list[str]:
        """The rooms whose topic somebody may be hearing, in one of them at present or not."""
        return [room for room, users in self._hearers.items() if user in users]

    def of_room(self, room: str) -> list[Session]:
        """The sessions in a room."""
        return list(self._by_room.get(room, {}).values())

    def anybody(self, room: str) -> bool:
        return room in self._by_room

    def sends_from(self, stream: str) -> bool:
        """Whether a welcomed session sends from this stream."""
        return stream in self._streams

    def linger(self, session: Session, now: float) -> None:
        """Its link is lost: it stays for the grace, or ends at once where nobody knows it yet."""
        session.gone = now
        self._gone[session.id] = session

    def expired(self, now: float) -> list[Session]:
        """The sessions whose grace is over."""
        return [
            session
            for session in self._gone.values()
            if session.gone and now >= session.gone + self._grace
        ]

    def next_expiry(self) -> float:
        first = next(iter(self._gone.values()), None)
        return first.gone + self._grace if first else float("inf")

    def close(self, session: Session) -> str | None:
        """Forgets a session; its stream where no other session sends from it."""
        self._all.pop(session.id, None)
        self._gone.pop(session.id, None)
        self._disown(session)
        mine = self._by_key.get(session.key, {})
        mine.pop(session.id, None)
        if not mine:
            self._by_key.pop(session.key, None)
        return self._release(session.row.stream) if session.row else None

    def _disown(self, session: Session) -> None:
        if session.person is None:
            return
        mine = self._by_user.get(session.person.user, {})
        mine.pop(session.id, None)
        if not mine:
            self._by_user.pop(session.person.user, None)

    def _release(self, stream: str) -> str | None:
        left = self._streams.get(stream, 1) - 1
        if left:
            self._streams[stream] = left
            return None
        self._streams.pop(stream, None)
        return stream
