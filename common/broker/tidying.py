"""When the WAL is moved into the database file, and that nothing of a deleted text stays in either.

Owns checkpoints, and the memory of what is still to be tidied up (`meta`, "untidy"), which a crash
does not take away. `secure_delete` overwrites what is deleted where it lay, in new versions of its
pages; the versions before are in the WAL until that is emptied, and copies from before a page was
split are `scrubbing`'s. Must not know what a record is.
"""

import sqlite3
import time
from enum import IntEnum
from pathlib import Path
from typing import Final

from common.broker.database import BUSY, StorageFailed, primary_code
from common.broker.scrubbing import Scrubber

CHECKPOINT: Final = 4 << 20
"""Estimated bytes of WAL after which `tend` checkpoints; at four times that, SQLite does it
within a commit."""
PAUSE: Final = 0.25
"""Seconds between two attempts: each costs some fsyncs, and a flood of deletions asks for one at
each commit."""
SLICE: Final = 0.005
"""Seconds of reading pages in one `tend`: about 500 pages, 8 MB."""
REST: Final = 0.05
"""Seconds between two such slices."""

_SOIL: Final = "INSERT OR IGNORE INTO meta (key, value) VALUES ('untidy', '1')"
_CLEAN: Final = "DELETE FROM meta WHERE key = 'untidy'"
_UNTIDY: Final = "SELECT 1 FROM meta WHERE key = 'untidy'"
_LATER: Final = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY)


class _Stage(IntEnum):
    TIDY = 0
    EMPTY = 1
    """The WAL is to be emptied: this takes the text itself away."""
    SCRUB = 2
    """The pages are to be looked through."""
    EMPTY_AGAIN = 3
    """The WAL has the pages as they were before that."""
    NOTE = 4
    """It is to be written down that all is done."""


class Tidier:
    """See the module. For the writing connection's thread alone, outside transactions unless said
    otherwise. Methods raise `StorageFailed`."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Raises sqlite3.Error, OSError."""
        self._path = path
        self._connection = connection
        untidy = connection.execute(_UNTIDY).fetchone() is not None
        self._scrubber = Scrubber(path, connection)
        self._stage = _Stage.EMPTY if untidy else _Stage.TIDY
        self._again = False
        self._wal = 0
        self._not_before = 0.0

    @property
    def due(self) -> float:
        """When to `tend` without a commit before (monotonic seconds); infinite: not at all."""
        return self._not_before if self._stage else float("inf")

    def grew(self, size: int) -> None:
        """A commit has written so many bytes, or about so many."""
        self._wal += size

    def soil(self) -> None:
        """Within the transaction that deletes text. Raises sqlite3.Error."""
        self._connection.execute(_SOIL)

    def soiled(self) -> None:
        """It was committed."""
        if self._stage > _Stage.EMPTY:
            self._again = True
        else:
            self._stage = _Stage.EMPTY

    def tend(self) -> None:
        """Does what is due, for some milliseconds. A full disk is no error here: the WAL grows on,
        and a commit will tell."""
        if self._stage and time.monotonic() >= self._not_before:
            self._tidy_up()
        elif self._wal >= CHECKPOINT:
            self._wal = 0
            self._move("PASSIVE")

    def close(self) -> None:
        """After the connection: to close a file drops SQLite's locks on it."""
        self._scrubber.close()

    def _tidy_up(self) -> None:
        """Goes on until something must wait."""
        rest = PAUSE
        while self._stage and (rest := self._next()) == 0:
            pass
        self._not_before = time.monotonic() + rest

    def _next(self) -> float:
        """One step; answers after how many seconds to go on, 0: at once."""
        try:
            if self._stage in (_Stage.EMPTY, _Stage.EMPTY_AGAIN):
                if not self._empty():
                    return PAUSE
                self._wal = 0
                self._scrubber.begin()
            elif self._stage == _Stage.SCRUB:
                # What is read beside SQLite is what is in the file.
                if not self._move("PASSIVE"):
                    return PAUSE
                if not self._scrubber.step(SLICE):
                    return REST
            elif self._again:
                self._again = False
                self._stage = _Stage.EMPTY
                return PAUSE
            else:
                self._connection.execute(_CLEAN)
                self._stage = _Stage.TIDY
                return PAUSE
        except OSError as error:
            raise StorageFailed(f"{self._path}: {error}") from error
        except sqlite3.Error as error:
            if primary_code(error) not in _LATER:
                raise StorageFailed(f"{self._path}: tidying up: {error}") from error
            return PAUSE
        self._stage = _Stage(self._stage + 1)
        return 0.0

    def _empty(self) -> bool:
        """Tries to leave a WAL of no bytes, without waiting for whoever reads from it."""
        self._connection.execute("PRAGMA busy_timeout = 0").fetchone()
        try:
            return self._move("TRUNCATE")
        finally:
            self._connection.execute(f"PRAGMA busy_timeout = {BUSY * 1_000:.0f}").fetchone()

    def _move(self, how: str) -> bool:
        """Moves the WAL into the file; tells whether that was all of it."""
        try:
            query = f"PRAGMA wal_checkpoint({how})"
            busy, held, moved = self._connection.execute(query).fetchone()
        except sqlite3.Error as error:
            if primary_code(error) not in _LATER:
                raise StorageFailed(f"{self._path}: checkpoint: {error}") from error
            return False
        return not busy and bool(held == moved)
