"""What a program does before it imports any package: find a Python that has them.

Owns: the leap into ``.venv``, how one of our programs starts another, and the limit on open files.
Must not import anything outside the standard library, nor anything of ours that does; it has to
parse on old Pythons too, since it is what tells people that theirs is too old.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_GUARD = "CAUSETTE_REEXECUTED"
_OLDEST = (3, 11)
# A container may promise a thousand million descriptors; libzmq and others size tables by it.
_DESCRIPTORS_ENOUGH = 1 << 20
# macOS answers EINVAL above OPEN_MAX although its hard limit says "unlimited".
_DESCRIPTORS_MACOS = 10_240
_BUNDLED = {"broker": "causette-broker", "client_web": "causette-web"}


def need_packages(names: Sequence[str], root: Path | None = None) -> None:
    """Make sure that the packages `names` can be imported, else do not return.

    Where this Python lacks one of them (or is older than 3.11), the program starts again, with
    the same arguments, under the ``.venv`` in `root` (the repository); where there is none, or
    that one lacks them too, it says in one line what to type and exits with 1.
    """
    missing = [name for name in names if not _importable(name)]
    if not missing and sys.version_info >= _OLDEST:
        return
    home = root or Path(__file__).resolve().parent.parent
    python = home / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if python.exists() and not os.environ.get(_GUARD):
        _execute(python)
    what = ", ".join(missing) or "Python {}.{}".format(*_OLDEST)
    setup = home / "dev.py"
    tool = "dev.py" if setup.parent == Path.cwd() else str(setup)
    print(f"Causette needs {what}. Type: python3 {tool} setup", file=sys.stderr)
    raise SystemExit(1)


def _importable(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _execute(python: Path) -> None:
    environment = {**os.environ, _GUARD: "1"}
    arguments = [str(python), *sys.orig_argv[1:]]
    if os.name == "nt":
        # There exec ends the process that the console waits for, and the prompt comes back.
        raise SystemExit(subprocess.call(arguments, env=environment))
    os.execve(python, arguments, environment)


def command(door: str) -> list[str]:
    """Return the words that start another of our programs, `broker` or `client_web`.

    It runs under this Python; from a bundle (PyInstaller's), in which there is none, it is the
    program that lies beside this one. Raises FileNotFoundError where this copy is incomplete.
    """
    if getattr(sys, "frozen", False):
        here = Path(sys.executable)
        program = here.with_name(_BUNDLED[door] + here.suffix)
        if program.exists():
            return [str(program)]
    elif (spec := importlib.util.find_spec(door)) is not None and spec.origin is not None:
        return [sys.executable, spec.origin]
    raise FileNotFoundError(2, "this copy of Causette is not complete", f"{door}.py")


def raise_descriptor_limit() -> int:
    """Raise the soft limit on open files as far as allowed and return it.

    Every connection takes descriptors: 254 clients filled the usual 1,024. Returns 0 where the
    platform has no such limit (Windows).
    """
    try:
        import resource
    except ImportError:
        return 0
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    for wanted in (_DESCRIPTORS_ENOUGH, _DESCRIPTORS_MACOS):
        target = wanted if hard == unlimited else min(hard, wanted)
        if soft == unlimited or soft >= target:
            break
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
        except (OSError, ValueError):
            continue
        return target
    return soft
