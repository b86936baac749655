"""The session against a broker made of plain lists, over a network that does what it likes.

The model: a room is a list of records, a stream is how far it was taken. At the end of each example
everything is delivered, and everything must have been stored and shown, once and in order.
"""

from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from common.client import effects as e
from common.client import events as ev
from common.client.session import Saved, Session, SessionOptions
from common.protocol import messages as m
from common.protocol.codec import encode
from common.protocol.limits import WIRE

ROOMS = ("general", "salon")
STREAM = "5" * 16
Sent = tuple[bytes, bytes]


class ListBroker:
    """A broker without sessions, grants or limits: lists, and what they make it say."""

    def __init__(self) -> None:
        self.rooms: dict[str, list[m.Record]] = {room: [] for room in ROOMS}
        self.topics = dict.fromkeys(ROOMS, 1)
        self.floors = dict.fromkeys(ROOMS, 0)
        self.inbox = b""
        self.last = 0
        self.became: dict[int, tuple[str, m.Record]] = {}

    def store(self, room: str, id: str, text: str) -> tuple[bytes, bytes]:
        seq = len(self.rooms[room]) + 1
        record = m.Record("message", seq, id, "u", "n", seq, text)
        self.rooms[room].append(record)
        return self.topic_of(room), encode(record)

    def topic_of(self, room: str) -> bytes:
        return f"room/{room}{self.topics[room]}/".encode()

    def renew(self, room: str) -> Sent:
        """From now on the room goes by another topic."""
        self.topics[room] += 1
        return self.inbox, encode(m.Joined(id="", state=self.state(room)))

    def take(self, frame: bytes) -> list[Sent]:
        """What one PUSH frame makes it say."""
        session, *lines = frame.split(b"\n")
        inbox = b"inbox/" + session + b"/"
        said: list[Sent] = []
        for line in lines:
            said += self._take(inbox, msgspec.json.decode(line))
        return said

    def _take(self, inbox: bytes, line: dict[str, Any]) -> list[Sent]:
        match line:
            case {"type": "join", "id": id, "room": room}:
                return [(inbox, encode(m.Joined(id=id, state=self.state(room))))]
            case {"type": "hello"}:
                self.inbox = inbox
                states = [self.state(room) for room in line["rooms"]]
                return [
                    (inbox, encode(m.Welcome(user="u", nick="n", last=self.last, rooms=states)))
                ]
            case {"type": "say", "n": n, "room": room, "text": text}:
                if n == self.last + 1:
                    self.last = n
                    said = self.store(room, f"{STREAM}-{n}", text)
                    self.became[n] = room, self.rooms[room][-1]
                    return [said]
                if n > self.last:
                    return [(inbox, encode(m.Resend(start=self.last + 1)))]
                room, record = self.became[n]
                stored = m.Stored(n=n, room=room, seq=record.seq, ts=record.ts, id=record.id)
                return [(inbox, encode(stored))]
            case {"type": "history", "room": room}:
                after, records = line.get("after", 0), self.rooms[room]
                skipped = self.floors[room] if self.floors[room] > after else 0
                after = max(after, skipped)
                some = records[after : after + 3]
                more = after + len(some) < len(records)
                head = len(records)
                page = m.Page(
                    id=line["id"], room=room, count=len(some), more=more, head=head, skipped=skipped
                )
                return [(inbox, b"\n".join(map(encode, (page, *some))))]
        return []

    def state(self, room: str) -> m.RoomState:
        return m.RoomState(room, self.topic_of(room).decode(), len(self.rooms[room]), 1, 1)

    def heads(self) -> list[Sent]:
        return [
            (
                self.topic_of(room),
                encode(m.RoomLine(type="head", head=len(records), people=1, rev=1)),
            )
            for room, records in self.rooms.items()
        ]


class SessionMachine(RuleBasedStateMachine):
    """`up` and `down` are the frames under way; anything may happen to each of them."""

    @initialize(starts=st.tuples(st.booleans(), st.booleans()))
    def begin(self, starts: tuple[bool, bool]) -> None:
        self.broker = ListBroker()
        for count in range(5):
            self.broker.store("salon", f"{'9' * 16}-{count + 1}", "before")
        self.now = 10.0
        self.due = 0.0
        self.ids = 0
        self.up: list[bytes] = []
        self.down: list[Sent] = []
        self.linked = False
        self.said: list[str] = []
        self.settled: list[int] = []
        self.shown: dict[str, list[int]] = {room: [] for room in ROOMS}
        self.first = {"general": 0, "salon": 0}
        rooms: dict[str, tuple[int, str] | None] = dict.fromkeys(ROOMS, (0, ""))
        if starts[0]:
            rooms["salon"] = (2, f"{'9' * 16}-2")
            self.first["salon"] = 2
        self.session = Session(
            SessionOptions(nick="ada", join_timeout=1e9),
            Saved(stream=STREAM, rooms=rooms),
            self.new_id,
            lambda: 0.5,
        )
        self.session.start(self.now)
        self.carry_out()

    def new_id(self, digits: int) -> str:
        self.ids += 1
        return f"{self.ids:0{digits}x}"

    def carry_out(self, *, calm: bool = False) -> None:
        """`calm`: the session has said that nothing is due earlier than `tick` told."""
        if calm:
            self.do_all()
        told, self.due = self.due, self.session.tick(self.now)
        if calm and self.now < told:
            assert self.session.take() == []
            assert self.due >= told
        self.do_all()

    def do_all(self) -> None:
        while effects := self.session.take():
            for effect in effects:
                self.do(effect)

    def do(self, effect: e.Effect) -> None:
        match effect:
            case e.Connect(session):
                self.linked = True
                greet = m.Greet(protocol=1, server="s", epoch="e", time=1, plain=False, limits=WIRE)
                self.down = [(b"inbox/" + session + b"/", encode(greet))]
                self.up = []
            case e.Disconnect():
                self.linked, self.up, self.down = False, [], []
            case e.Send(frame):
                self.up.append(frame)
            case e.Subscribe():
                self.down += self.broker.heads()
            case e.Overdue():
                self.session.link_lost("no-answer", "silence", self.now)
                self.due = 0.0
            case e.Settle(n):
                self.settled.append(n)
            case e.Emit(ev.Messages(room=room, records=records)):
                self.shown[room] += [record.seq for record in records]
                truth = self.broker.rooms[room]
                assert all(truth[one.seq - 1].text == one.text for one in records)
            case e.Emit(ev.Gap(room=room, first=first, last=last)):
                assert last <= self.broker.floors[room]
                self.shown[room] += range(first, last + 1)
            case e.Emit(ev.RolledBack() | ev.Failed()) | e.KeepStream():
                raise AssertionError(f"nothing was lost, and yet: {effect}")

    def publish(self, said: list[Sent]) -> None:
        if self.linked:
            self.down += said

    @rule(room=st.sampled_from(ROOMS), many=st.integers(1, 4))
    def say(self, room: str, many: int) -> None:
        for _ in range(many):
            self.said.append(f"mine {len(self.said) + 1}")
            self.session.say(-1, room, self.said[-1], False)
        while effects := self.session.take():
            for effect in effects:
                self.do(effect)
        self.carry_out()

    @rule(room=st.sampled_from(ROOMS), data=st.data())
    def somebody_speaks(self, room: str, data: st.DataObject) -> None:
        said = self.broker.store(room, f"{'8' * 16}-{data.draw(st.integers(1, 99))}", "theirs")
        self.publish([said])

    @rule(place=st.integers(0, 5), fate=st.sampled_from(["arrives", "arrives", "twice", "lost"]))
    def frame_goes_up(self, place: int, fate: str) -> None:
        if self.up:
            frame = self.up.pop(place % len(self.up))
            for _ in range({"arrives": 1, "twice": 2, "lost": 0}[fate]):
                self.publish(self.broker.take(frame))

    @rule(place=st.integers(0, 5), fate=st.sampled_from(["arrives", "arrives", "twice", "lost"]))
    def frame_comes_down(self, place: int, fate: str) -> None:
        if self.down:
            topic, body = self.down.pop(place % len(self.down))
            stirred = [
                self.session.received(topic, body, self.now)
                for _ in range({"arrives": 1, "twice": 2, "lost": 0}[fate])
            ]
            self.carry_out(calm=not any(stirred))

    @rule(room=st.sampled_from(ROOMS))
    def topic_is_renewed(self, room: str) -> None:
        self.publish([self.broker.renew(room)])

    @rule(room=st.sampled_from(ROOMS), kept=st.integers(0, 3))
    def old_ones_are_dropped(self, room: str, kept: int) -> None:
        floor = len(self.broker.rooms[room]) - kept
        self.broker.floors[room] = max(self.broker.floors[room], floor)

    @rule()
    def heads_are_repeated(self) -> None:
        self.publish(self.broker.heads())

    @rule()
    def cut(self) -> None:
        self.session.link_lost("link-lost", "cut", self.now)
        self.carry_out()

    @rule(wait=st.sampled_from([0.01, 0.5, 3.0, 20.0]))
    def time_passes(self, wait: float) -> None:
        self.now += wait
        self.carry_out()

    @invariant()
    def each_number_is_shown_once_and_in_order(self) -> None:
        for room, shown in self.shown.items():
            first = self.first[room]
            assert shown == list(range(first + 1, first + len(shown) + 1))

    @invariant()
    def what_is_settled_is_stored_and_my_lines_keep_their_order(self) -> None:
        assert len(self.settled) == len(set(self.settled))
        assert all(n in self.broker.became for n in self.settled)
        taken = [self.broker.became[n][1].text for n in sorted(self.broker.became)]
        assert taken == self.said[: len(taken)]

    def teardown(self) -> None:
        """From now on the network is perfect."""
        for turn in range(400):
            while self.up or self.down:
                if self.up:
                    self.publish(self.broker.take(self.up.pop(0)))
                else:
                    topic, body = self.down.pop(0)
                    stirred = self.session.received(topic, body, self.now)
                    self.carry_out(calm=not stirred)
            self.now += 0.5
            self.carry_out()
            if turn % 20 == 0:
                self.publish(self.broker.heads())
        assert self.session.welcomed
        assert self.session.unsent == 0
        assert sorted(self.settled) == list(range(1, len(self.said) + 1))
        for room, records in self.broker.rooms.items():
            assert self.first[room] + len(self.shown[room]) == len(records)


SessionMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=40)
TestSession = SessionMachine.TestCase
