"""What one turn of the broker decided: pure data between the core and the shells that carry it out.

The server first makes the durable part true (one commit), then sends the rest. Owns shapes only.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Append:
    """Record lines for one room, numbered from `first` without a hole."""

    room: int
    first: int
    lines: list[bytes]
    topic: bytes
    """Where they are published; '' for the server's own log, which is not. Renewed where somebody
    is shut out within the same turn: those who stay fetch what nobody hears there yet."""
    room_state: Any = None
    """The ledger's own reference; the shells leave it alone."""
    _joined: bytes = b""

    def joined(self) -> bytes:
        """The lines as they are stored and published. None may be added any more."""
        if not self._joined:
            self._joined = b"\n".join(self.lines)
        return self._joined


@dataclass(slots=True)
class StreamRow:
    """How far a stream was taken. A stream belongs to one user for ever.

    `committed` is what the file holds; `last` runs ahead of it within a batch.
    """

    stream: str
    user: str
    last: int
    committed: int = 0


@dataclass(slots=True, frozen=True)
class RoomRow:
    """A room; number 0 is the server's own log, which nobody subscribes to."""

    room: int
    name: str
    creator: str
    ts: int


@dataclass(slots=True, frozen=True)
class UserRow:
    """A person: `key` is the CURVE public key (64 hexadecimal digits), or '' under --plain."""

    user: str
    key: str
    nick: str
    nick_key: str
    """What two look-alike nicknames have in common; unique."""
    ts: int


@dataclass(slots=True, frozen=True)
class RefusalRow:
    """A stream's number that was refused for good: it counts as taken."""

    stream: str
    n: int
    code: str
    text: str


@dataclass(slots=True, frozen=True)
class PageRead:
    """A page of history wanted by a session. Exactly the fields of the `history` request."""

    session: bytes
    user: str
    id: str
    room: int
    name: str
    head: int
    """The room's head when it was asked; the page may say a newer one."""
    after: int | None
    before: int | None
    since: int | None
    limit: int
    spans: tuple[tuple[int, int | None], ...] | None = None
    """Which numbers this person may read, ascending; None: all."""
    audit: bool = False
    """A page of the server's own log, without what belongs to direct conversations."""


@dataclass(slots=True, frozen=True)
class RepeatRead:
    """A repeat of a stream's number: what did it become?"""

    session: bytes
    user: str
    stream: str
    n: int
    room: int
    """-1 where no room of that name exists."""
    name: str
    text: str
    me: bool


@dataclass(slots=True, frozen=True)
class DeleteRead:
    """Whose is a record that somebody wants deleted, and what is it? Answered to the core, by
    `Result.origin`: (type, user), or two '' where there is no such record."""

    session: bytes
    user: str
    """Who asks."""
    id: str
    room: int
    name: str
    seq: int
    reason: str


Read = PageRead | RepeatRead | DeleteRead


@dataclass(slots=True, frozen=True)
class FactRow:
    """A fact that changed; see `facts`. `value` is JSON, None: the fact is no more."""

    kind: str
    key: str
    value: bytes | None


@dataclass(slots=True, frozen=True)
class Erasure:
    """The text of a committed record goes for good: what stays is its number, author and time."""

    room: int
    seq: int


@dataclass(slots=True)
class Batch:
    """One turn's decisions. The durable part is everything above `publish`."""

    appends: dict[int, Append] = field(default_factory=dict)
    streams: dict[str, StreamRow] = field(default_factory=dict)
    rooms: list[RoomRow] = field(default_factory=list)
    users: list[UserRow] = field(default_factory=list)
    refusals: list[RefusalRow] = field(default_factory=list)
    facts: list[FactRow] = field(default_factory=list)
    erasures: list[Erasure] = field(default_factory=list)

    publish: dict[bytes, list[bytes]] = field(default_factory=dict)
    """Topic to lines, in order."""
    reads: list[Read] = field(default_factory=list)
    log: list[tuple[str, str]] = field(default_factory=list)
    """(level, words) for the operator."""
    expel: list[tuple[int, str]] = field(default_factory=list)
    """Descriptor and address of SUB connections to be closed, once the rest was sent."""

    @property
    def durable(self) -> bool:
        return bool(
            self.appends
            or self.streams
            or self.rooms
            or self.users
            or self.refusals
            or self.facts
            or self.erasures
        )
