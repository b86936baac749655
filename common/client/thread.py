"""The background thread: the one owner of a client's PUSH and SUB sockets. Runs the engine.

Others post to it through a queue and a wake-up byte (an inproc socket may not be shared between
threads; a socket pair wakes the poll in 30 microseconds, measured), and hear of it through the
queue of events. Knows no rule of the session, nor how its decisions are carried out.
"""

import queue
import socket as system_socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import zmq

from common.client import events as ev
from common.client.engine import Command, Engine, MakeSession, Request
from common.client.link import Doubt, Link
from common.client.profile import AnyProfile, Cursor
from common.client.target import Target
from common.keys import KeyPair


class LinkThread(threading.Thread):
    """Runs one session until `stop`. `post` and `call` may be used from any thread."""

    def __init__(
        self,
        target: Target,
        keys: KeyPair,
        make_session: MakeSession,
        profile: AnyProfile,
        emit: Callable[[ev.Event | None], None],
    ) -> None:
        super().__init__(name="causette-link", daemon=True)
        self._emit = emit
        self._context: zmq.Context[Any] = zmq.Context()
        self._link = Link(self._context, target, keys)
        self._engine = Engine(make_session, self._link, profile, emit, self._overdue)
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._waker, self._wakeable = system_socket.socketpair()
        self._waker.setblocking(False)
        self._wakeable.setblocking(False)
        self._stopping = False
        self._unsent = 0

    def follow(self, moved: Callable[[Target], object] | None) -> None:
        """Have the broker followed where it moves; see `Engine.follow`. Before `start`."""
        self._engine.follow(self.post, moved)

    # --- from any thread -----------------------------------------------------------------------

    def call(self, request: Request) -> "Future[Any]":
        """Posts a request; `request(session, ref)` runs in the thread."""
        future: Future[Any] = Future()

        def command() -> None:
            if future.set_running_or_notify_cancel():
                self._engine.request(request, future)

        self.post(command)
        return future

    def post(self, command: Command) -> None:
        """Runs `command` in the thread, soon."""
        self._commands.put(command)
        self._wake()

    def seen(self, room: str, seq: int, id: str) -> None:
        """The program is done with a record: its cursor goes to disk within a moment."""
        self.post(lambda: self._engine.saw(room, Cursor(seq, id)))

    def keep(self, write: Command) -> None:
        """Writes to the profile, in the thread."""
        self.post(lambda: self._kept(write))

    def unsent(self) -> int:
        """Messages whose outcome is not known, as of the thread's last turn."""
        return self._unsent + self._commands.qsize()

    def hurry(self) -> None:
        """Tries to link up again now, where that is waited for."""
        self.post(self._engine.session.hurry)

    def drop_unsent(self) -> None:
        """What is queued is forgotten, on disk too."""
        self.post(self._engine.drop_unsent)

    def stop(self) -> None:
        """Ends the thread after a goodbye."""
        self.post(self._finish)

    # --- the thread ----------------------------------------------------------------------------

    def run(self) -> None:
        try:
            self._engine.start()
            self._serve()
        except Exception as fault:
            self._engine.fail(fault)
        finally:
            self._engine.end()
            self._context.term()
            self._waker.close()
            self._wakeable.close()
            self._emit(None)

    def _serve(self) -> None:
        link, engine, session = self._link, self._engine, self._engine.session
        while not self._stopping:
            now = time.monotonic()
            due = min(session.tick(now), engine.cursors_due)
            engine.carry_out()
            if self._stopping:
                break
            self._unsent = session.unsent
            link.poll(self._wakeable.fileno(), max(due - now, 0.0))
            now = time.monotonic()
            self._take_commands()
            engine.carry_out()  # what was said is kept before `tick` may send it
            # First what came before the end of a link: it may say that the broker stops.
            for topic, body in link.frames():
                session.received(topic, body, now)
            cause = link.cause()
            if cause is not None:
                session.link_lost(*(cause.settle() if isinstance(cause, Doubt) else cause), now)
            if now >= engine.cursors_due:
                engine.save_cursors()

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

    def _overdue(self) -> None:
        self._engine.session.link_lost(*self._link.doubt().settle(), time.monotonic())

    def _kept(self, write: Command) -> None:
        self._engine.keep(write)

    def _finish(self) -> None:  # not `_stop`, which is `threading.Thread`'s own
        self._engine.finish()
        self._stopping = True

    def _wake(self) -> None:
        try:
            self._waker.send(b"\0")
        except (BlockingIOError, OSError):
            return  # it is awake already, or gone
