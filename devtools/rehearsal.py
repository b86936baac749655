"""What the rehearsals in packaging/ share: a Debian to do it in, wheels, and what was looked at.

Owns no rehearsal. They want root and the tools that they name; the tests try what needs neither.
"""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SUITE: Final = "bookworm"
PACKAGES: Final = "systemd,systemd-sysv,dbus,python3,python3-venv"
WITHIN: Final = 60.0
_PAUSE: Final = 0.2


class Broken(Exception):
    """The rehearsal cannot go on; the text says what did not happen."""


def run(
    *words: str | Path, check: bool = True, within: float = 600
) -> subprocess.CompletedProcess[str]:
    """Run a command; its result. Raises Broken where it fails, unless it may."""
    command = [str(word) for word in words]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=within,
        stdin=subprocess.DEVNULL,
    )
    if check and done.returncode != 0:
        raise Broken(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done


def wait(seems: Callable[[], bool], what: str) -> None:
    """Until it is so. Raises Broken where it never is."""
    end = time.monotonic() + WITHIN
    while not seems():
        if time.monotonic() > end:
            raise Broken(f"not within {WITHIN:g} s: {what}")
        time.sleep(_PAUSE)


class Checks:
    """What was looked at: each is a line, and those that are not as they must be are counted."""

    def __init__(self) -> None:
        self.failed = 0

    def __call__(self, what: str, fine: bool, saw: object = "") -> None:
        print(f"{'ok  ' if fine else 'NO  '} {what}" + ("" if fine else f": {saw}"), flush=True)
        self.failed += not fine

    def status(self) -> int:
        """The exit status, and the last line."""
        print("all of it" if not self.failed else f"{self.failed} not as they must be")
        return 1 if self.failed else 0


def want(script: str, tools: Sequence[tuple[str, str]], *, root: bool = True) -> None:
    """These tools (each with its Debian package), and `root`. Raises Broken."""
    if root and os.geteuid() != 0:
        raise Broken(f"{script}: this is for root: try sudo")
    missing = [package for tool, package in tools if shutil.which(tool) is None]
    if missing:
        raise Broken(f"{script}: type: apt-get install {' '.join(missing)}")


def debian(place: Path) -> None:
    """Make a small Debian there, unless it is there. Raises Broken."""
    if not (place / "usr").exists():
        print(f"making a Debian in {place}", flush=True)
        run("mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", SUITE, place)


def wheels(root: Path, place: Path) -> None:
    """Fetch into `place` every locked wheel that the Python of `root` installs. Raises Broken."""
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    version = run("chroot", root, "python3", "-c", ask).stdout.strip()
    print(f"fetching the locked wheels for Python {version}", flush=True)
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:"]
    fetch += ["--require-hashes", "--python-version", version, "-d", str(place)]
    place.mkdir(parents=True, exist_ok=True)
    requirements = ROOT / "requirements"
    tool = runpy.run_path(str(ROOT / "packaging" / "wheel.py"))
    build = place / "build.txt"
    build.write_text(tool["locked"](tool["BUILDER"], requirements / "dev.txt"), encoding="utf-8")
    for lock in (requirements / "server.txt", build):
        run(*fetch, "-r", lock)
