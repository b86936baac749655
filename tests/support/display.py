"""A screen for the window's tests: an Xvfb of their own, so that no desktop is typed into.

Must not know Tk.
"""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tests.support.parts import lacking, require
from tests.support.waiting import scaled

_WITHIN = 15.0
"""Seconds that Xvfb may take to answer."""


@contextmanager
def screen(dpi: int = 96, size: str = "1280x900") -> Iterator[str]:
    """The name of a display on a number that was free, `:7`; it ends with the context."""
    xvfb = require("Xvfb", "apt-get install xvfb")
    reader, writer = os.pipe()
    try:
        server = subprocess.Popen(
            [
                xvfb, "-displayfd", str(writer), "-screen", "0", f"{size}x24",
                "-dpi", str(dpi), "-nolisten", "tcp",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(writer,),
            start_new_session=True,
        )  # fmt: skip
    finally:
        os.close(writer)
    try:
        with open(reader, "rb") as answer:
            heard = select.select([answer], [], [], scaled(_WITHIN))[0]
            number = answer.readline().strip().decode() if heard else ""
        if not number.isdigit():
            lacking("an Xvfb that starts", "apt-get install xvfb")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


class Keyboard:
    """Keys pressed on a display as a person would; `turn` runs the window meanwhile.

    A key that the layout lacks is lent to it for the time of its press: a window that looked only
    afterwards would not find it.
    """

    def __init__(self, display: str, turn: Callable[[], object]) -> None:
        self._env = {**os.environ, "DISPLAY": display}
        self._turn = turn

    def press(self, *keys: str) -> None:
        """Press keys by their X names: `a`, `BackSpace`, `ctrl+v`, `dead_circumflex`."""
        self._run("key", "--clearmodifiers", "--delay", "20", *keys)

    def type(self, words: str) -> None:
        """Type words, emoji too: a lent key is lent long enough for a window that is slow."""
        delay = "20" if words.isascii() else "200"
        self._run("type", "--clearmodifiers", "--delay", delay, words)

    def _run(self, *words: str) -> None:
        program = require("xdotool", "apt-get install xdotool")
        with subprocess.Popen([program, *words], env=self._env, stdin=subprocess.DEVNULL) as keys:
            while keys.poll() is None:
                self._turn()
                with suppress(subprocess.TimeoutExpired):
                    keys.wait(0.005)
        if keys.returncode != 0:
            raise AssertionError(f"xdotool {words} ended with {keys.returncode}")
        self._turn()
