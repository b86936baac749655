"""What the client library tells its program. Owns shapes; knows no socket, thread or screen.

Events come out of `Client.get()` in the order in which they happened. Replies to requests come as
the result of the `Future` that the request returned: one of the replies below, or `Refused`.
"""

import msgspec

from common.protocol.deeds import Entry, LogEntry
from common.protocol.messages import Person, Record, RoomInfo

Values = dict[str, str | int | float]
"""What the sentences of `explain` are filled with."""


class Event(msgspec.Struct, frozen=True):
    """Something happened."""


class Ready(Event, frozen=True, kw_only=True):
    """The session is in: every room asked for is joined. Emitted once, at the first link."""

    user: str
    nick: str
    """As granted: `-2` may have been added to a nickname that was not asked for by name."""
    rooms: dict[str, int]
    """Room to head, as of now. A direct conversation goes by its canonical name, `@USER-USER`."""
    server: str
    epoch: str
    encrypted: bool
    role: str = ""
    """`owner`, `admin` or none."""
    refused: list[str] = []
    """Rooms that were asked for and may not be entered."""


class Waiting(Event, frozen=True, kw_only=True):
    """Nobody comes in here unless an administrator lets them: the library asks again until one
    does. Emitted once; for programs with `wait_admission`."""


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
    rev: int = 0
    """Which change of the room's people this was; 0: found out later."""


class People(Event, frozen=True, kw_only=True):
    """How many are in a room, whenever that changes, oneself included."""

    room: str
    people: int


class Roster(Event, frozen=True, kw_only=True):
    """Everybody who is in a room, oneself included, as of now; `Presence` tells what changes. For
    programs with `roster`."""

    room: str
    people: list[Person]


class RoomChanged(Event, frozen=True, kw_only=True):
    """What kind of room this is; told when it is not an ordinary one, and whenever that changes.

    With `peer`, a direct conversation: one may begin at any time, and then this is the first that
    is heard of it.
    """

    room: str
    private: bool = False
    peer: Person | None = None
    moderator: bool = False
    """Whether this person moderates it."""
    readonly: bool = False
    slow: int = 0
    """Seconds between two messages of one person."""


class Notice(Event, frozen=True, kw_only=True):
    """Somebody decided something about this person, or wants something of this administrator.

    `what`: invited, removed, kicked, muted, unmuted, banned, role, deleted, freed, revoked,
    waiting. After banned, revoked and (without `room`) kicked comes `Failed`.
    """

    what: str
    room: str = ""
    user: str = ""
    """Who did it."""
    nick: str = ""
    reason: str = ""
    until: int = 0
    """Milliseconds of the broker's clock; 0: for good, or does not apply."""
    role: str = ""
    seq: int = 0
    """Of a message that was deleted."""
    subject: str = ""
    """The nickname that `key` asks to be let in with, from `address`."""
    key: str = ""
    address: str = ""


class News(Event, frozen=True, kw_only=True):
    """`by` decided something in a room about `nick`, who is somebody else.

    `what`: invited, removed, kicked, muted, unmuted, role, or set (about the room's own rules).
    """

    room: str
    what: str
    user: str = ""
    nick: str = ""
    by: str = ""
    reason: str = ""
    until: int = 0
    role: str = ""


class Gap(Event, frozen=True, kw_only=True):
    """The records from `first` to `last` are not to be had: not kept any more, or said while this
    person was no member."""

    room: str
    first: int
    last: int


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
    """English words; people read `explain(code, values, reason)`."""
    values: Values = {}


class Paused(Event, frozen=True, kw_only=True):
    """The broker asked to wait `seconds`; the library does, and sends the rest by itself."""

    seconds: float


class Restored(Event, frozen=True, kw_only=True):
    """The server was set back to an earlier state (a backup). Rooms whose records are gone are told
    by `RolledBack`."""

    server: str


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
    """The library has given up: joining failed for good (or the first link took too long), or this
    person was kicked, banned, or their key revoked. Nothing comes after it."""

    code: str
    text: str
    values: Values = {}


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
    kind: RoomChanged | None = None
    """What kind of room it is: known with the answer, before the event of it is read."""


class DoneReply(Reply, frozen=True):
    """It was done."""


class HistoryReply(Reply, frozen=True, kw_only=True):
    room: str
    records: list[Record]
    more: bool
    head: int
    raw: dict[int, bytes] = {}
    skipped: int = 0
    """Above `after`, the numbers up to this one are not to be had."""


class PeopleReply(Reply, frozen=True, kw_only=True):
    room: str
    people: list[Person]
    rev: int = 0
    """The last change of the room's people that is in it."""


class RoomsReply(Reply, frozen=True, kw_only=True):
    rooms: list[RoomInfo]


class CodeReply(Reply, frozen=True, kw_only=True):
    """A code to be handed on, good for `uses` and until `expires` (broker's ms; 0: never)."""

    code: str
    name: str
    uses: int
    expires: int


class ListReply(Reply, frozen=True, kw_only=True):
    what: str
    room: str
    entries: list[Entry]


class AuditReply(Reply, frozen=True, kw_only=True):
    """A page of the server's own log, ascending."""

    entries: list[LogEntry]
    more: bool
    head: int


class PongReply(Reply, frozen=True, kw_only=True):
    time: int
    """Milliseconds of the broker's clock."""


class Refused(Exception):
    """A request failed. `code` is stable, `text` English; people read `explain(code, values)`."""

    def __init__(self, code: str, text: str, values: Values | None = None):
        super().__init__(text)
        self.code = code
        self.text = text
        self.values = values or {}
