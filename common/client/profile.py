"""What a client keeps between its runs: its stream, its outbox, its cursors, its rooms.

Owns: the SQLite file's schema, and the settings that every kept profile has; the contract and its
twin in memory are `kept`'s, the opening of a file is `database`'s. Must not know the wire or what
the session does with any of it.

Each write is one transaction, durable when the call returns: a number of the stream that was sent
and then forgotten would be given to another message, which the broker refuses for good. A profile
belongs to one program at a time (it is locked) and is used by one thread at a time.
"""

from __future__ import annotations

import hashlib
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import msgspec

from common import paths
from common.client.database import Form, open_database, told, transaction
from common.client.kept import (
    AnyProfile,
    BadProfile,
    Cursor,
    MemoryProfile,
    OutboxItem,
    ProfileFull,
    ascending,
    new_stream_id,
)
from common.protocol.names import nick_key

__all__ = [
    "AnyProfile",
    "BadProfile",
    "Cursor",
    "MemoryProfile",
    "OutboxItem",
    "Profile",
    "ProfileFull",
    "profile_path",
]

IGNORED: Final = "ignored"
SILENCED: Final = "silenced"
"""Names of settings; their values are JSON."""

T = TypeVar("T")


def profile_path(data_dir: Path, nick: str, server: str) -> Path:
    """Return where the profile of `nick` on a broker lives, by its key or, without one, label."""
    identity = f"{nick_key(nick)}\0{server}".encode("utf-8", "surrogatepass")
    name = f"{paths.safe_stem(nick)}-{hashlib.sha256(identity).hexdigest()[:16]}.db"
    return data_dir / "client" / "profiles" / name


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
        "INSERT INTO state VALUES (?, ?)", [("stream", new_stream_id()), ("last_n", "0")]
    )


def _settings(connection: sqlite3.Connection) -> None:
    connection.execute(
        "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
    )


_FORM: Final = Form(
    application=0x43617550,  # "CauP"
    name="profile of Causette",
    steps=(_first_schema, _settings),
    pragmas=("journal_mode = WAL", "synchronous = FULL"),
)


class Settings(ABC):
    """What a person or a program has set, as JSON texts by name, of a profile that is a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ignored(self) -> dict[str, str]:
        return self._setting(IGNORED, dict[str, str]) or {}

    def set_ignored(self, people: Mapping[str, str]) -> None:
        self._set_setting(IGNORED, dict(people))

    def silenced(self) -> list[str]:
        return self._setting(SILENCED, list[str]) or []

    def set_silenced(self, rooms: Iterable[str]) -> None:
        self._set_setting(SILENCED, list(dict.fromkeys(rooms)))

    def note(self, name: str) -> str:
        return self._setting(name, str) or ""

    def set_note(self, name: str, text: str) -> None:
        self._set_setting(name, text)

    @abstractmethod
    def _read(self, name: str) -> str | None:
        """The text of a setting."""

    @abstractmethod
    def _write(self, name: str, text: str) -> None:
        """Replace it."""

    def _setting(self, name: str, type: type[T]) -> T | None:
        text = self._read(name)
        try:
            return None if text is None else msgspec.json.decode(text, type=type)
        except msgspec.DecodeError as error:
            raise BadProfile(self._path, f"the setting {name}: {error}") from error

    def _set_setting(self, name: str, value: object) -> None:
        self._write(name, msgspec.json.encode(value).decode())


class Profile(Settings):
    """A profile in a SQLite file, mode 0600, locked while it is open."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: paths.FileLock) -> None:
        """For `open` alone."""
        super().__init__(path)
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
            connection = open_database(path, _FORM)
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
        taken = ascending(items, self.next_n())
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

    def cursors(self) -> dict[str, Cursor]:
        rows = self._rows("SELECT room, seq, id FROM cursors")
        return {room: Cursor(seq, id) for room, seq, id in rows}

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

    def _read(self, name: str) -> str | None:
        rows = self._rows("SELECT value FROM settings WHERE name = ?", name)
        return str(rows[0][0]) if rows else None

    def _write(self, name: str, text: str) -> None:
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, text))

    @staticmethod
    def _insert(db: sqlite3.Connection, items: list[OutboxItem]) -> None:
        rows = [(item.n, item.room, item.text, item.me) for item in items]
        db.executemany("INSERT INTO outbox VALUES (?, ?, ?, ?)", rows)

    def _state(self, name: str) -> str | None:
        rows = self._rows("SELECT value FROM state WHERE name = ?", name)
        return str(rows[0][0]) if rows else None

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with told(self._path):
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with told(self._path), transaction(self._db) as db:
            yield db


def _set(db: sqlite3.Connection, name: str, value: str) -> None:
    db.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, value))
