"""How far each stream was taken, as the log and the tables `stream` and `refusal` tell together.

Owns what the log is ahead of `stream`, and when that is written. A record's id is its stream and
number, so a commit writes the log rows alone, and `stream` is brought up to date every few thousand
records; after a crash the records since then are read again (`room.folded` says from where). Fifty
active senders would otherwise dirty up to fifty pages in each commit (measured with 100,000 streams
on file: 900 kB and 740 us a commit, against 70 kB and 125 us). A number that no record carries, a
refusal, is written at once. Begins and ends no transaction.
"""

import sqlite3
from pathlib import Path
from typing import Final

from common.broker.batch import Batch
from common.broker.database import BadDatabase, decode_origin
from common.broker.migrations import NUMBERS, SHIFT, checksum

FOLD_EVERY: Final = 8_192
"""Records between two updates of `stream`, and so the most that a start after a crash reads."""

_PUT_STREAM: Final = (
    "INSERT INTO stream (stream, user, last) VALUES (?, ?, ?)"
    " ON CONFLICT (stream) DO UPDATE SET last = max(last, excluded.last)"
)
_PUT_FOLDED: Final = "UPDATE room SET folded = ? WHERE room = ?"
_TAIL: Final = "SELECT id, count, crc, body FROM log WHERE id > ? AND id < ? ORDER BY id"
_STREAM: Final = "SELECT stream, user, last FROM stream WHERE stream = ?"

Row = tuple[str, str, int]
"""A stream, its user, and the last number that was taken."""


class Folding:
    """See the module. Its methods raise sqlite3.Error."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._behind: dict[str, Row] = {}
        self._rooms: dict[int, int] = {}
        self._count = 0

    @property
    def behind(self) -> bool:
        """Whether the log tells more than the tables."""
        return bool(self._rooms)

    def find(self, stream: str) -> Row | None:
        """A stream as of the last commit."""
        return self._behind.get(stream) or self._stored(stream)

    def due(self, count: int) -> bool:
        """Whether a commit of `count` records had better `write`."""
        return self._count + count >= FOLD_EVERY

    def split(self, batch: Batch) -> tuple[list[Row], dict[str, Row]]:
        """The streams of a batch to be written at once, and those that its records tell."""
        later = {key: (key, row.user, row.last) for key, row in batch.streams.items()}
        if batch.appends and not batch.refusals:
            return [], later
        names = {r.stream for r in batch.refusals} if batch.appends else set(later)
        return [later.pop(name) for name in names if name in later], later

    def put(self, rows: list[Row]) -> None:
        """Writes some streams, within the transaction that is open."""
        self._connection.executemany(_PUT_STREAM, rows)

    def write(self, streams: dict[str, Row], heads: dict[int, int]) -> None:
        """Writes everything that the log is ahead, and what is being committed with it."""
        many = self._connection.executemany
        many(_PUT_STREAM, (self._behind | streams).values())
        rooms = self._rooms | heads
        many(_PUT_FOLDED, [(head, room) for room, head in rooms.items()])

    def written(self) -> None:
        """A `write` was committed."""
        self._behind.clear()
        self._rooms.clear()
        self._count = 0

    def trails(self, streams: dict[str, Row], heads: dict[int, int], count: int) -> None:
        """`count` records were committed without a `write`."""
        self._behind.update(streams)
        self._rooms.update(heads)
        self._count += count

    def was_put(self, rows: list[Row]) -> None:
        """A `put` was committed."""
        for stream, _, _ in rows:
            self._behind.pop(stream, None)

    def read(self, room: int, folded: int, head: int) -> None:
        """Takes the streams of the records from `folded` + 1 to `head` out of the log. Raises
        `BadDatabase` where they are damaged."""
        expected = (room << SHIFT) + folded + 1
        bounds = (expected - 1, (room + 1) << SHIFT)
        for id, count, crc, body in self._connection.execute(_TAIL, bounds):
            if checksum(id, body) != crc or id != expected:
                raise BadDatabase(
                    self._path, f"is damaged: room {room}, records from {expected & NUMBERS}"
                )
            expected += count
            for line in body.split(b"\n"):
                origin = decode_origin(line)
                stream, n = origin.stream, origin.n
                if n:
                    known = self.find(stream)
                    if known is None or n > known[2]:
                        self._behind[stream] = (stream, origin.user, n)
        self._rooms[room] = head
        self._count += head - folded

    def _stored(self, stream: str) -> Row | None:
        row: Row | None = self._connection.execute(_STREAM, (stream,)).fetchone()
        return row
