"""Clients that speak docs/PROTOCOL.md and do as little as possible besides.

Owns the handshake of many sessions at once, and the frames that senders push. Against the proxy,
which has no handshake, the same sockets subscribe to one fixed topic. The client library is not
used: its comfort costs CPU on a machine that it would share with the server.
"""

import time
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import zmq

from bench.servers import Address
from common import keys
from common.protocol import messages as m
from common.protocol import topics
from common.protocol.codec import encode

ROOM: Final = "bench"
TOPIC: Final = topics.room("0123456789abcdef")
"""What the proxy's consumers subscribe to: as long as a room's topic."""
TEXT: Final = (
    "The quick brown fox jumps over the lazy dog, and then it sits down to tell everybody in the"
    " room what that was like, really"
)[:120]
PROBE: Final = b"probe"
"""What is sent through the proxy until every subscription is known to stand."""
HEARTBEAT: Final = 5_000
VANISHED: Final = 15_000
"""Milliseconds, as the shipped clients'."""
AGAIN: Final = 1.5
"""Seconds without a sign of a grant, after which the topic is subscribed again."""
ENTER: Final = 60.0

Context = zmq.Context[zmq.Socket[bytes]]


class _Answer(msgspec.Struct):
    """What the handshake reads of an inbox line."""

    type: str
    code: str = ""
    text: str = ""
    rooms: list[Any] = []


_answers: Final = msgspec.json.Decoder(_Answer)


class Wire:
    """One client: a PUSH and a SUB, and where its session stands."""

    def __init__(self, context: Context, address: Address, number: int, *, listens: bool) -> None:
        self.stream = f"{number:016x}"
        self.topic = b"" if address.causette else TOPIC
        self.entered = False
        self.granted_at = float("inf")
        self._number = number
        self._listens = listens
        self._causette = address.causette
        self._pair = keys.generate() if address.key else None
        self.session = b"%032x" % (0x5E55_0000_0000 + number)
        self.inbox = topics.inbox(self.session)
        self.push = self._make(context, zmq.PUSH, address)
        self.sub = self._make(context, zmq.SUB, address)
        self.sub.setsockopt(zmq.RCVHWM, 20_000)
        if address.causette:
            self.sub.setsockopt(zmq.SUBSCRIBE, self.inbox)
        elif listens:
            self.sub.setsockopt(zmq.SUBSCRIBE, self.topic)
        self.push.connect(address.pull)
        self.sub.connect(address.pub)

    def send(self, request: m.Request) -> None:
        """Pushes one request in a frame of its own."""
        self.push.send(self.session + b"\n" + encode(request))

    def read(self) -> None:
        """Takes one frame that waits on the SUB, and a step of the handshake with it."""
        topic, body = self.sub.recv_multipart()
        if topic == self.inbox:
            for line in body.split(b"\n"):
                self._step(_answers.decode(line))
        elif topic == self.topic:
            self.entered = True

    def subscribe_again(self) -> None:
        """The grant is overdue."""
        self.sub.setsockopt(zmq.UNSUBSCRIBE, self.topic)
        self._subscribe()

    def close(self) -> None:
        self.push.close(0)
        self.sub.close(0)

    def _step(self, answer: _Answer) -> None:
        match answer.type:
            case "greet":
                self.send(
                    m.Hello(
                        protocol=m.PROTOCOL,
                        nick=f"bench-{self._number}",
                        stream=self.stream,
                        rooms=[ROOM],
                        app="bench",
                        secret=msgspec.UNSET if self._pair else f"secret-of-{self._number:08}",
                    )
                )
            case "welcome":
                self.topic = answer.rooms[0]["topic"].encode()
                if self._listens:
                    self._subscribe()
                else:
                    self.entered = True
            case "error":
                raise RuntimeError(f"refused: {answer.code}: {answer.text}")

    def _subscribe(self) -> None:
        self.sub.setsockopt(zmq.SUBSCRIBE, self.topic)
        self.granted_at = time.monotonic() + AGAIN

    def _make(self, context: Context, kind: int, address: Address) -> "zmq.Socket[bytes]":
        socket = context.socket(kind)
        socket.linger = 0
        socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT)
        socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, VANISHED)
        if address.key is not None and self._pair is not None:
            socket.curve_serverkey = keys.to_z85(address.key)
            socket.curve_secretkey = keys.to_z85(self._pair.secret)
            socket.curve_publickey = keys.to_z85(self._pair.public)
        return socket


def enter(wires: Sequence[Wire]) -> None:
    """Brings every client in: greeted, welcomed, and heard a line of the room if it listens.

    Against the proxy: until a probe came through. Raises RuntimeError.
    """
    by_socket = {wire.sub: wire for wire in wires}
    poller = zmq.Poller()
    for wire in wires:
        poller.register(wire.sub, zmq.POLLIN)
    deadline = time.monotonic() + ENTER
    while by_socket:
        for socket, _ in poller.poll(100):
            wire = by_socket[socket]
            wire.read()
            if wire.entered:
                poller.unregister(socket)
                del by_socket[socket]
        now = time.monotonic()
        if now > deadline:
            raise RuntimeError(f"{len(by_socket)} of {len(wires)} clients did not get in")
        for wire in by_socket.values():
            if now > wire.granted_at:
                wire.subscribe_again()


def new_context() -> Context:
    """A context for thousands of sockets."""
    context: Context = zmq.Context()
    context.set(zmq.MAX_SOCKETS, 4_000)
    return context


def causette_frame(wire: Wire, n: int) -> list[bytes]:
    """Message `n` of a client as it is pushed to the broker."""
    return [wire.session + b"\n" + encode(m.Say(n, ROOM, TEXT))]


def proxy_frames(wire: Wire, n: int, seq: int) -> list[bytes]:
    """The same message as the broker would publish it, record `seq`: for the proxy to forward."""
    record = m.Record(
        "message",
        seq,
        f"{wire.stream}-{n}",
        wire.stream,
        f"bench-{n % 50}",
        1_800_000_000_000,
        TEXT,
    )
    return [TOPIC, encode(record)]
