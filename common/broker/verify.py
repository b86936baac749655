"""The slow and whole check of a database: `broker.py verify`.

Owns what "sound" means from end to end. Reads only, and works beside a running broker, from
another process (closing a file that SQLite holds open drops its POSIX locks in this one).
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from common.broker import facts
from common.broker.database import decode_origin, explaining, form_of, open_for_reading
from common.broker.erasing import trace_of
from common.broker.migrations import NUMBERS, SHIFT, checksum

_NAMED: Final = 100
"""Problems that are told; a file that has more is bad enough."""
SERVER_LOG: Final = 0

_T = TypeVar("_T")


class Summary(NamedTuple):
    """What a database holds."""

    rooms: int
    """Rooms of people, direct conversations included."""
    records: int
    people: int
    bytes: int
    """Of the file, and of what waits to be moved into it."""


def verify(path: Path) -> list[str]:
    """Reads all of `path` and names everything that is wrong, at most 100 things.

    Finds damaged pages, flipped bits in records, holes in the numbering, records of no room, time
    that runs back, streams behind their records, deletions that left something behind, and facts
    that are not what the server's log says. Takes about two seconds for a million messages.
    Raises `BadDatabase`, `NewerDatabase` or another `StorageError` where the file cannot be read at
    all or is not ours.
    """
    return _reading(path, problems)


def summary(path: Path) -> Summary:
    """What `path` holds. Raises as `verify` does."""
    return _reading(path, summarised)


def _reading(path: Path, look: Callable[[sqlite3.Connection], _T]) -> _T:
    connection = open_for_reading(path)
    try:
        with explaining(path):
            form_of(connection, path)
            return look(connection)
    finally:
        connection.close()


def summarised(connection: sqlite3.Connection) -> Summary:
    """The same on an open connection. Raises sqlite3.Error."""

    def one(query: str) -> int:
        return int(connection.execute(query).fetchone()[0])

    return Summary(
        rooms=one("SELECT count(*) FROM room WHERE room > 0"),
        records=one("SELECT coalesce(sum(count), 0) FROM log"),
        people=one("SELECT count(*) FROM user"),
        bytes=one("PRAGMA page_count") * one("PRAGMA page_size"),
    )


def problems(connection: sqlite3.Connection) -> list[str]:
    """What `verify` finds, on an open connection. Raises sqlite3.Error."""
    found = []
    for problem in _problems(connection):
        found.append(problem)
        if len(found) == _NAMED:
            break
    return found


def _problems(connection: sqlite3.Connection) -> Iterator[str]:
    whole = True
    for (words,) in connection.execute(f"PRAGMA integrity_check({_NAMED})"):
        if words != "ok":
            whole = False
            yield str(words)
    if not whole:
        return  # the numbering of a tree with damaged pages tells nothing more
    # One snapshot, so that the streams are not read later than the log.
    connection.execute("BEGIN")
    try:
        yield from _Log(connection).problems()
    finally:
        connection.execute("ROLLBACK")


class _Line(msgspec.Struct):
    """What the check must know of a record, beside what the store knows."""

    type: str = ""
    of: int = 0
    facts: tuple[tuple[str, str, Any], ...] = ()


_line: Final = msgspec.json.Decoder(_Line)
_SPECIAL: Final = (b'{"type":"delete"', b'{"type":"deleted"')


@dataclass(slots=True)
class _Room:
    floor: int
    folded: int
    head: int
    time: int
    deleted: set[int] = field(default_factory=set)


class _Log:
    """One reading of the log from its beginning to its end."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        (form,) = connection.execute("PRAGMA user_version").fetchone()
        self._has_facts = form >= 2
        floor = "floor, floor_ts" if self._has_facts else "0, 0"
        rows = connection.execute(f"SELECT room, folded, {floor} FROM room").fetchall()
        self._rooms = {
            room: _Room(floor, folded, floor, time) for room, folded, floor, time in rows
        }
        self._taken: dict[str, int] = {}
        self._facts: dict[tuple[str, str], Any] = {}

    def problems(self) -> Iterator[str]:
        rows = self._connection.execute("SELECT id, count, crc, body FROM log ORDER BY id")
        for id, count, crc, body in rows:
            number, first = id >> SHIFT, id & NUMBERS
            room = self._rooms.get(number)
            if room is None:
                yield f"records from {first} of room {number}, which does not exist"
                continue
            if first <= room.floor:
                yield f"room {number}: record {first} is there, though {room.floor} was dropped"
            elif first != room.head + 1:
                yield f"room {number}: after number {room.head} comes {first}"
            lines = body.split(b"\n")
            room.head = first + count - 1
            if checksum(id, body) != crc or len(lines) != count:
                yield f"room {number}: the records from {first} are not as they were written"
                continue
            for seq, line in enumerate(lines, first):
                yield from self._record(number, room, seq, line)
        for number, room in self._rooms.items():
            if room.folded > room.head:
                yield f"room {number}: records from {room.head + 1} to {room.folded} are missing"
            elif room.folded < room.floor:
                yield f"room {number}: nobody knows the streams of what was dropped"
        yield from self._stream_problems()
        if self._has_facts:
            yield from self._fact_problems()

    def _record(self, number: int, room: _Room, seq: int, line: bytes) -> Iterator[str]:
        try:
            origin = decode_origin(line)
            if number == SERVER_LOG:
                for kind, key, value in _line.decode(line).facts:
                    self._facts[kind, key] = value
            elif line.startswith(_SPECIAL):
                yield from self._deletion(number, room, seq, line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            yield f"room {number}: record {seq} is none: {error}"
            return
        if origin.seq != seq:
            yield f"room {number}: record {seq} says that it is {origin.seq}"
        if origin.ts < room.time:
            yield f"room {number}: time runs back at record {seq}"
        room.time = max(room.time, origin.ts)
        if origin.n and seq <= room.folded:
            stream = origin.stream
            self._taken[stream] = max(self._taken.get(stream, 0), origin.n)

    def _deletion(self, number: int, room: _Room, seq: int, line: bytes) -> Iterator[str]:
        said = _line.decode(line)
        if said.type == "deleted":
            room.deleted.add(seq)
            if trace_of(line) != line:
                yield f"room {number}: record {seq} was deleted, and still has more than its author"
        elif said.of >= seq or (said.of > room.floor and said.of not in room.deleted):
            yield f"room {number}: record {seq} deletes {said.of}, which is not deleted"

    def _stream_problems(self) -> Iterator[str]:
        taken = self._taken
        for stream, n in self._connection.execute("SELECT stream, n FROM refusal"):
            taken[stream] = max(taken.get(stream, 0), n)
        last = dict(self._connection.execute("SELECT stream, last FROM stream").fetchall())
        for stream, n in taken.items():
            if (written := last.get(stream, 0)) < n:
                yield f"stream {stream} was taken up to {n}, and is written up to {written}"

    def _fact_problems(self) -> Iterator[str]:
        logged = {place: value for place, value in self._facts.items() if value is not None}
        for kind, key, value in self._connection.execute("SELECT kind, key, value FROM fact"):
            wanted = logged.pop((kind, key), None)
            written = None
            with contextlib.suppress(KeyError, msgspec.MsgspecError):
                facts.decode(kind, value.encode())
                written = msgspec.json.decode(value)
            if written is None:
                yield f"the fact {kind} {key} cannot be read"
            elif wanted != written:
                yield f"the fact {kind} {key} is not what the server's log says"
        for kind, key in logged:
            yield f"the fact {kind} {key} of the server's log is missing"
