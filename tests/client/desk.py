"""A client's session at a desk: the test plays the broker, and sees every effect.

Owns what the tests of the session share; knows no rule of the session.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from common.client import effects as e
from common.client.session import Saved, Session, SessionOptions
from common.protocol import messages as m
from common.protocol.codec import encode
from common.protocol.limits import WIRE

STREAM = "5" * 16
TOPIC = b"room/1/"
ME, BOB = "a" * 16, "b" * 16
DIRECT = f"@{ME}-{BOB}"
NOW = 1_760_000_000_000
"""Milliseconds of the broker's clock."""

Wanted = TypeVar("Wanted")


class Desk:
    """A session, and the test in the role of the broker."""

    def __init__(self, saved: Saved | None = None, **options: Any) -> None:
        self.count = 0
        self.now = 100.0
        self.due = 0.0
        self.done: list[e.Effect] = []
        options = {"nick": "ada", **options}
        saved = saved or Saved(stream=STREAM, rooms={"general": None})
        self.session = Session(SessionOptions(**options), saved, self._id, lambda: 0.5)

    def _id(self, digits: int) -> str:
        self.count += 1
        return f"{self.count:0{digits}x}"

    @property
    def inbox(self) -> bytes:
        return b"inbox/%032x/" % self.count

    def tick(self, wait: float = 0.0) -> float:
        """Time passes; answers when the session wants to be asked again."""
        self.now += wait
        self.due = self.session.tick(self.now)
        self.done += self.session.take()
        return self.due

    def hear(self, topic: bytes, *lines: m.Answer | m.Record | bytes) -> None:
        """A frame from the broker, and what it leads to."""
        body = b"\n".join(line if isinstance(line, bytes) else encode(line) for line in lines)
        stirred = self.session.received(topic, body, self.now)
        self.done += self.session.take()
        told, done = self.due, len(self.done)
        self.tick()
        if not stirred and self.now < told:  # it has said that this call is not needed
            assert self.done[done:] == []
            assert self.due >= told

    def taken(self, kind: type[Wanted]) -> list[Wanted]:
        """Effects, or events of emitted effects, of one kind since the last call; all are taken."""
        self.done += self.session.take()
        found: list[Any] = []
        for effect in self.done:
            if isinstance(effect, kind):
                found.append(effect)
            elif isinstance(effect, e.Emit) and isinstance(effect.event, kind):
                found.append(effect.event)
        self.done = [effect for effect in self.done if not _is(effect, kind)]
        return found

    def pushed(self, type: str = "") -> list[dict[str, Any]]:
        """What was pushed since the last call, of one type or all."""
        lines = [
            msgspec.json.decode(line)
            for send in self.taken(e.Send)
            for line in send.frame.split(b"\n")[1:]
        ]
        return [line for line in lines if type in ("", line["type"])]

    def connect(self) -> None:
        """Up to the greeting's answer."""
        if not self.count:
            self.session.start(self.now)
        self.tick()
        self.hear(self.inbox, greet())

    def enter(self, head: int = 0, last: int = 0, rooms: Sequence[str] = ("general",)) -> None:
        """The whole way in, grants included."""
        self.connect()
        self.hear(self.inbox, welcome(head, last, rooms))
        for place, _ in enumerate(rooms, 1):
            self.hear(b"room/%d/" % place, m.RoomLine(type="head", head=head, people=1, rev=1))


def _is(effect: e.Effect, kind: type[Any]) -> bool:
    return isinstance(effect, kind) or (
        isinstance(effect, e.Emit) and isinstance(effect.event, kind)
    )


def greet(**more: Any) -> m.Greet:
    given = {"protocol": 1, "server": "s", "epoch": "e", "time": 1, "plain": False, "limits": WIRE}
    return m.Greet(**{**given, **more})


def welcome(head: int = 0, last: int = 0, rooms: Sequence[str] = ("general",)) -> m.Welcome:
    states = [
        m.RoomState(room, f"room/{place}/", head, 1, 1) for place, room in enumerate(rooms, 1)
    ]
    return m.Welcome(user="u", nick="ada", last=last, rooms=states)


def record(seq: int, n: int = 0, text: str = "x") -> m.Record:
    id = f"{STREAM}-{n}" if n else f"{'9' * 16}-{seq}"
    return m.Record("message", seq, id, "u", "ada", 7, text)


def page(id: str, records: Sequence[m.Record], head: int) -> list[m.Answer | m.Record | bytes]:
    return [m.Page(id=id, room="general", count=len(records), more=False, head=head), *records]


def direct(head: int = 0, topic: str = "room/9/", nick: str = "Bob") -> m.RoomState:
    return m.RoomState(DIRECT, topic, head, 1, 1, private=True, peer=m.Person(BOB, nick))


def resolved(desk: Desk) -> dict[int, Any]:
    return {answer.ref: answer.reply for answer in desk.taken(e.Resolve)}


def hello(desk: Desk) -> dict[str, Any]:
    return desk.pushed("hello")[-1]


def come_back(desk: Desk) -> None:
    """A new link, up to the greeting's answer."""
    desk.session.link_lost("link-lost", "cut", desk.now)
    desk.tick(1.0)
    desk.hear(desk.inbox, greet())
