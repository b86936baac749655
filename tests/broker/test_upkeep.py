"""What the operator reads of backups, of the way back and of checks; and what a script gets."""

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest

from common import paths
from common.broker.backup import DATABASE
from common.broker.store import Store
from common.broker.upkeep import run_backup, run_restore, run_verify
from tests.broker.test_store import created, said


@pytest.fixture
def data(tmp_path: Path) -> Path:
    directory = tmp_path / "data" / "broker"
    directory.mkdir(parents=True)
    with contextlib.closing(Store.open(directory / DATABASE)) as store:
        store.load()
        store.commit(created("general", "tea"))
        store.commit(said(1, 30))
    return directory.parent


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "one.db")


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"seq":7,', b'"seq":8,'))


class TestForPeople:
    def test_a_backup_and_the_way_back(
        self, data: Path, file: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run_backup(data, file, force=False, as_json=False) == 0
        (line,) = capsys.readouterr().out.splitlines()
        assert line.startswith(f"{file} is written and checked (rooms: 2, records: 30, people: 0, ")
        assert run_restore(data, file, force=False, as_json=False) == 0
        first, second = capsys.readouterr().out.splitlines()
        assert first.startswith(f"{file} is restored (rooms: 2, records: 30,")
        assert "rolled back" in first
        assert "before-restore" in second
        assert Path(second.split()[-1]).exists()

    def test_a_sound_file_is_one_line(
        self, data: Path, file: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run_verify(data, None, as_json=False) == 0
        assert f"{data / 'broker' / DATABASE} is sound (rooms: 2," in capsys.readouterr().out
        run_backup(data, file, force=False, as_json=False)
        capsys.readouterr()
        assert run_verify(data, file, as_json=False) == 0
        assert f"{file} is sound" in capsys.readouterr().out

    def test_each_problem_is_a_line(self, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
        damage(data / "broker" / DATABASE)
        assert run_verify(data, None, as_json=False) == 1
        (line,) = capsys.readouterr().out.splitlines()
        assert "records from 1 are not as they were written" in line


class TestForScripts:
    def test_the_outcome_is_an_object(
        self, data: Path, file: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run_backup(data, file, force=False, as_json=True)
        run_verify(data, file, as_json=True)
        run_restore(data, file, force=False, as_json=True)
        written, sound, restored = map(json.loads, capsys.readouterr().out.splitlines())
        size = Path(file).stat().st_size
        holds = {"rooms": 2, "records": 30, "people": 0, "bytes": size}
        assert written == {"type": "backup", "path": file, **holds}
        assert sound == {"type": "sound", "path": file, **holds}
        kept = restored.pop("kept")
        assert Path(kept).exists()
        assert restored == {"type": "restore", "path": file, **holds}

    def test_each_problem_is_an_object(
        self, data: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        damage(data / "broker" / DATABASE)
        assert run_verify(data, None, as_json=True) == 1
        problem = json.loads(capsys.readouterr().out)
        assert problem["type"] == "problem"
        assert "records from 1" in problem["text"]


class TestWhatStandsInTheWay:
    """Each: the code for scripts, and the words for people, with what to do."""

    def refused(
        self, capsys: pytest.CaptureFixture[str], status: int, expected: int = 1
    ) -> tuple[str, str]:
        said = capsys.readouterr()
        assert status == expected
        error = json.loads(said.out)
        assert said.err == f"broker.py: {error['text']}\n"
        return error["code"], error["text"]

    def test_no_database(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        words = f"there is no file {tmp_path / 'broker' / DATABASE}"
        status = run_backup(tmp_path, str(tmp_path / "one.db"), force=False, as_json=True)
        assert self.refused(capsys, status) == ("missing", words)
        status = run_verify(tmp_path, None, as_json=True)
        assert self.refused(capsys, status) == ("missing", words)

    def test_a_file_that_is_there(
        self, data: Path, file: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        Path(file).touch()
        status = run_backup(data, file, force=False, as_json=True)
        code, text = self.refused(capsys, status)
        assert code == "exists"
        assert "--force" in text
        assert run_backup(data, file, force=True, as_json=True) == 0

    def test_the_database_itself(self, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
        own = str(data / "broker" / DATABASE)
        status = run_restore(data, own, force=True, as_json=True)
        assert self.refused(capsys, status)[0] == "same-file"

    def test_damage(self, data: Path, file: str, capsys: pytest.CaptureFixture[str]) -> None:
        run_backup(data, file, force=False, as_json=True)
        damage(Path(file))
        capsys.readouterr()
        status = run_restore(data, file, force=False, as_json=True)
        code, text = self.refused(capsys, status)
        assert code == "damaged"
        assert f"broker.py verify {file}" in text

    def test_a_broker_that_serves(
        self, data: Path, file: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run_backup(data, file, force=False, as_json=True)
        capsys.readouterr()
        with paths.DirectoryLock(data / "broker"):
            status = run_restore(data, file, force=False, as_json=True)
        code, text = self.refused(capsys, status)
        assert (code, text) == ("locked", f"a broker serves {data / 'broker'}; stop it first")

    def test_a_newer_file(self, data: Path, file: str, capsys: pytest.CaptureFixture[str]) -> None:
        run_backup(data, file, force=False, as_json=True)
        with contextlib.closing(sqlite3.connect(file)) as shell:
            shell.execute("PRAGMA user_version = 99")
        capsys.readouterr()
        status = run_restore(data, file, force=False, as_json=True)
        assert self.refused(capsys, status)[0] == "newer-database"

    def test_what_is_no_database(
        self, data: Path, file: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        Path(file).write_bytes(b"Dear diary,\n" * 1_000)
        status = run_verify(data, file, as_json=True)
        assert self.refused(capsys, status)[0] == "storage"

    def test_a_place_that_is_not_there(
        self, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        status = run_backup(data, str(tmp_path / "no" / "one.db"), force=False, as_json=True)
        code, text = self.refused(capsys, status)
        assert code == "system"
        assert str(tmp_path / "no") in text

    def test_a_place_that_may_not_be_written(
        self,
        data: Path,
        file: str,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def closed(*_words: object, **_options: object) -> None:
            raise PermissionError(13, "Permission denied", "/closed/one.db")

        monkeypatch.setattr("common.broker.backup.backup", closed)
        status = run_backup(data, file, force=False, as_json=True)
        code, text = self.refused(capsys, status, 77)
        assert code == "not-permitted"
        assert "/closed/one.db" in text
