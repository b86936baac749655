"""What is dropped by age and by size, and what stays true afterwards (test 28 with floors)."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.broker import retention
from common.broker.batch import Append, Batch, Erasure, StreamRow
from common.broker.retention import Dropped
from common.broker.store import BadDatabase, Store, mark_of
from common.broker.verify import verify
from tests.broker.test_erasing import contents, tidy
from tests.broker.test_store import ADA, BOB, crashed, created, line, said

START = 1_700_000_000_000
"""The time of record n is n ms later."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "causette.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = Store.open(path)
    store.load()
    store.commit(created("general", "tea"))
    for first in range(1, 100, 10):
        store.commit(said(first, 10))
        store.commit(said(first, 10, room=2, stream=BOB))
    yield store
    with contextlib.suppress(Exception):
        store.close()


def numbers(store: Store, room: int = 1) -> list[int]:
    """The numbers of the first records of a room's rows."""
    query = "SELECT id & 0xffffffffff FROM log WHERE id >> 40 = ? ORDER BY id"
    return [number for (number,) in store._connection.execute(query, (room,))]


def size(store: Store, room: int = 1) -> int:
    query = "SELECT total(length(body)) FROM log WHERE id >> 40 = ?"
    return int(store._connection.execute(query, (room,)).fetchone()[0])


def by_age(store: Store, upto: int, room: int = 1) -> Dropped:
    """Drops the rows that end at or below a number."""
    return store.retain({room: (1, 0)}, START + upto + 1_001)


def by_size(store: Store, most: int, room: int = 1) -> Dropped:
    return store.retain({room: (0, most)}, START)


class TestWhatGoes:
    @pytest.mark.parametrize(
        ("upto", "first"), [(0, 1), (9, 1), (10, 11), (11, 11), (99, 91), (100, None)]
    )
    def test_rows_go_when_their_newest_record_is_too_old(
        self, store: Store, upto: int, first: int | None
    ) -> None:
        dropped = by_age(store, upto)
        assert dropped.records == (100 if first is None else first - 1)
        assert not dropped.more
        assert numbers(store) == ([] if first is None else list(range(first, 100, 10)))
        assert numbers(store, 2) == list(range(1, 100, 10))
        assert store.verify() == []

    def test_the_oldest_rows_go_until_the_rest_is_small_enough(self, store: Store) -> None:
        whole = size(store)
        assert by_size(store, whole).records == 0
        assert by_size(store, whole - 1).records == 10
        dropped = by_size(store, whole // 2)
        assert size(store) <= whole // 2 < size(store) + dropped.bytes
        assert by_size(store, 1).more is False
        assert numbers(store) == []
        assert store.verify() == []

    def test_whichever_limit_is_reached_first(self, store: Store) -> None:
        row = size(store) // 10
        store.retain({1: (1, 8 * row + 20)}, START + 51 + 1_000)
        assert numbers(store)[0] == 51
        store.retain({1: (1, 3 * row + 20)}, START + 51 + 1_000)
        assert numbers(store)[0] == 71

    def test_who_keeps_everything_loses_nothing(self, store: Store) -> None:
        assert store.retain({1: (0, 0)}, START * 2) == Dropped(0, 0, more=False)
        assert store.retain({}, START * 2) == Dropped(0, 0, more=False)
        assert store.retain({9: (1, 1)}, START * 2) == Dropped(0, 0, more=False)

    def test_the_size_follows_what_is_said_and_deleted(self, store: Store) -> None:
        whole = size(store)
        by_size(store, whole)
        store.commit(said(101, 10))
        store.commit(Batch(erasures=[Erasure(1, seq) for seq in (1, 55, 109)]))
        now = size(store)
        assert now != whole
        assert by_size(store, now).records == 0
        assert by_size(store, now - 1).records == 10
        by_age(store, 30)
        now = size(store)
        assert by_size(store, now).records == 0
        assert by_size(store, now - 1).records == 10

    def test_much_goes_in_several_calls(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(retention, "ROWS", 3)
        monkeypatch.setattr(retention, "COUNTED", 4)
        policies = {1: (1.0, 0), 2: (0.0, 1)}
        dropped = []
        while True:
            dropped.append(store.retain(policies, START + 1_081))
            assert store.verify() == []
            if not dropped[-1].more:
                break
        assert sum(one.records for one in dropped) == 80 + 100
        assert max(one.records for one in dropped) <= 30
        assert (numbers(store), numbers(store, 2)) == ([81, 91], [])

    def test_a_damaged_row_goes_with_those_behind_it(self, store: Store) -> None:
        store._connection.execute("UPDATE log SET crc = crc + 1 WHERE id = 1 << 40 | 21")
        by_age(store, 25)
        assert numbers(store)[0] == 21
        by_age(store, 40)
        assert numbers(store)[0] == 41
        assert store.verify() == []

    def test_28_a_damaged_page_is_told_and_ends_nothing(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def corrupt(*_: object) -> None:
            error = sqlite3.DatabaseError("database disk image is malformed")
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error

        monkeypatch.setattr(store._retention, "plan", corrupt)
        dropped = by_age(store, 50)
        assert (dropped.records, dropped.more) == (0, False)
        assert "malformed" in dropped.trouble
        store.commit(said(101, 5))


class TestAfterwards:
    def test_numbering_time_and_streams_go_on(self, store: Store, path: Path) -> None:
        by_age(store, 100)
        store.close()
        with contextlib.closing(Store.open(path)) as store:
            loaded = store.load()
            assert [(head, ts) for _, head, ts in loaded.rooms] == [
                (0, 0),
                (100, START + 100),
                (100, START + 100),
            ]
            assert store.records == 100
            assert store.stream(ADA) == StreamRow(ADA, f"u-{ADA}", 100)
            store.commit(said(101, 5))
            assert store.load().rooms[1][1:] == (105, START + 105)
            assert store.verify() == []

    def test_a_crash_right_after_it_loses_no_stream(self, store: Store, tmp_path: Path) -> None:
        by_age(store, 100)
        store.commit(said(101, 5))
        by_age(store, 50, room=2)
        with contextlib.closing(Store.open(crashed(store, tmp_path / "crash"))) as after:
            assert [head for _, head, _ in after.load().rooms] == [0, 105, 100]
            row = after.stream(ADA)
            assert row is not None
            assert row.last == 105
            assert after.verify() == []

    def test_28_what_was_dropped_is_not_missed_and_what_is_missing_is(
        self, store: Store, path: Path
    ) -> None:
        by_age(store, 50)
        store.close()
        with contextlib.closing(Store.open(path)) as store:
            store.load()
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as shell:
            shell.execute("UPDATE room SET folded = 90 WHERE room = 1")
            shell.execute("DELETE FROM log WHERE id = 1 << 40 | 91")
        with (
            contextlib.closing(Store.open(path)) as store,
            pytest.raises(BadDatabase, match="10 records"),
        ):
            store.load()
        mark_of(path).unlink()
        with contextlib.closing(Store.open(path)) as store:
            assert store.load().rooms[1][1] == 90

    def test_the_text_is_gone_from_the_files(self, store: Store, path: Path) -> None:
        store.commit(Batch(appends={1: Append(1, 101, [line(101, text="secretsecret")], b"")}))
        store.commit(Batch(appends={1: Append(1, 102, [line(102, text="hidden" * 2_600)], b"")}))
        store.commit(said(103, 10, n=102))
        assert b"secretsecret" in contents(path)
        by_age(store, 102)
        tidy(store)
        assert b"secretsecret" not in contents(path)
        assert b"hiddenhidden" not in contents(path)
        assert numbers(store) == [103]

    def test_size_and_records_are_told(self, store: Store, path: Path) -> None:
        assert store.records == 200
        assert store.size() == len(contents(path))
        by_age(store, 50)
        assert store.records == 150

    def test_24_a_full_disk_drops_nothing_and_the_broker_goes_on(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_plans: object) -> None:
            store._connection.execute("DELETE FROM log")
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error

        before = numbers(store)
        with monkeypatch.context() as patch:
            patch.setattr(store._retention, "carry_out", full)
            assert by_age(store, 50) == Dropped(0, 0, more=False)
        assert numbers(store) == before
        store.commit(said(101, 5))
        assert by_age(store, 50).records == 50
        assert store.verify() == []


@pytest.mark.parametrize(
    ("words", "statement"),
    [
        ("record 1 is there, though 50 was dropped", "UPDATE room SET floor = 50 WHERE room = 1"),
        ("after number 0 comes 21", "UPDATE room SET floor = 0, folded = 0 WHERE room = 2"),
        ("time runs back", "UPDATE room SET floor_ts = 1800000000000 WHERE room = 2"),
        ("nobody knows the streams", "UPDATE room SET folded = 10 WHERE room = 2"),
    ],
)
def test_28_a_wrong_floor_is_found(store: Store, path: Path, words: str, statement: str) -> None:
    by_age(store, 20, room=2)
    store.close()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute(statement)
    found = verify(path)
    assert any(words in problem for problem in found), found
