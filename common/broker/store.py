"""The broker's database: the one connection that writes and checkpoints.

Owns `causette.db` (WAL, fsync at each commit) and `causette.db-mark` beside it, the durable part
of a `Batch`, and what is read at the start. Used by the broker's loop thread alone. Must not know
sockets, sessions or what records mean beyond their number, stream, user and time.

How far a stream was taken follows from the log: a record's id is its stream and number. So a
commit writes the log rows alone, and `stream` is brought up to date every few thousand records;
after a crash the records since then are read again (`room.folded` says from where). Fifty active
senders would otherwise dirty up to fifty pages in each commit (measured with 100,000 streams on
file: 900 kB and 740 us a commit, against 70 kB and 125 us). A number that no record carries, a
refusal, is written at once.

The mark says how many records were acknowledged. SQLite drops a damaged tail of its WAL without
a word; a file with fewer records than the mark has lost some, and is refused.
"""

import contextlib
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from common.broker.batch import Append, Batch, RefusalRow, RoomRow, StreamRow, UserRow
from common.broker.database import (
    PAGE_SIZE,
    BadDatabase,
    NewerDatabase,
    StorageError,
    StorageFailed,
    StorageFull,
    decode_origin,
    explaining,
    open_for_writing,
    primary_code,
)
from common.broker.migrations import NUMBERS, SHIFT, checksum, new_epoch
from common.broker.verify import problems
from common.protocol.codec import cut

__all__ = [
    "BadDatabase",
    "Loaded",
    "NewerDatabase",
    "StorageError",
    "StorageFailed",
    "StorageFull",
    "Store",
    "mark_of",
]

ROW: Final = 16_000
"""Bytes of a log row at most, where one record is not longer: as much as fits a database page,
since a page of history reads whole rows."""

FOLD_EVERY: Final = 8_192
"""Records between two updates of `stream`, and so the most that a start after a crash reads."""

CHECKPOINT: Final = 4 << 20
"""Estimated bytes of WAL after which `tend` checkpoints; at four times that, SQLite does it
within a commit."""

_INSERT_LOG: Final = "INSERT INTO log (id, count, crc, body) VALUES (?, ?, ?, ?)"
_INSERT_ROOM: Final = "INSERT INTO room (room, name, creator, ts) VALUES (?, ?, ?, ?)"
_PUT_USER: Final = (
    "INSERT INTO user (user, key, nick, nick_key, ts) VALUES (?, ?, ?, ?, ?) ON CONFLICT (user)"
    " DO UPDATE SET key = excluded.key, nick = excluded.nick, nick_key = excluded.nick_key"
)
_PUT_STREAM: Final = (
    "INSERT INTO stream (stream, user, last) VALUES (?, ?, ?)"
    " ON CONFLICT (stream) DO UPDATE SET last = max(last, excluded.last)"
)
_PUT_REFUSAL: Final = "INSERT OR REPLACE INTO refusal (stream, n, code, text) VALUES (?, ?, ?, ?)"
_PUT_FOLDED: Final = "UPDATE room SET folded = ? WHERE room = ?"
_HEADS: Final = (
    "SELECT room.room, name, creator, ts, folded, log.id, log.count, log.crc, log.body FROM room"
    " LEFT JOIN log ON log.id = (SELECT max(id) FROM log"
    f" WHERE id >= room.room << {SHIFT} AND id < (room.room + 1) << {SHIFT}) ORDER BY room.room"
)
_TAIL: Final = "SELECT id, count, crc, body FROM log WHERE id > ? AND id < ? ORDER BY id"
_STREAM: Final = "SELECT stream, user, last FROM stream WHERE stream = ?"


@dataclass(slots=True, frozen=True)
class Loaded:
    """What the broker starts from."""

    epoch: str
    rooms: list[tuple[RoomRow, int, int]]
    """Every room, the server's own log (0) first, with its head and the head's time (0, 0 where
    it is empty)."""
    users: list[UserRow]


class Store:
    """See the module. Every method may raise `BadDatabase` or `StorageFailed`."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """For `open` alone."""
        self.path = path
        self.mark_path = mark_of(path)
        self.fault: Callable[[str], None] | None = None
        self._connection = connection
        self._mark: int | None = None
        self._epoch = ""
        self._records = 0
        self._behind: dict[str, tuple[str, str, int]] = {}
        self._behind_rooms: dict[int, int] = {}
        self._behind_count = 0
        self._wal = 0

    @classmethod
    def open(cls, path: Path, fault: Callable[[str], None] | None = None) -> Self:
        """Opens `path`, made (0600) where it is missing, in its newest form.

        `fault` is called with "insert" between a batch's rows and its commit. Raises
        `BadDatabase`, `NewerDatabase`, `StorageFull`, `StorageFailed`, or OSError where the file
        may not be opened.
        """
        connection = open_for_writing(path, 4 * CHECKPOINT)
        try:
            store = cls(path, connection)
            with explaining(path):
                row = connection.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
            if row is None:
                raise BadDatabase(path, "has no epoch")
            store._epoch = row[0]
            store._mark = os.open(store.mark_path, os.O_RDWR | os.O_CREAT | _BINARY, 0o600)
        except BaseException:
            connection.close()
            raise
        store.fault = fault
        return store

    def load(self) -> Loaded:
        """Reads what the broker starts from; the time does not depend on the number of messages.

        Raises `BadDatabase` where damage shows, or where records that were acknowledged are gone.
        """
        rooms = []
        total = 0
        with explaining(self.path):
            for row in self._connection.execute(_HEADS).fetchall():
                room, name, creator, made, folded, id, count, crc, body = row
                head = ts = 0
                if id is not None:
                    if checksum(id, body) != crc:
                        raise BadDatabase(self.path, f"is damaged: the newest of room {name!r}")
                    head = (id & NUMBERS) + count - 1
                    newest = decode_origin(body[body.rfind(b"\n") + 1 :])
                    ts = newest.ts
                    if newest.seq != head:
                        raise BadDatabase(self.path, f"is damaged: the head of room {name!r}")
                total += head
                rooms.append((RoomRow(room, name, creator, made), head, ts))
                if folded < head:
                    self._fold(room, folded, head)
                elif folded > head:
                    raise BadDatabase(
                        self.path, f"is damaged: room {name!r} ends at {head}, not {folded}"
                    )
            users = [
                UserRow(*row)
                for row in self._connection.execute(
                    "SELECT user, key, nick, nick_key, ts FROM user"
                )
            ]
        marked = self._read_mark()
        if marked > total:
            raise BadDatabase(
                self.path,
                f"{marked - total} records that were acknowledged are missing (it has {total},"
                f" {self.mark_path.name} says {marked}): restore a backup, or remove"
                f" {self.mark_path} to go on without them",
            )
        self._records = total
        self._write_mark()
        return Loaded(self._epoch, rooms, users)

    def commit(self, batch: Batch) -> None:
        """Makes the durable part of `batch` true, in one transaction and one fsync.

        Each number by which a stream of the batch goes on is carried by a record or a refusal of
        the same batch. Raises `StorageFull` when nothing was stored for certain, `StorageFailed`
        when nobody knows.
        """
        rows: list[tuple[int, int, int, bytes]] = []
        heads: dict[int, int] = {}
        count = size = 0
        for append in batch.appends.values():
            rows.extend(_rows(append))
            count += len(append.lines)
            size += len(append.joined())
            heads[append.room] = append.first + len(append.lines) - 1
        now, later = self._split(batch)
        full = self._behind_count + count >= FOLD_EVERY
        execute = self._connection.execute
        many = self._connection.executemany
        try:
            execute("BEGIN IMMEDIATE")
            if batch.rooms:
                many(_INSERT_ROOM, [(r.room, r.name, r.creator, r.ts) for r in batch.rooms])
            if len(rows) == 1:
                execute(_INSERT_LOG, rows[0])
            else:
                many(_INSERT_LOG, rows)
            if batch.users:
                people = [(u.user, u.key, u.nick, u.nick_key, u.ts) for u in batch.users]
                many(_PUT_USER, people)
            if batch.refusals:
                refusals = [(r.stream, r.n, r.code, r.text) for r in batch.refusals]
                many(_PUT_REFUSAL, refusals)
            if now:
                many(_PUT_STREAM, now)
            if full:
                self._write_fold(later, heads)
            if self.fault is not None:
                self.fault("insert")
            execute("COMMIT")
        except sqlite3.Error as error:
            raise self._rolled_back(error) from error
        except BaseException:
            execute("ROLLBACK")
            raise
        if full:
            self._behind.clear()
            self._behind_rooms.clear()
            self._behind_count = 0
        else:
            self._behind.update(later)
            self._behind_rooms.update(heads)
            self._behind_count += count
        for stream, _, _ in now:
            self._behind.pop(stream, None)
        self._records += count
        self._wal += size + 3 * PAGE_SIZE
        self._write_mark()

    def tend(self) -> None:
        """Checkpoints where the WAL has grown enough; for the moment after publishing.

        A full disk is no error here: the WAL grows on, and a commit will tell.
        """
        if self._wal < CHECKPOINT:
            return
        self._wal = 0
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            if primary_code(error) not in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY):
                raise StorageFailed(f"{self.path}: checkpoint: {error}") from error

    def stream(self, stream: str) -> StreamRow | None:
        """How far a stream was taken, as of the last commit."""
        row = self._behind.get(stream)
        if row is None:
            with explaining(self.path):
                row = self._stored(stream)
        return None if row is None else StreamRow(*row)

    def refusal(self, stream: str, n: int) -> RefusalRow | None:
        """Why number `n` of a stream was refused for good, if it was."""
        with explaining(self.path):
            row = self._connection.execute(
                "SELECT stream, n, code, text FROM refusal WHERE stream = ? AND n = ?", (stream, n)
            ).fetchone()
        return None if row is None else RefusalRow(*row)

    def verify(self) -> list[str]:
        """Everything that is wrong with the file, read from end to end; see `common.broker.verify`.

        Seconds where there are millions of messages: not for a loop that serves.
        """
        with explaining(self.path):
            return problems(self._connection)

    def renew_epoch(self) -> str:
        """Tells every client that history is another one from here; for a restored backup.

        Call it before `load`: the records that the backup does not have are then not missed.
        """
        epoch = new_epoch()
        with explaining(self.path):
            self._connection.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", (epoch,))
        self._epoch = epoch
        return epoch

    def close(self) -> None:
        """Brings `stream` up to date, empties the WAL into the file and closes; twice is once.

        Nothing is lost where that fails: the next start reads the WAL.
        """
        if self._mark is None:
            return
        with contextlib.suppress(sqlite3.Error):
            if self._behind_rooms:
                self._connection.execute("BEGIN IMMEDIATE")
                self._write_fold({}, {})
                self._connection.execute("COMMIT")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        self._connection.close()
        os.close(self._mark)
        self._mark = None

    def _split(
        self, batch: Batch
    ) -> tuple[list[tuple[str, str, int]], dict[str, tuple[str, str, int]]]:
        """The streams to write now, and those that the log's records tell."""
        later = {key: (key, row.user, row.last) for key, row in batch.streams.items()}
        if batch.appends and not batch.refusals:
            return [], later
        names = {r.stream for r in batch.refusals} if batch.appends else set(later)
        return [later.pop(name) for name in names if name in later], later

    def _write_fold(self, streams: dict[str, tuple[str, str, int]], heads: dict[int, int]) -> None:
        many = self._connection.executemany
        many(_PUT_STREAM, (self._behind | streams).values())
        rooms = self._behind_rooms | heads
        many(_PUT_FOLDED, [(head, room) for room, head in rooms.items()])

    def _fold(self, room: int, folded: int, head: int) -> None:
        """Takes the streams of the records from `folded` + 1 to `head` out of the log."""
        expected = (room << SHIFT) + folded + 1
        bounds = (expected - 1, (room + 1) << SHIFT)
        for id, count, crc, body in self._connection.execute(_TAIL, bounds):
            if checksum(id, body) != crc or id != expected:
                raise BadDatabase(
                    self.path, f"is damaged: room {room}, records from {expected & NUMBERS}"
                )
            expected += count
            for line in body.split(b"\n"):
                origin = decode_origin(line)
                stream, n = origin.stream, origin.n
                if n:
                    known = self._behind.get(stream) or self._stored(stream)
                    if known is None or n > known[2]:
                        self._behind[stream] = (stream, origin.user, n)
        self._behind_rooms[room] = head
        self._behind_count += head - folded

    def _stored(self, stream: str) -> tuple[str, str, int] | None:
        row: tuple[str, str, int] | None = self._connection.execute(_STREAM, (stream,)).fetchone()
        return row

    def _rolled_back(self, error: sqlite3.Error) -> StorageError:
        """What a failed commit means, with the transaction ended."""
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as second:
            return StorageFailed(f"{self.path}: {error}; then {second}")
        if primary_code(error) == sqlite3.SQLITE_FULL:
            return StorageFull(f"{self.path}: {error}")
        return StorageFailed(f"{self.path}: {error}")

    def _read_mark(self) -> int:
        assert self._mark is not None
        os.lseek(self._mark, 0, os.SEEK_SET)
        epoch, _, number = os.read(self._mark, 64).decode("ascii", "replace").partition(" ")
        return int(number) if epoch == self._epoch and number.strip().isdecimal() else 0

    def _write_mark(self) -> None:
        """Not synchronised: an older mark than the log raises no alarm, and a killed process
        loses nothing. A disk that will not take it is the commits' to report."""
        assert self._mark is not None
        with contextlib.suppress(OSError):
            os.lseek(self._mark, 0, os.SEEK_SET)
            os.write(self._mark, b"%s %020d\n" % (self._epoch.encode(), self._records))


_BINARY: Final = getattr(os, "O_BINARY", 0)


def mark_of(path: Path) -> Path:
    """Where the number of acknowledged records is kept."""
    return path.with_name(path.name + "-mark")


def _rows(append: Append) -> list[tuple[int, int, int, bytes]]:
    """An append as rows of `ROW` bytes at most, or of one record."""
    rows = []
    id = append.room << SHIFT | append.first
    for body in cut(append.joined(), ROW):
        count = body.count(b"\n") + 1
        rows.append((id, count, checksum(id, body), body))
        id += count
    return rows
