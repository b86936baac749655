"""The chat on a terminal: full-screen for people, line by line where there is no screen.

    setup       what it needs from whoever opens it
    controller  what is done with events and typed lines (no toolkit)
    screen      the application: layout; keys, style, inputs beside it
    view, paint, chrome, cells, signs      from the conversation to rows of cells
    linemode    lines in, lines out: pipes, TERM=dumb, screen readers
    pump        the thread that brings the library's events

prompt_toolkit is imported nowhere else in the house, and only when a screen is opened.
"""

import contextlib
import errno
import logging
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from common.cli.chat.setup import ChatSetup
from common.client.conversation import Conversation, Failure
from common.explain import explain
from common.i18n import _, n_, number
from common.safe import one_line

__all__ = ["ChatSetup", "run"]

_GOODBYE = 1.0
"""Seconds for what was just typed to be stored before the session ends."""
_LOG_SIZE = 1_000_000
_HUNG_UP = 129
_GONE = (errno.EIO, errno.EPIPE, errno.ENXIO)


def run(setup: ChatSetup) -> int:
    """Shows a chat until its end; returns the exit status. Must be called in the main thread.

    Starts the client, and closes it. The terminal is restored on every way out; an error of this
    program leaves a line on stderr and its details in the log.
    """
    log = setup.data_dir / "chat.log"
    said: list[str] = []
    linked = False
    with _logging(log):
        try:
            status, conversation = _show(setup)
            linked = conversation.link.state == "up"
            if conversation.failure is not None:
                said.append(_why(conversation.failure))
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _GONE:
                # The terminal's window was closed: there is nobody to tell anything.
                status = _HUNG_UP
            else:
                logging.getLogger(__name__).exception("the chat ended with an error")
                said.append(_("Something went wrong. The details are in {path}.").format(path=log))
                status = 1
        finally:
            unsent = _say_goodbye(setup, linked)
    if unsent:
        said.append(_left_behind(unsent, setup.keeps_unsent))
    for line in said:
        with contextlib.suppress(OSError, ValueError):
            print(f"{setup.program}: {one_line(line)}", file=sys.stderr)
    return status


def _show(setup: ChatSetup) -> tuple[int, Conversation]:
    """Exit status, and what was shown."""
    if wants_screen(setup):
        from common.cli.chat.screen import Screen

        screen = Screen(setup)
        return screen.run(), screen.conversation
    from common.cli.chat.linemode import LineMode

    lines = LineMode(setup)
    return lines.run(), lines.conversation


def _why(failure: Failure) -> str:
    return explain(failure.code, failure.values, failure.text)


def wants_screen(setup: ChatSetup) -> bool:
    """Whether there is a terminal that can be drawn on, on both sides."""
    if setup.env.get("TERM", "dumb" if os.name != "nt" else "") == "dumb":
        return False
    streams = (sys.stdin, sys.stdout)
    return all(stream is not None and stream.isatty() for stream in streams)


def _say_goodbye(setup: ChatSetup, linked: bool) -> int:
    """Ends the session; returns how many messages are unsent."""
    client = setup.client
    end = time.monotonic() + (_GOODBYE if linked else 0)
    while client.unsent() and time.monotonic() < end:
        time.sleep(0.02)
    unsent = client.unsent()
    client.close()
    return unsent


def _left_behind(count: int, kept: bool) -> str:
    if kept:
        text = n_(
            "{n} message waits; it leaves at the next start.",
            "{n} messages wait; they leave at the next start.",
            count,
        )
    else:
        text = n_("{n} message was not sent.", "{n} messages were not sent.", count)
    return text.format(n=number(count))


@contextlib.contextmanager
def _logging(path: Path) -> Iterator[None]:
    """What is logged, or written to stderr, goes to a file: it would spoil the screen."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError:
        descriptor = os.open(os.devnull, os.O_WRONLY)
    with open(descriptor, "a", encoding="utf-8", errors="backslashreplace") as stream:
        if stream.seekable() and stream.tell() > _LOG_SIZE:
            stream.truncate(0)
        handler = logging.StreamHandler(stream)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root = logging.getLogger()
        former = root.handlers[:]
        root.handlers = [one for one in former if not _on_terminal(one)] + [handler]
        try:
            with contextlib.redirect_stderr(stream):
                yield
        finally:
            root.handlers = former


def _on_terminal(handler: logging.Handler) -> bool:
    stream = getattr(handler, "stream", None)
    return stream is not None and stream in (sys.stderr, sys.stdout)
