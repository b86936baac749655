"""Child programs that do not outlive this one, and the signals that end it.

Owns how children are started and stopped. Must not know which programs they are.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

_PR_SET_PDEATHSIG = 1
# A signal that comes between Python's own check for signals and the system call it is about to
# make does not interrupt that call (seen once in 60 times), so every wait looks up now and then.
_SLICE = 0.25

Stream = int | IO[bytes] | None


class Stopped(Exception):
    """A signal asked this process to end; `signum` tells which."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def _stop(signum: int, _frame: FrameType | None) -> None:
    # Once is enough: a second signal must not break off the cleaning up that the first began.
    signal.signal(signum, signal.SIG_IGN)
    raise Stopped(signum)


def stop_on_signals() -> None:
    """From now on SIGTERM and a closed terminal raise `Stopped` in the main thread."""
    signal.signal(signal.SIGTERM, _stop)
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, _stop)


def _die_with_parent() -> Callable[[], None] | None:
    """What a Linux child runs first, so that even a killed parent takes it along."""
    if sys.platform != "linux":
        return None
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return None
    parent = os.getpid()

    def ask_for_signal() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it died between our fork and this line
            os._exit(1)

    return ask_for_signal


class Child:
    """A running child. A thread waits for it, and another reads its stdout where that is piped.

    Not the main thread, because there signals raise: subprocess loses a lock for ever when one
    does so in the middle of a timed wait (seen once in 20 times).
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.status: int | None = None
        self._process = process
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._over: queue.SimpleQueue[None] = queue.SimpleQueue()
        threading.Thread(target=self._wait, daemon=True).start()
        if process.stdout is not None:
            threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()

    def _wait(self) -> None:
        self.status = self._process.wait()
        self._over.put(None)

    def _read(self, pipe: IO[bytes]) -> None:
        with pipe:
            for raw in pipe:
                self._lines.put(raw.decode("utf-8", "replace").rstrip())
        self._lines.put(None)

    def wait(self, patience: float | None = None) -> int | None:
        """Its exit status once it ended; None where `patience` seconds were not enough."""
        deadline = None if patience is None else time.monotonic() + patience
        while self.status is None and (deadline is None or time.monotonic() < deadline):
            with contextlib.suppress(queue.Empty):
                self._over.get(timeout=_SLICE)
        return self.status

    def read_line(self, deadline: float | None = None) -> str | None:
        """The next line of its piped stdout, None at the end of it.

        Raises TimeoutError when `deadline`, by the monotonic clock, has passed.
        """
        while True:
            with contextlib.suppress(queue.Empty):
                return self._lines.get(timeout=_SLICE)
            if deadline is not None and time.monotonic() >= deadline:
                raise TimeoutError

    def end(self, patience: float = 5.0) -> int:
        """Ask it to end, insist after `patience` seconds, and return its exit status."""
        if self.status is None:
            with contextlib.suppress(OSError):
                self._process.terminate()
            if self.wait(patience) is None:
                self._process.kill()
        return self.attend()

    def attend(self) -> int:
        """Wait for its end, however long that takes; its exit status."""
        status = self.wait()
        assert status is not None
        return status


def attend(child: Child, patience: float = 10.0) -> int:
    """Wait for a child in the foreground; Ctrl+C reached it too, so let it finish its words.

    Raises KeyboardInterrupt or Stopped again once the child is gone.
    """
    try:
        return child.attend()
    except KeyboardInterrupt:
        with contextlib.suppress(KeyboardInterrupt):
            child.wait(patience)
        child.end()
        raise
    except Stopped:
        child.end(patience)
        raise


def spawn(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    bound: bool = False,
    apart: bool = False,
    stdin: Stream = None,
    stdout: Stream = None,
    stderr: Stream = None,
    pass_fds: Sequence[int] = (),
) -> Child:
    """Start a child.

    `bound` to this process, it ends with it even when that is killed; such a child must be
    started from the main thread, before any other child. With `apart` the terminal's own signals
    (Ctrl+C, Ctrl+Z) do not reach it: its end is then in the caller's hands.
    """
    return Child(
        subprocess.Popen(
            [str(word) for word in command],
            cwd=cwd,
            env=env,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=pass_fds,
            start_new_session=apart,
            # Safe while no other thread runs: hence "before any other child".
            preexec_fn=_die_with_parent() if bound else None,  # noqa: PLW1509
        )
    )


def process_lives(pid: int) -> bool:
    """Whether a process of that number exists (on Windows nobody can say cheaply: True)."""
    if pid <= 0:
        return False
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
