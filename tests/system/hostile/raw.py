"""Hostile peers, made of raw sockets: they speak the wire as they please.

Owns a bare ZeroMQ client (`Peer`), a bare TCP one that speaks ZMTP by hand (`Wire`), and what the
tests measure of the broker's process. Must not use the client library: that one is honest.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import zmq
from zmq.utils import z85

from tests.support import scaled, wait_until
from tests.support.programs import BrokerProgram

Line = dict[str, Any]
QUIET = 60
"""Milliseconds of silence on loopback after which nothing is under way."""


def dump(*lines: Line | bytes) -> bytes:
    """Lines as they stand in a frame."""
    return b"\n".join(
        line if isinstance(line, bytes) else msgspec.json.encode(line) for line in lines
    )


class Peer:
    """One person's PUSH and XSUB. XSUB, as it sends what it is told and filters nothing."""

    def __init__(
        self,
        context: zmq.Context[Any],
        broker: BrokerProgram,
        pair: tuple[bytes, bytes] | None = None,
        *,
        server_key: bytes | None = None,
    ) -> None:
        _made.append(self)
        self.pair = pair or zmq.curve_keypair()
        self.session = secrets.token_hex(16).encode()
        self.stream = secrets.token_hex(8)
        self.inbox: list[Line] = []
        self.room: list[Line] = []
        self.topics: list[bytes] = []
        self.n = 0
        key = z85.encode(bytes.fromhex(broker.key)) if broker.key else None
        self.push = self._make(context, zmq.PUSH, broker.pull, server_key or key)
        self.sub = self._make(context, zmq.XSUB, broker.pub, server_key or key)

    def _make(
        self, context: zmq.Context[Any], kind: int, address: str, key: bytes | None
    ) -> zmq.Socket[bytes]:
        made: zmq.Socket[bytes] = context.socket(kind)
        made.linger = 0
        made.reconnect_ivl = -1
        made.sndtimeo = int(scaled(10) * 1_000)
        if kind == zmq.XSUB:
            made.rcvhwm = made.sndhwm = 0  # beyond it an XSUB drops
        if key is not None:
            made.curve_serverkey = key
            made.curve_publickey, made.curve_secretkey = self.pair
        made.connect(address)
        return made

    @property
    def key(self) -> str:
        """The public key, in hexadecimal."""
        return z85.decode(self.pair[0]).hex()

    def close(self) -> None:
        self.push.close(0)
        self.sub.close(0)

    # --- what it says ---

    def ask(self, topic: bytes) -> None:
        """Subscribes to anything at all."""
        self.sub.send(b"\1" + topic)

    def frame(self, *lines: Line | bytes) -> None:
        """Pushes lines under its own session."""
        self.push.send(self.session + b"\n" + dump(*lines))

    def say(self, *texts: str, room: str = "general") -> None:
        """Says texts as the next numbers of its stream, in one frame."""
        lines: list[Line | bytes] = []
        for text in texts:
            self.n += 1
            lines.append({"type": "say", "n": self.n, "room": room, "text": text})
        self.frame(*lines)

    def hello(self, nick: str, rooms: tuple[str, ...] = ("general",), **more: Any) -> Line:
        """A `hello` as it should be, but for what `more` says."""
        words = {"type": "hello", "protocol": 1, "nick": nick, "stream": self.stream}
        return {**words, "rooms": list(rooms), **more}

    def come_in(self, nick: str, rooms: tuple[str, ...] = ("general",), **more: Any) -> Line:
        """The whole of section 3, until each room is heard; answers `welcome`."""
        self.knock()
        self.frame(self.hello(nick, rooms, **more))
        welcome = self.expect(type="welcome")
        for state in welcome["rooms"]:
            self.listen(state["topic"].encode())
        return welcome

    def knock(self) -> None:
        """Subscribes to the inbox, until greeted."""
        self.listen(b"inbox/" + self.session + b"/")

    def listen(self, topic: bytes) -> None:
        """Subscribes to a topic, and again until it is heard, as the protocol has it."""
        since = len(self.topics)
        asked = 0.0

        def heard() -> bool:
            nonlocal asked
            if time.monotonic() > asked + 1.5:
                if asked:
                    self.sub.send(b"\0" + topic)
                self.ask(topic)
                asked = time.monotonic()
            self.read()
            return topic in self.topics[since:]

        wait_until(heard, f"a sign on {topic!r}", 20)

    def ping(self) -> None:
        """Everything that was pushed before has arrived."""
        word = secrets.token_hex(4)
        self.frame({"type": "ping", "id": word})
        self.expect(type="pong", id=word)

    # --- what it hears ---

    def read(self, wait: int = 0) -> None:
        """Takes what has come, and waits so many milliseconds for the first of it."""
        while self.sub.poll(wait):
            topic, body = self.sub.recv_multipart()
            self.topics.append(topic)
            lines = [json.loads(line) for line in body.split(b"\n")]
            (self.inbox if topic.startswith(b"inbox/") else self.room).extend(lines)
            wait = 0

    def settle(self) -> None:
        """Takes what comes until nothing does."""
        before = -1
        while before != len(self.topics):
            before = len(self.topics)
            self.read(QUIET)

    def expect(self, timeout: float = 10, **fields: Any) -> Line:
        """The first line in the inbox that holds all of `fields`; it is taken out."""

        def found() -> Line | None:
            self.read(5)
            for index, line in enumerate(self.inbox):
                if fields.items() <= line.items():
                    return self.inbox.pop(index)
            return None

        line = wait_until(found, f"an answer {fields}", timeout, saw=lambda: self.inbox[-5:])
        assert line is not None
        return line

    def errors(self) -> list[Line]:
        """The refusals that came so far."""
        return [line for line in self.inbox if line["type"] == "error"]

    def texts(self) -> list[str]:
        """What was said in rooms so far."""
        return [line["text"] for line in self.room if line.get("seq")]

    def hears(self, text: str, timeout: float = 10) -> None:
        """Waits until something was said."""

        def found() -> bool:
            self.read(5)
            return text in self.texts()

        wait_until(found, f"{text!r} is heard", timeout, saw=lambda: self.texts()[-5:])

    def history(self, room: str = "general") -> list[Line]:
        """All of a room, as the pages hold it."""
        records: list[Line] = []
        while True:
            word = secrets.token_hex(4)
            after = records[-1]["seq"] if records else 0
            self.frame({"type": "history", "room": room, "id": word, "after": after})
            page = self.expect(type="page", id=word)
            for _ in range(page["count"]):
                place = next(i for i, line in enumerate(self.inbox) if "seq" in line)
                records.append(self.inbox.pop(place))
            if not page["more"]:
                return records


def echo_times(peer: Peer, count: int, during: Callable[[], object] = lambda: None) -> list[float]:
    """Says `count` things, each after the one before came back; the seconds that each took.

    `during` is called all the while."""
    taken = []
    for _ in range(count):
        text = secrets.token_hex(4)
        begun = time.perf_counter()
        peer.say(text)
        while text not in peer.texts()[-50:]:
            assert time.perf_counter() < begun + scaled(15), f"no echo of {text}"
            during()
            peer.read(1)
        taken.append(time.perf_counter() - begun)
    return sorted(taken)


def talks(*peers: Peer) -> None:
    """Everybody hears everybody: the broker is well, and nobody lost their way in."""
    for peer in peers:
        word = secrets.token_hex(6)
        peer.say(word)
        for other in peers:
            other.hears(word)


_made: list[Peer] = []


@contextlib.contextmanager
def context() -> Iterator[zmq.Context[Any]]:
    """A context whose sockets end with it, whatever happens."""
    made: zmq.Context[Any] = zmq.Context()
    try:
        yield made
    finally:
        for peer in _made:
            peer.close()
        _made.clear()
        made.destroy(linger=0)  # monitors of a test that failed, too


# --- below ZeroMQ ------------------------------------------------------------------------------


GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + b"\0" + bytes(31)
COMMAND, MORE, LARGE = 4, 1, 2


def zmtp(body: bytes, flags: int = 0) -> bytes:
    """One ZMTP frame (RFC 23)."""
    if len(body) < 256:
        return struct.pack(">BB", flags, len(body)) + body
    return struct.pack(">BQ", flags | LARGE, len(body)) + body


def metadata(name: bytes, value: bytes) -> bytes:
    """One property of a READY command."""
    return bytes([len(name)]) + name + struct.pack(">I", len(value)) + value


class Wire:
    """A bare TCP connection to one of the broker's ports."""

    def __init__(self, address: str) -> None:
        host, _, port = address.removeprefix("tcp://").rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=scaled(10))

    def shake(self, kind: bytes, *properties: tuple[bytes, bytes]) -> None:
        """The handshake without encryption."""
        words = [(b"Socket-Type", kind), *properties]
        ready = b"\x05READY" + b"".join(metadata(name, value) for name, value in words)
        self.socket.sendall(GREETING + zmtp(ready, COMMAND))
        greeting = b""
        while len(greeting) < 64:
            greeting += self._some()
        assert greeting[10] >= 3

    def _some(self) -> bytes:
        got = self.socket.recv(4_096)
        assert got, "closed during the handshake"
        return got

    def send(self, data: bytes) -> bool:
        """Sends all of it; False where the other side ended the connection."""
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        return True

    def subscribe(self, topic: bytes, kind: bytes = b"\1") -> bool:
        """A subscription, or what looks like one."""
        return self.send(zmtp(kind + topic))

    def junked(self) -> bool:
        """Sends junk for the gate; whether it was the end. What comes while the leavings of
        another by the same descriptor are read may pass, once."""
        return not self.subscribe(b"", kind=b"\2") or self.ended()

    def ended(self) -> bool:
        """Whether the other side ended the connection; reads what there is."""
        self.socket.setblocking(False)
        try:
            while self.socket.recv(65_536):
                pass
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self.socket.settimeout(scaled(10))
        return True

    def close(self) -> None:
        self.socket.close()


# --- what the broker's process takes -----------------------------------------------------------


def memory(broker: BrokerProgram, *, peak: bool = False) -> int:
    """Resident bytes of the broker, or the most that they ever were."""
    field = "VmHWM" if peak else "VmRSS"
    status = Path(f"/proc/{broker.pid}/status").read_text("ascii")
    found = re.search(rf"{field}:\s+(\d+) kB", status)
    assert found, status
    return int(found[1]) << 10
