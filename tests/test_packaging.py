"""What is shipped and what it is built from: the locks, the wheel, the versions, .ci/run."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import runpy
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import common
from tests.support import parts
from tests.support.programs import ROOT, Finished, Program, run_program

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
KITS = ("run", "dev", "server")
MODULES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["py-modules"]
DOORS = {f"{name}.py" for name in MODULES}
WHEEL = runpy.run_path(str(ROOT / "packaging" / "wheel.py"))
COMMANDS = {**PROJECT["scripts"], **PROJECT["gui-scripts"]}


def text_of(kit: str) -> str:
    return (ROOT / "requirements" / f"{kit}.txt").read_text(encoding="utf-8")


def pins(kit: str) -> dict[str, tuple[Requirement, set[str]]]:
    """Each locked package: its requirement line and its hashes."""
    locked: dict[str, tuple[Requirement, set[str]]] = {}
    for entry in re.sub(r"\s*\\\n\s*", " ", text_of(kit)).splitlines():
        if entry.startswith("#"):
            continue
        words, *hashes = entry.split(" --hash=")
        requirement = Requirement(words)
        locked[canonicalize_name(requirement.name)] = (requirement, set(hashes))
    return locked


def wanted(kit: str) -> list[Requirement]:
    """What pyproject.toml asks of a lock."""
    extras = PROJECT["optional-dependencies"]
    names = lock_script().EXTRAS[kit]
    asked = [*PROJECT["dependencies"], *(line for name in names for line in extras[name])]
    return [Requirement(line) for line in asked]


def lock_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lock", ROOT / "requirements" / "lock.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- the locks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kit", KITS)
def test_a_lock_names_versions_and_hashes_and_no_place(kit: str) -> None:
    entry = re.compile(
        r"[a-z0-9][a-z0-9.-]*==[0-9][\w.]*(?: ; [\w .'\"<>=!()]+)? \\\n"
        r"(?:    --hash=sha256:[0-9a-f]{64} \\\n)*    --hash=sha256:[0-9a-f]{64}\n"
    )
    comment = re.compile(r"#[^\n]*\n")
    text = text_of(kit)
    place = 0
    while place < len(text):
        found = comment.match(text, place) or entry.match(text, place)
        assert found, text[place : place + 200]
        place = found.end()
    assert "/" not in re.sub(r"^# Made by requirements/lock.py", "", text), "a place"
    assert "@" not in text


@pytest.mark.parametrize("kit", KITS)
def test_a_lock_serves_every_platform(kit: str) -> None:
    locked = pins(kit)
    for name, (_, hashes) in locked.items():
        assert len(hashes) >= 2, f"{name}: a wheel and a source archive at least"
    for name in ("pyzmq", "msgspec"):
        assert len(locked[name][1]) > 30, f"{name}: wheels for Linux, macOS and Windows"


@pytest.mark.parametrize("kit", KITS)
def test_a_lock_is_in_step_with_pyproject(kit: str) -> None:
    assert text_of(kit).startswith(lock_script().header(kit)), "type: python requirements/lock.py"
    locked = pins(kit)
    for requirement in wanted(kit):
        pin, _ = locked[canonicalize_name(requirement.name)]
        (exact,) = pin.specifier
        assert Version(exact.version) in requirement.specifier, requirement


def test_what_is_tested_is_what_runs() -> None:
    dev, run = pins("dev"), pins("run")
    for name, (requirement, hashes) in run.items():
        assert dev[name][0].specifier == requirement.specifier, name
        assert dev[name][1] == hashes, name


def test_a_server_runs_on_what_people_get() -> None:
    run, server = pins("run"), pins("server")
    assert server.items() <= run.items()
    assert not {"pillow", "ttkbootstrap"} & set(server), "no window in it"


def test_this_environment_has_the_locked_versions() -> None:
    for name in ("pyzmq", "msgspec", "prompt-toolkit"):
        (exact,) = pins("dev")[name][0].specifier
        assert importlib.metadata.version(name) == exact.version


def test_the_wheel_is_built_by_the_locked_tool() -> None:
    entry = WHEEL["locked"](WHEEL["BUILDER"], ROOT / "requirements" / "dev.txt")
    words, *hashes = re.sub(r"\s*\\\n\s*", " ", entry.strip()).split(" --hash=")
    assert (Requirement(words), set(hashes)) == pins("dev")[WHEEL["BUILDER"]]
    with pytest.raises(LookupError, match="has no pyinstaller"):
        WHEEL["locked"]("pyinstaller", ROOT / "requirements" / "dev.txt")


def test_lock_says_that_uv_is_missing(tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.symlink_to(sys.executable)
    done = run_program(
        [sys.executable, "-c", LOCK_WITHOUT_UV, ROOT / "requirements" / "lock.py", bare],
        env={"PATH": str(tmp_path)},
    )
    assert done.code == 1
    assert done.stderr == "lock.py: uv is missing; type: pip install uv\n"


LOCK_WITHOUT_UV = (
    "import runpy, sys; lock = sys.argv[1]; sys.executable = sys.argv[2]; sys.argv[:] = [lock]; "
    "runpy.run_path(lock, run_name='__main__')"
)


# --- versions and the wheel --------------------------------------------------------------------


def test_one_version_everywhere() -> None:
    assert PROJECT["version"] == common.__version__
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[([^\]]+)\]", changes, re.MULTILINE)
    assert headings[0] == "Unreleased"
    for released in headings[1:]:
        assert Version(released) <= Version(PROJECT["version"])


def test_requires_the_python_that_dev_checks_for() -> None:
    assert PROJECT["requires-python"] == ">=3.11"
    assert "sys.version_info < (3, 11)" in (ROOT / "dev.py").read_text()


def test_all_is_every_extra_for_people() -> None:
    extras = dict(PROJECT["optional-dependencies"])
    (everything,) = extras.pop("all")
    del extras["dev"]
    assert Requirement(everything).extras == set(extras)


@pytest.fixture(scope="module")
def wheel_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy by the declared build system."""
    if Version(importlib.metadata.version("setuptools")) < Version("77"):
        parts.lacking("setuptools 77", "python3 dev.py setup dev")
    place = tmp_path_factory.mktemp("build")
    WHEEL["copy"](place)
    ignored = shutil.ignore_patterns("__pycache__")
    # What is not to be shipped, but would be found by a careless search for packages.
    for name in ("tests", "devtools", "requirements"):
        shutil.copytree(ROOT / name, place / name, ignore=ignored)
    done = run_program([sys.executable, "-c", WHEEL["BUILD"], "out"], cwd=place, timeout=60)
    assert done.code == 0, done.stderr
    (built,) = (place / "out").glob("causette-*.whl")
    return built


@pytest.fixture(scope="module")
def wheel(wheel_file: Path) -> Iterator[zipfile.ZipFile]:
    """What is in it."""
    with zipfile.ZipFile(wheel_file) as opened:
        yield opened


def test_the_wheel_holds_the_programs_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    shipped = {name for name in names if ".dist-info/" not in name}
    sources = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "common").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    data = {name for name in sources if not name.endswith(".py")}
    assert {name for name in shipped if not name.startswith("common/")} == DOORS
    assert shipped - DOORS <= sources
    missing = {name for name in sources - shipped if name.endswith(".py")}
    # A script beside the catalogues is for those who change them.
    assert {name for name in missing if "/locale/" not in name} == set()
    assert data - shipped == set(), "see package-data in pyproject.toml"
    for needed in ("fr/LC_MESSAGES/causette.mo", "web/static/index.html", "py.typed"):
        assert any(name.endswith(needed) for name in shipped), needed


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    info = f"causette-{PROJECT['version']}.dist-info"
    metadata = Parser().parsestr(wheel.read(f"{info}/METADATA").decode())
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    points = wheel.read(f"{info}/entry_points.txt").decode()
    assert "causette-broker = broker:main" in points
    assert "causette-cli = client_cli:main" in points
    assert "causette-web = client_web:main" in points
    assert "causette-gui = client_gui:main" in points.partition("[gui_scripts]")[2]
    assert f"{info}/licenses/LICENSE" in wheel.namelist()


class Installed:
    """The wheel in an environment of its own, whose other packages are the tests'."""

    def __init__(self, place: Path, wheel: Path) -> None:
        parts.require_module("pip", "python3 dev.py setup dev")
        done = run_program([sys.executable, "-m", "venv", "--without-pip", place / "env"])
        assert done.code == 0, done.stderr
        self.place = place
        self.bin = place / "env" / ("Scripts" if os.name == "nt" else "bin")
        python = self.bin / Path("python").with_suffix(".exe" if os.name == "nt" else "")
        pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
        done = run_program([*pip, "--no-index", "--no-deps", wheel], cwd=place, timeout=60)
        assert done.code == 0, done.stderr
        ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
        own = run_program([python, "-c", ask]).stdout.strip()
        (Path(own) / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")

    def command(self, name: str, *words: str | Path) -> list[str | Path]:
        """A console command with its words."""
        found = shutil.which(name, path=str(self.bin))
        assert found, f"no command {name}"
        return [found, *words]

    def run(self, name: str, *words: str | Path) -> Finished:
        """Run one to its end, from a folder in which there is no source."""
        return run_program(self.command(name, *words), cwd=self.place)


@pytest.fixture(scope="module")
def installed(wheel_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("installed"), wheel_file)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_an_installed_command_runs_from_its_environment(name: str, installed: Installed) -> None:
    door = COMMANDS[name].partition(":")[0]
    said = installed.run(name, "--version")
    assert (said.code, said.stdout) == (0, f"{door}.py {common.__version__}\n"), said.stderr
    french = installed.run(name, "--help", "--lang", "fr").stdout
    assert french.startswith("usage\u202f:"), "its catalogues came along"


def test_installed_a_broker_serves_and_two_people_talk(installed: Installed) -> None:
    data = installed.place / "data"
    anywhere = ("--pull", "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*", "--data-dir", data)
    serve = installed.command("causette-broker", "--json", *anywhere)
    with Program(serve, cwd=installed.place) as broker:
        ready = broker.wait_json(type="ready", timeout=20)
        pull, pub = ready["pull"][0], ready["pub"][0]
        place = ("--push", pull, "--sub", pub, "--server-key", ready["key"])
        listen = ("listen", "--json", "--count", "1", "--since", "1h", "-n", "bob")
        bob = installed.command("causette-cli", *listen, *place, "--data-dir", data / "bob")
        with Program(bob, cwd=installed.place) as listener:
            ada = ("-n", "ada", *place, "--data-dir", data / "ada")
            sent = installed.run("causette-cli", "send", "hello from a wheel", *ada)
            assert sent.code == 0, sent.stderr
            heard = listener.wait_json(type="message", timeout=20)
            assert (heard["nick"], heard["text"]) == ("ada", "hello from a wheel")
            assert listener.wait() == 0
        assert broker.stop() == 0


def test_installed_one_program_finds_another(installed: Installed) -> None:
    ask = "from common import runtime; print(*runtime.command('broker'), sep='\\n')"
    python, door = run_program([installed.bin / "python", "-c", ask], cwd=installed.place).lines()
    assert Path(python).parent == installed.bin
    assert Path(door).is_relative_to(installed.bin.parent)


def test_every_package_is_one() -> None:
    for module in (ROOT / "common").rglob("*.py"):
        if "locale" not in module.parts:
            assert (module.parent / "__init__.py").exists(), f"{module} would not be shipped"


# --- .ci/run -----------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="a script for bash")
def test_ci_is_a_program_that_bash_reads() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    bash = parts.require("bash", "apt-get install bash")
    done = subprocess.run([bash, "-n", script], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="a script for bash")
@pytest.mark.parametrize(("lint", "tests", "status"), [(0, 0, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1)])
def test_ci_fails_when_a_step_fails(tmp_path: Path, lint: int, tests: int, status: int) -> None:
    place = tmp_path / "copy"
    (place / ".ci").mkdir(parents=True)
    shutil.copy2(ROOT / ".ci" / "run", place / ".ci")
    (place / "dev.py").write_text(
        "import os, sys\n"
        "print(sys.argv[1:], os.environ.get('CAUSETTE_TEST_ALL'), flush=True)\n"
        f"sys.exit({{'lint': {lint}, 'test': {tests}}}[sys.argv[1]])\n"
    )
    tools = tmp_path / "bin"
    tools.mkdir()
    # Nothing is missing, so nothing is installed.
    looked_for = re.findall(r"command -v (\S+)", (ROOT / ".ci" / "run").read_text())
    for name in {"fc-list", *looked_for}:
        (tools / name).write_text("#!/bin/sh\necho found\n")
        (tools / name).chmod(0o755)
    done = run_program(
        [place / ".ci" / "run", "-q"],
        cwd=tmp_path,
        env={"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"},
    )
    assert done.code == status
    assert done.lines() == ["['lint'] None", "['test', '-q'] 1"], "the tests come last"
    assert done.stderr == ""
