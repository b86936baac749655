"""The broker as a child process: started with options, listened to, stopped without losing a word.

Owns the process and the threads that read it. What it says comes out of `take`, in order, for one
reader. Must not know a widget, nor what the lines mean.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import IO, Any, Final

from common import runtime

_LONGEST: Final = 8_192
"""Bytes of one line of its log; the rest of a longer one comes as more lines."""


@dataclass(frozen=True, slots=True)
class Said:
    """A JSON object of its standard output: the ready line, or an error."""

    object: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of its log."""

    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """It is gone; nothing comes after this."""

    status: int


News = Said | Line | Ended


class BrokerProcess:
    """One run of `broker.py`. It ends with this process, however this one ends: by the end of its
    standard input, which is the one way to end a program gently on every platform."""

    def __init__(self, options: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Start it with these options; `env` instead of this process's. Raises OSError."""
        self._news: SimpleQueue[News] = SimpleQueue()
        session: dict[str, Any] = {}
        if sys.platform == "win32":
            session["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP
        else:
            # Ctrl+C in a terminal is for the window, which then stops the broker.
            session["start_new_session"] = True
        self._process = subprocess.Popen(
            [*runtime.command("broker"), "--json", "--end-with-input", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**(os.environ if env is None else env), "PYTHONUTF8": "1"},
            **session,
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        readers = [
            threading.Thread(
                target=self._read, args=(pipe, kind), name="broker-reader", daemon=True
            )
            for pipe, kind in ((self._process.stdout, Said), (self._process.stderr, Line))
        ]
        for reader in readers:
            reader.start()
        self._waiter = threading.Thread(
            target=self._wait, args=(readers,), name="broker-waiter", daemon=True
        )
        self._waiter.start()

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    def take(self, most: int) -> list[News]:
        """What it said since the last time, at most so much at once."""
        news: list[News] = []
        with contextlib.suppress(Empty):
            while len(news) < most:
                news.append(self._news.get_nowait())
        return news

    def stop(self) -> None:
        """Have it store what it was told, say goodbye and end; `Ended` comes once it has."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def kill(self) -> None:
        """End it at once. What it acknowledged is stored all the same."""
        self._process.kill()

    def wait(self, timeout: float) -> bool:
        """Wait for its end at most so many seconds; whether it came."""
        self._waiter.join(timeout)
        return not self._waiter.is_alive()

    # --- threads -------------------------------------------------------------------------------

    def _read(self, pipe: IO[bytes], kind: type[Said] | type[Line]) -> None:
        with pipe:
            while raw := pipe.readline(_LONGEST):
                text = raw.decode("utf-8", "replace").rstrip("\r\n")
                if kind is Line:
                    self._news.put(Line(text))
                elif (said := _object(text)) is not None:
                    self._news.put(Said(said))

    def _wait(self, readers: Sequence[threading.Thread]) -> None:
        status = self._process.wait()
        for reader in readers:
            reader.join()
        self.stop()
        self._news.put(Ended(status))


def _object(text: str) -> dict[str, Any] | None:
    try:
        said = json.loads(text)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None
