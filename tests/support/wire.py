"""The bare protocol: one PUSH and one SUB without the library, for what a library would not send.

Owns two sockets and what came by them. Knows docs/PROTOCOL.md and nothing of our clients.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

import zmq

from common import keys
from common.client.target import Target
from tests.support.waiting import wait_until

Answer = dict[str, Any]


class Wire:
    """A session by hand. `reconnects` leaves libzmq's own reconnection on, as a foreign client
    may."""

    def __init__(
        self,
        target: Target,
        *,
        pair: keys.KeyPair | None = None,
        session: str = "",
        reconnects: bool = False,
    ) -> None:
        self.pair = pair or keys.generate()
        self.session = session or secrets.token_hex(16)
        self.inbox = f"inbox/{self.session}/".encode()
        self.told: list[Answer] = []
        """What came to the inbox, in order."""
        self.heard: list[Answer] = []
        """What came on rooms' topics."""
        self._encrypted = target.key is not None
        self._context: zmq.Context[Any] = zmq.Context()
        self._push = self._make(zmq.PUSH, target, reconnects)
        self._sub = self._make(zmq.SUB, target, reconnects)
        self._sub.setsockopt(zmq.SUBSCRIBE, self.inbox)
        self._push.connect(target.push)
        self._sub.connect(target.sub)

    def _make(self, kind: int, target: Target, reconnects: bool) -> zmq.Socket[bytes]:
        socket: zmq.Socket[bytes] = self._context.socket(kind)
        socket.linger = 0
        socket.setsockopt(zmq.RECONNECT_IVL, 50 if reconnects else 3_600_000)
        if target.key is not None:
            socket.curve_serverkey = keys.to_z85(target.key)
            socket.curve_publickey = keys.to_z85(self.pair.public)
            socket.curve_secretkey = keys.to_z85(self.pair.secret)
        return socket

    def close(self) -> None:
        """Hang up without a word."""
        self._push.close()
        self._sub.close()
        self._context.term()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def closing(self, side: str) -> zmq.Socket[bytes]:
        """Readable from the moment on that the broker closes our connection: "push" or "sub"."""
        watched = self._push if side == "push" else self._sub
        monitor: zmq.Socket[bytes] = watched.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        return monitor

    def push(self, *lines: Answer) -> None:
        """Send requests in one frame."""
        body = "\n".join(json.dumps(line) for line in lines)
        self._push.send(f"{self.session}\n{body}".encode())

    def subscribe(self, topic: str) -> None:
        self._sub.setsockopt(zmq.SUBSCRIBE, topic.encode())

    def read(self) -> None:
        """Take in what has come."""
        while True:
            try:
                topic, body = self._sub.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            lines = [json.loads(line) for line in body.split(b"\n")]
            (self.told if topic == self.inbox else self.heard).extend(lines)

    def hears(self) -> list[Answer]:
        """What has come on rooms' topics by now."""
        self.read()
        return self.heard

    def answer(self, timeout: float = 10, *, after: int = 0, **fields: object) -> Answer:
        """The first answer in the inbox, after that many, that holds all of `fields`."""

        def look() -> Answer | None:
            self.read()
            fits = (a for a in self.told[after:] if fields.items() <= a.items())
            return next(fits, None)

        found = wait_until(look, f"an answer with {fields}", timeout, saw=lambda: self.told)
        assert found is not None
        return found

    def hello(self, nick: str, stream: str, rooms: list[str]) -> Answer:
        """Come in: the `welcome`. Rooms are subscribed to, and have given their sign."""
        self.answer(type="greet")
        before = len(self.told)
        hello: Answer = {"type": "hello", "protocol": 1, "nick": nick, "stream": stream}
        if not self._encrypted:
            hello["secret"] = self.pair.secret
        self.push(hello | {"rooms": rooms})
        welcome = self.answer(after=before, type="welcome")
        for room in welcome.get("rooms", []):
            self.subscribe(room["topic"])
        if rooms:
            wait_until(self.hears, "a sign of the grant")
        return welcome

    def say(self, n: int, text: str, room: str = "general") -> None:
        """One message, as number `n` of the stream."""
        self.push({"type": "say", "n": n, "room": room, "text": text})
