"""A core among connections that do as they please: what reached whom, judged line by line.

Owns the stage of the rights' tests: connections and their grants as XPUB keeps them, a disk that
may be full and slow, turns of many requests, and the one judge of everything that anybody hears.
Knows the wire, and the core by its events alone.
"""

from __future__ import annotations

import copy
import re
from collections import defaultdict
from typing import Any

import msgspec

from common.broker.batch import Batch, DeleteRead
from common.broker.core import Core
from common.broker.ledger import Ledger
from common.broker.limits import CoreSettings
from common.protocol import topics
from tests.broker.rights_model import ALLOWED, Codes, Line, Place, World
from tests.broker.rights_seats import CLAIM, NICK, Asked, Connection, Seat
from tests.simulation.disk import Disk, DiskFull

_TEXT = re.compile(r"said-\d+-")


class Stage:
    """See the module. `model` is what holds with all that was asked so far in this turn."""

    def __init__(self, **settings: Any) -> None:
        self.settings = {
            "rate": 1e6, "burst": 1e6, "rooms_per_hour": 1e9, "sessions": 500, "claim": CLAIM,
            **settings,
        }  # fmt: skip
        self.disk = Disk(4, lambda room, record: None)
        self.model = World()
        self.settled = World()
        """What is stored."""
        self.before = World()
        """What was stored when this turn began, for what was rightly asked before somebody was put
        out within it."""
        self.now, self.wall = 1_000.0, 1_700_000_000_000
        self.seats: list[Seat] = []
        self.connections: list[Connection] = []
        self.topics: dict[bytes, str] = {}
        """Every room's topic that anybody was ever told, and the room's name."""
        self.where: dict[str, tuple[str, int]] = {}
        """What was ever said: the room and the number."""
        self.reads: list[Any] = []
        self.asked: list[Asked] = []
        self.leaving: list[Connection] = []
        """To be closed, soon or late: the server gives their last words some time."""
        self.orphaned: list[bytes] = []
        self.told: dict[bytes, list[Line]] = {}
        self._count = 0
        self._start()

    def count(self) -> int:
        self._count += 1
        return self._count

    def _token(self) -> str:
        return f"{self.count():016x}"

    def _start(self) -> None:
        rooms, people = self.disk.load()
        ledger = Ledger(
            rooms, people, self.disk.stream, self._token, topics.room, self.disk.facts()
        )
        settings: Any = self.settings
        self.core = Core(CoreSettings(**settings), ledger, self.disk.epoch, self.now, self.wall)
        self.begin()
        self.turn()

    def restart(self) -> None:
        """The broker ends and starts; every connection with it."""
        for connection in self.connections:
            connection.alive = False
        self.connections.clear()
        self.seats.clear()
        self.reads.clear()
        self.asked.clear()
        self.orphaned.clear()
        self.leaving.clear()
        self.model = copy.deepcopy(self.settled)
        self._start()

    # --- who is there ---

    def user(self, key: str) -> str:
        return self.model.owners.get(key, "")

    def connect(self, key: str) -> Connection:
        number = self.count()
        made = Connection(number, key, f"192.0.2.1:{number}")
        self.connections.append(made)
        return made

    def subscribe(self, connection: Connection, topic: bytes) -> bool:
        if not connection.alive:
            return False
        fd, address = connection.fd, connection.address
        granted = self.core.subscribed(topic, connection.key, fd, address)
        if granted:
            connection.grants.add(topic)
        return granted

    def come(self, key: str, rooms: list[str], *, direct: bool = False, code: str = "") -> Seat:
        """Somebody opens a session and says hello."""
        number = self.count()
        seat = Seat(b"%032x" % number, key, self.connect(key), f"{number:016x}", direct)
        self.seats.append(seat)
        assert self.subscribe(seat.connection, topics.inbox(seat.id)), "no inbox"
        self.hello(seat, rooms, code)
        return seat

    def hello(self, seat: Seat, rooms: list[str], code: str = "") -> None:
        user = self.user(seat.key)
        nick = NICK.get(user, f"guest-{seat.key[0]}")
        line = {
            "type": "hello", "protocol": 1, "nick": nick, "stream": seat.stream, "rooms": rooms,
            "direct": seat.direct, "code": code,
        }  # fmt: skip
        codes: Codes | None = ALLOWED
        if user and self.model.outside(user):
            codes = frozenset({"banned", "kicked"})
        elif not user and not code:
            codes = frozenset({"revoked", "not-permitted"})
        seen: set[str] = set()
        if not codes:
            seen = {name for name in rooms if not self.model.join(user, name)}
        self.send(seat, line, codes, frozenset(seen))

    def say(self, seat: Seat, room: str, peer: str = "") -> None:
        """Something that was never said before; `peer` is the other one's user."""
        user = self.user(seat.key)
        text = f"said-{self.count()}-"
        seat.n += 1
        if peer:
            place = self.model.direct(user, peer)
            room, name = f"@{NICK[peer]}", place.name
        else:
            name = room
        codes = self.model.say(user, name, text)
        if not codes:
            self.where[text] = (name, len(self.model.places[name].log))
        line = {"type": "say", "n": seat.n, "room": room, "text": text}
        self.send(seat, line, codes)

    def vanish(self, seat: Seat) -> None:
        """Its connection is lost."""
        self.cut(seat.connection)
        self.seats.remove(seat)

    def cut(self, connection: Connection) -> None:
        connection.alive = False
        self.orphaned += connection.grants
        connection.grants.clear()
        self.connections.remove(connection)

    def see_out(self) -> None:
        """The connections of those who were put out are closed."""
        for connection in self.leaving:
            if connection.alive:
                self.cut(connection)
        self.leaving.clear()
        self.seats = [seat for seat in self.seats if seat.connection.alive]

    def live(self) -> list[Seat]:
        """Those who are in, as far as they know."""
        return [s for s in self.seats if s.welcomed and s.connection.alive and not s.ended]

    # --- a turn ---

    def send(
        self, seat: Seat, line: Line, codes: Codes | None, rooms: frozenset[str] = frozenset()
    ) -> None:
        """One request reaches the core."""
        id = line.setdefault("id", f"q{self.count()}")
        if line["type"] == "leave":
            seat.leaving[id] = line["room"]
        if line["type"] in ("say", "hello"):
            del line["id"]
        self.asked.append(Asked(seat, id, line, codes, rooms))
        self.core.receive(seat.id + b"\n" + msgspec.json.encode(line), seat.key)

    def begin(self, wait: float = 0.0) -> None:
        self.now += wait
        self.wall += int(wait * 1_000)
        self.model.now = self.settled.now = self.before.now = self.wall
        self.core.begin(self.now, self.wall)
        for topic in self.orphaned:
            self.core.unsubscribed(topic)
        self.orphaned.clear()

    def turn(self) -> bool:
        """Carries the turn out; whether it was stored. The next one has begun."""
        self.core.tick()
        batch = self.core.take()
        stored = True
        if batch.durable:
            try:
                self.disk.commit(batch)
            except DiskFull:
                stored = False
                self.core.rolled_back()
                batch = self.core.take()
        self.core.committed()
        self.before = self.settled
        if stored:
            self.settled = copy.deepcopy(self.model)
            self._compare_disks()
        else:
            self.model = copy.deepcopy(self.settled)
        self.told = self._publish(batch)
        self.reads += batch.reads
        for connection in self.connections:
            if (connection.fd, connection.address) in batch.expel:
                self.leaving.append(connection)
        for seat in self.seats:
            seat.ended = seat.connection in self.leaving
        for asked in self.asked:
            if stored:
                asked.answered(self.told.get(topics.inbox(asked.seat.id), []))
            else:
                asked.take_back()
        self.asked.clear()
        self._whoever_is_banned_is_out()
        self.begin()
        return stored

    def answer_read(self, place: int = 0) -> None:
        """The reader is done with one of its questions, now."""
        read = self.reads.pop(place)
        self.core.read_done(read.user)
        if isinstance(read, DeleteRead):
            self._decide(read)
        elif self.core.may_have(read):
            self._hear(topics.inbox(read.session), self.disk.answer(read).split(b"\n"), {})

    def _decide(self, read: DeleteRead) -> None:
        """A deletion is decided on what the reader found, by what holds now."""
        room = self.core.ledger.rooms.get(read.name)
        head = room.seq if room else 0
        self.core.found(read, *self.disk.origin(read))
        if room and room.seq > head:
            assert self.model.may_delete(read.user, read.name, read.seq), f"deleted: {read}"
            place = self.model.places[read.name]
            place.deleted.add(read.seq)
            place.add(read.user, f"delete {read.seq}")

    def code(self, seat: Seat) -> str:
        """What a request of this turn for a code is answered with."""
        self.turn()
        return str(next(a["code"] for a in self.told[topics.inbox(seat.id)] if a["type"] == "code"))

    def quiet(self) -> None:
        """A turn in which every answer comes."""
        self.turn()
        while self.reads:
            self.answer_read()
            self.turn()

    # --- what is heard ---

    def _publish(self, batch: Batch) -> dict[bytes, list[Line]]:
        told: dict[bytes, list[Line]] = defaultdict(list)
        for append in batch.appends.values():
            if append.topic:
                self._hear(append.topic, append.lines, told)
        for topic, lines in batch.publish.items():
            self._hear(topic, lines, told)
        return told

    def _hear(self, topic: bytes, lines: list[bytes], told: dict[bytes, list[Line]]) -> None:
        decoded = [msgspec.json.decode(line) for line in lines]
        if topics.session_of(topic) is not None:
            told.setdefault(topic, []).extend(decoded)
        for connection in list(self.connections):
            if any(topic.startswith(grant) for grant in connection.grants):
                for text, line in zip(lines, decoded, strict=True):
                    self.judge(connection, topic, text.decode(), line)
        session = topics.session_of(topic)
        seat = next((s for s in self.seats if s.id == session), None)
        if seat is not None and seat.connection.alive:
            for line in decoded:
                self._learn(seat, line)

    def judge(self, connection: Connection, topic: bytes, text: str, line: Line) -> None:
        """Whether this line may reach this connection, by what is stored."""
        model = self.settled
        user = model.owners.get(connection.key, "")
        who = f"{NICK.get(user, '?')} ({connection.key[0]})"
        for said in _TEXT.findall(text):
            name, seq = self.where[said]
            place = model.places[name]
            fair = model.may_read(user, place, seq) and seq not in place.deleted
            assert fair, f"{who} was sent number {seq} of {name}: {text}"
        name = self.topics.get(topic) or self._room_of(topic)
        if name:
            place = model.places[name]
            fair = bool(user) and not model.outside(user) and model.hears(user, place)
            assert fair, f"{who} hears {name}: {text}"
            return
        if line["type"] == "welcome":  # what they asked for themselves
            text = str({**line, "refused": []})
        session = topics.session_of(topic)
        assert session is not None
        owner = next((s for s in self.seats if s.id == session), None)
        assert owner is None or owner.key == connection.key, f"{who} reads another's inbox"
        for place in model.places.values():
            current = self.core.ledger.rooms[place.name].topic.decode()
            if not model.hears(user, place) and current in text:
                raise AssertionError(f"{who} is told the topic of {place.name}: {text}")
            if line["type"] == "error" or model.sees(user, place) or user in place.ever:
                continue
            if self._saw(connection.key, place):
                continue
            assert place.name not in text, f"{who} is told of {place.name}: {text}"
        if line["type"] == "page" and line["room"] in model.places:
            place = model.places[line["room"]]
            most = max(model.to_read(user, place), default=0)
            if not model.sees(user, place):
                assert line["head"] <= most, f"{who} is told a head: {text}"

    def _saw(self, key: str, place: Place) -> bool:
        """Whether the room existed, in this turn or before it, for whose key this was then."""
        user, former = self.before.owners.get(key, ""), self.before.places.get(place.name)
        known = former is not None and self.before.sees(user, former)
        return known or user in place.parties or user in place.ever

    def _room_of(self, topic: bytes) -> str:
        rooms = self.core.ledger.rooms.values()
        return next((room.name for room in rooms if room.topic == topic), "")

    def _learn(self, seat: Seat, line: Line) -> None:
        """What an honest program takes from an answer."""
        kind = line["type"]
        if kind == "welcome":
            seat.welcomed = True
            seat.rooms = {state["room"]: state["topic"] for state in line["rooms"]}
        elif kind == "room":
            seat.rooms[line["state"]["room"]] = line["state"]["topic"]
        elif kind == "notice" and line["what"] in ("removed", "kicked") and line.get("room"):
            seat.rooms.pop(line["room"], None)
        elif kind == "done":
            seat.rooms.pop(seat.leaving.get(line["id"], ""), None)
        elif kind == "greet":
            seat.welcomed = False
            seat.rooms = {}
        for name, topic in seat.rooms.items():
            self.topics[topic.encode()] = name

    # --- what must hold after each turn ---

    def _compare_disks(self) -> None:
        """Each room holds exactly what the model says was said there."""
        for name, place in self.model.places.items():
            records = self.disk.room(name)
            said = [f"delete {r.of}" if r.type == "delete" else r.text for r in records]
            assert len(said) == len(place.log), f"{name}: {said} is not {place.log}"
            for seq, (ours, theirs) in enumerate(zip(place.log, said, strict=True), 1):
                assert theirs == ("" if seq in place.deleted else ours), f"{name} {seq}: {theirs}"

    def _whoever_is_banned_is_out(self) -> None:
        for seat in self.seats:
            user = self.user(seat.key)
            if seat.welcomed and (not user or self.model.outside(user)):
                assert seat.ended, f"a session of {seat.key[0]} goes on"

    def whoever_is_in_a_room_hears_it(self) -> None:
        """They were told its topic as it is now, and would be granted it."""
        for seat in self.live():
            user = self.user(seat.key)
            for name, topic in seat.rooms.items():
                place = self.model.places[name]
                if not self.model.hears(user, place) or self.model.outside(user):
                    continue
                now = self.core.ledger.rooms[name].topic.decode()
                assert topic == now, f"{NICK[user]} was not told the topic of {name}"
                fd, address = seat.connection.fd, seat.connection.address
                granted = self.core.subscribed(topic.encode(), seat.key, fd, address)
                assert granted, f"{NICK[user]} is not granted {name}"

    def read_all(self, seat: Seat, name: str) -> list[int]:
        """Every record of a room that a member can obtain, by pages."""
        got: list[int] = []
        cursor = 0
        while True:
            id = f"r{self.count()}"
            ask = {"type": "history", "room": name, "id": id, "after": cursor, "limit": 3}
            self.core.receive(seat.id + b"\n" + msgspec.json.encode(ask), seat.key)
            self.turn()
            read = next((r for r in self.reads if r.id == id), None)
            assert read is not None, f"{name} is not to be read"
            self.reads.remove(read)
            answer = self.disk.answer(read)
            self.core.read_done(read.user)
            assert self.core.may_have(read)
            self._hear(topics.inbox(read.session), answer.split(b"\n"), {})
            page, *records = map(msgspec.json.decode, answer.split(b"\n"))
            assert page["type"] == "page", page
            got += [record["seq"] for record in records]
            last = max([cursor, page.get("skipped", 0), *(r["seq"] for r in records)])
            if not page["more"] and last >= page["head"]:
                return got
            assert last > cursor, f"a page leads nowhere: {page}"
            cursor = last
