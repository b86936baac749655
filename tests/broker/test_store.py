"""The writing side of the database: commits, crashes, full disks and damage (tests 24, 25, 28)."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.broker.batch import Append, Batch, FactRow, RefusalRow, RoomRow, StreamRow, UserRow
from common.broker.folding import FOLD_EVERY
from common.broker.store import (
    ROW,
    BadDatabase,
    StorageFailed,
    StorageFull,
    Store,
    mark_of,
)
from common.broker.tidying import CHECKPOINT
from common.broker.verify import verify
from common.protocol.codec import encode
from common.protocol.messages import Record

ADA = "00000000000000aa"
BOB = "00000000000000bb"


def line(seq: int, stream: str = ADA, n: int | None = None, text: str = "hello") -> bytes:
    ts = 1_700_000_000_000 + seq
    number = seq if n is None else n
    return encode(Record("message", seq, f"{stream}-{number}", f"u-{stream}", "ada", ts, text))


def said(first: int, count: int = 1, room: int = 1, stream: str = ADA, n: int = 0) -> Batch:
    """`count` messages of one stream, whose numbers go on after `n` (default: as the room's)."""
    n = n or first - 1
    lines = [line(first + k, stream, n + k + 1) for k in range(count)]
    batch = Batch(appends={room: Append(room, first, lines, b"room/x/")})
    batch.streams[stream] = StreamRow(stream, f"u-{stream}", n + count)
    return batch


def created(*names: str) -> Batch:
    return Batch(rooms=[RoomRow(n, name, "u", 5) for n, name in enumerate(names, 1)])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "causette.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = Store.open(path)
    store.load()
    store.commit(created("general", "tea"))
    yield store
    with contextlib.suppress(Exception):
        store.close()


def crashed(store: Store, to: Path) -> Path:
    """A copy of the files as a crash at this moment would leave them."""
    to.mkdir()
    for suffix in ("", "-wal", "-mark"):
        shutil.copy(f"{store.path}{suffix}", to)
    return to / store.path.name


class TestCommit:
    def test_a_new_database_has_an_epoch_and_the_server_s_log(self, path: Path) -> None:
        with contextlib.closing(Store.open(path)) as store:
            loaded = store.load()
        assert len(loaded.epoch) == 16
        ((room, head, ts),) = loaded.rooms
        assert (room.room, room.name, head, ts) == (0, "", 0, 0)
        assert loaded.users == []
        with contextlib.closing(Store.open(path)) as store:
            assert store.load().epoch == loaded.epoch

    @pytest.mark.skipif(os.name == "nt", reason="modes mean nothing on Windows")
    def test_the_files_are_private(self, store: Store) -> None:
        store.commit(said(1))
        for suffix in ("", "-wal", "-shm", "-mark"):
            assert Path(f"{store.path}{suffix}").stat().st_mode & 0o777 == 0o600

    def test_what_was_committed_is_loaded(self, store: Store, path: Path) -> None:
        store.commit(said(1, 3))
        store.commit(said(1, 2, room=2, stream=BOB))
        ada = UserRow("ua", "k" * 64, "Ada", "ada", 1)
        store.commit(Batch(users=[ada, UserRow("ub", "l" * 64, "Bob", "bob", 2)]))
        store.commit(Batch(users=[UserRow("ua", "k" * 64, "Ida", "ida", 9)]))
        store.close()
        with contextlib.closing(Store.open(path)) as store:
            loaded = store.load()
            assert [(r.name, head, ts % 1000) for r, head, ts in loaded.rooms] == [
                ("", 0, 0),
                ("general", 3, 3),
                ("tea", 2, 2),
            ]
            assert loaded.rooms[1][0] == RoomRow(1, "general", "u", 5)
            assert [(u.nick, u.ts) for u in loaded.users] == [("Ida", 1), ("Bob", 2)]
            assert store.stream(ADA) == StreamRow(ADA, f"u-{ADA}", 3)
            assert store.stream("f" * 16) is None

    def test_the_stored_bytes_are_the_published_ones(self, store: Store, path: Path) -> None:
        batch = said(1, 3)
        store.commit(batch)
        store.close()
        with contextlib.closing(sqlite3.connect(path)) as shell:
            assert shell.execute("SELECT id, count, body FROM log").fetchall() == [
                (1 << 40 | 1, 3, b"\n".join(batch.appends[1].lines))
            ]

    def test_a_long_append_goes_into_several_rows(self, store: Store, path: Path) -> None:
        lines = [line(n, text="x" * (n * 37 % 3_000)) for n in range(1, 100)]
        lines.append(line(100, text="y" * 2 * ROW))
        store.commit(Batch(appends={1: Append(1, 1, lines, b"")}))
        assert store.verify() == []
        store.close()
        with contextlib.closing(sqlite3.connect(path)) as shell:
            rows = shell.execute("SELECT body FROM log ORDER BY id").fetchall()
        assert b"\n".join(body for (body,) in rows) == b"\n".join(lines)
        assert all(len(body) <= ROW for (body,) in rows[:-1])
        assert len(rows) < 20

    def test_people_see_messages_with_a_shell(self, store: Store, path: Path) -> None:
        lines = [line(1, text='a "quoted", [tricky]\nline'), line(2, text="é 😀")]
        store.commit(Batch(appends={1: Append(1, 1, lines, b"")}))
        store.close()
        with contextlib.closing(sqlite3.connect(path)) as shell:
            assert shell.execute("SELECT * FROM message").fetchall() == [
                ("general", 1, "2023-11-14 22:13:20", "ada", 'a "quoted", [tricky]\nline'),
                ("general", 2, "2023-11-14 22:13:20", "ada", "é 😀"),
            ]

    def test_a_refusal_is_kept_and_takes_its_number(self, store: Store, tmp_path: Path) -> None:
        store.commit(said(1, 5))
        refused = Batch(refusals=[RefusalRow(ADA, 6, "too-long", "words")])
        refused.streams[ADA] = StreamRow(ADA, f"u-{ADA}", 6)
        store.commit(refused)
        assert store.refusal(ADA, 6) == RefusalRow(ADA, 6, "too-long", "words")
        assert store.refusal(ADA, 5) is None
        again = crashed(store, tmp_path / "crash")
        for one in (store, Store.open(again)):
            if one is not store:
                one.load()
            row = one.stream(ADA)
            assert row is not None
            assert row.last == 6
            one.close()

    def test_facts_are_kept_replaced_and_taken_away(self, store: Store, path: Path) -> None:
        rules, other = FactRow("rules", "1", b'{"slow":5}'), FactRow("mute", "1/u", b"{}")
        store.commit(Batch(facts=[rules, other, FactRow("ban", "u", '{"reason":"é"}'.encode())]))
        store.commit(Batch(facts=[FactRow("rules", "1", b'{"slow":6}'), FactRow("ban", "u", None)]))
        store.commit(Batch(facts=[FactRow("ban", "nobody", None)]))
        store.close()
        with contextlib.closing(Store.open(path)) as store:
            facts = [("mute", "1/u", b"{}"), ("rules", "1", b'{"slow":6}')]
            assert sorted(store.load().facts) == facts

    def test_facts_are_committed_with_their_batch_or_not_at_all(self, store: Store) -> None:
        batch = Batch(facts=[FactRow("rules", "1", b"{}")], rooms=created("general").rooms)
        with pytest.raises(StorageFailed, match="UNIQUE"):
            store.commit(batch)
        assert store.load().facts == []

    def test_a_failure_that_is_not_sqlite_s_leaves_no_transaction(self, store: Store) -> None:
        with pytest.raises(UnicodeEncodeError):
            store.commit(Batch(rooms=[RoomRow(9, "\ud800", "u", 1)]))
        store.commit(said(1))

    def test_the_wal_stays_small(self, store: Store) -> None:
        size = 0
        for number in range(1, 400):
            store.commit(said(number * 50 - 49, 50))
            store.tend()
            size = max(size, Path(f"{store.path}-wal").stat().st_size)
        assert size < 3 * CHECKPOINT

    def test_the_hook_is_called_between_insert_and_commit(self, path: Path) -> None:
        seen = []

        def hook(point: str) -> None:
            with contextlib.closing(sqlite3.connect(path)) as shell:
                seen.append((point, shell.execute("SELECT count(*) FROM log").fetchone()[0]))

        store = Store.open(path, fault=hook)
        store.load()
        store.commit(said(1))
        store.close()
        assert seen == [("insert", 0)]


class TestStreams:
    """How far each stream was taken, which the log tells after a crash."""

    def test_a_crash_loses_none(self, store: Store, tmp_path: Path) -> None:
        for number in range(1, 20):
            for room, stream in ((1, ADA), (2, BOB)):
                store.commit(said(number, room=room, stream=stream))
        for stream in (ADA, BOB):
            before = store.stream(stream)
            assert before is not None
            after = Store.open(crashed(store, tmp_path / stream))
            after.load()
            assert after.stream(stream) == StreamRow(stream, f"u-{stream}", before.last)
            assert after.verify() == []
            after.close()

    def test_they_are_written_every_so_often_and_at_the_end(
        self, store: Store, path: Path, tmp_path: Path
    ) -> None:
        for first in range(1, FOLD_EVERY + 1_000, 500):
            store.commit(said(first, 500))
        last = first + 499
        copy = crashed(store, tmp_path / "crash")
        with contextlib.closing(sqlite3.connect(copy)) as shell:
            (folded,) = shell.execute("SELECT folded FROM room WHERE room = 1").fetchone()
            assert shell.execute("SELECT last FROM stream").fetchall() == [(folded,)]
        assert last - FOLD_EVERY < folded < last
        store.close()
        with contextlib.closing(sqlite3.connect(path)) as shell:
            assert shell.execute("SELECT last FROM stream").fetchall() == [(last,)]

    def test_records_of_the_server_belong_to_no_stream(self, store: Store, tmp_path: Path) -> None:
        own = [encode(Record("room-created", 1, "server-1", "u", "", 5, "general"))]
        store.commit(Batch(appends={0: Append(0, 1, own, b"")}))
        after = Store.open(crashed(store, tmp_path / "crash"))
        after.load()
        after.close()
        with contextlib.closing(sqlite3.connect(after.path)) as shell:
            assert shell.execute("SELECT * FROM stream").fetchall() == []


def fill(store: Store) -> None:
    """The disk is full from here on, as far as SQLite can tell."""
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")


class TestFailures:
    def test_24_a_full_disk_stores_nothing_and_goes_on(self, store: Store, path: Path) -> None:
        store.commit(said(1, 3))
        fill(store)
        big = Batch(appends={1: Append(1, 4, [line(4, text="x" * 100_000)], b"")})
        big.streams[ADA] = StreamRow(ADA, f"u-{ADA}", 4)
        with pytest.raises(StorageFull):
            store.commit(big)
        assert store.stream(ADA) == StreamRow(ADA, f"u-{ADA}", 3)
        store._connection.execute("PRAGMA max_page_count = 1000000")
        store.commit(big)
        store.close()
        assert verify(path) == []

    @pytest.mark.skipif(os.name == "nt", reason="needs RLIMIT_FSIZE")
    def test_25_a_write_that_fails_is_not_called_a_full_disk(self, path: Path) -> None:
        script = f"""
import resource, signal
from pathlib import Path
from common.broker.store import *
from tests.broker.test_store import *
store = Store.open(Path({str(path)!r}))
store.load()
store.commit(created("general"))
store.commit(said(1))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    for first in range(2, 10_000, 50):
        store.commit(said(first, 50))
except StorageFailed as error:
    print("failed", error)
"""
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        )
        assert done.stdout.startswith("failed")
        with contextlib.closing(Store.open(path)) as store:
            store.load()
            assert store.verify() == []

    def test_somebody_else_who_writes_is_an_unknown_outcome(self, store: Store, path: Path) -> None:
        store._connection.execute("PRAGMA busy_timeout = 0")
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as shell:
            shell.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageFailed, match="locked"):
                store.commit(said(1))
            shell.execute("ROLLBACK")

    def test_closing_twice_is_closing_once(self, store: Store) -> None:
        store.close()
        store.close()


class TestDamage:
    def test_28_a_truncated_wal_is_told(self, store: Store, tmp_path: Path) -> None:
        for number in range(1, 10):
            store.commit(said(number))
        copy = crashed(store, tmp_path / "crash")
        wal = Path(f"{copy}-wal")
        os.truncate(wal, wal.stat().st_size * 2 // 3)
        with (
            contextlib.closing(Store.open(copy)) as after,
            pytest.raises(BadDatabase, match="acknowledged are missing"),
        ):
            after.load()
        mark_of(copy).unlink()
        with contextlib.closing(Store.open(copy)) as after:
            assert 0 < after.load().rooms[1][1] < 9
            assert after.verify() == []

    def test_28_a_lost_wal_is_told(self, store: Store, tmp_path: Path) -> None:
        store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        store.commit(said(1))
        copy = crashed(store, tmp_path / "crash")
        Path(f"{copy}-wal").unlink()
        with (
            contextlib.closing(Store.open(copy)) as after,
            pytest.raises(BadDatabase, match="1 records"),
        ):
            after.load()

    def test_a_restored_backup_begins_another_epoch(self, store: Store, tmp_path: Path) -> None:
        store.commit(said(1))
        epoch = store.load().epoch
        copy = crashed(store, tmp_path / "backup")
        store.commit(said(2))
        shutil.copy(mark_of(store.path), mark_of(copy))
        with contextlib.closing(Store.open(copy)) as after:
            renewed = after.renew_epoch()
            assert renewed != epoch
            assert after.load().epoch == renewed

    def test_28_damage_at_the_newest_records_is_told_at_the_start(
        self, store: Store, path: Path
    ) -> None:
        store.commit(said(1, 30))
        store.close()
        data = path.read_bytes()
        path.write_bytes(data.replace(b'"seq":30,', b'"seq":31,'))
        with (
            contextlib.closing(Store.open(path)) as after,
            pytest.raises(BadDatabase, match="newest"),
        ):
            after.load()

    def test_28_damage_in_what_a_start_reads_again_is_told(
        self, store: Store, tmp_path: Path
    ) -> None:
        store.commit(said(1, 30))
        store.commit(said(31, 5))
        copy = crashed(store, tmp_path / "crash")
        with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as shell:
            shell.execute("UPDATE log SET crc = crc + 1 WHERE count = 30")
        with (
            contextlib.closing(Store.open(copy)) as after,
            pytest.raises(BadDatabase, match="records from 1"),
        ):
            after.load()

    def test_28_a_log_that_lost_its_end_is_told(self, store: Store, path: Path) -> None:
        store.commit(said(1, 3))
        store.close()
        mark_of(path).unlink()
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as shell:
            shell.execute("DELETE FROM log")
        with (
            contextlib.closing(Store.open(path)) as after,
            pytest.raises(BadDatabase, match="ends at 0, not 3"),
        ):
            after.load()
