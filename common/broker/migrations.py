"""The form of the database file: its tables, how they came to be, and how rows are addressed.

Owns the SQL that makes tables, the numbered steps from one form to the next, and what a row of
`log` looks like. Knows nothing of batches, threads or the wire. A step that was released is never
edited: a new one is added behind it.
"""

import secrets
import sqlite3
import time
import zlib
from typing import Final

APPLICATION: Final = 0x43617573
"""`PRAGMA application_id`: "Caus" in ASCII. Tells our files from other SQLite databases."""

SHIFT: Final = 40
"""A row of `log` is found at `room << SHIFT | number of its first record`."""

NUMBERS: Final = (1 << SHIFT) - 1
"""The largest number that a record can have; as a mask, the number in a row's id."""

# A row holds the records of one room that were committed together, joined by newlines: exactly
# the bytes that are published. `crc` covers them and the place they belong to, because SQLite's
# own checks see a damaged tree but not a flipped bit inside a blob.
# `room.folded` is how far the streams of a room's records are in `stream`; see Store.
_FIRST: Final = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE room (
        room INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        creator TEXT NOT NULL,
        ts INTEGER NOT NULL,
        folded INTEGER NOT NULL DEFAULT 0)""",
    """CREATE TABLE log (
        id INTEGER PRIMARY KEY,
        count INTEGER NOT NULL,
        crc INTEGER NOT NULL,
        body BLOB NOT NULL)""",
    """CREATE TABLE stream (
        stream TEXT PRIMARY KEY,
        user TEXT NOT NULL,
        last INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE user (
        user TEXT PRIMARY KEY,
        key TEXT NOT NULL,
        nick TEXT NOT NULL,
        nick_key TEXT NOT NULL UNIQUE,
        ts INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE refusal (
        stream TEXT NOT NULL,
        n INTEGER NOT NULL,
        code TEXT NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (stream, n)) WITHOUT ROWID""",
    # For people with the sqlite3 shell; no program of ours reads it.
    """CREATE VIEW message AS
        SELECT room.name AS room,
               json_extract(line.value, '$.seq') AS seq,
               datetime(json_extract(line.value, '$.ts') / 1000, 'unixepoch') AS time,
               json_extract(line.value, '$.nick') AS nick,
               json_extract(line.value, '$.text') AS text
        FROM log
        JOIN room ON room.room = log.id >> 40
        JOIN json_each('[' || replace(CAST(log.body AS TEXT), char(10), ',') || ']') AS line
        WHERE json_extract(line.value, '$.type') = 'message'""",
)

# `room.floor`: the records up to this number were dropped to keep the file small, the newest of
# them of the time `floor_ts` (ms). `fact.value` is JSON; see `facts`.
_SECOND: Final = (
    """CREATE TABLE fact (
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (kind, key)) WITHOUT ROWID""",
    "ALTER TABLE room ADD COLUMN floor INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE room ADD COLUMN floor_ts INTEGER NOT NULL DEFAULT 0",
)

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (_FIRST, _SECOND)
"""Step N (from 1) leads from form N - 1 to form N, which `PRAGMA user_version` records."""

NEWEST: Final = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection, found: int) -> None:
    """Brings a file of form `found` (0: an empty one) to the newest, a transaction for each step.

    `connection` is in autocommit mode. A process that dies in between leaves a whole form behind.
    Raises sqlite3.Error; the step that failed is rolled back.
    """
    if found == 1:
        # Form 1 was written without `secure_delete`: what SQLite moved about left copies, which
        # would outlive the deletion of a message.
        connection.execute("VACUUM")
    for number in range(found + 1, NEWEST + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in MIGRATIONS[number - 1]:
                connection.execute(statement)
            if number == 1:
                _populate(connection)
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _populate(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute("INSERT INTO meta VALUES ('epoch', ?)", (new_epoch(),))
    now = time.time_ns() // 1_000_000
    connection.execute("INSERT INTO room (room, name, creator, ts) VALUES (0, '', '', ?)", (now,))


def new_epoch() -> str:
    """What tells one history from another that has the same numbers: 16 hexadecimal digits."""
    return secrets.token_hex(8)


def renew_epoch(connection: sqlite3.Connection) -> str:
    """Gives the file another epoch, and answers it."""
    epoch = new_epoch()
    connection.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", (epoch,))
    return epoch


def checksum(id: int, body: bytes) -> int:
    """The `crc` of a row of `log`: its bytes, at its number."""
    return zlib.crc32(body, id & 0xFFFFFFFF)
