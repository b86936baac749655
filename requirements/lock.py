"""Lock the versions: rewrite the files beside this one from ../pyproject.toml.

    python requirements/lock.py             # what pyproject.toml asks for, changing little
    python requirements/lock.py --upgrade   # the newest versions it allows

Owns the form of the locks: one file for every platform (markers tell them apart), every hash of
every file of each version, and no index, host or address, so that each machine installs from
wherever it is told to. run.txt is what people get. dev.txt holds all of it in the same versions:
tests run on what people get; server.txt only what a server without a window wants of it. Must not
know how the locks are installed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent / "pyproject.toml"
EXTRAS: dict[str, tuple[str, ...]] = {
    "run": ("gui", "tui", "keys", "web", "lan", "metrics"),
    "dev": ("gui", "tui", "keys", "web", "lan", "metrics", "dev"),
    "server": ("web", "lan", "metrics"),
}


def inputs_digest(kit: str) -> str:
    """What the lock of `kit` was made from, in short: a lock out of step is found without uv."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    inputs = [
        project["requires-python"],
        sorted(project["dependencies"]),
        [[name, sorted(extras[name])] for name in EXTRAS[kit]],
    ]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()


def header(kit: str) -> str:
    """The first lines of a lock."""
    return (
        "# Made by requirements/lock.py; do not edit. "
        f"Holds: runtime, {', '.join(EXTRAS[kit])}.\n"
        f"# inputs: {inputs_digest(kit)}\n"
    )


def find_uv() -> str | None:
    """uv, on the path or beside this interpreter."""
    return shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))


def lock(uv: str, kit: str, *, upgrade: bool) -> bool:
    """Rewrite one lock; whether it worked (uv has said why not)."""
    target = HERE / f"{kit}.txt"
    fresh = HERE / f"{kit}.txt.new"
    # uv keeps the versions that it finds in the file it writes to.
    if target.exists():
        shutil.copyfile(target, fresh)
    command = [uv, "pip", "compile", str(PROJECT), "--quiet", "--no-config"]
    command += ["--universal", "--generate-hashes", "--python-version", "3.11"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate"]
    for extra in EXTRAS[kit]:
        command += ["--extra", extra]
    if kit != "run":
        command += ["--constraint", str(HERE / "run.txt")]
    if upgrade:
        command.append("--upgrade")
    try:
        done = subprocess.run(
            [*command, "--output-file", str(fresh)], check=False, stdout=subprocess.DEVNULL
        )
        if done.returncode != 0:
            return False
        body = "".join(
            line
            for line in fresh.read_text(encoding="utf-8").splitlines(keepends=True)
            if not line.startswith("#")
        )
        target.write_text(header(kit) + body, encoding="utf-8")
        return True
    finally:
        fresh.unlink(missing_ok=True)


def main() -> int:
    """Rewrite the locks; the exit status."""
    parser = argparse.ArgumentParser(description="Rewrite the hash-locked requirements.")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions allowed")
    upgrade: bool = parser.parse_args().upgrade
    uv = find_uv()
    if uv is None:
        print("lock.py: uv is missing; type: pip install uv", file=sys.stderr)
        return 1
    for kit in EXTRAS:
        if not lock(uv, kit, upgrade=upgrade):
            print(f"lock.py: {kit}.txt is as it was", file=sys.stderr)
            return 1
        print(f"requirements/{kit}.txt")
    return 0


if __name__ == "__main__":
    sys.exit(main())
