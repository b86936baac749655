"""The slow and whole check of a database: `broker.py verify`.

Owns what "sound" means from end to end. Reads only, and works beside a running broker, from
another process (closing a file that SQLite holds open drops its POSIX locks in this one).
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from common.broker.database import decode_origin, explaining, open_for_reading
from common.broker.migrations import NUMBERS, SHIFT, checksum

_NAMED: Final = 100
"""Problems that are told; a file that has more is bad enough."""


def verify(path: Path) -> list[str]:
    """Reads all of `path` and names everything that is wrong, at most 100 things.

    Finds damaged pages, flipped bits in records, holes in the numbering, records of no room, time
    that runs back, and streams behind their records. Takes about two seconds for a million
    messages. Raises `StorageError` where the file cannot be read at all.
    """
    connection = open_for_reading(path)
    try:
        with explaining(path):
            return problems(connection)
    finally:
        connection.close()


def problems(connection: sqlite3.Connection) -> list[str]:
    """The same on an open connection. Raises sqlite3.Error."""
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
        yield from _log_problems(connection)
    finally:
        connection.execute("ROLLBACK")


def _log_problems(connection: sqlite3.Connection) -> Iterator[str]:
    folded = dict(connection.execute("SELECT room, folded FROM room").fetchall())
    heads = dict.fromkeys(folded, 0)
    times = dict.fromkeys(folded, 0)
    taken: dict[str, int] = {}
    for id, count, crc, body in connection.execute(
        "SELECT id, count, crc, body FROM log ORDER BY id"
    ):
        room, first = id >> SHIFT, id & NUMBERS
        if room not in folded:
            yield f"records from {first} of room {room}, which does not exist"
            continue
        if first != heads[room] + 1:
            yield f"room {room}: after number {heads[room]} comes {first}"
        lines = body.split(b"\n")
        heads[room] = first + count - 1
        if checksum(id, body) != crc or len(lines) != count:
            yield f"room {room}: the records from {first} are not as they were written"
            continue
        for number, line in enumerate(lines, first):
            try:
                origin = decode_origin(line)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                yield f"room {room}: record {number} is none: {error}"
                continue
            if origin.seq != number:
                yield f"room {room}: record {number} says that it is {origin.seq}"
            if origin.ts < times[room]:
                yield f"room {room}: time runs back at record {number}"
            times[room] = max(times[room], origin.ts)
            if origin.n and number <= folded[room]:
                stream = origin.stream
                taken[stream] = max(taken.get(stream, 0), origin.n)
    for room, head in heads.items():
        if folded[room] > head:
            yield f"room {room}: records from {head + 1} to {folded[room]} are missing"
    for stream, n in connection.execute("SELECT stream, n FROM refusal"):
        taken[stream] = max(taken.get(stream, 0), n)
    last = dict(connection.execute("SELECT stream, last FROM stream").fetchall())
    for stream, n in taken.items():
        if last.get(stream, 0) < n:
            yield f"stream {stream} was taken up to {n}, and is written up to {last.get(stream, 0)}"
