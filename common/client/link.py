"""One PUSH and one SUB socket, made afresh for every way in, and what their monitors tell.

Owns the sockets, their options and the reading of libzmq's events; knows no message and no session.
libzmq's own reconnection is off: a connection that came back by itself would leave a session that
the broker has already given up (measured).
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import zmq
from zmq.utils.monitor import recv_monitor_message

from common import keys
from common.client.probe import CODE_OF, probe
from common.client.target import Target, host_and_port
from common.protocol import topics
from common.protocol.limits import HARD_FRAME, HARD_SUBSCRIPTION

HEARTBEAT: Final = 5_000
VANISHED: Final = 15_000
"""Milliseconds, as the broker's own."""
HANDSHAKE: Final = 4_000
"""Milliseconds that a broker may take to prove who it is."""
NEVER: Final = 3_600_000
"""Milliseconds until libzmq would connect again by itself: the sockets are long closed by then. Not
-1, which is made for that: with it a socket whose line broke while something was to be sent is
never let go, and the end of the context waits for it for ever (libzmq 4.3.5, measured)."""
PROBE: Final = 1.0
"""Seconds given to a plain TCP connection that finds out why there was no ZeroMQ one."""
TOPIC: Final = HARD_SUBSCRIPTION - 64
"""Bytes of a topic at most; what surrounds it under CURVE is subtracted."""
FRAMES: Final = 1_000
"""Frames read at most before the session is asked what to do."""

_LOST: Final = zmq.EVENT_DISCONNECTED | zmq.EVENT_CLOSED | zmq.EVENT_CONNECT_RETRIED
_HANDSHAKE: Final = zmq.EVENT_HANDSHAKE_SUCCEEDED
_FAILED: Final = (
    zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
)
_WATCHED: Final = _LOST | _HANDSHAKE | _FAILED | zmq.EVENT_CONNECTED

Socket = zmq.Socket[bytes]
Cause = tuple[str, str]
"""A code of `explain`, and English words."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A link that failed for a reason not known yet: what was seen of it, and how to find out.

    The same doubt about the same broker has the same answer for everybody who has it now.
    """

    target: Target
    shaken: frozenset[str]
    """Of `push` and `sub`, those that proved who the broker is."""
    connected: frozenset[str]
    lost: bool = False
    """A monitor told that the connection is gone, or could not be made."""

    def settle(self) -> Cause:
        """Why, as far as can be found out now. Blocks for a second at most."""
        code, words = self._probed()
        return ("link-lost" if self.lost and code == "not-causette" else code), words

    def _probed(self) -> Cause:
        for name, zmq_address in (("push", self.target.push), ("sub", self.target.sub)):
            if name in self.shaken:
                continue
            place = host_and_port(zmq_address)
            if place is None:
                return "no-answer", f"{zmq_address} does not answer"
            verdict = probe(*place, PROBE)
            if verdict != "ok":
                return CODE_OF[verdict], f"{zmq_address}: {verdict}"
            if name in self.connected:
                return "not-causette", f"{zmq_address} is not a broker, or its key is another"
        return "no-answer", f"the broker at {self.target.label} does not answer"


class Link:
    """The two sockets of one session, used by one thread alone."""

    def __init__(self, context: "zmq.Context[Any]", target: Target, pair: keys.KeyPair) -> None:
        self._context = context
        self.target = target
        """Where `open` connects to."""
        self._pair = pair
        self._push: Socket | None = None
        self._sub: Socket | None = None
        self._monitors: dict[str, Socket] = {}
        self._connected: dict[str, float] = {}
        """When (monotonic) the other end took the connection."""
        self._shaken: set[str] = set()
        self._cause: Cause | Doubt | None = None
        self._here = False
        """Whether the last `poll` found a frame."""

    def open(self, session: bytes) -> None:
        """Makes fresh sockets, and subscribes to the session's inbox."""
        self.drop()
        self._open_push()
        self._sub = self._make(zmq.SUB, "sub", self.target.sub)
        self._sub.setsockopt(zmq.MAXMSGSIZE, HARD_FRAME)
        self._sub.setsockopt(zmq.RCVHWM, 10_000)
        self._sub.setsockopt(zmq.SUBSCRIBE, topics.inbox(session))
        self._sub.connect(self.target.sub)

    def drop(self) -> None:
        """Closes the sockets; what was pushed a moment ago may still leave."""
        # Both monitors end before their reading sides close: else libzmq's I/O thread waits
        # for somebody to take an event, and whoever ends the monitor then waits for it (measured).
        sockets = [socket for socket in (self._push, self._sub) if socket is not None]
        for socket in sockets:
            socket.disable_monitor()
        for monitor in self._monitors.values():
            monitor.close(0)
        for socket in sockets:
            socket.close(200 if socket is self._push and self._shaken else 0)
        self._push = self._sub = None
        self._monitors.clear()
        self._connected.clear()
        self._shaken.clear()
        self._cause = None

    close = drop

    def send(self, frame: bytes) -> None:
        """Pushes a frame. One that does not fit the queue is dropped: the session sends again."""
        if self._push is not None:
            try:
                self._push.send(frame, zmq.NOBLOCK)
            except zmq.Again:
                return

    def subscribe(self, topic: bytes, again: bool) -> None:
        """Subscribes; `again` first takes the subscription back, so that the broker sees it anew.

        Not while the connection is away: libzmq would queue each of them up. Nor to what no broker
        grants: a topic above its limit ends the connection, and again after each way back in.
        """
        if len(topic) > TOPIC:
            return
        if self._sub is not None and "sub" in self._shaken:
            if again:
                self._sub.setsockopt(zmq.UNSUBSCRIBE, topic)
            self._sub.setsockopt(zmq.SUBSCRIBE, topic)

    def unsubscribe(self, topic: bytes) -> None:
        """Takes a subscription back."""
        if self._sub is not None:
            self._sub.setsockopt(zmq.UNSUBSCRIBE, topic)

    def poll(self, wakeable: int, timeout: float) -> None:
        """Waits at most `timeout` seconds for anything to happen."""
        poller = zmq.Poller()
        poller.register(wakeable, zmq.POLLIN)
        if self._sub is not None:
            poller.register(self._sub, zmq.POLLIN)
        for monitor in self._monitors.values():
            poller.register(monitor, zmq.POLLIN)
        # Rounded up: a poll of 0 ms before a deadline would spin.
        ready = {one for one, _ in poller.poll(int(min(timeout * 1_000 + 1, 60_000)))}
        self._here = self._sub in ready
        for name, monitor in self._monitors.items():
            if monitor in ready:
                self._watch(name, monitor)

    def cause(self) -> Cause | Doubt | None:
        """Why the link was lost, where the monitors have told so."""
        cause, self._cause = self._cause, None
        return cause

    def frames(self) -> Iterable[tuple[bytes, bytes]]:
        """The frames that are here, as topic and body."""
        if self._sub is None or not self._here:
            return
        sub = self._sub
        for _ in range(FRAMES):
            if self._sub is not sub:
                return
            try:
                parts = sub.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            if len(parts) == 2:
                yield parts[0], parts[1]

    def doubt(self) -> Doubt:
        """Why a broker does not answer: what is known of it now, to be settled."""
        return Doubt(self.target, frozenset(self._shaken), frozenset(self._connected))

    def _open_push(self) -> None:
        self._push = self._make(zmq.PUSH, "push", self.target.push)
        self._push.connect(self.target.push)

    def _make(self, kind: int, name: str, address: str) -> Socket:
        socket: Socket = self._context.socket(kind)
        socket.setsockopt(zmq.RECONNECT_IVL, NEVER)
        socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT)
        socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, VANISHED)
        socket.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE)
        socket.setsockopt(zmq.IPV6, 1 if "[" in address else 0)
        if self.target.key is not None:
            socket.curve_serverkey = keys.to_z85(self.target.key)
            socket.curve_publickey = keys.to_z85(self._pair.public)
            socket.curve_secretkey = keys.to_z85(self._pair.secret)
        self._monitors[name] = socket.get_monitor_socket(_WATCHED)
        return socket

    def _watch(self, name: str, monitor: Socket) -> None:
        while monitor.poll(0):
            event = recv_monitor_message(monitor)["event"]
            if event == zmq.EVENT_CONNECTED:
                self._connected[name] = time.monotonic()
            elif event & _HANDSHAKE:
                self._shaken.add(name)
            elif event == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
                self._cause = ("not-permitted", "the broker refused this key")
            elif event & _FAILED:
                self._cause = self._cause or self._not_shaken(name)
            elif event & _LOST:
                self._cause = self._cause or self._lost(name)

    def _not_shaken(self, name: str) -> Cause:
        waited = time.monotonic() - self._connected.get(name, 0.0)
        if waited >= 0.9 * HANDSHAKE / 1_000:  # it was not refused: nobody said a word
            return "no-answer", f"{self.target.label} takes the connection and says nothing"
        if self.target.key is None:
            return "plain-mismatch", f"{self.target.label} speaks encrypted, or is no broker"
        return "wrong-key", f"{self.target.label} has another key, or is no broker"

    def _lost(self, name: str) -> Cause | Doubt:
        if name in self._shaken:
            return "link-lost", f"the connection to {self.target.label} ended"
        if name in self._connected:
            return self._not_shaken(name)
        return replace(self.doubt(), lost=True)
