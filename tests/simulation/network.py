"""The network between clients and the broker: what it loses, delays, doubles and reorders.

Owns lines and what is granted on them, as libzmq would. A line is a PUSH and a SUB connection; what
is in flight vanishes when it is cut, and each side learns of that by itself, sooner or later.
"""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from common.protocol import topics
from tests.simulation.agenda import Agenda
from tests.simulation.plan import Plan

if TYPE_CHECKING:
    from tests.simulation.broker import BrokerNode
    from tests.simulation.client import ClientNode

VANISHED = 15.0
"""Seconds until the heartbeat tells of a peer that is gone without a word."""

_FREE_UP = (b'{"type":"say"', b'{"type":"history"', b'{"type":"who"', b'{"type":"ping"')
_TIED_DOWN = (b'{"type":"greet"', b'{"type":"welcome"', b'{"type":"room"', b'{"type":"done"')


class Line:
    """One client's two connections with one incarnation of the broker."""

    def __init__(self, fd: int, session: bytes, client: "ClientNode", broker: "BrokerNode") -> None:
        self.fd = fd
        self.address = f"10.0.0.1:{fd}"
        self.session = session
        self.client = client
        self.broker = broker
        self.broker_life = broker.life
        self.cut = False
        self.closed = False
        """By its client; what was pushed before still arrives."""
        self.asked: dict[bytes, None] = {}
        """Topics in the broker's hands, refused ones included."""
        self.granted: dict[bytes, None] = {}
        self.busy = {"push": 0.0, "ask": 0.0, "sub": 0.0}
        """When the last frame of each direction arrives: none overtakes it."""

    def __str__(self) -> str:
        return f"{self.client.name}/{self.fd}"

    @property
    def held(self) -> bool:
        """Whether the broker has this line still."""
        return self.broker.life == self.broker_life


class Network:
    """All lines. `rough` is true while faults may happen."""

    def __init__(self, agenda: Agenda, rng: Random, plan: Plan) -> None:
        self._agenda = agenda
        self._rng = rng
        self._plan = plan
        self._fds = 10
        self.rough = True
        self.lines: list[Line] = []

    def connect(self, session: bytes, client: "ClientNode", broker: "BrokerNode") -> Line:
        """Makes a line, and has it subscribe to the session's inbox."""
        self._fds += 1
        line = Line(self._fds, session, client, broker)
        if not broker.alive:
            self._agenda.after(self._delay(), client.lost, line, "unreachable-refused")
            line.cut = True
            return line
        self.lines.append(line)
        self.ask(line, topics.inbox(session), True)
        return line

    def push(self, line: Line, frame: bytes) -> None:
        """A PUSH frame on its way to the broker."""
        free = frame[33:].startswith(_FREE_UP)
        self._carry(line, "push", self._plan.lost_up, free, line.broker.pushed, line, frame)

    def ask(self, line: Line, topic: bytes, wanted: bool) -> None:
        """A subscription or its end on its way to the broker; these never overtake one another."""
        self._carry(line, "ask", 0.0, False, line.broker.asked, line, topic, wanted)

    def publish(self, topic: bytes, body: bytes, broker: "BrokerNode") -> None:
        """A frame for every line of the broker on which its topic is granted."""
        inbox = topic.startswith(b"inbox/")
        free = not (inbox and any(tied in body for tied in _TIED_DOWN))
        for line in self.lines:
            if topic in line.granted and line.held and line.broker is broker and not line.closed:
                lost = self._plan.lost_down
                self._carry(line, "sub", lost, free, line.client.heard, line, topic, body)

    def close(self, line: Line) -> None:
        """The client closes its sockets; the broker hears of it after a while."""
        if not line.closed:
            line.closed = True
            self._agenda.after(self._delay(), self._ended, line)

    def cut_line(self, line: Line) -> None:
        """Takes the cable away: each side learns of it at its own time."""
        line.cut = True
        self._agenda.tell(f"{self._agenda.now:.3f} {line} is cut")
        halves = [self._rng.uniform(0.0, 0.1), self._rng.uniform(0.0, 0.1)]
        if self._rng.random() < 0.5:  # half-open: one side hears nothing until the heartbeat tells
            halves[self._rng.randrange(2)] = self._rng.uniform(1.0, VANISHED)
        self._agenda.after(halves[0], line.client.lost, line, "link-lost")
        self._agenda.after(halves[1], self._ended, line)

    def broker_died(self, broker: "BrokerNode") -> None:
        """Every line of it is gone; what it sent may still arrive."""
        for line in self.lines:
            if line.broker is broker:
                line.cut = line.cut or self._rng.random() < 0.5
                silence = self._rng.choice([0.01, 0.1, 2.0]) if self.rough else 0.01
                self._agenda.after(silence, line.client.lost, line, "link-lost")
        self.lines = [line for line in self.lines if line.broker is not broker]

    def _ended(self, line: Line) -> None:
        if line in self.lines:
            self.lines.remove(line)
        if line.held:
            line.granted.clear()
            for topic in line.asked:
                line.broker.ended(topic)

    def _carry(
        self, line: Line, lane: str, lost: float, free: bool, deliver: Callable[..., None],
        *what: object,
    ) -> None:  # fmt: skip
        rng = self._rng
        vanishes = line.cut or (self.rough and rng.random() < lost)
        self._agenda.tell(f"{self._agenda.now:.3f} {line} {lane} {'LOST ' * vanishes}{what[1:]}")
        if vanishes:
            return
        wild = free and self.rough and self._plan.wild
        at = self._agenda.now + self._delay()
        if not (wild and rng.random() < 0.3):
            at = max(at, line.busy[lane])
            line.busy[lane] = at
        self._agenda.at(at, self._arrive, line, deliver, what)
        if wild and rng.random() < 0.1:
            self._agenda.at(at + 3 * self._delay(), self._arrive, line, deliver, what)

    def _arrive(self, line: Line, deliver: Callable[..., None], what: tuple[object, ...]) -> None:
        if not line.cut:
            self._agenda.tell(f"{self._agenda.now:.3f} {line} arrives: {what[1:]}")
            deliver(*what)

    def _delay(self) -> float:
        if not self.rough:
            return 0.001
        if self._rng.random() < 0.02:
            return self._plan.delay * 20 * self._rng.random()
        return self._plan.delay * self._rng.random()
