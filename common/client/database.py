"""A client's SQLite file: whose it is, how it comes to its newest form, and what its errors mean.

Owns opening, transactions, and the words for whatever SQLite says. Knows no table: who opens a file
brings its steps.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from common.client.kept import BadProfile, ProfileFull

Step = Callable[[sqlite3.Connection], None]


@dataclass(frozen=True)
class Form:
    """A kind of file."""

    application: int
    """`PRAGMA application_id`, which tells it from other SQLite databases."""
    name: str
    """What a file is that is none of these: "not a NAME"."""
    steps: tuple[Step, ...]
    """Step N (from 1) leads from form N - 1 to form N, which `PRAGMA user_version` records. One
    that was released is never edited."""
    pragmas: tuple[str, ...]
    """Set each time that the file is opened, before any step."""


def open_database(path: Path, form: Form) -> sqlite3.Connection:
    """Open the file at `path` (0600), made at its first use; autocommit, for one thread at a time.

    Raises BadProfile for a file that is damaged, foreign or of a newer version, ProfileFull where
    it cannot be made, OSError. Whoever opens it holds a lock on it.
    """
    # SQLite gives its side files the mode of the database.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    with told(path):
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            _prepare(path, connection, form)
        except BaseException:
            connection.close()
            raise
    return connection


def _prepare(path: Path, connection: sqlite3.Connection, form: Form) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner != form.application and (owner or tables):
        raise BadProfile(path, f"not a {form.name}")
    if version > len(form.steps):
        raise BadProfile(path, "written by a newer version of Causette", newer=True)
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise BadProfile(path, str(verdict))
    for pragma in form.pragmas:
        connection.execute(f"PRAGMA {pragma}").fetchone()
    for number in range(version, len(form.steps)):
        with transaction(connection):
            form.steps[number](connection)
            connection.execute(f"PRAGMA application_id = {form.application}")
            connection.execute(f"PRAGMA user_version = {number + 1}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All of what is done inside is stored, or none of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        # A full disk has rolled back already, and then there is nothing to roll back.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_DISK: Final = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
)


@contextmanager
def told(path: Path) -> Iterator[None]:
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
