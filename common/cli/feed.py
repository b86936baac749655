"""What happens, what stdin says and what was answered, in one queue for one thread.

Owns: the thread that reads stdin, the one that forwards the library's events, and the brake on
the former. Must not know any verb nor what a line means.

stdin is read with `os.read`, not through `sys.stdin`: a thread that is blocked in there holds a
lock that Python wants at its end, and dies of it.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from common.client.events import Event

WINDOW: Final = 512
"""Requests that may be under way at once; stdin is read no further meanwhile."""
LONGEST_LINE: Final = 1_048_576
"""Bytes of a line that are kept; of a longer one, this much and `cut`."""
_CHUNK: Final = 65_536


@dataclass(frozen=True)
class Line:
    """A line of stdin, without its end. `number` counts from 1."""

    number: int
    text: bytes
    cut: bool = False


@dataclass(frozen=True)
class End:
    """stdin has ended; `error` where it could not be read."""

    error: str = ""


@dataclass(frozen=True)
class Answered:
    """A future that was watched is done; `key` is what it was watched as."""

    key: Any
    future: Future[Any]


@dataclass(frozen=True)
class Closed:
    """The library is closed."""


Item: TypeAlias = Event | Line | End | Answered | Closed


class Brake:
    """Holds a reader back: at most `window` lines whose answers are due, and none while paused."""

    def __init__(self, window: int = WINDOW) -> None:
        self._free = threading.Semaphore(window)
        self._until = 0.0
        self._released = threading.Event()

    def wait(self) -> bool:
        """Block until a line may pass; False when the reader should stop."""
        while not self._free.acquire(timeout=0.5):
            if self._released.is_set():
                return False
        while (left := self._until - time.monotonic()) > 0:
            if self._released.wait(left):
                return False
        return not self._released.is_set()

    def passed(self) -> None:
        """One answer came: one line more may be read."""
        self._free.release()

    def pause(self, seconds: float) -> None:
        """Read nothing for so long."""
        self._until = max(self._until, time.monotonic() + seconds)

    def stop(self) -> None:
        """Let the reader go; it ends."""
        self._released.set()


class Feed:
    """One queue for everything that a verb reacts to."""

    def __init__(self) -> None:
        self._items: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self.brake = Brake()

    def get(self, timeout: float | None = None) -> Item:
        """The next thing that happened. Raises `queue.Empty` after `timeout` seconds."""
        return self._items.get(timeout=None if timeout is None else max(0.0, timeout))

    def put(self, item: Item) -> None:
        self._items.put(item)

    def watch(self, future: Future[Any], key: Any) -> None:
        """Put `Answered(key, future)` when it is done. The callback runs in the library's thread
        and does nothing else, so that a slow reader of stdout never holds up the link."""
        future.add_done_callback(lambda done: self._items.put(Answered(key, done)))

    def follow_events(self, get: Callable[[], Event | None]) -> None:
        """Forward the library's events until it is closed."""

        def forward() -> None:
            while (event := get()) is not None:
                self._items.put(event)
            self._items.put(Closed())

        threading.Thread(target=forward, name="events", daemon=True).start()

    def follow_stdin(self, descriptor: int = 0) -> None:
        """Read lines until the end, each one only when the brake lets it pass."""

        def read() -> None:
            error = ""
            try:
                self._read_lines(descriptor)
            except OSError as failure:
                error = failure.strerror or str(failure)
            self._items.put(End(error))

        threading.Thread(target=read, name="stdin", daemon=True).start()

    def _read_lines(self, descriptor: int) -> None:
        number, rest, cut = 0, b"", False
        while chunk := os.read(descriptor, _CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            for text in lines:
                number += 1
                if not self._pass(Line(number, text[:LONGEST_LINE], cut or _is_long(text))):
                    return
                cut = False
            if _is_long(rest):
                rest, cut = rest[:LONGEST_LINE], True
        if rest:
            self._pass(Line(number + 1, rest, cut))

    def _pass(self, line: Line) -> bool:
        if not self.brake.wait():
            return False
        text = line.text.removesuffix(b"\r")
        self._items.put(Line(line.number, text, line.cut))
        return True


def _is_long(text: bytes) -> bool:
    return len(text) > LONGEST_LINE
