"""The broker's database: the one connection that writes and checkpoints.

Owns `causette.db` (WAL, fsync at each commit) and `causette.db-mark` beside it, the durable part
of a `Batch`, and what is read at the start. Used by the broker's loop thread alone. Must not know
sockets, sessions or what records mean beyond their number, stream, user and time. How far a stream
was taken is `folding`'s, what is dropped `retention`'s, and when the WAL is emptied `tidying`'s.

The mark says how many records were acknowledged. SQLite drops a damaged tail of its WAL without
a word; a file with fewer records than the mark has lost some, and is refused.
"""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from common.broker.batch import Append, Batch, FactRow, RefusalRow, RoomRow, StreamRow, UserRow
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
from common.broker.erasing import Erased, Unerasable, erase
from common.broker.folding import Folding
from common.broker.migrations import NUMBERS, SHIFT, checksum, renew_epoch
from common.broker.retention import Dropped, Keep, Retention
from common.broker.tidying import Tidier
from common.broker.verify import problems
from common.protocol.codec import cut

__all__ = [
    "BadDatabase",
    "Dropped",
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

LARGEST_WAL: Final = 16 << 20
"""Estimated bytes of WAL at which SQLite checkpoints within a commit, where `tend` was not called
or did not get through."""

_INSERT_LOG: Final = "INSERT INTO log (id, count, crc, body) VALUES (?, ?, ?, ?)"
_INSERT_ROOM: Final = "INSERT INTO room (room, name, creator, ts) VALUES (?, ?, ?, ?)"
_PUT_USER: Final = (
    "INSERT INTO user (user, key, nick, nick_key, ts) VALUES (?, ?, ?, ?, ?) ON CONFLICT (user)"
    " DO UPDATE SET key = excluded.key, nick = excluded.nick, nick_key = excluded.nick_key"
)
_PUT_REFUSAL: Final = "INSERT OR REPLACE INTO refusal (stream, n, code, text) VALUES (?, ?, ?, ?)"
_PUT_FACT: Final = (
    "INSERT INTO fact (kind, key, value) VALUES (?, ?, ?)"
    " ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value"
)
_DROP_FACT: Final = "DELETE FROM fact WHERE kind = ? AND key = ?"
_HEADS: Final = (
    "SELECT room.room, name, creator, ts, folded, floor, floor_ts, log.id, log.count, log.crc,"
    " log.body FROM room LEFT JOIN log ON log.id = (SELECT max(id) FROM log"
    f" WHERE id >= room.room << {SHIFT} AND id < (room.room + 1) << {SHIFT}) ORDER BY room.room"
)


@dataclass(slots=True, frozen=True)
class Loaded:
    """What the broker starts from."""

    epoch: str
    rooms: list[tuple[RoomRow, int, int]]
    """Every room, the server's own log (0) first, with its head and the head's time (0, 0 where
    it is empty)."""
    users: list[UserRow]
    facts: list[tuple[str, str, bytes]]
    """Kind, key and value (JSON) of each fact that holds."""


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
        self._dropped = 0
        self._folding = Folding(path, connection)
        self._retention = Retention(connection)
        self._tidier = Tidier(path, connection)

    @classmethod
    def open(cls, path: Path, fault: Callable[[str], None] | None = None) -> Self:
        """Opens `path`, made (0600) where it is missing, in its newest form.

        `fault` is called with "insert" between a batch's rows and its commit. Raises
        `BadDatabase`, `NewerDatabase`, `StorageFull`, `StorageFailed`, or OSError where the file
        may not be opened.
        """
        connection = open_for_writing(path, LARGEST_WAL)
        try:
            with explaining(path):
                store = cls(path, connection)
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
        total = dropped = 0
        execute = self._connection.execute
        with explaining(self.path):
            for row in execute(_HEADS).fetchall():
                room, name, creator, made, folded, head, ts, id, count, crc, body = row
                dropped += head
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
                    self._folding.read(room, folded, head)
                elif folded > head:
                    raise BadDatabase(
                        self.path, f"is damaged: room {name!r} ends at {head}, not {folded}"
                    )
            people = execute("SELECT user, key, nick, nick_key, ts FROM user")
            users = [UserRow(*row) for row in people]
            facts = [
                (kind, key, value.encode())
                for kind, key, value in execute("SELECT kind, key, value FROM fact")
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
        self._dropped = dropped
        self._write_mark()
        return Loaded(self._epoch, rooms, users, facts)

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
        folding = self._folding
        now, later = folding.split(batch)
        full = folding.due(count)
        erased: list[Erased] = []
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
                folding.put(now)
            if batch.facts:
                self._put_facts(batch.facts)
            if batch.erasures:
                found = [erase(self._connection, e.room, e.seq) for e in batch.erasures]
                erased = [one for one in found if one is not None]
                self._tidier.soil()
            if full:
                folding.write(later, heads)
            if self.fault is not None:
                self.fault("insert")
            execute("COMMIT")
        except sqlite3.Error as error:
            raise self._rolled_back(error) from error
        except Unerasable as error:
            execute("ROLLBACK")
            raise StorageFailed(f"{self.path}: {error}") from error
        except BaseException:
            execute("ROLLBACK")
            raise
        if full:
            folding.written()
        else:
            folding.trails(later, heads, count)
        if now:
            folding.was_put(now)
        for append in batch.appends.values():
            self._retention.appended(append.room, len(append.joined()))
        for one in erased:
            self._retention.shortened(one.id, one.shorter)
            size += 2 * ROW
        if batch.erasures:
            self._tidier.soiled()
        self._records += count
        self._tidier.grew(size + 3 * PAGE_SIZE)
        self._write_mark()

    def retain(self, policies: Mapping[int, Keep], wall: int) -> Dropped:
        """Drops the oldest rows of each room in `policies` until it keeps what it may, at `wall`
        (ms): rows whose newest record is too old, and rows that are too many bytes.

        Some thousand rows at most; the answer tells whether there is more to do. Numbering goes on
        where it was. A full disk drops nothing, and is no error. Raises `StorageFailed`.
        """
        try:
            with explaining(self.path):
                plans, more = self._retention.plan(policies, wall)
        except BadDatabase as error:  # nothing was touched: whoever reads elsewhere goes on
            return Dropped(0, 0, more=False, trouble=str(error))
        if not plans:
            return Dropped(0, 0, more)
        execute = self._connection.execute
        try:
            execute("BEGIN IMMEDIATE")
            # The streams of what goes can be read from the log no more.
            self._folding.write({}, {})
            self._retention.carry_out(plans)
            self._tidier.soil()
            execute("COMMIT")
        except sqlite3.Error as error:
            failure = self._rolled_back(error)
            if isinstance(failure, StorageFull):
                return Dropped(0, 0, more=False)
            raise failure from error
        self._folding.written()
        self._retention.carried_out(plans)
        dropped = Dropped(sum(p.records for p in plans), sum(p.size for p in plans), more)
        self._dropped += dropped.records
        self._tidier.soiled()
        self._tidier.grew(2 * dropped.bytes)
        return dropped

    def tend(self) -> None:
        """Moves the WAL into the file where it has grown enough, or where text was deleted; for the
        moment after publishing, and whenever `due` says."""
        self._tidier.tend()

    @property
    def due(self) -> float:
        """When to `tend` without a commit before (monotonic seconds); infinite: not at all."""
        return self._tidier.due

    @property
    def records(self) -> int:
        """How many records the file holds, traces of deleted ones included."""
        return self._records - self._dropped

    def size(self) -> int:
        """Bytes of the file and of what waits to be moved into it."""
        files = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def stream(self, stream: str) -> StreamRow | None:
        """How far a stream was taken, as of the last commit."""
        with explaining(self.path):
            row = self._folding.find(stream)
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
        with explaining(self.path):
            self._epoch = renew_epoch(self._connection)
        return self._epoch

    def close(self) -> None:
        """Brings `stream` up to date, empties the WAL into the file and closes; twice is once.

        Nothing is lost where that fails: the next start reads the WAL.
        """
        if self._mark is None:
            return
        with contextlib.suppress(sqlite3.Error):
            if self._folding.behind:
                self._connection.execute("BEGIN IMMEDIATE")
                self._folding.write({}, {})
                self._connection.execute("COMMIT")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        self._connection.close()
        self._tidier.close()
        os.close(self._mark)
        self._mark = None

    def _put_facts(self, facts: list[FactRow]) -> None:
        for fact in facts:
            if fact.value is None:
                self._connection.execute(_DROP_FACT, (fact.kind, fact.key))
            else:
                self._connection.execute(_PUT_FACT, (fact.kind, fact.key, fact.value.decode()))

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
