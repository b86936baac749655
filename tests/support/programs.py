"""Real programs under test: started, listened to, and surely ended.

Owns child processes and the threads that read them. Must not know the protocol; of the broker it
knows the command line and the ready line, of a bot that it speaks JSON lines.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, Self

from tests.support.waiting import scaled

ROOT = Path(__file__).resolve().parents[2]

Stream = Literal["stdout", "stderr"]
Words = Sequence[str | Path]
Match = str | Callable[[str], bool]
Event = dict[str, Any]


# Where a child finds no settings of the person's, and leaves none; not made unless one writes.
_NO_HOME = Path(tempfile.gettempdir()) / f"causette-tests-{os.getpid()}"
atexit.register(shutil.rmtree, _NO_HOME, ignore_errors=True)


def child_env(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """A calm environment for a child: no colour, English, UTF-8, none of the person's settings, and
    no look around the network."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CAUSETTE_")}
    calm = {"NO_COLOR": "1", "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
    # Nothing is sent to the network that this machine happens to be on.
    calm["CAUSETTE_NO_DISCOVERY"] = "1"
    calm |= {f"XDG_{kind}_HOME": str(_NO_HOME / kind.lower()) for kind in ("CONFIG", "DATA")}
    return kept | calm | dict(env or {})


class Program:
    """A running program whose output is collected by threads, so that it never blocks on us.

    Lines keep their place: `position()` marks one, and `wait_line(..., after=mark)` looks only at
    what came later.
    """

    def __init__(
        self,
        command: Words,
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
    ) -> None:
        self.command = [str(word) for word in command]
        self._changed = threading.Condition()
        self._lines: dict[Stream, list[str]] = {"stdout": [], "stderr": []}
        self._open = 2
        self.process = subprocess.Popen(
            self.command,
            cwd=cwd,
            env=child_env(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._stdin = self.process.stdin
        self._readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, "stdout"), daemon=True),
            threading.Thread(target=self._read, args=(self.process.stderr, "stderr"), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, pipe: IO[bytes], stream: Stream) -> None:
        with pipe:
            for raw in pipe:
                with self._changed:
                    self._lines[stream].append(raw.decode("utf-8", "replace").rstrip("\r\n"))
                    self._changed.notify_all()
        with self._changed:
            self._open -= 1
            self._changed.notify_all()

    # --- what it said ---

    @property
    def pid(self) -> int:
        """Its process number."""
        return self.process.pid

    def lines(self, stream: Stream = "stdout", after: int = 0) -> list[str]:
        """The lines that came so far, from the mark `after` on."""
        with self._changed:
            return self._lines[stream][after:]

    def position(self, stream: Stream = "stdout") -> int:
        """A mark behind the last line that came."""
        with self._changed:
            return len(self._lines[stream])

    def wait_line(
        self, match: Match, timeout: float = 10, *, stream: Stream = "stdout", after: int = 0
    ) -> str:
        """The first line after the mark that contains `match`, or for which it is true.

        Gives up with an AssertionError that shows all that was said: after `timeout` seconds
        (scaled), or at once where the program has ended without saying it.
        """
        fits = (lambda line: match in line) if isinstance(match, str) else match
        found: list[str] = []
        seen = after

        def look() -> bool:
            nonlocal seen
            for line in self._lines[stream][seen:]:
                seen += 1
                if fits(line):
                    found.append(line)
                    return True
            return self._open == 0

        with self._changed:
            self._changed.wait_for(look, scaled(timeout))
        if not found:
            name = match if isinstance(match, str) else getattr(match, "__name__", "a match")
            raise AssertionError(f"no line on {stream} with {name!r}\n{self.describe()}")
        return found[0]

    def wait_json(self, timeout: float = 10, *, after: int = 0, **fields: object) -> Event:
        """The first JSON object on stdout, after the mark, that holds all of `fields`."""

        def holds(line: str) -> bool:
            event = _json_object(line)
            return event is not None and fields.items() <= event.items()

        holds.__name__ = f"JSON {fields}"
        event = _json_object(self.wait_line(holds, timeout, after=after))
        assert event is not None
        return event

    def events(self, after: int = 0) -> list[Event]:
        """Every JSON object on stdout so far, after the mark."""
        found = map(_json_object, self.lines(after=after))
        return [event for event in found if event is not None]

    def describe(self) -> str:
        """What it is and all that it said, for the message of a failure."""
        status = self.process.poll()
        state = "running" if status is None else f"exit status {status}"
        said = [f"{' '.join(self.command)} ({state})"]
        for stream in self._lines:
            said.append(f"--- {stream}")
            said += self.lines(stream)
        return "\n".join(said)

    # --- what it is told ---

    def send_line(self, line: str | Event) -> None:
        """Write one line to its stdin; an object is written as JSON."""
        words = line if isinstance(line, str) else json.dumps(line)
        self._stdin.write(words.encode() + b"\n")
        self._stdin.flush()

    def close_stdin(self) -> None:
        """The end of its input."""
        with contextlib.suppress(OSError):
            self._stdin.close()

    def send_signal(self, sig: int) -> None:
        """Send it a signal."""
        self.process.send_signal(sig)

    def wait(self, timeout: float = 10) -> int:
        """Its exit status, and all of its output read; AssertionError where it does not end."""
        try:
            status = self.process.wait(scaled(timeout))
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running\n{self.describe()}") from None
        for reader in self._readers:
            # A grandchild may hold the pipes open; what it says is not this program's.
            reader.join(scaled(2))
        return status

    def stop(self, sig: int = signal.SIGTERM, timeout: float = 10) -> int:
        """Ask it to end with `sig`; its exit status."""
        if self.process.poll() is None:
            self.send_signal(sig)
        return self.wait(timeout)

    def kill(self) -> None:
        """End it at once, if it still runs, and let go of everything; may be repeated."""
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        self.close_stdin()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()


def _json_object(line: str) -> Event | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


class BrokerProgram(Program):
    """A broker that serves; `ready` is what its ready line said."""

    def __init__(self, command: Words, data_dir: Path, **options: Any) -> None:
        super().__init__(command, **options)
        self.data_dir = data_dir
        self.ready: Event = {}
        self._ports: set[int] = set()
        self._kept = ExitStack()
        weakref.finalize(self, self._kept.close)

    def wait(self, timeout: float = 10) -> int:
        """Its exit status; its ports are kept for the next one, as long as this object lives."""
        status = super().wait(timeout)
        places = [str(self.ready.get(name)) for name in ("pull", "pub", "card")]
        for port in map(int, re.findall(r"tcp://127\.0\.0\.1:(\d+)", " ".join(places))):
            if port not in self._ports:
                self._ports.add(port)
                self._keep(port)
        return status

    def _keep(self, port: int) -> None:
        """Have the system lend it to nobody who asks for any port, as a test beside this one does.

        A socket that is bound, and does not listen, refuses whoever connects; it stands in the way
        of nobody who asks for this port, and for it to be used again, as ZeroMQ does.
        """
        if sys.platform == "win32":
            return
        held = socket.socket()
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind(("127.0.0.1", port))
        except OSError:
            held.close()
        else:
            self._kept.callback(held.close)

    @property
    def pull(self) -> str:
        """Where it takes messages."""
        return str(self.ready["pull"][0])

    @property
    def pub(self) -> str:
        """Where it publishes."""
        return str(self.ready["pub"][0])

    @property
    def card(self) -> str:
        """Where it tells who it is."""
        card = self.ready["card"]
        return str(card[0] if isinstance(card, list) else card)

    @property
    def key(self) -> str | None:
        """Its public key; None under --plain."""
        key: str | None = self.ready["key"]
        return key

    @property
    def link(self) -> str:
        """The join link to it: `causette://KEY@HOST:PORT/PUBPORT`."""
        place = self.pull.removeprefix("tcp://")
        return f"causette://{self.key}@{place}/{self.pub.rpartition(':')[2]}"


def start_broker(
    data_dir: Path,
    *args: str | Path,
    json: bool = True,
    wildcard: bool = True,
    env: Mapping[str, str] | None = None,
    alter: Sequence[str] = (),
    timeout: float = 15,
) -> BrokerProgram:
    """Start broker.py on free ports and wait until it serves; the caller ends it.

    Without `json` it is up to the caller to wait for the plain ready line; without `wildcard`
    the addresses are up to `args`. `alter` changes constants of it, see `tests.support.altered`.
    """
    command: list[str | Path] = [sys.executable, ROOT / "broker.py"]
    if alter:
        command = [sys.executable, "-m", "tests.support.altered", *alter, "--"]
    if json:
        command.append("--json")
    if wildcard:
        command += ["--pull", "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*"]
    broker = BrokerProgram([*command, "--data-dir", data_dir, *args], data_dir, env=env)
    if json:
        try:
            broker.ready = broker.wait_json(timeout, type="ready")
        except BaseException:
            broker.kill()
            raise
    return broker


def same_place(broker: BrokerProgram) -> list[str]:
    """The arguments with which another broker serves at the addresses of this one."""
    place = ["--pull", broker.pull, "--pub", broker.pub]
    return [*place, "--card", broker.card] if broker.ready["card"] else place


@dataclass(frozen=True)
class Finished:
    """What a program that ran to its end left behind."""

    code: int
    stdout: str
    stderr: str

    def lines(self) -> list[str]:
        """Its stdout, by lines."""
        return self.stdout.splitlines()

    def events(self) -> list[Event]:
        """Its stdout, read as one JSON value a line."""
        return [json.loads(line) for line in self.lines()]


def run_program(
    command: Words,
    *,
    input: str | bytes | None = None,
    timeout: float = 30,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
) -> Finished:
    """Run a program to its end; without `input` its stdin is empty."""
    given = input.encode() if isinstance(input, str) else input or b""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            input=given,
            capture_output=True,
            timeout=scaled(timeout),
            env=child_env(env),
            cwd=cwd,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise AssertionError(
            f"still running after {timeout} s: {' '.join(words)}\n"
            f"--- stdout\n{(late.stdout or b'').decode(errors='replace')}\n"
            f"--- stderr\n{(late.stderr or b'').decode(errors='replace')}"
        ) from None
    return Finished(
        done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8", "replace")
    )


def run_cli(
    *args: str | Path,
    input: str | bytes | None = None,
    timeout: float = 30,
    env: Mapping[str, str] | None = None,
) -> Finished:
    """Run client_cli.py to its end."""
    return run_program(
        [sys.executable, ROOT / "client_cli.py", *args], input=input, timeout=timeout, env=env
    )
