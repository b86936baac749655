"""The background thread: the one owner of a client's PUSH and SUB sockets. Runs the pure session.

Others post to it through a queue and a wake-up byte (an inproc socket may not be shared between
threads; a socket pair wakes the poll in 30 microseconds, measured), and hear of it through the
queue of events. Owns sockets, profile and futures; knows no rule of the session.
"""

import functools
import logging
import queue
import random
import secrets
import socket as system_socket
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final

import zmq

from common.client import effects as e
from common.client import events as ev
from common.client.faults import from_environment
from common.client.link import Link
from common.client.profile import AnyProfile, Cursor, OutboxItem, ProfileFull
from common.client.session import Session
from common.client.target import Target
from common.keys import KeyPair

KEEP_CURSORS: Final = 0.25
"""Seconds at most between a record that the program is done with and its cursor on disk."""

_log = logging.getLogger("causette.client")

Command = Callable[[], None]


class LinkThread(threading.Thread):
    """Runs one session until `stop`. `post` and `call` may be used from any thread."""

    def __init__(
        self,
        target: Target,
        keys: KeyPair,
        make_session: Callable[[Callable[[int], str], Callable[[], float]], Session],
        profile: AnyProfile,
        emit: Callable[[ev.Event | None], None],
    ) -> None:
        super().__init__(name="causette-link", daemon=True)
        self._profile = profile
        self._emit = emit
        self._session = make_session(lambda digits: secrets.token_hex(digits // 2), random.random)
        self._context: zmq.Context[Any] = zmq.Context()
        self._link = Link(self._context, target, keys)
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._waker, self._wakeable = system_socket.socketpair()
        self._waker.setblocking(False)
        self._wakeable.setblocking(False)
        self._futures: dict[int, Future[Any]] = {}
        self._refs = 0
        self._cursors: dict[str, Cursor] = {}
        self._cursors_due = float("inf")
        self._stopping = False
        self._owed: deque[Command] = deque()
        self._renewing = False
        self._unsent = 0
        self._disk_full = False
        self._fault = from_environment()

    # --- from any thread -----------------------------------------------------------------------

    def call(self, request: Callable[[Session, int], None]) -> "Future[Any]":
        """Posts a request; `request(session, ref)` runs in the thread."""
        future: Future[Any] = Future()

        def command() -> None:
            if not future.set_running_or_notify_cancel():
                return
            self._refs += 1
            self._futures[self._refs] = future
            request(self._session, self._refs)

        self.post(command)
        return future

    def post(self, command: Command) -> None:
        """Runs `command` in the thread, soon."""
        self._commands.put(command)
        self._wake()

    def seen(self, room: str, seq: int, id: str) -> None:
        """The program is done with a record: its cursor goes to disk within a moment."""
        self.post(lambda: self._saw(room, Cursor(seq, id)))

    def keep(self, write: Command) -> None:
        """Writes to the profile, in the thread."""
        self.post(lambda: self._kept(write))

    def unsent(self) -> int:
        """Messages whose outcome is not known, as of the thread's last turn."""
        return self._unsent + self._commands.qsize()

    def hurry(self) -> None:
        """Tries to link up again now, where that is waited for."""
        self.post(self._session.hurry)

    def drop_unsent(self) -> None:
        """In the thread: what is queued is forgotten, on disk too."""
        self._on_disk(functools.partial(self._profile.settle, self._session.drop_unsent()))

    def stop(self) -> None:
        """Ends the thread after a goodbye."""
        self.post(self._finish)

    # --- the thread ----------------------------------------------------------------------------

    def run(self) -> None:
        try:
            self._session.start(time.monotonic())
            self._serve()
        except Exception as fault:
            _log.exception("the link thread failed")
            self._emit(ev.Failed(code="internal", text=f"{type(fault).__name__}: {fault}"))
        finally:
            self._save_cursors()
            self._link.close()
            self._context.term()
            self._waker.close()
            self._wakeable.close()
            for future in self._futures.values():
                future.set_exception(ev.Refused("closed", "the client was closed"))
            self._emit(None)

    def _serve(self) -> None:
        link, session = self._link, self._session
        while not self._stopping:
            now = time.monotonic()
            due = min(session.tick(now), self._cursors_due)
            self._carry_out()
            if self._stopping:
                break
            self._unsent = session.unsent
            link.poll(self._wakeable.fileno(), max(due - now, 0.0))
            now = time.monotonic()
            self._take_commands()
            self._carry_out()  # what was said is kept before `tick` may send it
            # First what came before the end of a link: it may say that the broker stops.
            for topic, body in link.frames():
                session.received(topic, body, now)
            cause = link.cause()
            if cause is not None:
                session.link_lost(*cause, now)
            if now >= self._cursors_due:
                self._save_cursors()

    def _take_commands(self) -> None:
        try:
            self._wakeable.recv(4_096)
        except BlockingIOError:
            return
        while True:
            try:
                command = self._commands.get_nowait()
            except queue.Empty:
                return
            command()

    def _carry_out(self) -> None:
        """Carries out what the session decided; doing so may lead to further decisions."""
        while effects := self._session.take():
            self._keep([item for item in effects if isinstance(item, e.Keep)])
            settled = [item.n for item in effects if isinstance(item, e.Settle)]
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
                self._emit(event)
            case e.Resolve(ref, reply):
                self._resolve(ref, reply)
            case e.Send(frame):
                if self._renewing and b'"type":"say"' in frame:
                    # Sent from a stream that is not on disk, it would be said again after a crash.
                    self._renewing = bool(self._write())
                    if self._renewing:
                        return
                self._link.send(frame)
                if self._fault and b'"type":"say"' in frame:
                    self._fault("sent")
            case e.Connect(session):
                self._link.open(session)
            case e.Disconnect():
                self._link.drop()
            case e.Subscribe(topic, again):
                self._link.subscribe(topic, again)
            case e.Unsubscribe(topic):
                self._link.unsubscribe(topic)
            case e.Overdue():
                self._session.link_lost(*self._link.diagnose(), time.monotonic())
            case e.KeepStream(stream):
                self._renewing = bool(
                    self._write(functools.partial(self._profile.new_stream, stream))
                )
            case e.KeepEpoch(epoch):
                self._on_disk(lambda: self._profile.set_epoch(epoch))
            case e.Forget(room):
                self._cursors.pop(room, None)
                self._on_disk(lambda: self._profile.set_cursors({room: Cursor(0, "")}))

    def _keep(self, items: list[e.Keep]) -> None:
        """Messages are on disk before they are sent; one that cannot be kept is refused."""
        if items:
            rows = [OutboxItem(item.n, item.room, item.text, item.me) for item in items]
            if fault := self._write() or self._on_disk(lambda: self._profile.add(rows)):
                self._session.not_kept([item.n for item in items], fault)
            elif self._fault:
                self._fault("kept")

    def _write(self, *writes: Command) -> str:
        """Changes of the outbox, in order: one that failed is made up for before the next, since a
        message that is settled here but not there would be numbered anew with the rest."""
        self._owed.extend(writes)
        while self._owed:
            if fault := self._on_disk(self._owed[0]):
                return fault
            self._owed.popleft()
        return ""

    def _on_disk(self, write: Command) -> str:
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

    def _kept(self, write: Command) -> None:
        self._on_disk(write)

    def _resolve(self, ref: int, reply: ev.Reply | ev.Refused) -> None:
        future = self._futures.pop(ref, None)
        if future is None:
            return
        if isinstance(reply, ev.Refused):
            future.set_exception(reply)
        else:
            future.set_result(reply)

    def _saw(self, room: str, cursor: Cursor) -> None:
        self._cursors[room] = cursor
        if self._cursors_due == float("inf"):
            self._cursors_due = time.monotonic() + KEEP_CURSORS

    def _save_cursors(self) -> None:
        self._cursors_due = float("inf")
        if self._cursors:
            cursors, self._cursors = self._cursors, {}
            if self._fault:
                self._fault("shown")
            self._on_disk(lambda: self._profile.set_cursors(cursors))
            if self._fault:
                self._fault("cursor")

    def _finish(self) -> None:  # not `_stop`, which is `threading.Thread`'s own
        self._session.close()
        self._carry_out()
        self._stopping = True

    def _wake(self) -> None:
        try:
            self._waker.send(b"\0")
        except (BlockingIOError, OSError):
            return  # it is awake already, or gone
