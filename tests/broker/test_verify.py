"""The whole check finds what the start and the pages may not have met yet (test 28)."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from common.broker.batch import Append, Batch, Erasure, FactRow, RefusalRow, StreamRow
from common.broker.database import BadDatabase, NewerDatabase, StorageFailed
from common.broker.facts import Rules
from common.broker.migrations import checksum
from common.broker.store import Store
from common.broker.verify import Summary, summary, verify
from common.protocol.codec import encode
from common.protocol.deeds import LogEntry
from common.protocol.messages import Record
from tests.broker.test_store import ADA, created, said


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "causette.db"
    with contextlib.closing(Store.open(path)) as store:
        store.load()
        store.commit(created("general", "tea"))
        for first in range(1, 200, 20):
            store.commit(said(first, 20))
        refused = Batch(refusals=[RefusalRow(ADA, 201, "code", "words")])
        refused.streams[ADA] = StreamRow(ADA, f"u-{ADA}", 201)
        store.commit(refused)
        for seq, value in enumerate((Rules(slow=5), Rules(slow=6), None, Rules(slow=7)), 1):
            store.commit(deed(seq, "rules", "1", value))
        store.commit(deed(5, "rules", "2", Rules(private=True)))
        trace = Record("delete", 201, "server-6", "u", "ada", 1_700_000_000_201, "why", of=50)
        store.commit(
            Batch(
                appends={1: Append(1, 201, [encode(trace)], b"")},
                erasures=[Erasure(1, 50)],
            )
        )
    return path


def deed(seq: int, kind: str, key: str, value: Rules | None) -> Batch:
    """What changes a fact, as the ledger stages it."""
    id, facts = f"server-{seq}", ((kind, key, value),)
    entry = LogEntry("set", seq, id, "u", "ada", 5, "", room="general", facts=facts)
    row = FactRow(kind, key, None if value is None else encode(value))
    return Batch(appends={0: Append(0, seq, [encode(entry)], b"")}, facts=[row])


def changed(path: Path, *statements: str) -> list[str]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.create_function("checksum", 2, checksum)
        for statement in statements:
            shell.execute(statement)
    return verify(path)


ROW = "WHERE id = (1 << 40 | 41)"


def test_a_sound_file_has_no_problem(path: Path) -> None:
    assert verify(path) == []


def test_it_works_beside_a_store_that_writes(path: Path) -> None:
    with contextlib.closing(Store.open(path)) as store:
        store.load()
        store.commit(said(202, 5, n=201))
        assert verify(path) == []
        assert store.verify() == []


@pytest.mark.parametrize(
    ("words", "statements"),
    [
        ("after number 40 comes 61", [f"DELETE FROM log {ROW}"]),
        ("not as they were written", [f"UPDATE log SET crc = crc + 1 {ROW}"]),
        ("not as they were written", [f"UPDATE log SET count = 19 {ROW}"]),
        (
            "record 41 says that it is 42",
            [
                "UPDATE log SET body = CAST(replace(CAST(body AS TEXT), '\"seq\":41,',"
                f" '\"seq\":42,') AS BLOB) {ROW}",
                f"UPDATE log SET crc = checksum(id, body) {ROW}",
            ],
        ),
        (
            "time runs back at record 41",
            [
                "UPDATE log SET body = CAST(replace(CAST(body AS TEXT), '\"ts\":1700000000041',"
                f" '\"ts\":1') AS BLOB) {ROW}",
                f"UPDATE log SET crc = checksum(id, body) {ROW}",
            ],
        ),
        (
            "record 41 is none",
            [
                "UPDATE log SET body = CAST(substr(CAST(body AS TEXT), 2) AS BLOB) " + ROW,
                f"UPDATE log SET crc = checksum(id, body) {ROW}",
            ],
        ),
        ("of room 7, which does not exist", ["UPDATE log SET id = 7 << 40 | 41 " + ROW]),
        ("from 202 to 300 are missing", ["UPDATE room SET folded = 300 WHERE room = 1"]),
        (
            "the fact rules 1 is not what",
            ["UPDATE fact SET value = '{\"slow\":6}' WHERE key = '1'"],
        ),
        ("the fact rules 2 of the server's log is missing", ["DELETE FROM fact WHERE key = '2'"]),
        ("the fact rules 3 is not what", ["INSERT INTO fact VALUES ('rules', '3', '{}')"]),
        ("the fact rules 1 cannot be read", ["UPDATE fact SET value = '{' WHERE key = '1'"]),
        ("the fact rulez 1 cannot be read", ["INSERT INTO fact VALUES ('rulez', '1', '{}')"]),
        (
            "record 50 was deleted, and still has more than its author",
            [
                'UPDATE log SET body = CAST(replace(CAST(body AS TEXT), \'"type":"deleted",\','
                f' \'"type":"deleted","text":"x",\') AS BLOB) {ROW}',
                f"UPDATE log SET crc = checksum(id, body) {ROW}",
            ],
        ),
        (
            "record 201 deletes 50, which is not deleted",
            [
                'UPDATE log SET body = CAST(replace(CAST(body AS TEXT), \'"type":"deleted",\','
                f' \'"type":"message",\') AS BLOB) {ROW}',
                f"UPDATE log SET crc = checksum(id, body) {ROW}",
            ],
        ),
        ("written up to 100", ["UPDATE stream SET last = 100"]),
        ("written up to 200", ["UPDATE stream SET last = 200"]),
        ("written up to 0", ["DELETE FROM stream"]),
    ],
)
def test_28_each_kind_of_damage_is_named(path: Path, words: str, statements: list[str]) -> None:
    found = changed(path, *statements)
    assert any(words in problem for problem in found), found


def test_a_summary_counts_what_there_is(path: Path) -> None:
    assert summary(path) == Summary(rooms=2, records=206, people=0, bytes=path.stat().st_size)


def test_what_is_no_database_of_ours_is_not_checked(path: Path, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as shell:
        shell.execute("PRAGMA user_version = 99")
    with pytest.raises(NewerDatabase):
        verify(path)
    with contextlib.closing(sqlite3.connect(path)) as shell:
        shell.execute("PRAGMA application_id = 7")
    for look in (verify, summary):
        with pytest.raises(BadDatabase, match="another program"):
            look(path)
        with pytest.raises(StorageFailed):
            look(tmp_path / "none.db")


def test_28_a_flipped_bit_is_found(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"seq":90,', b'"seq":98,'))
    assert len(verify(path)) == 1


def test_28_a_page_of_garbage_is_found(path: Path) -> None:
    data = bytearray(path.read_bytes())
    at = data.index(b'"seq":100,') // 16_384 * 16_384
    data[at : at + 8_192] = b"\xff" * 8_192
    path.write_bytes(data)
    with contextlib.suppress(BadDatabase):
        assert verify(path)


def test_a_ruin_is_not_described_for_ever(path: Path) -> None:
    found = changed(path, "UPDATE log SET id = id + (6 << 40)", *_many_rows())
    assert len(found) == 100


def _many_rows() -> list[str]:
    return [
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 500)"
        " INSERT INTO log SELECT 9 << 40 | x, 1, 0, x'00' FROM n"
    ]
