"""Build Causette's wheel: `python3 packaging/wheel.py DIR`.

With the build tool that requirements/dev.txt locks, by its hashes, in an environment that is thrown
away: what is shipped does not depend on what is newest today. From a copy of what belongs to it, as
the tree may be read-only. Uses the standard library alone; pip fetches from wherever it is told to.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
BUILDER: Final = "setuptools"
BUILD: Final = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


def locked(name: str, lock: Path) -> str:
    """One package's entry of a lock, with its hashes. Raises LookupError."""

    def lines() -> Iterator[str]:
        inside = False
        for line in lock.read_text(encoding="utf-8").splitlines(keepends=True):
            inside = inside or line.startswith(f"{name}==")
            if inside:
                yield line
                if not line.rstrip().endswith("\\"):
                    return
        raise LookupError(f"{lock} has no {name}")

    return "".join(lines())


def copy(place: Path) -> None:
    """What the wheel is made from, and nothing that grew beside it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    modules = project["tool"]["setuptools"]["py-modules"]
    for name in ("pyproject.toml", "LICENSE", *(f"{module}.py" for module in modules)):
        shutil.copy2(ROOT / name, place)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "common", place / "common", ignore=ignored)


def build(out: Path) -> None:
    """Put the wheel into `out`. Raises CalledProcessError; the tools have said why, or its
    `stderr` does."""
    with tempfile.TemporaryDirectory(prefix="causette-wheel-") as name:
        place = Path(name)
        tree = place / "tree"
        tree.mkdir()
        copy(tree)
        wanted = place / "build.txt"
        wanted.write_text(locked(BUILDER, ROOT / "requirements" / "dev.txt"), encoding="utf-8")
        venv.create(place / "env", with_pip=True)
        programs = "Scripts" if sys.platform == "win32" else "bin"
        python = str(place / "env" / programs / "python")
        pip = [python, "-m", "pip", "install", "--quiet", "--require-hashes"]
        subprocess.run([*pip, "--only-binary", ":all:", "-r", wanted], check=True)
        out.mkdir(parents=True, exist_ok=True)
        # It warns at length of data that lie in folders of their own, as ours are meant to.
        command = [python, "-c", BUILD, str(out.absolute())]
        subprocess.run(command, cwd=tree, check=True, capture_output=True, text=True)


def main(words: list[str]) -> int:
    """Do it; the exit status."""
    if len(words) != 1 or words[0].startswith("-"):
        print("wheel.py: type: python3 packaging/wheel.py DIR", file=sys.stderr)
        return 2
    try:
        build(Path(words[0]))
    except subprocess.CalledProcessError as failed:
        print(failed.stderr or "", file=sys.stderr, end="")
        return failed.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
