"""The broker of this machine: does one answer? If not, start one, wait for it, end it.

Owns the child broker of `dev.py run`, what `ready.json` means to it, and whether a window can be
opened on it. Must not know what a broker says to its clients, nor import the packages that know.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from devtools.environment import ROOT
from devtools.processes import process_lives, spawn
from devtools.words import Failure, say, tell, text

READY_WITHIN = 20.0
"""Seconds a broker may take: a first start makes keys and a database on a slow disk."""
_LAST_LINES = 6
_WINDOW_WITHIN = 10.0
"""Seconds that a display may take to answer; one over a slow network does take some."""
_ANYWHERE = dict.fromkeys(("*", "0.0.0.0", "::"), "127.0.0.1")


def data_root(python: Path, option: str | None) -> Path:
    """The data directory, asked of the program itself so that there is one answer to it."""
    code = (
        "import sys; from common.paths import data_dir; "
        "sys.stdout.buffer.write(str(data_dir(sys.argv[1] or None)).encode())"
    )
    # Relative to where the person stands, not to the repository in which the question is asked.
    wanted = str(Path(option).expanduser().absolute()) if option else ""
    answer = subprocess.run(
        [python, "-c", code, wanted], cwd=ROOT, capture_output=True, check=False
    )
    if answer.returncode != 0:
        words = answer.stderr.decode("utf-8", "replace").strip().splitlines()
        raise Failure(text("no-data-dir", reason=words[-1] if words else answer.returncode))
    return Path(answer.stdout.decode())


def windows_open(python: Path) -> bool:
    """Whether there are a display and a Tk to open a window with; asked of Tk itself."""
    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        return False
    try:
        answer = subprocess.run(
            [python, "-c", "import tkinter; tkinter.Tk().destroy()"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_WINDOW_WITHIN,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


@dataclass(frozen=True)
class Found:
    """A broker that answers, as its `ready.json` describes it."""

    pulls: tuple[str, ...]
    line: str


def find_broker(root: Path) -> Found | None:
    """The broker of this data directory, if it lives and its port accepts a connection."""
    try:
        ready = json.loads((root / "broker" / "ready.json").read_text(encoding="utf-8"))
        pid = ready["pid"]
        pulls = _addresses(ready["pull"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not isinstance(pid, int) or not process_lives(pid):
        return None
    if not any(map(_accepts, pulls)):
        return None
    return Found(pulls, _ready_line(ready))


def _addresses(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.split(","))
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _ready_line(ready: dict[str, object]) -> str:
    """The line that this broker printed when it was ready."""
    words = ["ready"]
    if (name := ready.get("name")) is not None:
        words.append("name=" + json.dumps(str(name), ensure_ascii=False))
    for field in ("pull", "pub", "card"):
        if addresses := ",".join(_addresses(ready.get(field))):
            words.append(f"{field}={addresses}")
    for field in ("key", "page"):
        if ready.get(field):
            words.append(f"{field}={ready[field]}")
    return " ".join(words)


def _accepts(address: str) -> bool:
    """Whether something listens at a ZeroMQ address of this machine."""
    scheme, _, place = address.partition("://")
    try:
        if scheme == "tcp":
            host, _, port = place.rpartition(":")
            host = host.strip("[]")
            with socket.create_connection((_ANYWHERE.get(host, host), int(port)), timeout=2):
                return True
        if scheme == "ipc" and sys.platform != "win32":
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2)
                connection.connect(place)
                return True
    except (OSError, ValueError):
        pass
    return False


class Broker:
    """A broker started here, which ends with this program."""

    def __init__(
        self, python: Path, root: Path, lang: str, words: Sequence[str], *, log: Path | None
    ) -> None:
        """Start it. Its log goes to the file `log`, else to this program's own stderr."""
        self._log = log
        with contextlib.ExitStack() as opened:
            stderr: IO[bytes] | None = None
            if log is not None:
                log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                stderr = opened.enter_context(open(descriptor, "ab"))
            # broker.py has no option for the language.
            self._child = spawn(
                [python, ROOT / "broker.py", "--data-dir", root, *words],
                cwd=ROOT,
                env={**os.environ, "CAUSETTE_LANG": lang},
                bound=True,
                apart=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )

    def wait_ready(self, limit: float = READY_WITHIN) -> str | None:
        """Its ready line; None where it ended before. Raises Failure after `limit` seconds."""
        deadline = time.monotonic() + limit
        while True:
            try:
                line = self._child.read_line(deadline)
            except TimeoutError:
                log = self._log or text("above")
                raise Failure(text("broker-late", seconds=int(limit), log=log)) from None
            if line is None or line.startswith("ready"):
                return line

    def wait(self) -> int:
        """Stay until it ends by itself; its exit status."""
        return self._child.attend()

    def last_words(self) -> list[str]:
        """The end of its log, where that is in a file."""
        if self._log is None:
            return []
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[-_LAST_LINES:]

    def end(self) -> None:
        """End it, and say so."""
        if self._child.status is None:
            self._child.end()
            say("broker-ended")


def start_broker(
    python: Path, root: Path, lang: str, words: Sequence[str] = (), *, log: Path | None
) -> tuple[Broker | None, str]:
    """Start a broker and wait until it serves: the broker, and its ready line. `words` are further
    options for it.

    The broker is None where another one won the race for the data directory meanwhile. Raises
    Failure where none serves.
    """
    if log is None:
        say("starting-broker")
    else:
        say("starting-broker-log", log=log)
    broker = Broker(python, root, lang, words, log=log)
    try:
        line = broker.wait_ready()
    except BaseException:
        broker.end()
        raise
    if line is not None:
        return broker, line
    status = broker.wait()
    if (found := find_broker(root)) is not None:
        return None, found.line
    for words in broker.last_words():
        tell(f"  {words}")
    raise Failure(text("broker-failed", status=status), status if status > 0 else 1)
