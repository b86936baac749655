"""Deleted text is really gone from the files, and what is left stays sound."""

import contextlib
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from common.broker.batch import Append, Batch, Erasure
from common.broker.database import StorageFailed
from common.broker.reader import Reader
from common.broker.store import Store
from common.protocol.codec import encode
from common.protocol.messages import Record
from tests.broker.test_migrations import FIRST_VERSION
from tests.broker.test_reader import answer, ask
from tests.broker.test_store import ADA, crashed, created, line
from tests.support.waiting import wait_until


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


def write(store: Store, first: int, *texts: str, room: int = 1) -> None:
    lines = [line(seq, text=text) for seq, text in enumerate(texts, first)]
    store.commit(Batch(appends={room: Append(room, first, lines, b"")}))


def delete(store: Store, *erasures: Erasure) -> None:
    store.commit(Batch(erasures=list(erasures)))


def tidy(store: Store) -> None:
    """Tends until everything is done that a deletion asks for."""

    def done() -> bool:
        store.tend()
        return store.due == float("inf")

    wait_until(done, "the files are tidy")


def contents(path: Path) -> bytes:
    return b"".join(Path(f"{path}{suffix}").read_bytes() for suffix in ("", "-wal"))


def lines_of(store: Store, room: int = 1) -> list[Record]:
    rows = store._connection.execute(
        "SELECT body FROM log WHERE id >> 40 = ? ORDER BY id", (room,)
    ).fetchall()
    return [msgspec.json.decode(one, type=Record) for (body,) in rows for one in body.split(b"\n")]


class TestTheRecord:
    def test_number_author_and_time_stay(self, store: Store) -> None:
        write(store, 1, "one", "two", "three")
        delete(store, Erasure(1, 2))
        (before, trace, after) = lines_of(store)
        assert trace == Record("deleted", 2, f"{ADA}-2", f"u-{ADA}", "ada", 1_700_000_000_002)
        assert (before.text, after.text) == ("one", "three")
        assert store.verify() == []

    def test_a_record_of_the_same_commit_can_go_at_once(self, store: Store, path: Path) -> None:
        lines = [line(1), line(2, text="secretsecret")]
        lines.append(encode(Record("delete", 3, "server-1", "u", "ada", 1_800_000_000_000, of=2)))
        store.commit(
            Batch(appends={1: Append(1, 1, lines, b"")}, erasures=[Erasure(1, 2), Erasure(1, 2)])
        )
        assert [record.type for record in lines_of(store)] == ["message", "deleted", "delete"]
        assert store.verify() == []
        assert b"secretsecret" not in contents(path)

    def test_what_is_not_there_is_no_error(self, store: Store) -> None:
        write(store, 1, "one", "two")
        delete(store, Erasure(1, 3), Erasure(2, 1), Erasure(1, 0))
        assert [record.text for record in lines_of(store)] == ["one", "two"]

    def test_streams_and_heads_survive_a_crash(self, store: Store, tmp_path: Path) -> None:
        write(store, 1, "one", "two")
        delete(store, Erasure(1, 2))
        with contextlib.closing(Store.open(crashed(store, tmp_path / "crash"))) as after:
            (_, general, _) = after.load().rooms
            assert general[1:] == (2, 1_700_000_000_002)
            row = after.stream(ADA)
            assert row is not None
            assert row.last == 2
            assert after.verify() == []

    def test_28_a_damaged_row_is_not_rewritten(self, store: Store) -> None:
        write(store, 1, "one")
        store._connection.execute("UPDATE log SET crc = crc + 1")
        with pytest.raises(StorageFailed, match="record 1 of room 1 is damaged"):
            delete(store, Erasure(1, 1))
        assert [record.text for record in lines_of(store)] == ["one"]
        assert not store._connection.in_transaction

    def test_people_with_a_shell_do_not_see_it(self, store: Store, path: Path) -> None:
        write(store, 1, "one", "two")
        delete(store, Erasure(1, 1))
        with contextlib.closing(sqlite3.connect(path)) as shell:
            assert shell.execute("SELECT seq, text FROM message").fetchall() == [(2, "two")]


class TestTheFiles:
    @pytest.mark.parametrize("size", [40, 3_000, 16_000, 32_000])
    def test_the_text_is_in_neither_file(self, store: Store, path: Path, size: int) -> None:
        secrets = ["".join(random.choices("abcdefgh", k=size)) for _ in range(3)]
        write(store, 1, "before", secrets[0], "after")  # shares a row, unless it is too long
        write(store, 4, secrets[1])
        write(store, 5, "x" * 100, secrets[2])
        store._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        write(store, 7, "y" * 100)
        for secret in secrets:
            assert secret[:12].encode() in contents(path)
        delete(store, Erasure(1, 2), Erasure(1, 4), Erasure(1, 6))
        store.tend()
        assert Path(f"{path}-wal").stat().st_size < 70_000
        for secret in secrets:
            for at in range(0, size, 20):
                assert secret[at : at + 20].encode() not in contents(path)
        assert store.verify() == []

    def test_a_reader_that_is_open_does_not_keep_it(self, store: Store, path: Path) -> None:
        write(store, 1, "before", "secretsecret")
        with contextlib.closing(Reader(path)) as reader:
            assert b"secretsecret" in answer(reader, ask(after=0))
            delete(store, Erasure(1, 2))
            store.tend()
            assert b"secretsecret" not in contents(path)
            assert b'"deleted"' in answer(reader, ask(after=0))

    def test_whoever_reads_just_now_delays_it(self, store: Store, path: Path) -> None:
        write(store, 1, "before", "secretsecret")
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as shell:
            shell.execute("BEGIN")
            shell.execute("SELECT * FROM room").fetchall()
            delete(store, Erasure(1, 2))
            store.tend()
            assert b"secretsecret" in contents(path)
            assert store.due < float("inf")
            write(store, 3, "people go on")
            store.tend()
            shell.execute("ROLLBACK")
        tidy(store)
        assert b"secretsecret" not in contents(path)

    def test_a_crash_before_it_is_done_does_not_forget_it(
        self, store: Store, tmp_path: Path
    ) -> None:
        write(store, 1, "before", "secretsecret")
        delete(store, Erasure(1, 2))
        copy = crashed(store, tmp_path / "crash")
        assert b"secretsecret" in contents(copy)
        with contextlib.closing(Store.open(copy)) as after:
            after.load()
            tidy(after)
            assert b"secretsecret" not in contents(copy)
        with contextlib.closing(Store.open(copy)) as after:
            assert after.due == float("inf")

    def test_nor_are_copies_from_before_a_page_was_split(self, store: Store, path: Path) -> None:
        """Rooms that grow side by side split one another's pages, and SQLite leaves copies of the
        rows that it moved: of one text in some hundred."""
        dice = random.Random(22)
        store._connection.execute("PRAGMA synchronous = OFF")
        heads = {1: 0, 2: 0}
        secrets: dict[tuple[int, int], str] = {}
        for _ in range(1_000):
            room = dice.randrange(1, 3)
            texts = []
            for _ in range(dice.choice([1, 1, 1, 3])):
                texts.append(f"{dice.getrandbits(96):024x}" * dice.choice([1, 2, 8, 50, 600]))
                secrets[room, heads[room] + len(texts)] = texts[-1]
            write(store, heads[room] + 1, *texts, room=room)
            heads[room] += len(texts)
        gone = dice.sample(sorted(secrets), len(secrets) * 2 // 3)
        delete(store, *(Erasure(*place) for place in gone))
        store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        data = contents(path)
        left = [place for place in gone if secrets[place][:24].encode() in data]
        tidy(store)
        data = contents(path)
        for place in gone:
            assert secrets[place][:24].encode() not in data
        for place in left:
            whole = secrets[place][:24] * 2
            assert not any(whole[at : at + 10].encode() in data for at in range(24))
        kept = [
            (room, record.seq, record.text)
            for room in heads
            for record in lines_of(store, room)
            if record.type == "message"
        ]
        there = sorted(secrets.keys() - set(gone))
        assert kept == [(*place, secrets[place]) for place in there]
        assert store.verify() == []
        if not left:
            pytest.skip("this SQLite left no copies: nothing was proved")

    def test_a_flood_of_deletions_does_not_checkpoint_at_each(self, store: Store) -> None:
        write(store, 1, *("secret" for _ in range(200)))
        emptied = 0
        wal = Path(f"{store.path}-wal")
        for seq in range(1, 201):
            delete(store, Erasure(1, seq))
            store.tend()
            emptied += wal.stat().st_size < 40_000
        assert emptied < 100
        tidy(store)
        assert all(record.type == "deleted" for record in lines_of(store))

    def test_24_a_full_disk_deletes_later(self, store: Store, path: Path) -> None:
        write(store, 1, "before", "secretsecret")
        pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
        store._connection.execute(f"PRAGMA max_page_count = {pages}")
        delete(store, Erasure(1, 2))
        tidy(store)
        assert b"secretsecret" not in contents(path)


def test_the_first_version_s_copies_are_gone_too(tmp_path: Path) -> None:
    """Form 1 was written without `secure_delete`."""
    path = tmp_path / "causette.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as first:
        first.executescript(FIRST_VERSION)
        first.execute("PRAGMA secure_delete = OFF")
        first.execute("CREATE TABLE other (x)")
        first.execute("INSERT INTO other VALUES ('secretsecret')")
        first.execute("DELETE FROM other")
        first.execute("DROP TABLE other")
    assert b"secretsecret" in path.read_bytes()
    with contextlib.closing(Store.open(path)) as store:
        store.load()
    assert b"secretsecret" not in path.read_bytes()
