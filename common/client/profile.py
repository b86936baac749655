"""What a client keeps between its runs: its stream, its outbox, its cursors, its rooms.

Owns: the contract (`AnyProfile`), the SQLite file with its schema, and its twin in memory for
programs that keep nothing. Must not know the wire or what the session does with any of it.

Each write is one transaction, durable when the call returns: a number of the stream that was sent
and then forgotten would be given to another message, which the broker refuses for good. A profile
belongs to one program at a time (it is locked) and is used by one thread at a time.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, Self

from common import paths
from common.protocol.names import nick_key


class BadProfile(Exception):
    """The file at `path` cannot be used; `newer` where a later version of Causette wrote it."""

    def __init__(self, path: Path, why: str, *, newer: bool = False) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why
        self.newer = newer


class ProfileFull(Exception):
    """A write failed: the disk is full (then nothing has changed) or failing (then who knows)."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """A message that is not known to be stored yet, as number `n` of the stream."""

    n: int
    room: str
    text: str
    me: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last record of a room that was read: its number, and its id to recognise it by."""

    seq: int
    id: str


class AnyProfile(Protocol):
    """The contract. Every write may raise ProfileFull."""

    def stream(self) -> str:
        """Return the id of the outbox's stream: 16 lower-case hexadecimal digits."""

    def new_stream(self, stream: str) -> None:
        """Begin another stream; what waits is numbered anew from 1, in order."""

    def next_n(self) -> int:
        """Return the number of the next message: 1 or more, never one that was used before."""

    def outbox(self) -> list[OutboxItem]:
        """Return what waits, by ascending number."""

    def add(self, items: Iterable[OutboxItem]) -> None:
        """Keep messages, all or none; numbers ascend from `next_n()`. Raises ValueError."""

    def settle(self, numbers: Iterable[int]) -> None:
        """Forget messages whose outcome is known; numbers that are not there are ignored."""

    def cursor(self, room: str) -> Cursor | None:
        """Return where reading of `room` stopped."""

    def set_cursors(self, cursors: Mapping[str, Cursor]) -> None:
        """Set where reading stopped, for these rooms; the others keep theirs."""

    def rooms(self) -> list[str]:
        """Return the rooms that were joined, in their order."""

    def set_rooms(self, rooms: Iterable[str]) -> None:
        """Replace the rooms that were joined."""

    def epoch(self) -> str | None:
        """Return the epoch of the broker's history that the cursors belong to."""

    def set_epoch(self, epoch: str) -> None:
        """Keep the epoch."""

    def server_key(self) -> str | None:
        """Return the key of the broker that this profile belongs to."""

    def set_server_key(self, key: str) -> None:
        """Keep the broker's key."""

    def close(self) -> None:
        """Let the file and its lock go; a second call does nothing."""


def profile_path(data_dir: Path, nick: str, server: str) -> Path:
    """Return where the profile of `nick` on a broker lives, by its key or, without one, label."""
    identity = f"{nick_key(nick)}\0{server}".encode("utf-8", "surrogatepass")
    name = f"{paths.safe_stem(nick)}-{hashlib.sha256(identity).hexdigest()[:16]}.db"
    return data_dir / "client" / "profiles" / name


def _new_stream_id() -> str:
    return secrets.token_hex(8)


def _ascending(items: Iterable[OutboxItem], first: int) -> list[OutboxItem]:
    taken = list(items)
    for item in taken:
        if item.n < first:
            raise ValueError(f"number {item.n} was used before, the next is {first}")
        first = item.n + 1
    return taken


class MemoryProfile:
    """A profile that ends with its program: a fresh stream, no cursors."""

    def __init__(self) -> None:
        self._stream = _new_stream_id()
        self._last_n = 0
        self._outbox: dict[int, OutboxItem] = {}
        self._cursors: dict[str, Cursor] = {}
        self._rooms: list[str] = []
        self._epoch: str | None = None
        self._server_key: str | None = None

    def stream(self) -> str:
        return self._stream

    def new_stream(self, stream: str) -> None:
        self._stream = stream
        self._outbox = {n: replace(item, n=n) for n, item in enumerate(self.outbox(), 1)}
        self._last_n = len(self._outbox)

    def next_n(self) -> int:
        return self._last_n + 1

    def outbox(self) -> list[OutboxItem]:
        return list(self._outbox.values())

    def add(self, items: Iterable[OutboxItem]) -> None:
        for item in _ascending(items, self.next_n()):
            self._outbox[item.n] = item
            self._last_n = item.n

    def settle(self, numbers: Iterable[int]) -> None:
        for n in numbers:
            self._outbox.pop(n, None)

    def cursor(self, room: str) -> Cursor | None:
        return self._cursors.get(room)

    def set_cursors(self, cursors: Mapping[str, Cursor]) -> None:
        self._cursors.update(cursors)

    def rooms(self) -> list[str]:
        return list(self._rooms)

    def set_rooms(self, rooms: Iterable[str]) -> None:
        self._rooms = list(dict.fromkeys(rooms))

    def epoch(self) -> str | None:
        return self._epoch

    def set_epoch(self, epoch: str) -> None:
        self._epoch = epoch

    def server_key(self) -> str | None:
        return self._server_key

    def set_server_key(self, key: str) -> None:
        self._server_key = key

    def close(self) -> None:
        """Nothing to let go."""


_APPLICATION_ID = 0x43617550  # "CauP"


def _first_schema(connection: sqlite3.Connection) -> None:
    connection.execute(
        "CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
    )
    connection.execute(
        "CREATE TABLE outbox (n INTEGER PRIMARY KEY, room TEXT NOT NULL, text TEXT NOT NULL,"
        " me INTEGER NOT NULL)"
    )
    connection.execute(
        "CREATE TABLE cursors (room TEXT PRIMARY KEY, seq INTEGER NOT NULL, id TEXT NOT NULL)"
        " WITHOUT ROWID"
    )
    connection.execute("CREATE TABLE rooms (position INTEGER PRIMARY KEY, room TEXT NOT NULL)")
    connection.executemany(
        "INSERT INTO state VALUES (?, ?)", [("stream", _new_stream_id()), ("last_n", "0")]
    )


_MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_first_schema,)


class Profile:
    """A profile in a SQLite file, mode 0600, locked while it is open."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: paths.FileLock) -> None:
        """For `open` alone."""
        self._path = path
        self._db = connection
        self._lock = lock

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the profile at `path`, made at its first use.

        Raises paths.Locked where another program has it, BadProfile for a file that is damaged,
        foreign or of a newer version, ProfileFull where it cannot be made, OSError.
        """
        lock = paths.FileLock(path.with_name(path.name + ".lock"), subject=path)
        try:
            # SQLite gives its side files the mode of the database.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            with _told(path):
                connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
                try:
                    _prepare(path, connection)
                except BaseException:
                    connection.close()
                    raise
        except BaseException:
            lock.release()
            raise
        return cls(path, connection, lock)

    def close(self) -> None:
        self._db.close()
        self._lock.release()

    def stream(self) -> str:
        stream = self._state("stream")
        if stream is None:
            raise BadProfile(self._path, "the id of its stream is missing")
        return stream

    def new_stream(self, stream: str) -> None:
        waiting = self.outbox()
        with self._transaction() as db:
            db.execute("DELETE FROM outbox")
            self._insert(db, [replace(item, n=n) for n, item in enumerate(waiting, 1)])
            _set(db, "stream", stream)
            _set(db, "last_n", str(len(waiting)))

    def next_n(self) -> int:
        return int(self._state("last_n") or 0) + 1

    def outbox(self) -> list[OutboxItem]:
        rows = self._rows("SELECT n, room, text, me FROM outbox ORDER BY n")
        return [OutboxItem(n, room, text, bool(me)) for n, room, text, me in rows]

    def add(self, items: Iterable[OutboxItem]) -> None:
        taken = _ascending(items, self.next_n())
        if taken:
            with self._transaction() as db:
                self._insert(db, taken)
                _set(db, "last_n", str(taken[-1].n))

    def settle(self, numbers: Iterable[int]) -> None:
        rows = [(n,) for n in numbers]
        if rows:
            with self._transaction() as db:
                db.executemany("DELETE FROM outbox WHERE n = ?", rows)

    def cursor(self, room: str) -> Cursor | None:
        rows = self._rows("SELECT seq, id FROM cursors WHERE room = ?", room)
        return Cursor(*rows[0]) if rows else None

    def set_cursors(self, cursors: Mapping[str, Cursor]) -> None:
        rows = [(room, cursor.seq, cursor.id) for room, cursor in cursors.items()]
        if not rows:
            return
        with self._transaction() as db:
            db.executemany("INSERT OR REPLACE INTO cursors VALUES (?, ?, ?)", rows)

    def rooms(self) -> list[str]:
        return [room for (room,) in self._rows("SELECT room FROM rooms ORDER BY position")]

    def set_rooms(self, rooms: Iterable[str]) -> None:
        rows = list(enumerate(dict.fromkeys(rooms)))
        with self._transaction() as db:
            db.execute("DELETE FROM rooms")
            db.executemany("INSERT INTO rooms VALUES (?, ?)", rows)

    def epoch(self) -> str | None:
        return self._state("epoch")

    def set_epoch(self, epoch: str) -> None:
        with self._transaction() as db:
            _set(db, "epoch", epoch)

    def server_key(self) -> str | None:
        return self._state("server_key")

    def set_server_key(self, key: str) -> None:
        with self._transaction() as db:
            _set(db, "server_key", key)

    @staticmethod
    def _insert(db: sqlite3.Connection, items: list[OutboxItem]) -> None:
        rows = [(item.n, item.room, item.text, item.me) for item in items]
        db.executemany("INSERT INTO outbox VALUES (?, ?, ?, ?)", rows)

    def _state(self, name: str) -> str | None:
        rows = self._rows("SELECT value FROM state WHERE name = ?", name)
        return str(rows[0][0]) if rows else None

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with _told(self._path):
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with _told(self._path), _transaction(self._db) as db:
            yield db


def _set(db: sqlite3.Connection, name: str, value: str) -> None:
    db.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, value))


def _prepare(path: Path, connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner != _APPLICATION_ID and (owner or tables):
        raise BadProfile(path, "not a profile of Causette")
    if version > len(_MIGRATIONS):
        raise BadProfile(path, "written by a newer version of Causette", newer=True)
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise BadProfile(path, str(verdict))
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    for number in range(version, len(_MIGRATIONS)):
        with _transaction(connection):
            _MIGRATIONS[number](connection)
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number + 1}")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        # A full disk has rolled back already, and then there is nothing to roll back.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_DISK = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what SQLite says into what a client can act on."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _DAMAGE:
            raise BadProfile(path, str(error)) from error
        if code in _DISK:
            raise ProfileFull(path, str(error)) from error
        raise
