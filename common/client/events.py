"""What the client library tells its program. Owns shapes; knows no socket, thread or screen.

Events come out of `Client.get()` in the order in which they happened. Replies to requests come as
the result of the `Future` that the request returned: one of the replies below, or `Refused`.
"""

import msgspec

from common.protocol.messages import Person, Record, RoomInfo


class Event(msgspec.Struct, frozen=True):
    """Something happened."""


class Ready(Event, frozen=True, kw_only=True):
    """The session is in: every room asked for is joined. Emitted once, at the first link."""

    user: str
    nick: str
    """As granted: `-2` may have been added to a nickname that was not asked for by name."""
    rooms: dict[str, int]
    """Room to head, as of now."""
    server: str
    epoch: str
    encrypted: bool


class LinkDown(Event, frozen=True, kw_only=True):
    """The link is lost, or could not be made; the library goes on trying.

    `code` is one of `explain`'s codes (unreachable-refused, wrong-key, stopping, ...).
    """

    code: str
    reason: str
    retry_in: float
    """Seconds until the next try."""


class LinkUp(Event, frozen=True, kw_only=True):
    """The link is back; what the cut missed follows as ordinary events."""

    behind: int
    """Records still to be fetched, over all rooms."""
    nick: str
    encrypted: bool


class CaughtUp(Event, frozen=True, kw_only=True):
    """A room holds every record up to its head: complete, no gap."""

    room: str
    fetched: int
    """Records that were fetched since the link came."""


class Messages(Event, frozen=True, kw_only=True):
    """Records of one room, in order, each number once. Batched as they came."""

    room: str
    records: list[Record]
    own: str
    """This session's stream: a record whose id starts with it was said by this program."""
    raw: dict[int, bytes] = {}
    """Number to stored line, for records whose type this library does not know."""


class Presence(Event, frozen=True, kw_only=True):
    """`kind`: joined, left or nick (then `old` is the former nickname). Never about oneself."""

    kind: str
    room: str
    user: str
    nick: str
    people: int
    old: str = ""


class People(Event, frozen=True, kw_only=True):
    """How many are in a room, whenever that changes, oneself included."""

    room: str
    people: int


class Progress(Event, frozen=True, kw_only=True):
    """State of an own message: `queued`, `stored` (with seq, ts, id) or `refused` (code, text)."""

    n: int
    room: str
    state: str
    text: str
    seq: int = 0
    ts: int = 0
    id: str = ""
    code: str = ""
    reason: str = ""


class Paused(Event, frozen=True, kw_only=True):
    """The broker asked to wait `seconds`; the library does, and sends the rest by itself."""

    seconds: float


class RolledBack(Event, frozen=True, kw_only=True):
    """The server's history of this room is not the one that was read: it is read again."""

    room: str
    had: int
    head: int


class Skipped(Event, frozen=True, kw_only=True):
    """More than `catch_up` records were missed: those from `first` to `last` were left unread."""

    room: str
    first: int
    last: int


class DiskFull(Event, frozen=True, kw_only=True):
    """This machine's disk is full: messages are refused, cursors are not kept."""

    reason: str


class Left(Event, frozen=True, kw_only=True):
    """This session is out of a room."""

    room: str


class Failed(Event, frozen=True, kw_only=True):
    """The library has given up: joining failed for good (or the first link took too long)."""

    code: str
    text: str
    values: dict[str, str | int | float] = {}


# --- replies -----------------------------------------------------------------------------------


class Reply(msgspec.Struct, frozen=True):
    """What a request's future holds."""


class StoredReply(Reply, frozen=True, kw_only=True):
    room: str
    seq: int
    ts: int
    id: str


class JoinedReply(Reply, frozen=True, kw_only=True):
    room: str
    head: int
    people: int


class DoneReply(Reply, frozen=True):
    """It was done."""


class HistoryReply(Reply, frozen=True, kw_only=True):
    room: str
    records: list[Record]
    more: bool
    head: int
    raw: dict[int, bytes] = {}


class PeopleReply(Reply, frozen=True, kw_only=True):
    room: str
    people: list[Person]


class RoomsReply(Reply, frozen=True, kw_only=True):
    rooms: list[RoomInfo]


class PongReply(Reply, frozen=True, kw_only=True):
    time: int
    """Milliseconds of the broker's clock."""


class Refused(Exception):
    """A request failed. `code` is stable, `text` English; people read `explain(code, values)`."""

    def __init__(self, code: str, text: str, values: dict[str, str | int | float] | None = None):
        super().__init__(text)
        self.code = code
        self.text = text
        self.values = values or {}
