"""The servers under measurement as processes: the shipped broker and the proxy. Linux only.

Owns starting and ending them, and what the system says of their CPU time and memory. Knows nothing
of what they serve.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

ROOT: Final = Path(__file__).resolve().parents[1]
_TICK: Final = os.sysconf("SC_CLK_TCK")
_CLOSE: Final = 10.0
"""Seconds given to a server to end by itself."""


@dataclass(frozen=True)
class Address:
    """Where a server listens. `key` is its CURVE key in hexadecimal, None without encryption."""

    causette: bool
    pull: str
    pub: str
    key: str | None


class Server:
    """A running server process; ends with the context."""

    def __init__(self, command: Sequence[str], causette: bool) -> None:
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{command[1]} did not start")
        self.ready: dict[str, Any] = json.loads(line)
        self._causette = causette

    @property
    def address(self) -> Address:
        """Where a broker or a proxy listens."""
        ready = self.ready
        return Address(self._causette, ready["pull"][0], ready["pub"][0], ready["key"])

    @property
    def pid(self) -> int:
        return self._process.pid

    def cpu(self) -> float:
        """Seconds of CPU, user and system, of all its threads so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def memory(self) -> int:
        """Bytes of memory of its own: resident, without what is mapped from files."""
        return memory_of(self.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(_CLOSE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def memory_of(pid: int | str) -> int:
    """Bytes of memory of a process's own: resident, without what is mapped from files."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1_024
    raise RuntimeError("the system does not tell a process's memory")


def stand_aside(pid: int) -> None:
    """Keep a process, all its threads, to the last processor: it leaves the others alone."""
    last = max(os.sched_getaffinity(0))
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {last})


def broker_options(directory: Path, *, curve: bool) -> list[str]:
    """The broker's arguments: as shipped, only the rate limits are raised."""
    raised = ["--rate", "1000000000", "--burst", "1000000000"]
    where = ["--pull", "tcp://127.0.0.1:*", "--data-dir", str(directory)]
    return [*where, *raised, *([] if curve else ["--plain"])]


def start_broker(directory: Path, *, curve: bool) -> Server:
    """The shipped broker on a directory of its own, with free ports."""
    options = broker_options(directory, curve=curve)
    return Server([sys.executable, "broker.py", *options, "--json", "--quiet"], causette=True)


def start_gateway(directory: Path) -> Server:
    """The shipped gateway to the browsers, of the broker whose data directory this is."""
    options = ["--data-dir", str(directory), "--bind", "127.0.0.1:0", "--json", "--quiet"]
    return Server([sys.executable, "client_web.py", *options], causette=True)


def start_proxy(*, curve: bool) -> Server:
    """`zmq.proxy`, see `bench.proxy`."""
    options = ["--curve"] if curve else []
    return Server([sys.executable, "-m", "bench.proxy", *options], causette=False)


def configuration(directory: Path, *, curve: bool) -> str:
    """What `broker.py --print-config` says under these options."""
    options = broker_options(directory, curve=curve)
    command = [sys.executable, "broker.py", *options, "--print-config"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.strip()


def environment() -> dict[str, str]:
    """The person's environment without the settings of their own broker."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CAUSETTE_")}
    nowhere = str(Path(tempfile.gettempdir()) / "causette-bench-has-no-settings")
    return kept | {"XDG_CONFIG_HOME": nowhere, "XDG_DATA_HOME": nowhere, "PYTHONUTF8": "1"}
