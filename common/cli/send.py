"""The verb `send`: said is said when the broker has stored it. Owns its rules and its words.

A line that cannot be stored is named and the others go on, as xargs goes on after a command that
failed; the exit status then is 1. What has no outcome within the time limit ends the run with 124.
What is unsent at the end is dropped: there is no outbox on disk, so nothing is ever sent later.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty

from common.arguments import UsageError
from common.cli import wire
from common.cli.feed import Answered, Closed, End, Feed, Item, Line
from common.cli.joining import Run, Session, connect, enter, reason
from common.cli.output import Output, Stop
from common.client.events import Failed, Paused, Refused, StoredReply
from common.client.joining import JOIN_TIMEOUT, rooms_of
from common.explain import explain
from common.i18n import _, n_, number
from common.protocol.limits import WIRE

_NAMED_AT_MOST = 10


def run(run: Run) -> int:
    """Say the words, or each line of stdin. Raises Stop, UsageError, BadSetting, CannotJoin."""
    rooms = rooms_of(run.settings)
    text = _words(run.words)
    seconds = run.settings["timeout"]
    timeout = JOIN_TIMEOUT if seconds is None else float(seconds)
    entry = enter(run, timeout)
    session = connect(run, entry, visible=False, timeout=timeout)
    try:
        sending = _Sending(session, rooms, run.out, timeout, run.settings.switch("json"))
        return sending.say_one(text) if text is not None else sending.say_stdin()
    finally:
        session.close()


def _words(words: list[str]) -> str | None:
    """What to say, or None for what stdin says."""
    if words == ["-"]:
        return None
    if not words:
        if sys.stdin is None or sys.stdin.isatty():
            raise UsageError(_("nothing to say: type the text after send, or - to read it"))
        return None
    text = " ".join(words)
    if not text.strip():
        raise UsageError(_("nothing to say: the text is empty"))
    fault = _fault(text)
    if fault:
        raise Stop(1, fault)
    return text


def _fault(text: str) -> str:
    """Why `text` cannot be sent, or nothing."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return _("this is not UTF-8 text: convert it, then send it again")
    if size > WIRE.text:
        return explain("too-large", {"size": size, "limit": WIRE.text})
    return ""


@dataclass
class _Sending:
    session: Session
    rooms: list[str]
    out: Output
    timeout: float
    json: bool
    feed: Feed = field(default_factory=Feed)
    open: dict[int, int] = field(default_factory=dict)
    """Ticket of each message without an outcome, to its line number (0: from the arguments)."""
    tickets: int = 0
    failures: int = 0
    patience: float = 0.0
    """When (monotonic) to stop waiting for an outcome."""

    def say_one(self, text: str) -> int:
        self.feed.follow_events(self.session.get)
        self._say(text, 0)
        while self.open:
            self._react(self._next())
        return 1 if self.failures else 0

    def say_stdin(self) -> int:
        self.feed.follow_events(self.session.get)
        self.feed.follow_stdin()
        ended = False
        while self.open or not ended:
            item = self._next()
            if isinstance(item, Line):
                self._line(item)
            elif isinstance(item, End):
                ended = True
                if item.error:
                    self._fail(f"stdin: {item.error}", 0)
            else:
                self._react(item)
        self.feed.brake.stop()
        return 1 if self.failures else 0

    def _line(self, line: Line) -> None:
        if not line.text.strip():
            self.feed.brake.passed()
            return
        try:
            text = line.text.decode()
            fault = explain("too-large", {"limit": WIRE.text}) if line.cut else _fault(text)
        except UnicodeDecodeError:
            text, fault = "", _("this is not UTF-8 text: convert it, then send it again")
        if fault:
            self._fail(fault, line.number)
            self.feed.brake.passed()
        else:
            self._say(text, line.number)

    def _say(self, text: str, line: int) -> None:
        for room in self.rooms:
            if not self.open:
                self.patience = time.monotonic() + self.timeout
            self.tickets += 1
            self.open[self.tickets] = line
            self.feed.watch(self.session.client.say(room, text), self.tickets)

    def _next(self) -> Item:
        left = self.patience - time.monotonic() if self.open else None
        try:
            return self.feed.get(left)
        except Empty:
            raise self._unknown() from None

    def _react(self, item: Item) -> None:
        if isinstance(item, Answered):
            line = self.open.pop(item.key)
            self.patience = time.monotonic() + self.timeout
            self._outcome(item.future, line)
            if line and line not in self.open.values():
                self.feed.brake.passed()
        elif isinstance(item, Paused):
            self.feed.brake.pause(item.seconds)
            self.patience = max(self.patience, time.monotonic() + item.seconds + self.timeout)
        elif isinstance(item, Failed):
            raise self.session.failed(item)
        elif isinstance(item, Closed):
            raise self._unknown()

    def _outcome(self, future: Future[StoredReply], line: int) -> None:
        try:
            stored = future.result()
        except Refused as refused:
            self._fail(reason(refused), line)
            return
        if self.json:
            self.out.data(wire.dump(wire.stored(stored)))

    def _fail(self, why: str, line: int) -> None:
        self.failures += 1
        if line:
            why = _("line {number}: {why}").format(number=number(line), why=why)
        self.out.note(why)

    def _unknown(self) -> Stop:
        lines = sorted({line for line in self.open.values() if line})
        words = explain("timeout", {"seconds": self.timeout})
        if lines:
            named = ", ".join(number(line) for line in lines[:_NAMED_AT_MOST])
            more = ", …" if len(lines) > _NAMED_AT_MOST else ""
            sentence = n_(
                "Line without an outcome: {lines}", "Lines without an outcome: {lines}", len(lines)
            )
            words += " " + sentence.format(lines=named + more)
        return Stop(124, words)
