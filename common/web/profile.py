"""One identity's profile in the gateway's file: its outbox, cursors, rooms and settings.

Owns the rows of one browser or hook, and which of a page's keys were taken. The file and its tables
are `store`'s. Must not know the wire, or what a session does with any of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from common.client.kept import BadProfile, Cursor, OutboxItem, ascending
from common.client.profile import Settings

KEYS: Final = 1_000
"""So many of the last keys of a browser are known for good."""
KEYS_AT_MOST: Final = 10_000
WEEK: Final = 7 * 86_400
"""Those before them are known for as many seconds, unless they are more than `KEYS_AT_MOST`."""
_TIDY: Final = 100
"""How many keys are added between two tidyings."""


class Rows(Protocol):
    """The file, as far as a profile needs it."""

    path: Path

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]: ...
    def transaction(self) -> AbstractContextManager[sqlite3.Connection]: ...


class WebProfile(Settings):
    """A profile (see `kept.AnyProfile`) whose rows are in the gateway's file."""

    def __init__(self, store: Rows, owner: int, clock: Callable[[], float]) -> None:
        """For `WebStore` alone. `clock()` is in seconds since 1970."""
        super().__init__(store.path)
        self._store = store
        self._owner = owner
        self._clock = clock
        self._key = ""
        self._untidy = _TIDY

    def close(self) -> None:
        """The file stays open, for the others."""

    # --- the page's keys -----------------------------------------------------------------------

    @contextmanager
    def under(self, key: str) -> Iterator[None]:
        """Messages that are added inside carry this key: they are kept with it, or not at all."""
        before, self._key = self._key, key
        try:
            yield
        finally:
            self._key = before

    def taken(self, key: str) -> bool:
        """Return whether a message was kept under this key, as far back as keys are known."""
        return bool(
            self._store.rows("SELECT 1 FROM taken WHERE owner = ? AND key = ?", self._owner, key)
        )

    def release(self, key: str) -> None:
        """Forget a key: its message was refused, and may be tried again."""
        with self._store.transaction() as db:
            db.execute("DELETE FROM taken WHERE owner = ? AND key = ?", (self._owner, key))

    def outcome(self, key: str) -> Literal["waiting", "settled"] | None:
        """Return whether a message of this key waits for its outcome; None for an unknown key."""
        if self._store.rows("SELECT 1 FROM outbox WHERE owner = ? AND key = ?", self._owner, key):
            return "waiting"
        return "settled" if self.taken(key) else None

    def keys(self) -> dict[int, str]:
        """Return the number of each message that waits, and its key; those without are left out."""
        query = "SELECT n, key FROM outbox WHERE owner = ? AND key <> '' ORDER BY n"
        return dict(self._store.rows(query, self._owner))

    # --- the outbox ----------------------------------------------------------------------------

    def stream(self) -> str:
        return str(self._state("stream"))

    def new_stream(self, stream: str) -> None:
        with self._store.transaction() as db:
            kept = db.execute(
                "SELECT room, text, me, key FROM outbox WHERE owner = ? ORDER BY n", (self._owner,)
            ).fetchall()
            db.execute("DELETE FROM outbox WHERE owner = ?", (self._owner,))
            self._insert(db, [(n, *row) for n, row in enumerate(kept, 1)])
            db.execute(
                "UPDATE identity SET stream = ?, last_n = ? WHERE id = ?",
                (stream, len(kept), self._owner),
            )

    def next_n(self) -> int:
        return int(self._state("last_n")) + 1

    def outbox(self) -> list[OutboxItem]:
        query = "SELECT n, room, text, me FROM outbox WHERE owner = ? ORDER BY n"
        rows = self._store.rows(query, self._owner)
        return [OutboxItem(n, room, text, bool(me)) for n, room, text, me in rows]

    def add(self, items: Iterable[OutboxItem]) -> None:
        taken = ascending(items, self.next_n())
        if not taken:
            return
        rows = [(item.n, item.room, item.text, item.me, self._key) for item in taken]
        with self._store.transaction() as db:
            self._insert(db, rows)
            db.execute("UPDATE identity SET last_n = ? WHERE id = ?", (taken[-1].n, self._owner))
            if self._key:
                self._take(db, self._key)

    def settle(self, numbers: Iterable[int]) -> None:
        rows = [(self._owner, n) for n in numbers]
        if rows:
            with self._store.transaction() as db:
                db.executemany("DELETE FROM outbox WHERE owner = ? AND n = ?", rows)

    # --- cursors and the rest ------------------------------------------------------------------

    def cursor(self, room: str) -> Cursor | None:
        query = "SELECT seq, id FROM cursors WHERE owner = ? AND room = ?"
        rows = self._store.rows(query, self._owner, room)
        return Cursor(*rows[0]) if rows else None

    def set_cursors(self, cursors: Mapping[str, Cursor]) -> None:
        rows = [(self._owner, room, cursor.seq, cursor.id) for room, cursor in cursors.items()]
        if rows:
            with self._store.transaction() as db:
                db.executemany("INSERT OR REPLACE INTO cursors VALUES (?, ?, ?, ?)", rows)

    def cursors(self) -> dict[str, Cursor]:
        rows = self._store.rows("SELECT room, seq, id FROM cursors WHERE owner = ?", self._owner)
        return {room: Cursor(seq, id) for room, seq, id in rows}

    def rooms(self) -> list[str]:
        query = "SELECT room FROM rooms WHERE owner = ? ORDER BY position"
        return [room for (room,) in self._store.rows(query, self._owner)]

    def set_rooms(self, rooms: Iterable[str]) -> None:
        rows = [(self._owner, place, room) for place, room in enumerate(dict.fromkeys(rooms))]
        with self._store.transaction() as db:
            db.execute("DELETE FROM rooms WHERE owner = ?", (self._owner,))
            db.executemany("INSERT INTO rooms VALUES (?, ?, ?)", rows)

    def epoch(self) -> str | None:
        epoch = self._state("epoch")
        return None if epoch is None else str(epoch)

    def set_epoch(self, epoch: str) -> None:
        self._set_state("epoch", epoch)

    def server_key(self) -> str | None:
        key = self._state("server_key")
        return None if key is None else str(key)

    def set_server_key(self, key: str) -> None:
        self._set_state("server_key", key)

    def _read(self, name: str) -> str | None:
        query = "SELECT value FROM settings WHERE owner = ? AND name = ?"
        rows = self._store.rows(query, self._owner, name)
        return str(rows[0][0]) if rows else None

    def _write(self, name: str, text: str) -> None:
        with self._store.transaction() as db:
            row = (self._owner, name, text)
            db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?, ?)", row)

    def _state(self, column: str) -> Any:
        rows = self._store.rows(f"SELECT {column} FROM identity WHERE id = ?", self._owner)
        if not rows:
            raise BadProfile(self._path, f"no identity has the number {self._owner}")
        return rows[0][0]

    def _set_state(self, column: str, value: str) -> None:
        with self._store.transaction() as db:
            db.execute(f"UPDATE identity SET {column} = ? WHERE id = ?", (value, self._owner))

    def _insert(self, db: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
        """Rows of number, room, text, me and key."""
        whole = [(self._owner, *row) for row in rows]
        db.executemany("INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?)", whole)

    def _take(self, db: sqlite3.Connection, key: str) -> None:
        now = int(self._clock())
        db.execute(
            "INSERT OR IGNORE INTO taken (owner, key, at) VALUES (?, ?, ?)",
            (self._owner, key, now),
        )
        self._untidy += 1
        if self._untidy >= _TIDY:
            self._untidy = 0
            last = "(SELECT id FROM taken WHERE owner = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)"
            remove = f"DELETE FROM taken WHERE owner = ?1 AND id <= {last}"
            db.execute(f"{remove} AND at < ?3", (self._owner, KEYS, now - WEEK))
            db.execute(remove, (self._owner, KEYS_AT_MOST))
