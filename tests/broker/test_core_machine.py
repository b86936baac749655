"""The core against plain lists: whatever people, links and disks do, in whatever order.

The model is a list of what was said in each stream and a list of records in each room.
"""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from common.broker.core import GRACE
from common.protocol import messages as m
from common.protocol import topics
from tests.broker.desk import ADA, BOB, STREAM, Desk, hello_of, session

KEYS = st.sampled_from([ADA, BOB])
ROOMS = st.sampled_from(["general", "salon"])
PLACES = st.integers(1, 4)


class CoreMachine(RuleBasedStateMachine):
    """Four possible sessions, two for each of two people; a stream for each person."""

    @initialize(low=st.booleans())
    def begin(self, low: bool) -> None:
        self.desk = Desk(rate=5.0, burst=3.0) if low else Desk()
        self.low = low
        self.open: dict[int, str] = {}
        self.welcomed: dict[int, str] = {}
        self.rooms: dict[int, set[str]] = {}
        self.fds: dict[int, int] = {}
        self.said: dict[str, list[tuple[str, str]]] = {ADA: [], BOB: []}
        self.topics: dict[str, bytes] = {}
        self.count = 0
        for place in (1, 2):
            self.come_in(place, {"general"})

    def somebody(self, place: int) -> int:
        """One of those who are in, where anybody is."""
        there = sorted(self.welcomed)
        return there[place % len(there)] if there else place

    def key(self, place: int) -> str:
        return ADA if place % 2 else BOB

    def push(self, place: int, *lines: m.Request) -> list[dict[str, Any]]:
        told = self.desk.push(session(place), *lines, key=self.key(place))
        return told[topics.inbox(session(place))]

    @rule(place=PLACES)
    def subscribe(self, place: int) -> None:
        self.count += 1
        again = place in self.open
        fd = self.fds.get(place, 1_000 + self.count)
        assert self.desk.open(session(place), self.key(place), fd)
        self.fds[place] = fd
        answers = self.desk.turn()[topics.inbox(session(place))]
        assert [answer["type"] for answer in answers] == ["greet"]
        if not again:
            self.open[place] = self.key(place)

    @rule(place=PLACES, rooms=st.sets(ROOMS))
    def come_in(self, place: int, rooms: set[str]) -> None:
        if place not in self.open:
            self.subscribe(place)
        self.hello(place, rooms)

    @rule(place=PLACES, rooms=st.sets(ROOMS))
    def hello(self, place: int, rooms: set[str]) -> None:
        key = self.key(place)
        answers = self.push(place, hello_of(key, rooms=sorted(rooms), nick=f"nick-{key[0]}"))
        if place not in self.open:
            assert answers == []
        if not answers:  # said too often, or nobody's
            return
        if self.desk.disk.full and answers[-1]["type"] == "error":
            self.welcomed.pop(place, None)
            self.rooms.pop(place, None)
            return
        welcome = answers[-1]
        assert (welcome["type"], welcome["last"]) == ("welcome", len(self.said[key]))
        self.welcomed[place] = key
        self.rooms.setdefault(place, set()).update(rooms)
        for state in welcome["rooms"]:
            self.topics[state["room"]] = state["topic"].encode()
            assert state["head"] == len(self.desk.disk.room(state["room"]))

    @rule(place=PLACES, room=ROOMS, skip=st.integers(0, 2), many=st.integers(1, 4))
    def say(self, place: int, room: str, skip: int, many: int) -> None:
        """`skip` numbers are left out before the first."""
        place = self.somebody(place)
        key = self.key(place)
        first = len(self.said[key]) + 1 + skip
        says = [m.Say(n, room, f"{key[0]} {n}") for n in range(first, first + many)]
        before = len(self.desk.disk.room(room))
        answers = self.push(place, *says)
        taken = len(self.desk.disk.room(room)) - before
        self.said[key] += [(room, say.text) for say in says[:taken]]
        if place not in self.welcomed or skip or self.desk.disk.full:
            assert taken == 0
        elif not self.low:
            assert taken == many
        if taken < many and place in self.welcomed and not skip:
            for error in answers:  # none, where this session has had too many
                assert error["type"] in ("error", "stored")
                if error["type"] == "error":
                    assert error["code"] in ("rate-limited", "storage-full")
                    assert (error["n"], error["retry"] > 0) == (first + taken, True)

        for n in range(first, first + taken):
            self.repeat(place, n, False)

    @rule(place=PLACES, n=st.integers(1, 20), other=st.booleans())
    def repeat(self, place: int, n: int, other: bool) -> None:
        """What was taken is said again, or something else under its number."""
        key = self.key(place)
        if n > len(self.said[key]):
            return
        room, text = self.said[key][n - 1]
        answers = self.push(place, m.Say(n, room, text + "!" * other))
        if place not in self.welcomed:
            assert answers == []
        elif other:
            assert {answer["code"] for answer in answers} <= {"id-conflict"}
        else:
            (stored,) = answers
            found = self.desk.disk.room(room)[stored["seq"] - 1]
            assert (found.text, found.id) == (text, f"{STREAM[key]}-{n}")

    @rule(place=PLACES, room=ROOMS)
    def join(self, place: int, room: str) -> None:
        place = self.somebody(place)
        for answer in self.push(place, m.Join(room, "j")):
            if answer["type"] == "room":
                self.rooms[place].add(room)
                self.topics[room] = answer["state"]["topic"].encode()

    @rule(place=PLACES, room=ROOMS)
    def leave(self, place: int, room: str) -> None:
        place = self.somebody(place)
        for answer in self.push(place, m.Leave(room, "l")):
            if answer["type"] == "done":
                self.rooms[place].remove(room)

    @rule(place=PLACES)
    def bye(self, place: int) -> None:
        self.push(place, m.Bye())
        if place in self.welcomed:
            self.gone(place)

    @rule(place=PLACES)
    def vanish(self, place: int) -> None:
        if place in self.open:
            self.desk.core.unsubscribed(topics.inbox(session(place)))
            self.desk.turn()
            self.desk.turn(GRACE)
            self.gone(place)

    def gone(self, place: int) -> None:
        for known in (self.open, self.welcomed, self.rooms, self.fds):
            known.pop(place, None)

    @rule(wait=st.sampled_from([0.01, 1.0, 20.0]))
    def time_passes(self, wait: float) -> None:
        self.desk.turn(wait)

    @rule(full=st.booleans())
    def disk(self, full: bool) -> None:
        self.desk.disk.full = full

    @rule()
    def restart(self) -> None:
        if not self.desk.disk.full:
            self.desk = Desk(self.desk.disk, **({"rate": 5.0, "burst": 3.0} if self.low else {}))
            for place in list(self.open):
                self.gone(place)
            self.topics.clear()

    @invariant()
    def numbers_are_dense_and_each_line_is_there_once_and_in_order(self) -> None:
        for room in ("general", "salon"):
            records = self.desk.disk.room(room)
            assert [record.seq for record in records] == list(range(1, len(records) + 1))
            for key in (ADA, BOB):
                lines = [r.text for r in records if r.id.startswith(STREAM[key])]
                assert lines == [text for where, text in self.said[key] if where == room]

    @invariant()
    def a_topic_is_granted_to_those_who_were_told_it_alone(self) -> None:
        for room, topic in self.topics.items():
            for key in (ADA, BOB):
                may = any(
                    self.welcomed[place] == key and room in rooms
                    for place, rooms in self.rooms.items()
                    if place in self.welcomed
                )
                assert self.desk.core.subscribed(topic, key, 5, "") is may

    @invariant()
    def people_are_counted_once_each(self) -> None:
        asker = next(iter(self.welcomed), None)
        if asker is None or self.low:
            return
        for room in ("general", "salon"):
            there = {self.welcomed[place] for place in self.rooms if room in self.rooms[place]}
            for answer in self.push(asker, m.Who(room, "w")):
                if answer["type"] == "people":
                    assert answer["total"] == len(there)


CoreMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=30)
TestCore = CoreMachine.TestCase
