"""The quick look at a database, and the memory of the last backup."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from common.broker import checkup
from common.broker.database import BadDatabase, NewerDatabase
from common.broker.migrations import NEWEST
from common.broker.store import Store


def test_an_empty_database_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "causette.db"
    Store.open(path).close()
    found = checkup.look(path)
    assert (found.form, found.problems, found.whole) == (NEWEST, [], True)
    assert found.newest == 0
    assert found.begun > 0
    assert found.is_newest_form


def test_what_is_none_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE x (y)")
        other.commit()
    with pytest.raises(BadDatabase):
        checkup.look(path)


def test_a_newer_form(tmp_path: Path) -> None:
    path = tmp_path / "causette.db"
    Store.open(path).close()
    with closing(sqlite3.connect(path)) as newer:
        newer.execute(f"PRAGMA user_version = {NEWEST + 1}")
    with pytest.raises(NewerDatabase):
        checkup.look(path)


def test_patience_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "causette.db"
    Store.open(path).close()
    with closing(sqlite3.connect(path)) as large:
        large.execute("CREATE TABLE filler (x)")
        large.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
            " INSERT INTO filler SELECT i FROM n"
        )
        large.commit()
    monkeypatch.setattr(checkup, "_STEPS", 10)
    assert not checkup.look(path, patience=-1).whole
    assert checkup.look(path).whole
    assert checkup.look(path, deep=True, patience=-1).whole, "who wants all of it waits"


def test_the_last_backup_is_remembered(tmp_path: Path) -> None:
    assert checkup.last_backup(tmp_path) is None
    checkup.note_backup(tmp_path, Path("/copies/one.db"))
    last = checkup.last_backup(tmp_path)
    assert last is not None
    assert last.path == Path("/copies/one.db")
    for damage in ("", "{}", "[]", '{"path": 1, "ts": "x"}'):
        (tmp_path / "last-backup.json").write_text(damage)
        assert checkup.last_backup(tmp_path) is None
    checkup.note_backup(tmp_path / "none" / "file", Path("/x"))
