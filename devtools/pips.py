"""Where a pip can be found: distributions cut it off from Python in many ways.

Owns the search, nearest first. A pip is a command to which `install ...` can be appended so that
it installs into the given environment. Must not know what is installed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

Command = list[str]

_PYTHON = re.compile(r"python3(\.\d+)?")

_WHEEL_PLACES = (
    "/usr/share/python-wheels",
    "/usr/share/python*-wheels",
    "/usr/lib*/python3*/ensurepip/_bundled",
    "/usr/local/lib*/python3*/ensurepip/_bundled",
    "/opt/*/lib/python3*/ensurepip/_bundled",
    "/opt/homebrew/Cellar/python@3*/*/Frameworks/Python.framework/Versions/*/lib/python3*/"
    "ensurepip/_bundled",
    "/Library/Frameworks/Python.framework/Versions/*/lib/python3*/ensurepip/_bundled",
    "~/.pyenv/versions/*/lib/python3*/ensurepip/_bundled",
    "~/.local/share/uv/python/*/lib/python3*/ensurepip/_bundled",
)


def base_python() -> str:
    """The interpreter below any virtual environment this one runs in.

    An environment must not be made from itself: dev.py may be run by the .venv it replaces.
    """
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def has_ensurepip() -> bool:
    """Whether this Python carries its own pip (Debian and others take it away)."""
    return find_spec("ensurepip") is not None


def works(command: Command) -> bool:
    """Whether the command can be run, and succeeds."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _pip_wheels() -> Iterator[Path]:
    found: set[Path] = set()
    for place in _WHEEL_PLACES:
        directory = Path(place).expanduser()
        below = directory.relative_to(directory.anchor) / "pip-*.whl"
        found.update(Path(directory.anchor).glob(str(below)))
    # The newest first: an old pip may not run on a new Python.
    yield from sorted(found, key=_wheel_version, reverse=True)


def _wheel_version(wheel: Path) -> tuple[int, ...]:
    parts = wheel.name.split("-")[1].split(".")
    return tuple(int(part) if part.isdigit() else 0 for part in parts)


def _path_pips() -> Iterator[Command]:
    for name in ("pip3", "pip"):
        if (found := shutil.which(name)) is not None:
            yield [found]
    for directory in os.get_exec_path():
        for python in sorted(Path(directory).glob("python3*")):
            if _PYTHON.fullmatch(python.name) and os.access(python, os.X_OK):
                yield [str(python), "-m", "pip"]


def find_pip(venv_python: Path) -> Command | None:
    """A command, up to and with `install`, that installs into the environment of `venv_python`.

    None where this machine has no pip of any kind.
    """
    own = [str(venv_python), "-m", "pip"]
    if works([*own, "--version"]):
        return [*own, "install"]
    # `--python` came with pip 22.3; an older one fails here and the next is asked.
    into = ["--python", str(venv_python)]
    mine = [base_python(), "-m", "pip", *into]
    if works([*mine, "--version"]):
        return [*mine, "install"]
    for wheel in _pip_wheels():
        carried = [str(venv_python), f"{wheel}/pip"]
        if works([*carried, "--version"]):
            return [*carried, "install"]
    if (uv := shutil.which("uv")) is not None and works([uv, "--version"]):
        return [uv, "pip", "install", *into]
    for pip in _path_pips():
        if works([*pip, *into, "--version"]):
            return [*pip, *into, "install"]
    return None


def can_use_apt() -> bool:
    """Whether this account may install Debian packages without asking anybody."""
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(packages: list[str]) -> bool:
    """Install Debian packages; whether it worked. Quiet: the caller says what is going on."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    commands = (["apt-get", "update"], ["apt-get", "install", "--yes", *packages])
    for command in commands:
        try:
            done = subprocess.run(
                command, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False
            )
        except OSError:
            return False
        # An update that failed for one source may still know the packages.
        if done.returncode != 0 and command[1] == "install":
            return False
    return True
