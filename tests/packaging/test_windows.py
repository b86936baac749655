"""The lists of the Windows bundle, against the tree. That a bundle runs, its rehearse.py shows."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

import common
from common import runtime
from tests.support.programs import ROOT

PACKAGING = ROOT / "packaging" / "windows"
CONTENTS: dict[str, Any] = runpy.run_path(str(PACKAGING / "contents.py"))
SOURCES = {".py", ".pyc", ".po"}
READ_AT_RUN_TIME = {".json", ".png", ".ttf", ".dat", ".txt", ".csv", ".xml", ".ico"}


def lock(path: Path) -> list[Requirement]:
    """What a lock names."""
    text = re.sub(r"\s*\\\n\s*", " ", path.read_text("utf-8"))
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(" --hash=sha256:" in line for line in lines)
    return [Requirement(line.partition(" --hash")[0]) for line in lines]


def test_every_file_of_ours_that_is_not_python_goes_along() -> None:
    shipped = {Path(source).relative_to(ROOT) for source, _ in CONTENTS["data"]()}
    ours = {
        path.relative_to(ROOT)
        for path in (ROOT / "common").rglob("*")
        if path.is_file() and path.suffix not in SOURCES and path.name != "py.typed"
    }
    assert shipped == ours
    for source, folder in CONTENTS["data"]():
        assert Path(source).relative_to(ROOT).parent.as_posix() == folder


def test_every_module_of_ours_goes_along() -> None:
    modules = set(CONTENTS["modules"]())
    assert {"common", "common.cli.send", "common.gui.app", "common.console.admin"} <= modules
    files = [path for path in (ROOT / "common").rglob("*.py") if "locale" not in path.parts]
    assert len(modules) == len(files)


def test_every_program_has_its_door_and_those_that_are_started_their_name() -> None:
    doors = {name: Path(door).stem for name, (door, _) in CONTENTS["PROGRAMS"].items()}
    modules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert sorted(doors.values()) == sorted(modules["py-modules"])
    for door, name in runtime._BUNDLED.items():
        assert doors[name] == door
    consoles = {name: console for name, (_, console) in CONTENTS["PROGRAMS"].items()}
    assert [name for name, console in consoles.items() if not console] == ["Causette"]


def test_a_program_of_the_bundle_is_found_beside_the_one_that_wants_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.frozen", True, raising=False)
    monkeypatch.setattr("sys.executable", str(tmp_path / "Causette.exe"))
    with pytest.raises(FileNotFoundError, match="not complete"):
        runtime.command("broker")
    (tmp_path / "causette-broker.exe").touch()
    assert runtime.command("broker") == [str(tmp_path / "causette-broker.exe")]


def test_packages_that_read_files_of_their_own_are_known() -> None:
    reading = set()
    for requirement in lock(ROOT / "requirements" / "run.txt"):
        try:
            files = importlib.metadata.files(requirement.name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # not for this platform
        reading |= {
            file.parts[0]
            for file in files
            if file.suffix in READ_AT_RUN_TIME
            and not re.search(r"\.dist-info$|^\.\.|^tests?$", file.parts[0])
        }
    assert reading == set(CONTENTS["FOREIGN_DATA"])


def test_what_windows_says_of_a_program_is_of_this_version() -> None:
    text = CONTENTS["version_info"]("causette-cli", common.__version__)
    ast.parse(text)
    assert f"StringStruct('ProductVersion', '{common.__version__}')" in text
    assert "filevers=(0, 1, 0, 0)" in CONTENTS["version_info"]("Causette", "0.1.0")
    assert "'causette-cli.exe'" in text


def test_the_icon_has_a_picture_for_every_size(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    script = runpy.run_path(str(PACKAGING / "icon.py"))
    script["draw"](tmp_path / "causette.ico")
    with image.open(tmp_path / "causette.ico") as icon:
        assert icon.info["sizes"] == {(size, size) for size in script["SIZES"]}
        for size in script["SIZES"]:
            icon.size = (size, size)
            icon.load()
            colours = icon.convert("RGBA").getcolors(size * size)
            opaque = sum(count for count, colour in colours if colour[3] > 200)
            assert 0.15 < opaque / size**2 < 0.8, "a mark on nothing"


def test_the_recipe_reads_and_names_what_is_there() -> None:
    compile((PACKAGING / "causette.spec").read_text("utf-8"), "causette.spec", "exec")
    script = (PACKAGING / "build.ps1").read_text("utf-8")
    for named in re.findall(r'\$root "([^"]+\.(?:txt|spec))"', script):
        assert (ROOT / named.replace("\\", "/")).exists(), named
    assert script.isascii(), "Windows PowerShell reads others by the machine's code page"


def test_what_makes_the_bundle_is_locked_and_no_part_of_what_runs() -> None:
    bundled = {requirement.name for requirement in lock(PACKAGING / "requirements.txt")}
    assert {"pyinstaller", "pefile", "pywin32-ctypes"} <= bundled
    for kit in ("run", "dev", "server"):
        names = {one.name for one in lock(ROOT / "requirements" / f"{kit}.txt")}
        assert "pyinstaller" not in names
