"""Copies of the database that can be trusted, and the way back to one.

Owns what makes a copy: one moment of a file that is being written to, checked from end to end, for
its owner alone, in one file without a WAL, and in place as a whole or not at all. Works beside a
running broker, from another process; to restore, there must be none. Must not know the words in
which an operator hears of it.
"""

import contextlib
import itertools
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from common import paths
from common.broker.database import (
    BadDatabase,
    StorageError,
    explaining,
    form_of,
    open_for_reading,
    open_for_writing,
)
from common.broker.migrations import renew_epoch
from common.broker.store import LARGEST_WAL, mark_of
from common.broker.verify import Summary, summary, verify

DATABASE: Final = "causette.db"
"""The name of a broker's database in its directory."""
_ASIDE: Final = ".before-restore-%Y%m%d-%H%M%S"


class Restored(NamedTuple):
    """What was restored, and where that is which it took the place of, if there was anything."""

    summary: Summary
    kept: Path | None


class Unsound(Exception):
    """`path` was read, and has `problems`: see `verify`."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        super().__init__(f"{path}: {problems[0]}")
        self.path = path
        self.problems = problems


class Exists(Exception):
    """There is something at `path` already."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists")
        self.path = path


class Missing(Exception):
    """There is nothing at `path`."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"there is no {path}")
        self.path = path


class SameFile(Exception):
    """`path` is the database itself."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is the database itself")
        self.path = path


def backup(source: Path, target: Path, *, force: bool = False) -> Summary:
    """Copies the database `source`, as it is at one moment, to `target`, which another file stands
    at only where `force`.

    Raises `Missing`, `SameFile`, `Exists`, `Unsound` (`source` is damaged), `StorageError` or
    OSError; then `target` is what it was.
    """
    if not source.exists():
        raise Missing(source)
    _differ(source, target)
    if target.exists() and not force:
        raise Exists(target)
    with _temporary(target) as copy:
        _copy(source, copy)
        _settle(copy)
        try:
            _check(copy, force=False)
        except Unsound as fault:
            raise Unsound(source, fault.problems) from None
        except BadDatabase as fault:
            raise BadDatabase(source, fault.why) from None
        found = summary(copy)
        _put(copy, target, force=force)
    return found


def restore(source: Path, directory: Path, *, force: bool = False) -> Restored:
    """Makes a copy of the backup `source` the database of the broker in `directory`, under a new
    epoch, so that every client hears that history was rolled back. What was there is kept.

    A damaged backup is taken only where `force`. Raises `paths.Locked` (a broker serves),
    `Missing`, `SameFile`, `Unsound`, `StorageError`, OSError; then nothing has changed.
    """
    database = directory / DATABASE
    if not source.exists():
        raise Missing(source)
    _differ(source, database)
    with paths.DirectoryLock(directory), _temporary(database) as copy:
        _check(source, force=force)
        _copy(source, copy)
        with contextlib.closing(open_for_writing(copy, LARGEST_WAL)) as writing, explaining(copy):
            renew_epoch(writing)
        _settle(copy)
        found = summary(copy)
        kept = _set_aside(database)
        copy.replace(database)
        mark_of(database).unlink(missing_ok=True)
        paths.sync_directory(directory)
    return Restored(found, kept)


def _differ(one: Path, other: Path) -> None:
    if other.exists() and one.samefile(other):
        raise SameFile(other)


@contextlib.contextmanager
def _temporary(target: Path) -> Iterator[Path]:
    """A private empty file beside `target`, of which nothing is left afterwards."""
    path = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield path
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    """One moment of `source`, its WAL included. All pages in one step: a copy in several begins
    anew whenever somebody else writes in between."""
    with contextlib.closing(open_for_reading(source)) as reading, explaining(source):
        form_of(reading, source)
        with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as writing:
            writing.execute("PRAGMA synchronous = OFF")  # `_settle` does it once
            reading.backup(writing)


def _check(path: Path, *, force: bool) -> None:
    """Raises `Unsound`, or `BadDatabase` where there is no reading it."""
    found = verify(path)
    if found and not force:
        raise Unsound(path, found)


def _settle(path: Path) -> None:
    """All of it in one file, on the disk. Without the mark of WAL mode, which a reader would answer
    by making files beside it."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as whole, explaining(path):
        (mode,) = whole.execute("PRAGMA journal_mode = DELETE").fetchone()
    if mode != "delete":
        raise BadDatabase(path, "cannot be closed")
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _put(copy: Path, target: Path, *, force: bool) -> None:
    if force:
        copy.replace(target)
    else:
        _link(copy, target)
    paths.sync_directory(target.parent)


def _link(path: Path, other: Path) -> None:
    """Gives a file a second name, which nothing has yet. Raises `Exists`, OSError."""
    try:
        other.hardlink_to(path)
    except FileExistsError:
        raise Exists(other) from None
    except OSError:  # a file system without hard links
        if other.exists():
            raise Exists(other) from None
        path.rename(other)


def _set_aside(database: Path) -> Path | None:
    """Keeps the present database under another name, in one file where it is sound enough."""
    wal, index = (database.with_name(database.name + suffix) for suffix in ("-wal", "-shm"))
    aside = _free(database.with_name(database.name + time.strftime(_ASIDE)))
    # A damaged file is kept as it is, with its WAL. Of an empty one SQLite would throw that away.
    if database.exists() and database.stat().st_size:
        with contextlib.suppress(StorageError, OSError):
            _settle(database)
    kept = database.exists() or wal.exists()
    if database.exists():
        _link(database, aside)
    if wal.exists():  # SQLite would take it for the restored database's own
        wal.rename(aside.with_name(aside.name + "-wal"))
    index.unlink(missing_ok=True)
    return aside if kept else None


def _free(path: Path) -> Path:
    """`path`, or where there is something, the same with a number behind."""
    names = (path.with_name(f"{path.name}-{number}") for number in itertools.count(2))
    return path if not path.exists() else next(name for name in names if not name.exists())
