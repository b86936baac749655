"""The two sockets of a session on an asyncio loop, of which there may be hundreds in one process.

Owns when the loop is woken by them, and what is let go of while nothing is said; knows no session.
For the loop's thread alone.

A descriptor of ZeroMQ tells that something happened, once: whoever was told must look until nothing
is left, and anything done to the socket may have taken the sign away. Hence `more`.

Memory of libzmq for one session with CURVE (measured): 33 kB for each socket, 17 kB for each
monitor, two descriptors each. Most people read most of the time, so a link that has said nothing
for `REST` closes its PUSH, which is made anew with the next frame, and ends its SUB's monitor where
many share the process. That a connection without a monitor is lost shows by its descriptor: it
gives a sign, and there is nothing to read. The broker is asked for a word then.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

import zmq

from common.client.engine import NEVER, Command
from common.client.link import Link, Socket
from common.client.target import Target
from common.client.watching import Watch
from common.keys import KeyPair

FRAMES: Final = 64
"""Frames that a client takes in one turn at most: then it is the others' turn."""
BYTES: Final = 256_000
"""Their bytes at most, beyond the last frame."""
REST: Final = 15.0
"""Seconds after the last frame that was sent. More than the session lets pass before it sends again
what was not answered: what was sent before has arrived."""

_NOBLOCK: Final = int(zmq.NOBLOCK)
_POLLIN: Final = int(zmq.POLLIN)


class LoopLink(Link):
    """The two sockets, with the loop watching them."""

    def __init__(
        self,
        context: "zmq.Context[Any]",
        watch: Watch,
        target: Target,
        keys: KeyPair,
        happened: Command,
    ) -> None:
        """`happened()` is called in the loop when there is something to look at."""
        super().__init__(context, target, keys)
        self._readiness = watch
        self._happened = happened
        self._loop: asyncio.AbstractEventLoop
        self._watched: dict[str, int] = {}
        self._look = False
        """A monitor has something to tell."""
        self._woken = False
        """The SUB gave a sign."""
        self._stale = False
        """Somebody has looked without a sign: one that the loop has by now is of what was seen."""
        self.made = 0
        """How often the sockets were made afresh or closed."""
        self.more = False
        """A turn was not enough for the frames that are here, or nobody has looked since something
        was done to the socket."""
        self.rests_at = NEVER
        """When (monotonic) `rest` is to be called."""

    def open(self, session: bytes) -> None:
        super().open(session)
        assert self._sub is not None
        self._loop = asyncio.get_running_loop()
        self._wait_for("frames", self._sub, self._stirred)
        for name, monitor in self._monitors.items():
            self._wait_for(name, monitor, self._told)
        # A socket at which nobody has looked in vain gives no sign.
        self.more = self._look = True

    def drop(self) -> None:
        self.made += 1
        for name in list(self._watched):
            self._forget(name)
        self.more = self._woken = False
        self.rests_at = NEVER
        super().drop()

    close = drop

    def send(self, frame: bytes) -> None:
        if self._push is None and self._sub is not None:
            self._shaken.discard("push")
            self._connected.pop("push", None)
            self._open_push()
            self._wait_for("push", self._monitors["push"], self._told)
            self.more = self._look = True
        super().send(frame)
        self.rests_at = time.monotonic() + REST

    def subscribe(self, topic: bytes, again: bool) -> None:
        super().subscribe(topic, again)
        self.more = True

    def unsubscribe(self, topic: bytes) -> None:
        super().unsubscribe(topic)
        self.more = True

    def frames(self) -> Sequence[tuple[bytes, bytes]]:
        """The frames that are here, as topic and body, as many as one turn may take. Without a sign
        that there are any nobody looks: a turn that was due by the clock costs less."""
        found: list[tuple[bytes, bytes]] = []
        sub, look, self.more = self._sub, self._woken or self.more, False
        if sub is None or not look:
            return found
        size = 0
        try:
            while len(found) < FRAMES and size < BYTES:
                topic = sub.recv(_NOBLOCK)
                # Two calls are half as long as one of `recv_multipart` (measured).
                body = sub.recv(_NOBLOCK)
                if sub.getsockopt(zmq.RCVMORE):
                    sub.recv_multipart(_NOBLOCK)
                else:
                    size += len(body)
                    found.append((topic, body))
                # To ask costs less than to be refused: an exception takes 3 µs (measured).
                if not int(sub.getsockopt(zmq.EVENTS)) & _POLLIN:
                    return found
        except zmq.Again:
            return found
        self.more = True
        return found

    def suspicious(self, heard: bool) -> bool:
        """After `frames`, of which some were `heard` or none: whether the SUB gave a sign and had
        nothing to say. A connection whose monitor was ended is perhaps lost then."""
        woken, self._woken = self._woken, False
        if "sub" in self._monitors or self._sub is None:
            return False
        if not woken and not self._stale:
            self._stale = True
            self._loop.call_soon(self._freshen)  # before it hears of signs that come from now on
        return woken and not heard and not self._stale

    def _freshen(self) -> None:
        self._stale = False

    def look(self) -> None:
        """Reads what the monitors tell; `cause` has what came of it."""
        if self._look:
            self._look = False
            for name, monitor in self._monitors.items():
                self._watch(name, monitor)

    def rest(self, *, bare: bool) -> None:
        """Nothing was sent for a while: lets go of what is not needed to listen, and with `bare` of
        what tells at once that the connection is lost."""
        self.rests_at = NEVER
        if self._sub is None or self._push is None:
            return
        if len(self._shaken) < 2:
            self.rests_at = time.monotonic() + REST
            return
        self._blind("push", self._push)
        self._push.close(200)
        self._push = None
        if bare:
            self._blind("sub", self._sub)

    def _blind(self, name: str, socket: Socket) -> None:
        """Ends a monitor: first its writing side, see `Link.drop`."""
        monitor = self._monitors.pop(name, None)
        if monitor is not None:
            self._forget(name)
            socket.disable_monitor()
            monitor.close(0)

    def _wait_for(self, name: str, socket: Socket, happened: Command) -> None:
        descriptor = int(socket.getsockopt(zmq.FD))
        self._readiness.add(descriptor, happened)
        self._watched[name] = descriptor

    def _forget(self, name: str) -> None:
        self._readiness.remove(self._watched.pop(name))

    def _told(self) -> None:
        self._look = self.more = True  # what came before the end of a link counts
        self._happened()

    def _stirred(self) -> None:
        self._woken = True
        self._happened()
