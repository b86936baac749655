"""The database file as such: what is ours, what is sound, and what its errors mean.

Owns opening for writing and for reading, the pragmas, and the words for whatever SQLite says.
Knows nothing of batches, pages of history or the wire.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from common.broker.migrations import APPLICATION, NEWEST, migrate

PAGE_SIZE: Final = 16_384

BUSY: Final = 5.0
"""Seconds to wait for somebody who writes with a tool of their own."""

_WAL_KEPT: Final = 64 << 20


class StorageError(Exception):
    """Something about the database that the operator must hear of; the text says what."""


class StorageFull(StorageError):
    """The disk is full. Nothing of the batch was stored, for certain."""


class StorageFailed(StorageError):
    """The outcome is unknown, or the file cannot be used any more: the broker must exit."""


class BadDatabase(StorageError):
    """The file is not ours, or is damaged."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why


class NewerDatabase(StorageError):
    """The file was written by a newer version of this program."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            f"{path} has form {found}, written by a newer Causette; this one knows forms up to"
            f" {known}: update the program"
        )
        self.path = path
        self.found = found
        self.known = known


class Origin(msgspec.Struct):
    """What the store must know of a record line. `n` is 0 where it came from no stream."""

    seq: int
    ts: int
    id: str = ""
    user: str = ""

    @property
    def stream(self) -> str:
        return self.id[:16]

    @property
    def n(self) -> int:
        number = self.id[17:]
        return int(number) if self.id[16:17] == "-" and number.isdecimal() else 0


_origin: Final = msgspec.json.Decoder(Origin)


decode_origin: Final = _origin.decode


def open_for_writing(path: Path, checkpoint: int) -> sqlite3.Connection:
    """The writing connection, in autocommit mode, on a file (0600) in its newest form.

    SQLite itself checkpoints at `checkpoint` bytes of WAL. Raises `BadDatabase`, `NewerDatabase`,
    `StorageFull`, `StorageFailed`, or OSError where the file may not be opened.
    """
    _look(path)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, timeout=BUSY, isolation_level=None)
    try:
        with explaining(path):
            _prepare(connection, path, checkpoint // PAGE_SIZE)
    except BaseException:
        connection.close()
        raise
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A connection that cannot write and never checkpoints (before SQLite 3.51.3 a second one
    that does may corrupt the file), for one thread at a time. Raises `StorageError`."""
    with explaining(path):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            timeout=BUSY,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            for pragma in ("wal_autocheckpoint = 0", "query_only = ON", "cell_size_check = ON"):
                connection.execute(f"PRAGMA {pragma}").fetchone()
        except BaseException:
            connection.close()
            raise
    return connection


@contextlib.contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Turns what SQLite, or the decoding of a record, says of `path` into a `StorageError`."""
    try:
        yield
    except sqlite3.Error as error:
        code = primary_code(error)
        if code == sqlite3.SQLITE_FULL:
            raise StorageFull(f"{path}: {error}") from error
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise BadDatabase(path, f"is damaged: {error}") from error
        raise StorageFailed(f"{path}: {error}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadDatabase(path, f"holds a record that is none: {error}") from error


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's result code without its details; 0 where the error is the Python module's own."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _look(path: Path) -> None:
    """What must not be left to SQLite: of an empty file it makes an empty database, and throws
    away the WAL beside it."""
    wal = path.with_name(path.name + "-wal")
    size = path.stat().st_size if path.exists() else 0
    if not size and wal.exists() and wal.stat().st_size:
        raise BadDatabase(path, f"is missing or empty, although {wal.name} holds records of it")
    if size:
        with path.open("rb") as file:
            if file.read(16) != b"SQLite format 3\0":
                raise BadDatabase(path, "is not an SQLite database")


def form_of(connection: sqlite3.Connection, path: Path) -> int:
    """The form of a file of ours. Raises `BadDatabase` where it is not ours, `NewerDatabase` where
    it is too new."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION:
        raise BadDatabase(path, "is a database of another program")
    if found > NEWEST:
        raise NewerDatabase(path, found, NEWEST)
    if found < 1:
        raise BadDatabase(path, "has no version")
    return int(found)


def _prepare(connection: sqlite3.Connection, path: Path, checkpoint: int) -> None:
    connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    (marks,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    fresh = marks == version == tables == 0
    found = 0 if fresh else form_of(connection, path)
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise BadDatabase(path, "lies on a file system where SQLite can keep no WAL")
    for pragma in (
        "synchronous = FULL",
        "fullfsync = ON",  # on macOS a plain fsync stops in the disk's cache
        "checkpoint_fullfsync = ON",
        "secure_delete = ON",  # text that is deleted is overwritten; see `tidying`
        "cell_size_check = ON",
        "trusted_schema = OFF",
        f"wal_autocheckpoint = {checkpoint}",
        f"journal_size_limit = {_WAL_KEPT}",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchone()
    migrate(connection, found)
