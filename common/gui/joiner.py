"""One try to join, in a thread of its own: it may take seconds, and the window must not.

Owns that thread and its end. What it has to tell comes through `post`, never after `cancel`. Must
not know a widget; the rules of trust are the library's (`common.client.joining`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from queue import Empty
from typing import Final, Protocol

from common.client import joining
from common.client.events import Failed, LinkDown, Ready, Waiting
from common.client.joining import CannotJoin, Entry, NewBroker
from common.client.nearby import Choice
from common.gui.screens import Joined, Post, Trouble
from common.settings import BadSetting, Settings
from common.talk.opening import Opened, open_chat

_LOG = logging.getLogger(__name__)

WITHIN: Final = 6.0
"""Seconds for a server to answer; less than a program waits, for a person can try again."""
_SLICE: Final = 0.1
"""Seconds until a cancelled thread notices."""


class Listener(Protocol):
    """Who is told, in the window's thread. The last two end it; each comes once."""

    def trying(self, trouble: Trouble) -> object:
        """It does not work yet, and is tried again."""

    def unknown(self, broker: NewBroker) -> object:
        """Nobody trusts this server yet: `Joiner.answer` says whether to."""

    def waiting(self, trouble: Trouble) -> object:
        """An administrator must let this person in; it is asked again until one does."""

    def joined(self, joined: Joined) -> object:
        """The session is in."""

    def failed(self, trouble: Trouble) -> object:
        """There is none."""


class Joiner:
    """Begins at once. Everything but the thread's own work is called in the window's thread."""

    def __init__(
        self,
        settings: Settings,
        listener: Listener,
        post: Post,
        after: threading.Thread | None = None,
        chosen: Choice | None = None,
    ) -> None:
        """`after`: a thread that still holds what this one needs, such as the same profile.
        `chosen`: a server of the network, whatever the settings say."""
        self._settings = settings
        self._listener = listener
        self._post = post
        self._after = after
        self._chosen = chosen
        self._over = threading.Event()
        self._answered = threading.Event()
        self._trusted = False
        self._thread = threading.Thread(target=self._run, name="joining", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Tell nothing any more, and join nothing."""
        self._over.set()
        self._answered.set()

    def answer(self, trusted: bool) -> None:
        """Whether the unknown server is trusted."""
        self._trusted = trusted
        self._answered.set()

    def wait(self, timeout: float) -> None:
        """Wait until its thread has ended, for the end of the program."""
        self._thread.join(timeout)

    # --- in the thread -------------------------------------------------------------------------

    def _tell(
        self, call: Callable[[], object], otherwise: Callable[[], object] | None = None
    ) -> None:
        """`otherwise` is done where nobody wants to hear it any more."""

        def told() -> None:
            if not self._over.is_set():
                call()
            elif otherwise is not None:
                otherwise()

        self._post(told)

    def _run(self) -> None:
        try:
            if self._after is not None:
                self._after.join()
            self._join()
        except _Cancelled:
            pass
        except CannotJoin as error:
            self._fail(Trouble(error.code, error.values))
        except BadSetting as error:
            self._fail(Trouble("", text=error.line))
        except Exception as error:
            _LOG.exception("joining ended with an error")
            self._fail(Trouble("unexpected", {"what": f"{type(error).__name__}: {error}"}))

    def _fail(self, trouble: Trouble) -> None:
        self._tell(lambda: self._listener.failed(trouble))

    def _join(self) -> None:
        entry = joining.prepare(self._settings, self._ask, WITHIN, self._trying, self._chosen)
        self._check()
        opened = open_chat(entry, self._settings, "causette-gui", WITHIN)
        try:
            opened.client.start()
            ready = self._wait(entry, opened)
        except BaseException:
            _end(opened)
            raise
        joined = Joined(entry=entry, opened=opened, ready=ready)
        self._tell(lambda: self._listener.joined(joined), lambda: _end_apart(opened))

    def _check(self) -> None:
        if self._over.is_set():
            raise _Cancelled

    def _ask(self, broker: NewBroker) -> bool:
        self._tell(lambda: self._listener.unknown(broker))
        self._answered.wait()
        self._check()
        return self._trusted

    def _trying(self, code: str, values: Mapping[str, str | int | float]) -> None:
        trouble = Trouble(code, dict(values))
        self._tell(lambda: self._listener.trying(trouble))

    def _wait(self, entry: Entry, opened: Opened) -> Ready:
        """Until the session is in. The library ends its tries by itself; the margin is for a
        thread that died without a word."""
        deadline = time.monotonic() + WITHIN + 5.0
        told = waits = False
        while True:
            self._check()
            try:
                event = opened.client.look(_SLICE)
            except Empty:
                if not waits and time.monotonic() > deadline:
                    raise CannotJoin("no-answer", entry.values) from None
                continue
            if isinstance(event, Ready):
                return event
            if event is None:
                raise CannotJoin("no-answer", entry.values)
            if isinstance(event, Failed):
                raise CannotJoin(event.code, {**entry.values, **event.values, "text": event.text})
            if isinstance(event, Waiting):
                waits = True
                trouble = Trouble("not-invited", entry.values)
                self._tell(lambda trouble=trouble: self._listener.waiting(trouble))  # type: ignore[misc]
            elif isinstance(event, LinkDown) and not told:
                told = True
                self._trying(event.code, {**entry.values, "text": event.reason})


class _Cancelled(Exception):
    """Nobody wants to hear it any more."""


def _end(opened: Opened) -> None:
    opened.client.close()
    opened.close_profile()


def _end_apart(opened: Opened) -> None:
    threading.Thread(target=_end, args=(opened,), name="not joining", daemon=True).start()
