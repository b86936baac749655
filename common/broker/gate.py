"""The gate: the one place that says who receives what, and the only sender on the PUB side.

Owns the XPUB socket (XPUB_MANUAL and XPUB_VERBOSER set, bound and closed by others) as far as
subscriptions and sends go. Must not know sessions, rooms or rights: a policy decides, the gate
grants exactly the topic that was asked for, to the connection that asked.

How libzmq grants: `recv` takes a subscription from one queue and the pipe it came by from another,
and `setsockopt(SUBSCRIBE)` straight after it grants to that pipe. Two things make that pipe the
wrong one (libzmq 4.3.5, xpub.cpp; `tests/broker/test_gate_fuzz.py` shows the first):

- A message that is no subscription is in the first queue alone, so that from there on every
  subscription meets the pipe of a later one. Hence the distrust: after such a message nothing is
  granted until `recv` says EAGAIN, when both queues are empty. Whoever was refused meanwhile asks
  again, and the sender is thrown out.
- A pipe that died while its subscription waited may have its address taken by a newcomer's. Hence
  no grant where the descriptor is not any more the connection that asked.
"""

import contextlib
import os
import socket
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, Protocol

import zmq

from common.endpoints import place, unmapped

SUBSCRIPTIONS: Final = 1_024
"""Different topics that one connection may ask for, unless the operator says otherwise; a session
needs its rooms (200) and its inbox. Each costs the broker about 5 kB in libzmq, granted or not."""

LEAVINGS: Final = 1_000_000
"""Messages that somebody who was thrown out may have left behind."""

_SEND: Final = int(zmq.NOBLOCK)
_SEND_MORE: Final = int(zmq.NOBLOCK) | int(zmq.SNDMORE)
_RECV: Final = int(zmq.NOBLOCK)
_NOBODY: Final = -1


class Peer(NamedTuple):
    """Who asked, as libzmq and the system attest it."""

    key: str | None
    """The `User-Id` that ZAP gave; None without ZAP."""
    fd: int
    """The descriptor of the connection; -1 over inproc, which has none."""
    address: str
    """The other end with its port, as the system names it: what tells this connection from the
    next one under the same descriptor."""


class Policy(Protocol):
    """What decides. Nothing in it may touch the gate's socket."""

    def subscribed(self, topic: bytes, peer: Peer) -> bool:
        """Whether to grant `topic`, exactly and nothing below it, to `peer`."""

    def unsubscribed(self, topic: bytes) -> None:
        """A subscription ended, granted or not: taken back, or its connection is gone."""

    def intruder(self, peer: Peer, why: str) -> None:
        """`peer` broke the protocol and has been thrown out; said once for a connection."""


class _Connection:
    """What one connection asked for."""

    __slots__ = ("address", "thrown_out", "topics")

    def __init__(self, address: str) -> None:
        self.address = address
        self.topics: set[bytes] = set()
        self.thrown_out = False


class Gate:
    """See the module. For the thread that owns the socket."""

    def __init__(self, socket: "zmq.Socket[bytes]", policy: Policy) -> None:
        self._socket = socket
        self._policy = policy
        # The class below zmq.Socket: what that adds to a call costs half a microsecond each time.
        plain: Any = super(zmq.Socket, socket)
        self._recv = plain.recv
        self._send = plain.send
        self._distrust = False
        self.most = SUBSCRIPTIONS
        """Different topics that one connection may ask for, from its next one on."""
        self._connections: dict[int, _Connection] = {}
        self._outcasts: dict[int, int] = {}
        """Descriptors of those thrown out, and how many of their leavings were read. Those are
        skipped unseen: they may be a hundred thousand, with everybody else waiting behind them, and
        the number may mean a newcomer from the same host by now. Until both queues are empty."""

    def publish(self, topic: bytes, body: bytes) -> None:
        """Sends one frame of lines to everybody who was granted `topic`. Never blocks: a
        subscriber that is too slow loses it, and repairs the hole."""
        self._send(topic, _SEND_MORE)
        self._send(body, _SEND)

    def drain(self, limit: int) -> int:
        """Reads and decides what is waiting, at most `limit` messages; returns how many it was.

        The distrust outlives a call that stops at its limit.
        """
        recv = self._recv
        for count in range(limit):
            try:
                frame = recv(_RECV, False)
            except zmq.Again:
                self._outcasts.clear()
                self._settled()
                return count
            self._handle(frame)
        return limit

    def throw_out(self, fd: int, address: str) -> bool:
        """Closes the connection behind `fd`, if it still is the one that `address` names; tells
        whether it was. Its subscriptions end by themselves."""
        connection = self._connections.get(fd)
        if connection is not None and connection.address == address:
            connection.thrown_out = True
            connection.topics.clear()
        with contextlib.suppress(OSError), _held(fd) as held:
            # The copy keeps the descriptor's number from meaning another connection in between.
            if _name(held) == address:
                held.shutdown(socket.SHUT_RDWR)
                return True
        return False

    # Two methods, so that a test can show what happens without them.

    def _shifted(self) -> None:
        """Both queues of libzmq may be out of step from here on."""
        self._distrust = True

    def _settled(self) -> None:
        """Both queues are empty."""
        self._distrust = False

    def _handle(self, frame: zmq.Frame) -> None:
        message = frame.bytes
        kind = message[:1]
        if self._outcasts and (kind != b"\0" or frame.more) and self._is_left(_fd(frame)):
            if kind != b"\1" or frame.more:
                self._shifted()
            return
        # A subscription never has the flag; the parts of a longer message do, all but the last.
        if kind not in (b"\0", b"\1") or frame.more:
            self._shifted()
            peer, alive = self._peer(frame)
            self._refuse(peer, alive, "sent something that is no subscription")
            return
        topic = message[1:]
        if kind == b"\1":
            peer, alive = self._peer(frame)
            if not alive or not self._counted(peer, topic) or self._distrust:
                return
            if self._policy.subscribed(topic, peer):
                self._socket.setsockopt(zmq.SUBSCRIBE, topic)
            return
        # What a dead connection leaves behind has no metadata, and no pipe either.
        if _property(frame, "Socket-Type") is not None:
            peer, alive = self._peer(frame)
            if alive and not self._distrust:
                self._socket.setsockopt(zmq.UNSUBSCRIBE, topic)
            connection = self._connections.get(peer.fd)
            if connection is not None and connection.address == peer.address:
                connection.topics.discard(topic)
        self._policy.unsubscribed(topic)

    def _counted(self, peer: Peer, topic: bytes) -> bool:
        """Whether `peer` stays within its number of topics."""
        if peer.fd == _NOBODY:
            return True
        connection = self._connection(peer)
        if connection.thrown_out:
            self._outcasts[peer.fd] = 0
            return False
        connection.topics.add(topic)
        if len(connection.topics) <= self.most:
            return True
        self._refuse(peer, True, f"asked for more than {self.most} topics")
        return False

    def _refuse(self, peer: Peer, alive: bool, why: str) -> None:
        """Throws `peer` out and tells it, once."""
        if peer.fd == _NOBODY:
            return
        former = self._connections.get(peer.fd)
        if not alive and former is not None and former.thrown_out:
            self._outcasts[peer.fd] = 0
            return  # what it sent before is still being read
        connection = self._connection(peer)
        if not connection.thrown_out:
            self.throw_out(peer.fd, peer.address)
            connection.thrown_out = True
            connection.topics.clear()
            self._outcasts[peer.fd] = 0
            self._policy.intruder(peer, why)

    def _is_left(self, fd: int) -> bool:
        """Whether somebody who was thrown out left this behind."""
        left = self._outcasts.get(fd)
        if left is None:
            return False
        if left == LEAVINGS:  # more than anybody can have left: it is somebody else
            del self._outcasts[fd]
            return False
        self._outcasts[fd] = left + 1
        return True

    def _connection(self, peer: Peer) -> _Connection:
        connection = self._connections.get(peer.fd)
        if connection is None or connection.address != peer.address:
            connection = self._connections[peer.fd] = _Connection(peer.address)
        return connection

    def _peer(self, frame: zmq.Frame) -> tuple[Peer, bool]:
        """Who sent `frame`, and whether that connection still stands.

        libzmq names the address without its port; the system adds it.
        """
        key = _property(frame, "User-Id")
        host = _property(frame, "Peer-Address")
        fd = _fd(frame)
        if fd == _NOBODY or host is None:
            return Peer(key, _NOBODY, host or ""), True
        try:
            with _lent(fd) as lent:
                name = _name(lent)
        except OSError:
            name = ""
        if _is_of(name, host):
            return Peer(key, fd, name), True
        return Peer(key, fd, host), False


def _fd(frame: zmq.Frame) -> int:
    try:
        return int(frame.get(zmq.SRCFD))
    except (zmq.ZMQError, ValueError):
        return _NOBODY


def _property(frame: zmq.Frame, name: str) -> str | None:
    try:
        return str(frame.get(name))
    except (zmq.ZMQError, UnicodeDecodeError):  # without encryption a peer may claim any bytes
        return None


@contextlib.contextmanager
def _lent(fd: int) -> Iterator[socket.socket]:
    """libzmq's descriptor as a socket, given back unclosed. Raises OSError where it is none."""
    lent = socket.socket(fileno=fd)
    try:
        yield lent
    finally:
        lent.detach()


@contextlib.contextmanager
def _held(fd: int) -> Iterator[socket.socket]:
    """A copy of libzmq's descriptor; made by the socket module, as `os.dup` knows no Windows
    sockets. Raises OSError."""
    with _lent(fd) as lent:
        held = lent.dup()
    with held:
        yield held


def _name(connection: socket.socket) -> str:
    """The other end, distinct from any other connection's. Raises OSError where there is none."""
    if connection.family in (socket.AF_INET, socket.AF_INET6):
        host, port = connection.getpeername()[:2]
        return place(unmapped(host), port)
    connection.getpeername()
    with contextlib.suppress(OSError):  # Windows knows no such thing of a socket
        return f"local:{os.fstat(connection.fileno()).st_ino}"
    return "local:"


def _is_of(name: str, host: str) -> bool:
    """Whether a name is of the host that libzmq recorded when the connection was made."""
    if name.startswith("local:"):
        return host.startswith("localhost") or not host
    # A link-local address carries its interface here, and not there.
    return name.rpartition(":")[0].strip("[]") == unmapped(host.partition("%")[0])
