"""The typed messages of the wire, both ways. Owns shapes; knows no rule, no state and no socket.

Requests come from clients in PUSH frames, answers go to one session's inbox topic, room lines to
everybody who was granted a room's topic. Unknown fields are ignored, so that older programs
understand newer ones; wrong types are refused.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from common.protocol.limits import WireLimits

PROTOCOL = 1
"""Version of the wire protocol. Additions keep it; a change that breaks old programs raises it."""


Number = Annotated[int, Meta(ge=1, le=1 << 53)]
"""A number of a stream. No larger than what every JSON reader holds exactly."""
Bound = Annotated[int, Meta(ge=0, le=1 << 53)]
"""A number that bounds a question: 0 is the start."""


# --- requests: client to broker ----------------------------------------------------------------


class Request(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """What a client asks. `user` exists only so that claiming an identity can be refused."""


class Hello(Request, frozen=True, tag="hello", kw_only=True):
    """Answers `greet`. Ends in `welcome` or in an `error` that carries no id."""

    protocol: int
    nick: str
    stream: str
    """16 lower-case hexadecimal digits: the outbox that this session sends from."""
    fallback: bool = False
    """Take `nick-2`, `nick-3`, ... where `nick` is somebody else's."""
    app: str = ""
    lang: str = ""
    rooms: list[str] = []
    """Rooms that the session is in; they are joined, and created where they do not exist."""
    again: bool = False
    """This program was in before, and comes back: nobody needs to be told."""
    visible: bool = True
    """False for programs that come for one answer: nobody sees them join or leave."""
    secret: str | UnsetType = UNSET
    """Under `--plain` alone: what `user` is derived from."""
    code: str = ""
    """An invitation's code, or one that another device of the same person shows."""
    direct: bool = False
    """Put this session into its person's direct conversations, now and as they begin."""
    user: str | UnsetType = UNSET


class Say(Request, frozen=True, tag="say"):
    """Says `text` in `room`, as number `n` of this session's stream."""

    n: Number
    room: str
    text: str
    me: bool = False
    """The text tells what its author does (`/me waves`)."""
    user: str | UnsetType = UNSET
    nick: str | UnsetType = UNSET


class Join(Request, frozen=True, tag="join"):
    room: str
    id: str = ""


class Leave(Request, frozen=True, tag="leave"):
    room: str
    id: str = ""


class History(Request, frozen=True, tag="history"):
    """Asks for one page of records; `after` and `before` are exclusive. With neither: the newest.

    `since` (milliseconds of the broker's clock) stands for an `after` just before the first
    record of that time or later.
    """

    room: str
    id: str = ""
    after: Bound | None = None
    before: Bound | None = None
    since: Bound | None = None
    limit: Bound = 1_000


class Who(Request, frozen=True, tag="who"):
    """Asks who is in a room, a page at a time; `after` is the last user of the page before."""

    room: str
    id: str = ""
    after: str = ""


class Rooms(Request, frozen=True, tag="rooms"):
    """Asks which rooms there are, a page at a time; `after` is the last name before."""

    id: str = ""
    after: str = ""


class Nick(Request, frozen=True, tag="nick"):
    nick: str
    id: str = ""


class Ping(Request, frozen=True, tag="ping"):
    id: str = ""


class Bye(Request, frozen=True, tag="bye"):
    """Ends the session at once, without the grace that a lost link gets."""


AnyRequest = Hello | Say | Join | Leave | History | Who | Rooms | Nick | Ping | Bye


# --- answers: broker to one session's inbox ----------------------------------------------------


class Answer(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """What the broker tells one session."""


class Greet(Answer, frozen=True, tag="greet", kw_only=True):
    protocol: int
    server: str
    epoch: str
    time: int
    plain: bool
    limits: WireLimits


class Person(msgspec.Struct, frozen=True, omit_defaults=True):
    user: str
    nick: str


class RoomState(msgspec.Struct, frozen=True, omit_defaults=True):
    """A room as a session that is in it must know it."""

    room: str
    topic: str
    head: int
    """The number of its newest record, 0 where there is none."""
    people: int
    rev: int
    """Raised by each change of who is there."""
    private: bool = False
    peer: Person | None = None
    """The other one of a direct conversation."""
    moderator: bool = False
    """Whether this session's person moderates the room."""
    readonly: bool = False
    slow: int = 0
    """Seconds that must pass between two messages of one person."""


class Welcome(Answer, frozen=True, tag="welcome", kw_only=True):
    user: str
    nick: str
    last: int
    """The last number of this session's stream that was taken."""
    rooms: list[RoomState]
    provisional: bool = False
    """The broker has just started: people may be on their way back."""
    role: str = ""
    """`owner`, `admin` or none."""
    refused: list[str] = []
    """Rooms that were asked for and may not be entered, as far as this person may know."""


class Joined(Answer, frozen=True, tag="room", kw_only=True):
    """Answers `join`. Without an `id`: the room's topic or rules are others from now on, or a
    direct conversation has begun."""

    id: str
    state: RoomState


class Done(Answer, frozen=True, tag="done"):
    id: str
    nick: str = ""
    """The nickname as granted, where one was asked for."""


class Stored(Answer, frozen=True, tag="stored", kw_only=True):
    """Request `n` became record `seq` of `room`; sent where the record cannot be seen itself."""

    n: int
    room: str
    seq: int
    ts: int
    id: str


class Resend(Answer, frozen=True, tag="resend", kw_only=True):
    """Numbers are missing: send again from `n` = `start`."""

    start: int = msgspec.field(name="from")


class Page(Answer, frozen=True, tag="page", kw_only=True):
    """Answers `history`; its `count` records are the lines that follow it in the same frame."""

    id: str
    room: str
    count: int
    more: bool
    """Records are left in the direction of the question."""
    head: int
    skipped: int = 0
    """Above `after`, the numbers up to this one are not to be had: not kept, or not for this
    person. The cursor goes there."""


class People(Answer, frozen=True, tag="people", kw_only=True):
    id: str
    room: str
    people: list[Person]
    total: int
    rev: int
    more: bool = False


class RoomInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    room: str
    head: int
    people: int
    private: bool = False
    peer: Person | None = None
    """The other one of a direct conversation."""


class RoomList(Answer, frozen=True, tag="rooms", kw_only=True):
    id: str
    rooms: list[RoomInfo]
    more: bool = False


class Pong(Answer, frozen=True, tag="pong", kw_only=True):
    id: str
    time: int


class Closing(Answer, frozen=True, tag="closing"):
    """The broker stops; come back later."""

    reason: str = "stopping"


class Error(Answer, frozen=True, tag="error", kw_only=True):
    """A refusal. `id` or `n` name the request where there is one."""

    code: str
    text: str
    """English words with the offending value; clients translate by `code`."""
    id: str = ""
    n: int = 0
    retry: float = 0.0
    """Seconds after which the same request may pass; 0: not by waiting."""
    reason: str = ""
    """What whoever muted, kicked or banned this person wrote."""
    until: int = 0
    """Milliseconds of the broker's clock at which that ends; 0: not by itself."""


AnyAnswer = (
    Greet
    | Welcome
    | Joined
    | Done
    | Stored
    | Resend
    | Page
    | People
    | RoomList
    | Pong
    | Closing
    | Error
)


# --- room lines: broker to a room's topic ------------------------------------------------------


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """A committed, numbered line of a room, as it is stored and published.

    `message`; `delete`, which takes the text of record `of` away (`text` is the reason); `deleted`,
    what is left of a message whose text is gone.

    A line with `seq` is a record, whatever its `type`: records of types to come are kept, counted
    and shown as far as they are understood.
    """

    type: str
    seq: int
    id: str
    """Stream and number of the request that it came from: `0123456789abcdef-42`."""
    user: str
    nick: str
    ts: int
    """Milliseconds since 1970 by the broker's clock, never less than the record's before."""
    text: str = ""
    me: bool = False
    of: int = 0
    """The number of the record that this one is about: type `delete`."""


class RoomLine(Record, frozen=True, omit_defaults=True):
    """Any line of a room's topic: a record (`seq` > 0), or news that is not stored:

    `head` (`head`, `people`, `rev`), `joined`, `left` and `nick` (`user`, `nick`, `people`, `rev`);
    `invited`, `removed`, `kicked`, `muted`, `unmuted`, `role` and `set` tell what `by` decided
    about `nick`, with the reason as `text`.
    """

    type: str
    seq: int = 0
    id: str = ""
    user: str = ""
    nick: str = ""
    ts: int = 0
    head: int = 0
    people: int = 0
    rev: int = 0
    by: str = ""
    """The nickname of whoever decided it."""
    until: int = 0
    role: str = ""


# --- the card: a plain REP socket --------------------------------------------------------------


class Card(msgspec.Struct, frozen=True, kw_only=True, tag="card", tag_field="type"):
    """What a broker tells anybody who asks: enough to join it, and nothing else."""

    name: str
    key: str | None
    pull: list[str]
    pub: list[str]
    protocol: int
    access: Literal["open", "invite"]
