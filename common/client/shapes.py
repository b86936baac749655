"""The entries of a room: what stands on one place of a timeline. Owns their shapes, and how a
record is read; must not know how they stand together.

Entries never change: a new state is a new entry under the same key, so that what was drawn from one
can be kept as long as the entry itself is the same. All text in them is harmless.
"""

from dataclasses import dataclass, field
from typing import Literal

from common.client.events import Values
from common.protocol.messages import Record
from common.safe import one_line, plain

Key = tuple[int, int]
"""A record's number and 0; see `timeline` for the others."""


@dataclass(frozen=True, slots=True)
class Said:
    """A record: somebody said something. All text is harmless."""

    key: Key
    id: str
    user: str
    nick: str
    ts: int
    """Milliseconds since 1970 by the broker's clock."""
    text: str
    me: bool
    own: bool
    """Said by this person, here or elsewhere."""
    mention: bool
    """It names this person."""
    deleted: bool = False
    """What was said is gone; `text` tells so."""

    @property
    def seq(self) -> int:
        return self.key[0]


def plainly(record: Record) -> Said:
    """A message as whoever did not write it, and is not named in it, reads it."""
    nick, text = one_line(record.nick), plain(record.text)
    key, ts = (record.seq, 0), record.ts
    return Said(key, record.id, record.user, nick, ts, text, record.me, own=False, mention=False)


@dataclass(frozen=True, slots=True)
class Mine:
    """An own message that is no record yet, or never will be."""

    key: Key
    n: int
    """Number in the outbox; refused: a negative one of its own."""
    ts: int
    """Milliseconds since 1970 by this machine's clock: when it was said."""
    text: str
    state: Literal["queued", "stored", "refused"]
    """`stored`: it has its number, and its record is on its way here."""
    me: bool = False
    seq: int = 0
    code: str = ""
    reason: str = ""
    values: Values = field(default_factory=dict)
    """For the sentence about `code`."""


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody came, went or took another nickname (`joined`, `left`, `nick`)."""

    ts: int
    kind: str
    nick: str
    old: str = ""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Changes with nothing said between them."""

    key: Key
    ts: int
    """Of the last of them."""
    changes: tuple[Change, ...]
    joined: int
    left: int
    renamed: int
    """How many of each, those included that are no longer in `changes`."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that this program says, to this person alone. Where numbers are not to be had, it
    has the last one's key, as if it were a record."""

    key: Key
    ts: int
    lines: tuple[tuple[str, ...], ...]
    """One or two columns each."""
    tone: Literal["info", "warning", "danger"] = "info"


Entry = Said | Mine | Crowd | Notice


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many entries of a room stay in memory."""

    keep: int = 5_000
    """While its newest ones are on the screen."""
    slack: int = 500
    """Dropping begins above `keep + slack`, so that it is rare."""
    hard: int = 50_000
    """At most while somebody reads old ones: then the oldest go, whatever is on the screen."""
    people: int = 1_000
    """Names remembered for completion, those who spoke last."""


BOUNDS = Bounds()


@dataclass
class Draft:
    text: str = ""
    cursor: int = 0
