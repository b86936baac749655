"""What runs a session, whatever waits for it: carries out what the pure session decides.

Owns the order in which effects reach the profile, the link, the program and its futures, and the
cursors that are not on disk yet. Must not know what wakes it: a thread (`thread`) or a loop (`aio`)
does, and it belongs to that one thread.
"""

import functools
import logging
import random
import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final

from common.client import effects as e
from common.client import events as ev
from common.client.faults import from_environment
from common.client.following import Following
from common.client.link import Link
from common.client.profile import AnyProfile, Cursor, OutboxItem, ProfileFull
from common.client.session import Session
from common.client.target import Target

KEEP_CURSORS: Final = 0.25
"""Seconds at most between a record that the program is done with and its cursor on disk."""
NEVER: Final = float("inf")

Command = Callable[[], None]
Request = Callable[[Session, int], None]
"""Asks the session for something, under a number."""
Answer = Callable[["Future[Any]", ev.Reply | ev.Refused], None]
MakeSession = Callable[[Callable[[int], str], Callable[[], float]], Session]

_log = logging.getLogger("causette.client")


def answer(future: "Future[Any]", reply: ev.Reply | ev.Refused) -> None:
    """Ends a future, in its reply or in `Refused`."""
    if isinstance(reply, ev.Refused):
        future.set_exception(reply)
    else:
        future.set_result(reply)


class Engine:
    """One session with what it acts on. Every method is for the thread that owns it."""

    def __init__(
        self,
        make_session: MakeSession,
        link: Link,
        profile: AnyProfile,
        emit: Callable[[ev.Event], None],
        overdue: Command,
        answer: Answer = answer,
    ) -> None:
        """`overdue()` is called where the broker does not answer: whoever waits has the means to
        find out why, and reports `session.link_lost`."""
        self.session = make_session(lambda digits: secrets.token_hex(digits // 2), random.random)
        self.link = link
        self.cursors_due = NEVER
        """When (monotonic) `save_cursors` is to be called."""
        self._profile = profile
        self._emit = emit
        self._overdue = overdue
        self._answer = answer
        self._futures: dict[int, Future[Any]] = {}
        self._refs = 0
        self._cursors: dict[str, Cursor] = {}
        self._owed: list[Command] = []
        self._renewing = False
        self._disk_full = False
        self._following: Following | None = None
        self._fault = from_environment()

    def start(self) -> None:
        """The session begins to connect."""
        self.session.start(time.monotonic())

    def follow(
        self, soon: Callable[[Command], object], moved: Callable[[Target], object] | None
    ) -> None:
        """From here on a broker that is away for long is looked for on the network by its key.
        `soon(command)`, from any thread, has `command` run in this one; `moved` is told where the
        broker was found. Before `start`."""
        if self.link.target.key is not None:
            self._following = Following(self.link.target, soon, self._relocate, moved)

    def request(self, request: Request, future: "Future[Any]") -> None:
        """Asks the session; the future, which nobody can cancel any more, ends in the answer."""
        self._refs += 1
        self._futures[self._refs] = future
        self.session.now = time.monotonic()  # when nothing happens, nobody feeds it for a minute
        request(self.session, self._refs)

    def saw(self, room: str, cursor: Cursor, patience: float = KEEP_CURSORS) -> None:
        """The program is done with a record: its cursor is due on disk in `patience` seconds."""
        self._cursors[room] = cursor
        if self.cursors_due == NEVER:
            self.cursors_due = time.monotonic() + patience

    def keep(self, write: Command) -> str:
        """Writes to the profile. A full disk is reported once, and named in the answer."""
        try:
            write()
        except ProfileFull as fault:
            if not self._disk_full:
                self._emit(ev.DiskFull(reason=str(fault)))
            self._disk_full = True
            return str(fault)
        self._disk_full = False
        return ""

    def drop_unsent(self) -> None:
        """What is queued is forgotten, on disk too."""
        self.keep(functools.partial(self._profile.settle, self.session.drop_unsent()))

    def save_cursors(self) -> None:
        """Puts the cursors on disk that are not there yet."""
        self.cursors_due = NEVER
        if self._cursors:
            cursors, self._cursors = self._cursors, {}
            if self._fault:
                self._fault("shown")
            self.keep(lambda: self._profile.set_cursors(cursors))
            if self._fault:
                self._fault("cursor")

    def finish(self) -> None:
        """Says goodbye. What is unsent stays in the profile's outbox."""
        self.session.close()
        self.carry_out()

    def fail(self, fault: Exception) -> None:
        """Something broke that should not: the program is told, and nothing comes after it."""
        _log.exception("the session failed")
        self._emit(ev.Failed(code="internal", text=f"{type(fault).__name__}: {fault}"))

    def end(self) -> None:
        """Lets everything go: cursors, sockets, and whoever still waits for an answer."""
        try:
            self.save_cursors()
        except Exception:
            _log.exception("how far was read is not kept")
        if self._following is not None:
            self._following.close()
        self.link.close()
        futures, self._futures = self._futures, {}
        for future in futures.values():
            self._answer(future, ev.Refused("closed", "the client was closed"))

    def carry_out(self) -> None:
        """Carries out what the session decided; doing so may lead to further decisions."""
        while effects := self.session.take():
            kept: list[e.Keep] = []
            settled: list[int] = []
            for effect in effects:
                if isinstance(effect, e.Keep):
                    kept.append(effect)
                elif isinstance(effect, e.Settle):
                    settled.append(effect.n)
            if kept:
                self._keep(kept)
            if settled:
                if self._fault:
                    self._fault("echo")
                self._write(functools.partial(self._profile.settle, settled))
                if self._fault:
                    self._fault("settled")
            for effect in effects:
                self._do(effect)

    def _do(self, effect: e.Effect) -> None:
        match effect:
            case e.Emit(event):
                if self._following is not None and isinstance(event, ev.Ready | ev.LinkUp):
                    self._following.arrived()
                self._emit(event)
            case e.Resolve(ref, reply):
                if (future := self._futures.pop(ref, None)) is not None:
                    self._answer(future, reply)
            case e.Send(frame):
                if self._renewing and b'"type":"say"' in frame:
                    # Sent from a stream that is not on disk, it would be said again after a crash.
                    self._renewing = bool(self._write())
                    if self._renewing:
                        return
                self.link.send(frame)
                if self._fault and b'"type":"say"' in frame:
                    self._fault("sent")
            case e.Connect(session):
                if self._following is not None:
                    self.link.target = self._following.next(self.link.target)
                self.link.open(session)
            case e.Disconnect():
                self.link.drop()
            case e.Subscribe(topic, again):
                self.link.subscribe(topic, again)
            case e.Unsubscribe(topic):
                self.link.unsubscribe(topic)
            case e.Overdue():
                self._overdue()
            case e.KeepStream(stream):
                self._renewing = bool(
                    self._write(functools.partial(self._profile.new_stream, stream))
                )
            case e.KeepEpoch(epoch):
                self.keep(lambda: self._profile.set_epoch(epoch))
            case e.Forget(room):
                self._cursors.pop(room, None)
                self.keep(lambda: self._profile.set_cursors({room: Cursor(0, "")}))

    def _relocate(self) -> None:
        """The broker is announced elsewhere: no more waiting for where it was."""
        if not self.session.welcomed:
            now = time.monotonic()
            self.session.link_lost("link-lost", "the broker is announced elsewhere", now)
            self.session.hurry()

    def _keep(self, items: list[e.Keep]) -> None:
        """Messages are on disk before they are sent; one that cannot be kept is refused."""
        rows = [OutboxItem(item.n, item.room, item.text, item.me) for item in items]
        if fault := self._write() or self.keep(lambda: self._profile.add(rows)):
            self.session.not_kept([item.n for item in items], fault)
        elif self._fault:
            self._fault("kept")

    def _write(self, *writes: Command) -> str:
        """Changes of the outbox, in order: one that failed is made up for before the next, since a
        message that is settled here but not there would be numbered anew with the rest."""
        self._owed.extend(writes)
        while self._owed:
            if fault := self.keep(self._owed[0]):
                return fault
            self._owed.pop(0)
        return ""
