"""Opening: what is ours, what is not, and what is damaged (test 28)."""

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from common.broker.database import (
    BadDatabase,
    NewerDatabase,
    StorageFailed,
    StorageFull,
    explaining,
    open_for_reading,
    open_for_writing,
)
from common.broker.migrations import NEWEST

MEGABYTE = 1 << 20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "causette.db"


def opened(path: Path) -> None:
    open_for_writing(path, MEGABYTE).close()


def test_a_new_file_is_made_and_opens_again(path: Path) -> None:
    opened(path)
    with contextlib.closing(open_for_writing(path, MEGABYTE)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA page_size").fetchone() == (16_384,)


def test_a_newer_form_is_refused_and_left_alone(path: Path) -> None:
    opened(path)
    with contextlib.closing(sqlite3.connect(path)) as shell:
        shell.execute(f"PRAGMA user_version = {NEWEST + 1}")
    with pytest.raises(NewerDatabase) as told:
        opened(path)
    assert (told.value.path, told.value.found, told.value.known) == (path, NEWEST + 1, NEWEST)
    assert "update" in str(told.value)


def test_another_program_s_database_is_refused(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as shell:
        shell.execute("CREATE TABLE bookmarks (url)")
    before = path.read_bytes()
    with pytest.raises(BadDatabase, match="another program"):
        opened(path)
    assert path.read_bytes() == before


def test_what_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"Dear diary,\n" * 1_000)
    with pytest.raises(BadDatabase, match="not an SQLite database"):
        opened(path)


def test_28_an_emptied_file_beside_its_wal_is_told(path: Path) -> None:
    """SQLite itself would delete the WAL and begin anew."""
    opened(path)
    Path(f"{path}-wal").write_bytes(b"x" * 100)
    os.truncate(path, 0)
    with pytest.raises(BadDatabase, match="empty"):
        opened(path)
    path.unlink()
    with pytest.raises(BadDatabase, match="missing"):
        opened(path)


@pytest.mark.parametrize("left", [50, 100, 16_384, 16_384 * 3 + 5])
def test_28_a_truncated_file_is_told(path: Path, left: int) -> None:
    opened(path)
    os.truncate(path, left)
    with pytest.raises(BadDatabase):
        opened(path)


def test_28_a_first_page_of_garbage_is_told(path: Path) -> None:
    opened(path)
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 16_000)
    with pytest.raises(BadDatabase, match="damaged"):
        opened(path)


def test_a_file_that_may_not_be_opened_is_the_system_s_error(path: Path) -> None:
    opened(path)
    path.chmod(0)
    account = os.geteuid()
    if account == 0:  # root may open anything: be nobody for a moment
        os.seteuid(65_534)
    try:
        with pytest.raises(PermissionError):
            opened(path)
    finally:
        os.seteuid(account)


def test_the_reading_connection_cannot_write(path: Path) -> None:
    opened(path)
    with (
        contextlib.closing(open_for_reading(path)) as connection,
        pytest.raises(sqlite3.OperationalError),
    ):
        connection.execute("DELETE FROM room")


def test_the_reading_connection_makes_no_file(path: Path) -> None:
    with pytest.raises(StorageFailed):
        open_for_reading(path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, StorageFull),
        (sqlite3.SQLITE_CORRUPT, BadDatabase),
        (sqlite3.SQLITE_NOTADB, BadDatabase),
        (sqlite3.SQLITE_IOERR_FSYNC, StorageFailed),
    ],
)
def test_each_error_has_its_meaning(path: Path, code: int, kind: type[Exception]) -> None:
    error = sqlite3.OperationalError("words")
    error.sqlite_errorcode = code
    with pytest.raises(kind, match="words"), explaining(path):
        raise error
