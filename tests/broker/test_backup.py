"""Backups while somebody writes, and the way back (row 22, as far as the files go)."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from common import paths
from common.broker.backup import DATABASE, Exists, Missing, SameFile, Unsound, backup, restore
from common.broker.batch import StreamRow, UserRow
from common.broker.database import BadDatabase, NewerDatabase
from common.broker.store import Store, mark_of
from common.broker.verify import Summary, verify
from tests.broker.test_migrations import FIRST_VERSION
from tests.broker.test_store import ADA, created, said


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    directory = tmp_path / "broker"
    directory.mkdir()
    with contextlib.closing(Store.open(directory / DATABASE)) as store:
        store.load()
        batch = created("general", "tea")
        batch.users.append(UserRow("u", "aa", "Ada", "ada", 1))
        store.commit(batch)
        store.commit(said(1, 30))
    return directory


@pytest.fixture
def source(directory: Path) -> Path:
    return directory / DATABASE


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Store]:
    with contextlib.closing(Store.open(path)) as store:
        yield store


def head(path: Path) -> int:
    with opened(path) as store:
        return store.load().rooms[1][1]


def files(directory: Path) -> set[str]:
    """What is there, but for what a reader of a WAL database may leave."""
    return {path.name for path in directory.iterdir()} - {f"{DATABASE}-wal", f"{DATABASE}-shm"}


class TestBackup:
    def test_a_backup_is_one_private_file_that_is_sound(self, source: Path, tmp_path: Path) -> None:
        target = tmp_path / "copies" / "one.db"
        target.parent.mkdir()
        found = backup(source, target)
        assert found == Summary(rooms=2, records=30, people=1, bytes=target.stat().st_size)
        assert list(target.parent.iterdir()) == [target]
        assert verify(target) == []
        assert list(target.parent.iterdir()) == [target]
        if os.name != "nt":
            assert target.stat().st_mode & 0o777 == 0o600

    def test_it_is_one_moment_of_a_file_that_is_written_to(
        self, source: Path, tmp_path: Path
    ) -> None:
        stop = threading.Event()
        written = [30]

        def write() -> None:
            with opened(source) as store:
                store.load()
                while not stop.is_set() and written[0] < 20_000:
                    store.commit(said(written[0] + 1, 20))
                    written[0] += 20
                    store.tend()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for number in range(5):
                at_least = written[0]
                target = tmp_path / f"{number}.db"
                # In one process a file's POSIX locks are shared, and lost when it is closed: the
                # copy is made by another, as the verb does.
                _in_another_process(source, target)
                assert verify(target) == []
                assert at_least <= head(target) <= written[0]
        finally:
            stop.set()
            writer.join()
        assert verify(source) == []
        assert head(source) == written[0]

    def test_a_file_that_is_there_is_replaced_only_by_force(
        self, source: Path, tmp_path: Path
    ) -> None:
        target = tmp_path / "one.db"
        target.write_bytes(b"dear")
        with pytest.raises(Exists) as told:
            backup(source, target)
        assert told.value.path == target
        assert target.read_bytes() == b"dear"
        backup(source, target, force=True)
        assert verify(target) == []

    def test_what_cannot_be_copied_leaves_nothing(self, source: Path, tmp_path: Path) -> None:
        target = tmp_path / "one.db"
        target.write_bytes(b"dear")
        before = files(tmp_path)
        with pytest.raises(Missing):
            backup(tmp_path / "none.db", target, force=True)
        with pytest.raises(SameFile):
            backup(source, source, force=True)
        data = source.read_bytes()
        source.write_bytes(data.replace(b'"seq":7,', b'"seq":8,'))
        with pytest.raises(Unsound, match="not as they were written") as told:
            backup(source, target, force=True)
        assert len(told.value.problems) == 1
        assert told.value.path == source
        source.write_bytes(b"x" * 100_000)
        with pytest.raises(BadDatabase):
            backup(source, target, force=True)
        with pytest.raises(FileNotFoundError):
            backup(source, tmp_path / "nowhere" / "one.db")
        assert target.read_bytes() == b"dear"
        assert files(tmp_path) == before

    def test_another_program_s_database_is_no_backup(self, tmp_path: Path) -> None:
        other = tmp_path / "other.db"
        with contextlib.closing(sqlite3.connect(other)) as shell:
            shell.execute("CREATE TABLE bookmarks (url)")
        with pytest.raises(BadDatabase, match="another program"):
            backup(other, tmp_path / "one.db")
        with pytest.raises(BadDatabase, match="another program"):
            restore(other, tmp_path / "broker")
        assert not (tmp_path / "broker" / DATABASE).exists()


def _in_another_process(source: Path, target: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from common.broker.backup import backup;"
        " backup(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    subprocess.run([sys.executable, "-c", script, str(source), str(target)], check=True)


class TestRestore:
    def test_22_what_came_after_the_backup_is_gone_and_the_epoch_is_another(
        self, source: Path, directory: Path, tmp_path: Path
    ) -> None:
        target = tmp_path / "one.db"
        backup(source, target)
        with opened(source) as store:
            epoch = store.load().epoch
            store.commit(said(31, 20))
        restored = restore(target, directory)
        assert restored.summary.records == 30
        with opened(source) as store:
            loaded = store.load()
            assert loaded.epoch != epoch
            assert loaded.rooms[1][1] == 30
            assert store.stream(ADA) == StreamRow(ADA, f"u-{ADA}", 30)
            store.commit(said(31, 5))
        assert verify(source) == []
        assert restored.kept is not None
        assert head(restored.kept) == 50
        assert restored.kept.name.startswith(f"{DATABASE}.before-restore-")
        if os.name != "nt":
            assert source.stat().st_mode & 0o777 == 0o600

    def test_22_a_backup_serves_more_than_once(
        self, source: Path, directory: Path, tmp_path: Path
    ) -> None:
        target = tmp_path / "one.db"
        backup(source, target)
        before = target.read_bytes()
        epochs = set()
        for _ in range(3):
            restore(target, directory)
            with opened(source) as store:
                epochs.add(store.load().epoch)
        assert len(epochs) == 3
        assert target.read_bytes() == before

    def test_what_only_the_wal_of_the_present_database_holds_is_kept(
        self, source: Path, directory: Path, tmp_path: Path
    ) -> None:
        target = tmp_path / "one.db"
        backup(source, target)
        store = Store.open(source)
        store.load()
        store.commit(said(31, 20))
        crashed = {suffix: Path(f"{source}{suffix}").read_bytes() for suffix in ("", "-wal")}
        store.close()
        for suffix, data in crashed.items():
            Path(f"{source}{suffix}").write_bytes(data)
        kept = restore(target, directory).kept
        assert kept is not None
        assert head(kept) == 50
        assert head(source) == 30

    def test_a_stray_wal_does_not_get_into_the_restored_database(
        self, source: Path, directory: Path, tmp_path: Path
    ) -> None:
        target = tmp_path / "one.db"
        backup(source, target)
        store = Store.open(source)
        store.load()
        store.commit(said(31, 20))
        wal = Path(f"{source}-wal").read_bytes()
        store.close()
        source.unlink()
        Path(f"{source}-wal").write_bytes(wal)
        kept = restore(target, directory).kept
        assert kept is not None
        assert Path(f"{kept}-wal").read_bytes() == wal
        assert head(source) == 30

    def test_a_damaged_present_database_is_kept_as_it_is(
        self, source: Path, directory: Path, tmp_path: Path
    ) -> None:
        target = tmp_path / "one.db"
        backup(source, target)
        source.write_bytes(b"ruin" * 10_000)
        kept = restore(target, directory).kept
        assert kept is not None
        assert kept.read_bytes() == b"ruin" * 10_000
        assert head(source) == 30

    def test_where_nothing_was_there_is_nothing_to_keep(self, source: Path, tmp_path: Path) -> None:
        target = tmp_path / "one.db"
        backup(source, target)
        assert restore(target, tmp_path / "elsewhere").kept is None
        assert head(tmp_path / "elsewhere" / DATABASE) == 30

    def test_a_directory_that_is_served_is_left_alone(
        self, source: Path, directory: Path, tmp_path: Path
    ) -> None:
        target = tmp_path / "one.db"
        backup(source, target)
        before = files(directory)
        with paths.DirectoryLock(directory), pytest.raises(paths.Locked) as told:
            restore(target, directory)
        assert told.value.path == directory
        assert files(directory) == before | {".lock"}

    def test_a_bad_backup_changes_nothing(
        self, source: Path, directory: Path, tmp_path: Path
    ) -> None:
        target = tmp_path / "one.db"
        backup(source, target)
        good = target.read_bytes()
        with pytest.raises(Missing):
            restore(tmp_path / "none.db", directory)
        with pytest.raises(SameFile):
            restore(source, directory)
        target.write_bytes(b"x" * 1_000)
        with pytest.raises(BadDatabase):
            restore(target, directory, force=True)
        target.write_bytes(good.replace(b'"seq":7,', b'"seq":8,'))
        with pytest.raises(Unsound):
            restore(target, directory)
        assert files(directory) == {DATABASE, f"{DATABASE}-mark", ".lock"}
        assert head(source) == 30
        restore(target, directory, force=True)
        assert verify(source) != []

    def test_a_backup_of_a_newer_version_is_refused(self, source: Path, tmp_path: Path) -> None:
        target = tmp_path / "one.db"
        backup(source, target)
        with contextlib.closing(sqlite3.connect(target)) as shell:
            shell.execute("PRAGMA user_version = 99")
        with pytest.raises(NewerDatabase):
            restore(target, tmp_path / "elsewhere")

    def test_a_backup_of_the_first_version_becomes_today_s(self, tmp_path: Path) -> None:
        old = tmp_path / "old.db"
        with contextlib.closing(sqlite3.connect(old, isolation_level=None)) as first:
            first.executescript(FIRST_VERSION)
        assert verify(old) == []
        restored = restore(old, tmp_path / "broker")
        assert (restored.summary.rooms, restored.summary.records) == (1, 3)
        assert verify(tmp_path / "broker" / DATABASE) == []
        with contextlib.closing(sqlite3.connect(old)) as shell:
            assert shell.execute("PRAGMA user_version").fetchone() == (1,)

    def test_the_mark_of_what_was_there_raises_no_alarm(
        self, source: Path, directory: Path, tmp_path: Path
    ) -> None:
        target = tmp_path / "one.db"
        backup(source, target)
        with opened(source) as store:
            store.load()
            store.commit(said(31, 20))
        restore(target, directory)
        assert not mark_of(source).exists()
        assert head(source) == 30
