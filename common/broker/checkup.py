"""A quick look at a database, also while it is served: is it ours, does its tree hold, how far is
it, how fast does it grow.

Owns what can be told in seconds; `verify` owns the whole check. Reads only. Must not be called by
the process that serves the file (closing what SQLite holds open drops its locks there).
"""

import contextlib
import json
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from common import paths
from common.broker import verify
from common.broker.database import decode_origin, explaining, form_of, open_for_reading
from common.broker.migrations import NEWEST, NUMBERS, SHIFT, checksum

PATIENCE: Final = 10.0
"""Seconds for the quick check; about 1 GB is read in one."""
_STEPS: Final = 100_000
"""Instructions of SQLite's machine between two looks at the clock."""
_NAMED: Final = 20
_LAST: Final = "last-backup.json"


@dataclass(frozen=True)
class Checkup:
    """What a database tells of itself."""

    form: int
    problems: list[str]
    whole: bool
    """Whether everything was looked at that was asked for, in the time that there was."""
    summary: verify.Summary
    begun: int
    """When its server first ran (ms)."""
    newest: int
    """The time of the newest record of all rooms (ms); 0 where there is none."""

    @property
    def is_newest_form(self) -> bool:
        return self.form == NEWEST


def look(path: Path, *, deep: bool = False, patience: float = PATIENCE) -> Checkup:
    """Look at the database at `path`; `deep`: every record of it, however long that takes.

    Raises `BadDatabase`, `NewerDatabase` or another `StorageError`.
    """
    connection = open_for_reading(path)
    with contextlib.closing(connection), explaining(path):
        form = form_of(connection, path)
        newest, torn = _ends(connection)
        if deep:
            found, whole = verify.problems(connection), True
        else:
            found, whole = _quick(connection, patience)
        (begun,) = connection.execute("SELECT min(ts) FROM room").fetchone()
        told = [*torn, *(problem for problem in found if problem not in torn)]
        return Checkup(form, told, whole, verify.summarised(connection), int(begun or 0), newest)


def _quick(connection: sqlite3.Connection, patience: float) -> tuple[list[str], bool]:
    end = time.monotonic() + patience
    connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    try:
        rows = connection.execute(f"PRAGMA quick_check({_NAMED})").fetchall()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return [], False
        raise
    finally:
        connection.set_progress_handler(None, 0)
    return [str(words) for (words,) in rows if words != "ok"], True


def _ends(connection: sqlite3.Connection) -> tuple[int, list[str]]:
    """The time of the newest record, and what is wrong with the last rows of the rooms: the ones
    that a crash or a failing disk would have hit."""
    newest, torn = 0, []
    rooms = [number for (number,) in connection.execute("SELECT room FROM room").fetchall()]
    for room in rooms:
        row = connection.execute(
            "SELECT id, count, crc, body FROM log WHERE id BETWEEN ? AND ?"
            " ORDER BY id DESC LIMIT 1",
            (room << SHIFT, room << SHIFT | NUMBERS),
        ).fetchone()
        if row is None:
            continue
        id, count, crc, body = row
        lines = body.split(b"\n")
        if checksum(id, body) != crc or len(lines) != count:
            first = id & NUMBERS
            torn.append(f"room {room}: the records from {first} are not as they were written")
            continue
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
            newest = max(newest, decode_origin(lines[-1]).ts)
    return newest, torn


@dataclass(frozen=True)
class LastBackup:
    """The last one that was made of a broker's data."""

    path: Path
    ts: int
    """Milliseconds."""


def note_backup(directory: Path, target: Path) -> None:
    """Remember in a broker's directory that a backup was made; that it cannot be is no matter."""
    said = {"path": str(target), "ts": time.time_ns() // 1_000_000}
    with contextlib.suppress(OSError):
        paths.write_private(directory / _LAST, json.dumps(said).encode() + b"\n")


def last_backup(directory: Path) -> LastBackup | None:
    """The last one that is known."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        said = json.loads((directory / _LAST).read_bytes())
        return LastBackup(Path(str(said["path"])), int(said["ts"]))
    return None
