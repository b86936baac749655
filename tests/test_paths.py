"""Directories, private files, file names and locks."""

import os
import stat
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import paths
from common.paths import DirectoryLock, FileLock, Locked

posix_only = pytest.mark.skipif(os.name != "posix", reason="modes mean nothing here")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_data_dir_is_what_the_option_says(tmp_path: Path) -> None:
    assert paths.data_dir(str(tmp_path)) == tmp_path
    assert paths.data_dir("~/here") == Path.home() / "here"
    assert paths.data_dir("relative").is_absolute()


def test_data_dir_and_config_file_have_a_place_without_options() -> None:
    assert paths.data_dir(None).name == "causette"
    assert paths.data_dir("") == paths.data_dir(None)
    assert paths.config_file().name == "config.toml"
    assert "causette" in paths.config_file().parts


@pytest.mark.parametrize("text", ["ada", "ada-2", "a_b", "0", "x" * 32])
def test_an_ordinary_name_is_its_own_file_name(text: str) -> None:
    assert paths.safe_stem(text) == text


def test_a_file_name_ignores_case_as_file_systems_do() -> None:
    assert paths.safe_stem("Ada") == paths.safe_stem("ADA") == "ada"


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "../../etc/passwd", "/etc", "C:\\x", "CON", "nul", "COM1", "x" * 300, "a\0b",
     "-rf", "Léa", "日本", "a b", "\ud800", "~", "aux"],
)  # fmt: skip
def test_row_55_no_name_escapes_or_trips_a_file_system(text: str) -> None:
    stem = paths.safe_stem(text)
    assert len(stem) <= 40
    assert stem.isascii()
    assert set(stem) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_")
    assert stem[0] not in "-_"
    assert stem not in ("con", "nul", "com1", "aux")


@given(st.text(), st.text())
def test_different_names_have_different_files(one: str, other: str) -> None:
    if paths.safe_stem(one) == paths.safe_stem(other):
        folded = [unicodedata.normalize("NFC", text).casefold() for text in (one, other)]
        assert folded[0] == folded[1]


@posix_only
def test_private_dir_makes_every_missing_parent_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    made = paths.private_dir(tmp_path / "a" / "b")
    assert [mode(made), mode(made.parent), mode(tmp_path)] == [0o700, 0o700, 0o755]
    assert paths.private_dir(made) == made


def test_private_dir_refuses_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        paths.private_dir(tmp_path / "file")


def test_write_private_replaces_and_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "file"
    paths.write_private(file, b"one")
    paths.write_private(file, b"two")
    assert file.read_bytes() == b"two"
    assert [entry.name for entry in file.parent.iterdir()] == ["file"]
    if os.name == "posix":
        assert mode(file) == 0o600


def test_a_failed_write_changes_nothing(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    with pytest.raises(OSError):
        paths.write_private(target, b"x")
    assert [entry.name for entry in tmp_path.iterdir()] == ["target"]


def test_create_private_never_replaces(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert paths.create_private(file, b"mine")
    assert not paths.create_private(file, b"yours")
    assert file.read_bytes() == b"mine"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
    if os.name == "posix":
        assert mode(file) == 0o600


def test_create_private_works_without_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(1, "no hard links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    file = tmp_path / "file"
    assert paths.create_private(file, b"mine")
    assert not paths.create_private(file, b"yours")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_directory_has_one_holder(tmp_path: Path) -> None:
    with DirectoryLock(tmp_path), pytest.raises(Locked) as caught:
        DirectoryLock(tmp_path)
    assert caught.value.path == tmp_path
    with DirectoryLock(tmp_path) as again:
        again.release()
        again.release()


def test_a_waiting_lock_gets_it_when_it_is_free(tmp_path: Path) -> None:
    FileLock(tmp_path / "lock").release()
    FileLock(tmp_path / "lock", wait=True).release()


def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from common.paths import DirectoryLock;"
        "lock = DirectoryLock(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == b"held"
        with pytest.raises(Locked):
            DirectoryLock(tmp_path)
        child.kill()
        child.wait()
        DirectoryLock(tmp_path).release()
