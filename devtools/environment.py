"""`.venv`: is it the right one, and if not, make it.

Owns `.venv`, its stamp and the lock that keeps two set-ups apart. Theory of operation:

- A *kit* is a hash-locked file, `requirements/run.txt` or `dev.txt`; dev holds all of run, in the
  same versions. The stamp, written last, says which kits are in, by the digests of their files.
- Right kit stamped and its interpreter works: nothing to do, a tenth of a second.
- Stamped for run, and dev is wanted: add to it, in place; programs may be running from it.
- Anything else: make it anew. The old one is moved aside first and comes back if that fails, so
  a machine without a network can still go back to the version it had.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from devtools import pips
from devtools.processes import Child, spawn
from devtools.words import Failure, complain, say, tell, text

ROOT = Path(__file__).resolve().parent.parent
KITS: dict[str, tuple[str, ...]] = {"run": ("run",), "dev": ("run", "dev")}
_PROOF = {"run": ("zmq", "msgspec", "prompt_toolkit"), "dev": ("zmq", "pytest", "mypy")}
_STAMP = "causette-stamp.json"
_LAST_LINES = 12
_NAME = re.compile(r"^[A-Za-z0-9][\w.-]*==", re.MULTILINE)


def lock_file(kit: str) -> Path:
    """The hash-locked requirements of a kit."""
    return ROOT / "requirements" / f"{kit}.txt"


def python_of(venv: Path) -> Path:
    """The interpreter of an environment."""
    if sys.platform == "win32":
        return venv / "Scripts" / "python.exe"
    return venv / "bin" / "python"


def ensure(kit: str) -> Path:
    """Make sure that `.venv` holds `kit`; its interpreter. Raises Failure."""
    for held in KITS[kit]:
        if not lock_file(held).is_file():
            raise Failure(text("no-lock", file=f"requirements/{held}.txt"))
    venv = ROOT / ".venv"
    if _holds(venv, kit):
        return python_of(venv)
    with _alone():
        if not _holds(venv, kit):  # the one we waited for may have done it
            _bring(venv, kit)
            say("ready-venv")
    return python_of(venv)


def _digest(kit: str) -> str:
    return hashlib.sha256(lock_file(kit).read_bytes()).hexdigest()


def _stamped(venv: Path) -> dict[str, str] | None:
    try:
        stamp = json.loads((venv / _STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return {str(k): str(v) for k, v in stamp.items()} if isinstance(stamp, dict) else None


def _python_works(venv: Path, kit: str) -> bool:
    """Whether the interpreter is there, is new enough, and finds the kit's packages."""
    names = ",".join(_PROOF[kit])
    code = (
        "import sys; from importlib.util import find_spec as f; "
        f"sys.exit(sys.version_info < (3, 11) or not all(map(f, '{names}'.split(','))))"
    )
    return pips.works([str(python_of(venv)), "-I", "-c", code])


def _holds(venv: Path, kit: str) -> bool:
    stamp = _stamped(venv) or {}
    stamped = all(stamp.get(held) == _digest(held) for held in KITS[kit])
    return stamped and _python_works(venv, kit)


def _bring(venv: Path, kit: str) -> None:
    if kit != "run" and _holds(venv, "run") and (pip := pips.find_pip(python_of(venv))):
        say("installing-more")
        _install(pip, kit)
        _write_stamp(venv, kit)
        return
    old = venv.with_name(".venv.old")
    _remove(old)
    if venv.is_symlink() or venv.exists():
        say("remaking", why=text(_why_remake(venv)))
        venv.rename(old)
    else:
        say("making", version=_version())
    try:
        _install(_make(venv), kit)
        _write_stamp(venv, kit)
    except BaseException:
        _remove(venv)
        if old.is_symlink() or old.exists():
            old.rename(venv)
        raise
    _remove(old)


def _why_remake(venv: Path) -> str:
    stamp = _stamped(venv)
    if stamp is None:
        return "why-unfinished"
    fresh = all(stamp[kit] == _digest(kit) for kit in stamp if kit in KITS)
    return "why-broken" if fresh else "why-changed"


def _version() -> str:
    return ".".join(map(str, sys.version_info[:3]))


def _make(venv: Path) -> pips.Command:
    """Make an empty environment and find it a pip, whatever this machine took away."""
    python = pips.base_python()
    if pips.has_ensurepip() and _make_with_pip(python, venv):
        return [str(python_of(venv)), "-m", "pip", "install"]
    pip = _make_without_pip(python, venv)
    if pip is None and pips.can_use_apt():
        packages = ["python3-venv", "python3-pip"]
        say("apt", packages=" ".join(packages))
        if pips.apt_install(packages):
            if _make_with_pip(python, venv):
                return [str(python_of(venv)), "-m", "pip", "install"]
            pip = _make_without_pip(python, venv)
    if pip is None:
        key = "no-pip" if python_of(venv).exists() else "no-venv"
        raise Failure(text(key, python=python, version=_version()))
    return pip


def _make_with_pip(python: str, venv: Path) -> bool:
    _remove(venv)
    command = [python, "-m", "venv", str(venv)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        return False
    return pips.works([str(python_of(venv)), "-m", "pip", "--version"])


def _make_without_pip(python: str, venv: Path) -> pips.Command | None:
    commands = [[python, "-m", "venv", "--without-pip", str(venv)]]
    if (uv := shutil.which("uv")) is not None:
        commands.append([uv, "venv", "--quiet", "--python", python, str(venv)])
    for command in commands:
        _remove(venv)
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return pips.find_pip(python_of(venv))
    return None


def _install(pip: pips.Command, kit: str) -> None:
    """Install a kit; what pip says stays hidden unless it fails."""
    file = lock_file(kit)
    total = len(_NAME.findall(file.read_text(encoding="utf-8")))
    say("installing", count=total)
    env = {
        **os.environ,
        "PIP_USER": "0",
        "PIP_NO_INPUT": "1",
        "PIP_PROGRESS_BAR": "off",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    # Somebody's habit of installing elsewhere must not empty this environment.
    for stray in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV", "PYTHONHOME"):
        env.pop(stray, None)
    command = [*pip, "--require-hashes", "-r", str(file)]
    last: deque[str] = deque(maxlen=_LAST_LINES)
    child = spawn(
        command,
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        _follow(child, total, last)
        status = child.attend()
    finally:
        child.end()
    if status != 0:
        for line in last:
            tell(f"  {line}")
        raise Failure(text("install-failed", file=f"requirements/{kit}.txt"))


def _follow(child: Child, total: int, last: deque[str]) -> None:
    """Keep pip's last lines, and count the packages for somebody who watches."""
    watched = sys.stderr.isatty()
    done = 0
    while (line := child.read_line()) is not None:
        last.append(line)
        if watched and line.startswith(("Collecting ", "Requirement already")):
            done += 1
            print(f"\r  {min(done, total)}/{total}", end="", file=sys.stderr, flush=True)
    if watched and done:
        print("\r" + " " * 12 + "\r", end="", file=sys.stderr, flush=True)


def _write_stamp(venv: Path, kit: str) -> None:
    stamp = {held: _digest(held) for held in KITS[kit]}
    fresh = venv / f"{_STAMP}.new"
    fresh.write_text(json.dumps(stamp) + "\n", encoding="utf-8")
    fresh.replace(venv / _STAMP)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Hold the set-up's lock; wait, saying so, while another dev.py holds it."""
    with (ROOT / ".venv.lock").open("a+b") as handle:
        if not _try_lock(handle, wait=False):
            say("waiting-lock")
            while not _try_lock(handle, wait=True):
                pass
        yield


def _try_lock(handle: IO[bytes], *, wait: bool) -> bool:
    """Lock the open file; closing it unlocks, however this process ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            handle.seek(0)
            msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if sys.platform != "win32" and not isinstance(error, BlockingIOError):
            complain(text("system", what=".venv.lock", reason=error.strerror))
            return True  # a file system without locks: better unlocked than not at all
        return False
    return True
