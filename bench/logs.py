"""Histories of any length, written straight into a broker's file.

Owns the shape that a broker would have given them: rows of many records as it writes them under
load, or rows of one as at rest.
"""

import contextlib
import sqlite3
from pathlib import Path
from typing import Final

from bench.wire import ROOM, TEXT
from common.broker.migrations import SHIFT, checksum
from common.broker.store import Store
from common.protocol.codec import encode
from common.protocol.messages import Record

START: Final = 1_800_000_000_000
USER: Final = "9586193029d9dacd"
STREAM: Final = "0123456789abcdef"
UNDER_LOAD: Final = 59
"""Records in a row of a full commit: as many as fit `store.ROW`."""


def write(data_dir: Path, messages: int, per_row: int) -> None:
    """Makes `data_dir` that of a broker whose room `bench` has so many messages."""
    directory = data_dir / "broker"
    directory.mkdir(mode=0o700, parents=True)
    path = directory / "causette.db"
    Store.open(path).close()
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF").fetchone()
        connection.execute("INSERT INTO room VALUES (1, ?, '', ?, ?)", (ROOM, START, messages))
        connection.execute("INSERT INTO stream VALUES (?, ?, ?)", (STREAM, USER, messages))
        for first in range(1, messages + 1, per_row):
            lines = [_line(n) for n in range(first, min(first + per_row, messages + 1))]
            body = b"\n".join(lines)
            id = 1 << SHIFT | first
            row = (id, len(lines), checksum(id, body), body)
            connection.execute("INSERT INTO log VALUES (?, ?, ?, ?)", row)


def _line(n: int) -> bytes:
    return encode(Record("message", n, f"{STREAM}-{n}", USER, "bench-0", START + n, TEXT))
