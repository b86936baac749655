"""stdout, stderr and colour. Owns how lines leave the program; knows no verb and no network.

Data goes to stdout, each line flushed; words for people go to stderr. What others wrote is made
harmless by whoever composes a text line (`safe`); JSON is exact.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from common.safe import one_line
from common.terminal import wants_colour

PROGRAM = "client_cli.py"


class Stop(Exception):
    """The run is over: `line` (if any) goes to stderr, `status` is the exit status."""

    def __init__(self, status: int, line: str = "") -> None:
        super().__init__(line)
        self.status = status
        self.line = line


class Terminated(BaseException):
    """SIGTERM came."""


class Output:
    """Where a verb writes."""

    def __init__(self, env: Mapping[str, str], no_color: bool = False) -> None:
        self.colour = wants_colour(sys.stdout, env, no_color)

    def line(self, text: str) -> None:
        """One line of text, or several, on stdout, in the locale's encoding."""
        encoding = sys.stdout.encoding if sys.stdout else "utf-8"
        self.data(text.encode(encoding or "utf-8", "replace"))

    def data(self, line: bytes) -> None:
        """One line of data on stdout, as it is. Raises BrokenPipeError, Stop."""
        if sys.stdout is None:
            return
        try:
            sys.stdout.buffer.write(line + b"\n")
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise Stop(1, f"stdout: {error.strerror}") from error

    def note(self, text: str) -> None:
        """One line for people on stderr, made harmless, behind the program's name."""
        note(text)

    def dim(self, text: str) -> str:
        return f"\x1b[2m{text}\x1b[22m" if self.colour else text

    def bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[22m" if self.colour else text


def note(text: str) -> None:
    """One line for people on stderr. A stderr that is closed loses it, nothing else."""
    if sys.stderr is None:
        return
    line = f"{PROGRAM}: {one_line(text)}\n"
    try:
        sys.stderr.buffer.write(line.encode(sys.stderr.encoding or "utf-8", "replace"))
        sys.stderr.buffer.flush()
    except (OSError, ValueError):
        return


def drop_stdout() -> None:
    """After a closed pipe: what Python flushes at its end must not raise again."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.close(null)
    except OSError:
        return


def reader_is_gone() -> bool:
    """Whether stdout is a pipe that nobody reads any more; False where that cannot be told."""
    import select

    if not hasattr(select, "poll") or sys.stdout is None:
        return False
    poller = select.poll()
    try:
        poller.register(1, 0)
        return any(
            happened & (select.POLLERR | select.POLLNVAL) for _fd, happened in poller.poll(0)
        )
    except OSError:
        return False
