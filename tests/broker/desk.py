"""A broker's core at a desk: a disk in memory, a turn for each call, and what it said.

Owns what the tests of the core share; knows no rule of the chat.
"""

from collections import defaultdict
from typing import Any

import msgspec

from common.broker.batch import DeleteRead
from common.broker.core import Core
from common.broker.ledger import Ledger
from common.broker.limits import CoreSettings
from common.protocol import messages as m
from common.protocol import topics
from common.protocol.codec import encode
from common.protocol.identity import user_of_key
from tests.simulation.disk import Disk, DiskFull

ADA, BOB, EVE = "a" * 64, "b" * 64, "e" * 64
STREAM = {ADA: "a" * 16, BOB: "b" * 16, EVE: "e" * 16, None: "c" * 16}
USER = {key: user_of_key(key) for key in (ADA, BOB, EVE)}

Told = dict[bytes, list[dict[str, Any]]]


class Desk:
    """A broker's core with a disk in memory: one turn for each call, and what it said."""

    def __init__(self, disk: Disk | None = None, **settings: Any) -> None:
        self.disk = disk or Disk(1_000, lambda room, record: None)
        rooms, people = self.disk.load()
        self._tokens = 0
        self.now, self.wall = 1_000.0, 1_700_000_000_000
        facts = self.disk.facts()
        ledger = Ledger(rooms, people, self.disk.stream, self._token, topics.room, facts)
        self.core = Core(
            CoreSettings(**settings), ledger, self.disk.epoch, self.now, self.wall
        )  # fmt: skip
        self.fds: dict[bytes, int] = {}
        self.log: list[str] = []
        self.expelled: list[tuple[int, str]] = []
        self.turn()

    def _token(self) -> str:
        self._tokens += 1
        return f"{self._tokens:016x}"

    def turn(self, wait: float = 0.0) -> Told:
        """Time passes, and the turn is carried out."""
        self.now += wait
        self.wall += int(wait * 1_000)
        self.core.begin(self.now, self.wall)
        self.core.tick()
        batch = self.core.take()
        if batch.durable:
            try:
                self.disk.commit(batch)
            except DiskFull:
                self.core.rolled_back()
                batch = self.core.take()
        self.core.committed()
        told: Told = defaultdict(list)
        for append in batch.appends.values():
            if append.topic:
                told[append.topic] += map(msgspec.json.decode, append.lines)
        for topic, lines in batch.publish.items():
            told[topic] += map(msgspec.json.decode, lines)
        deletions = []
        for read in batch.reads:
            self.core.read_done(read.user)
            if isinstance(read, DeleteRead):
                deletions.append(read)
                continue
            if not self.core.may_have(read):
                continue
            answer = self.disk.answer(read).split(b"\n")
            told[topics.inbox(read.session)] += map(msgspec.json.decode, answer)
        self.log += [words for _, words in batch.log]
        self.expelled += batch.expel
        if deletions:
            self.core.begin(self.now, self.wall)
            for read in deletions:
                self.core.found(read, *self.disk.origin(read))
            for topic, later in self.turn().items():
                told[topic] += later
        return told

    def open(self, session: bytes, key: str | None = ADA, fd: int = 10) -> bool:
        """Somebody subscribes to an inbox."""
        self.fds[session] = fd
        return self.core.subscribed(topics.inbox(session), key, fd, "here")

    def push(self, session: bytes, *lines: m.Request | bytes, key: str | None = ADA) -> Told:
        """One frame from somebody, and its turn."""
        bodies = [line if isinstance(line, bytes) else encode(line) for line in lines]
        self.core.receive(session + b"\n" + b"\n".join(bodies), key)
        return self.turn()

    def ask(self, session: bytes, request: Any, key: str | None = ADA) -> dict[str, Any]:
        """One request with an id, and its answer."""
        told = self.push(session, request, key=key)[topics.inbox(session)]
        (answer,) = [one for one in told if one.get("id", "") == request.id and "what" not in one]
        return answer

    def enter(
        self, session: bytes, key: str | None = ADA, rooms: tuple[str, ...] = (), **more: Any
    ) -> dict[str, Any]:
        """The whole way in; the answer to `hello`."""
        self.open(session, key, fd=int(session[:4], 16))
        hello = hello_of(key, rooms=list(rooms), **more)
        return self.push(session, hello, key=key)[topics.inbox(session)][-1]


def hello_of(key: str | None, **more: Any) -> m.Hello:
    nick = {ADA: "ada", BOB: "bob"}.get(key or "", "eve")
    given = {"protocol": 1, "nick": nick, "stream": STREAM.get(key) or str(key)[:16], **more}
    return m.Hello(**given)


def session(number: int) -> bytes:
    return b"%032x" % (number << 112 | number)


ONE, TWO, THREE = session(1), session(2), session(3)
INBOX = {one: topics.inbox(one) for one in (ONE, TWO, THREE)}


def topic_of(welcome: dict[str, Any], place: int = 0) -> bytes:
    return str(welcome["rooms"][place]["topic"]).encode()
