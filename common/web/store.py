"""What the gateway keeps: the identities of browsers and hooks, in one SQLite file with what their
sessions keep between two runs.

Owns the file and its schema. A profile's rows are reached by `web.profile`. Must not know HTTP, the
wire, or what a session does with any of it. One gateway has the file at a time (it is locked), and
uses it from one thread.

`synchronous = NORMAL`: a killed process loses no commit; a power cut may lose the last ones, and
nothing is lost by that, since a page keeps each message until it is known to be stored.

Times are seconds since 1970. Of a token only its SHA-256 is kept; key pairs are kept as they are,
in a file that is its owner's alone (0600, the directory 0700).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from common import paths
from common.client.database import Form, open_database, told, transaction
from common.client.kept import new_stream_id
from common.keys import KeyPair
from common.web.profile import WebProfile

FORGOTTEN_AFTER: Final = 400 * 86_400
"""Seconds without a sign of a browser, after which its identity is deleted."""


@dataclass(frozen=True, slots=True)
class Browser:
    """Somebody's browser: one identity of the chat."""

    id: int
    nick: str
    keys: KeyPair
    lang: str
    made_at: int
    seen_at: int


@dataclass(frozen=True, slots=True)
class Hook:
    """What scripts speak through: an identity of its own, which speaks in one room."""

    id: int
    name: str
    room: str
    keys: KeyPair
    made_by: str
    """Nickname of the administrator who made it."""
    made_at: int


# An `identity` is a browser or a hook; their ids are never given twice. `outbox.key` is what the
# page called the message, and `taken` has those that it called any message by.
_FIRST: Final = (
    """CREATE TABLE identity (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        token_hash TEXT NOT NULL UNIQUE,
        public TEXT NOT NULL,
        secret TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        stream TEXT NOT NULL,
        last_n INTEGER NOT NULL DEFAULT 0,
        epoch TEXT,
        server_key TEXT)""",
    """CREATE TABLE browser (
        id INTEGER PRIMARY KEY REFERENCES identity ON DELETE CASCADE,
        nick TEXT NOT NULL,
        lang TEXT NOT NULL,
        seen_at INTEGER NOT NULL)""",
    """CREATE TABLE hook (
        id INTEGER PRIMARY KEY REFERENCES identity ON DELETE CASCADE,
        name TEXT NOT NULL,
        room TEXT NOT NULL,
        made_by TEXT NOT NULL)""",
    """CREATE TABLE outbox (
        owner INTEGER NOT NULL REFERENCES identity ON DELETE CASCADE,
        n INTEGER NOT NULL,
        room TEXT NOT NULL,
        text TEXT NOT NULL,
        me INTEGER NOT NULL,
        key TEXT NOT NULL,
        PRIMARY KEY (owner, n)) WITHOUT ROWID""",
    """CREATE TABLE taken (
        id INTEGER PRIMARY KEY,
        owner INTEGER NOT NULL REFERENCES identity ON DELETE CASCADE,
        key TEXT NOT NULL,
        at INTEGER NOT NULL,
        UNIQUE (owner, key))""",
    "CREATE INDEX taken_in_order ON taken (owner, id)",
    """CREATE TABLE cursors (
        owner INTEGER NOT NULL REFERENCES identity ON DELETE CASCADE,
        room TEXT NOT NULL,
        seq INTEGER NOT NULL,
        id TEXT NOT NULL,
        PRIMARY KEY (owner, room)) WITHOUT ROWID""",
    """CREATE TABLE rooms (
        owner INTEGER NOT NULL REFERENCES identity ON DELETE CASCADE,
        position INTEGER NOT NULL,
        room TEXT NOT NULL,
        PRIMARY KEY (owner, position)) WITHOUT ROWID""",
    """CREATE TABLE settings (
        owner INTEGER NOT NULL REFERENCES identity ON DELETE CASCADE,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (owner, name)) WITHOUT ROWID""",
)


def _first_schema(connection: sqlite3.Connection) -> None:
    for statement in _FIRST:
        connection.execute(statement)


_FORM: Final = Form(
    application=0x43617557,  # "CauW"
    name="gateway's file of Causette",
    steps=(_first_schema,),
    pragmas=(
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "trusted_schema = OFF",
    ),
)

_BROWSER: Final = (
    "SELECT id, nick, public, secret, lang, made_at, seen_at FROM browser JOIN identity USING (id)"
)
_HOOK: Final = (
    "SELECT id, name, room, public, secret, made_by, made_at FROM hook JOIN identity USING (id)"
)


class WebStore:
    """The gateway's file. Every write may raise ProfileFull, and then has changed nothing."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        lock: paths.FileLock,
        clock: Callable[[], float],
    ) -> None:
        """For `open` alone."""
        self.path = path
        self._db = connection
        self._lock = lock
        self._clock = clock

    @classmethod
    def open(cls, path: Path, *, clock: Callable[[], float] = time.time) -> Self:
        """Open the file at `path`, made at its first use.

        Raises paths.Locked where another gateway has it, BadProfile for a file that is damaged,
        foreign or of a newer version, ProfileFull where it cannot be made, OSError.
        """
        lock = paths.FileLock(path.with_name(path.name + ".lock"), subject=path)
        try:
            connection = open_database(path, _FORM)
        except BaseException:
            lock.release()
            raise
        return cls(path, connection, lock, clock)

    def close(self) -> None:
        """Let the file and its lock go; a second call does nothing."""
        self._db.close()
        self._lock.release()

    # --- browsers ------------------------------------------------------------------------------

    def add_browser(
        self, *, token_hash: str, nick: str, keys: KeyPair, lang: str, now: int
    ) -> Browser:
        """Keep a new browser; `token_hash` is the SHA-256 of what its cookie holds."""
        with self.transaction() as db:
            id = self._add_identity(db, token_hash, keys, now)
            db.execute("INSERT INTO browser VALUES (?, ?, ?, ?)", (id, nick, lang, now))
        return Browser(id, nick, keys, lang, now, now)

    def browser(self, token_hash: str) -> Browser | None:
        """Return the browser that holds this token."""
        found = self._browsers(f"{_BROWSER} WHERE token_hash = ?", token_hash)
        return found[0] if found else None

    def browsers_with_unsent(self) -> list[Browser]:
        """Return those for whom a message waits that was taken and is not known to be stored."""
        return self._browsers(f"{_BROWSER} WHERE id IN (SELECT owner FROM outbox) ORDER BY id")

    def set_nick(self, browser: Browser, nick: str) -> Browser:
        """Keep the nickname that it has from now on; return the browser with it."""
        self._change("UPDATE browser SET nick = ? WHERE id = ?", nick, browser.id)
        return replace(browser, nick=nick)

    def set_lang(self, browser: Browser, lang: str) -> Browser:
        """Keep the language of its page; return the browser with it."""
        self._change("UPDATE browser SET lang = ? WHERE id = ?", lang, browser.id)
        return replace(browser, lang=lang)

    def seen(self, browser: Browser, now: int) -> Browser:
        """Note that it was there; return the browser with that."""
        self._change("UPDATE browser SET seen_at = ? WHERE id = ?", now, browser.id)
        return replace(browser, seen_at=now)

    def remove_browser(self, browser: Browser) -> None:
        """Delete an identity with all that was kept for it. Its session has ended before."""
        self._delete([browser.id])

    def forget(self, now: int) -> int:
        """Delete the browsers that were not seen for 400 days and have nothing unsent; how many."""
        rows = self.rows(
            "SELECT id FROM browser WHERE seen_at < ? AND id NOT IN (SELECT owner FROM outbox)",
            now - FORGOTTEN_AFTER,
        )
        self._delete([id for (id,) in rows])
        return len(rows)

    # --- hooks ---------------------------------------------------------------------------------

    def add_hook(
        self, *, token_hash: str, name: str, room: str, keys: KeyPair, made_by: str, now: int
    ) -> Hook:
        """Keep a new hook; `token_hash` is the SHA-256 of what its address ends with."""
        with self.transaction() as db:
            id = self._add_identity(db, token_hash, keys, now)
            db.execute("INSERT INTO hook VALUES (?, ?, ?, ?)", (id, name, room, made_by))
        return Hook(id, name, room, keys, made_by, now)

    def hooks(self) -> list[Hook]:
        """Return all of them, the oldest first."""
        return self._hooks(f"{_HOOK} ORDER BY id")

    def hook(self, token_hash: str) -> Hook | None:
        """Return the hook that has this token."""
        found = self._hooks(f"{_HOOK} WHERE token_hash = ?", token_hash)
        return found[0] if found else None

    def revoke_hook(self, id: int) -> None:
        """Delete a hook with all that was kept for it. Its session has ended before."""
        if self.rows("SELECT 1 FROM hook WHERE id = ?", id):
            self._delete([id])

    # --- profiles ------------------------------------------------------------------------------

    def profile(self, browser_id: int) -> WebProfile:
        """Return what the session of a browser keeps. At most one session has it."""
        return WebProfile(self, browser_id, self._clock)

    def hook_profile(self, hook_id: int) -> WebProfile:
        """Return what the session of a hook keeps. At most one session has it."""
        return WebProfile(self, hook_id, self._clock)

    # --- for profiles --------------------------------------------------------------------------

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        with told(self.path):
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is written inside is kept, or nothing of it."""
        with told(self.path), transaction(self._db) as db:
            yield db

    def _change(self, statement: str, *values: object) -> None:
        with told(self.path):
            self._db.execute(statement, values)

    @staticmethod
    def _add_identity(db: sqlite3.Connection, token_hash: str, keys: KeyPair, now: int) -> int:
        added = db.execute(
            "INSERT INTO identity (token_hash, public, secret, made_at, stream)"
            " VALUES (?, ?, ?, ?, ?)",
            (token_hash, keys.public, keys.secret, now, new_stream_id()),
        )
        assert added.lastrowid is not None
        return added.lastrowid

    def _delete(self, ids: list[int]) -> None:
        if not ids:
            return
        with self.transaction() as db:
            db.executemany("DELETE FROM identity WHERE id = ?", [(id,) for id in ids])
        # The keys are overwritten in the file by now; the log beside it holds them still.
        self._change("PRAGMA wal_checkpoint(TRUNCATE)")

    def _browsers(self, query: str, *values: object) -> list[Browser]:
        return [
            Browser(id, nick, KeyPair(public, secret), lang, made_at, seen_at)
            for id, nick, public, secret, lang, made_at, seen_at in self.rows(query, *values)
        ]

    def _hooks(self, query: str, *values: object) -> list[Hook]:
        return [
            Hook(id, name, room, KeyPair(public, secret), made_by, made_at)
            for id, name, room, public, secret, made_by, made_at in self.rows(query, *values)
        ]
