"""The chat on a terminal: full-screen for people, line by line where there is no screen.

    screen      the application: layout; keys, style, inputs beside it
    view, paint, chrome, cells, signs      from the conversation to rows of cells
    linemode    lines in, lines out: pipes, TERM=dumb, screen readers

What is done with events and typed lines is `common.talk`'s, which the window shares.
prompt_toolkit is imported nowhere else in the house, and only when a screen is opened.
"""

import contextlib
import errno
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from common.client.conversation import Conversation, Failure
from common.explain import explain
from common.i18n import _
from common.safe import one_line
from common.talk.leaving import left_behind, say_goodbye
from common.talk.setup import ChatSetup

__all__ = ["ChatSetup", "run"]

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
            unsent = say_goodbye(setup.client, linked)
    if unsent:
        said.append(left_behind(unsent, setup.keeps_unsent))
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
