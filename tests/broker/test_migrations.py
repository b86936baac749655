"""From the first released form of the file to the newest."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from common.broker import migrations
from common.broker.batch import Batch, Erasure, FactRow, RoomRow, StreamRow, UserRow
from common.broker.migrations import APPLICATION, MIGRATIONS, NEWEST, migrate
from common.broker.store import Store

# A file of form 1 as the first version wrote it, frozen. Nothing here follows the code.
FIRST_VERSION = """
PRAGMA page_size = 16384;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE room (room INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, creator TEXT NOT NULL,
    ts INTEGER NOT NULL, folded INTEGER NOT NULL DEFAULT 0);
CREATE TABLE log (id INTEGER PRIMARY KEY, count INTEGER NOT NULL, crc INTEGER NOT NULL,
    body BLOB NOT NULL);
CREATE TABLE stream (stream TEXT PRIMARY KEY, user TEXT NOT NULL, last INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE user (user TEXT PRIMARY KEY, key TEXT NOT NULL, nick TEXT NOT NULL,
    nick_key TEXT NOT NULL UNIQUE, ts INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE refusal (stream TEXT NOT NULL, n INTEGER NOT NULL, code TEXT NOT NULL,
    text TEXT NOT NULL, PRIMARY KEY (stream, n)) WITHOUT ROWID;
CREATE VIEW message AS SELECT room.name AS room, json_extract(line.value, '$.seq') AS seq,
    datetime(json_extract(line.value, '$.ts') / 1000, 'unixepoch') AS time,
    json_extract(line.value, '$.nick') AS nick, json_extract(line.value, '$.text') AS text
    FROM log JOIN room ON room.room = log.id >> 40
    JOIN json_each('[' || replace(CAST(log.body AS TEXT), char(10), ',') || ']') AS line
    WHERE json_extract(line.value, '$.type') = 'message';
PRAGMA application_id = 1130460531;
PRAGMA user_version = 1;
INSERT INTO meta VALUES ('epoch', '0123456789abcdef');
INSERT INTO room VALUES (0, '', '', 1700000000000, 0), (1, 'general', 'ada', 1700000000001, 1);
INSERT INTO user VALUES ('ada', 'aa', 'Ada', 'ada', 1700000000001);
INSERT INTO stream VALUES ('00000000000000aa', 'ada', 2);
INSERT INTO refusal VALUES ('00000000000000aa', 2, 'bad-room', 'words');
INSERT INTO log VALUES (1099511627777, 1, 2493798100, CAST(
    '{"type":"message","seq":1,"id":"00000000000000aa-1","user":"ada","nick":"Ada",' ||
    '"ts":1700000000002,"text":"hi"}' AS BLOB));
INSERT INTO log VALUES (1099511627778, 2, 555922268, CAST(
    '{"type":"message","seq":2,"id":"00000000000000aa-3","user":"ada","nick":"Ada",' ||
    '"ts":1700000000003,"text":"ho"}' || char(10) ||
    '{"type":"message","seq":3,"id":"00000000000000aa-4","user":"ada","nick":"Ada",' ||
    '"ts":1700000000003,"text":"hum"}' AS BLOB));
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "causette.db"


def schema(connection: sqlite3.Connection) -> dict[str, str]:
    rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    return {name: " ".join(sql.split()).replace("( ", "(") for name, sql in rows}


def test_a_file_of_the_first_version_serves_today(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as first:
        first.executescript(FIRST_VERSION)
    with contextlib.closing(Store.open(path)) as store:
        loaded = store.load()
        assert loaded.epoch == "0123456789abcdef"
        assert loaded.rooms == [
            (RoomRow(0, "", "", 1_700_000_000_000), 0, 0),
            (RoomRow(1, "general", "ada", 1_700_000_000_001), 3, 1_700_000_000_003),
        ]
        assert loaded.users == [UserRow("ada", "aa", "Ada", "ada", 1_700_000_000_001)]
        assert store.stream("00000000000000aa") == StreamRow("00000000000000aa", "ada", 4)
        refusal = store.refusal("00000000000000aa", 2)
        assert refusal is not None
        assert refusal.code == "bad-room"
        assert loaded.facts == []
        assert store.verify() == []
        changed = Batch(facts=[FactRow("rules", "1", b"{}")], erasures=[Erasure(1, 2)])
        store.commit(changed)
        assert store.load().facts == [("rules", "1", b"{}")]
        assert store.retain({1: (1, 0)}, 1_700_000_002_000).records == 3
        assert store.load().rooms[1][1:] == (3, 1_700_000_000_003)


def test_an_old_file_becomes_what_a_new_one_is() -> None:
    with (
        contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as old,
        contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as new,
    ):
        old.executescript(FIRST_VERSION)
        migrate(old, 1)
        migrate(new, 0)
        assert schema(old) == schema(new)
        for connection in (old, new):
            assert connection.execute("PRAGMA user_version").fetchone() == (NEWEST,)
            assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION,)


def test_a_step_that_fails_leaves_the_form_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ("CREATE TABLE more (x)", "CREATE TABLE more (x)")
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, broken))
    monkeypatch.setattr(migrations, "NEWEST", NEWEST + 1)
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, 0)
        assert connection.execute("PRAGMA user_version").fetchone() == (NEWEST,)
        assert "more" not in schema(connection)
