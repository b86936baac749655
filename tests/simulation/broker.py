"""The broker in the simulation: the real `Core` and `Ledger` under a shell that may die anywhere.

Its turn has the order of `common.broker.server`: drain, decide, commit, publish, then reads. Owns
the crash points between them and the wall clock, which may be set.
"""

from random import Random

from common.broker.batch import Batch, Read
from common.broker.core import Core
from common.broker.ledger import Ledger
from common.broker.limits import CoreSettings
from common.broker.sessions import Session
from common.protocol import topics
from common.protocol.codec import frames
from common.protocol.messages import Say
from tests.simulation.agenda import Agenda, Wakes
from tests.simulation.disk import Disk, DiskFull
from tests.simulation.judge import FORBIDDEN
from tests.simulation.network import Line, Network
from tests.simulation.plan import Plan


class Crash(Exception):
    """The process dies here."""


class StrictCore(Core):
    """The real one, with one more reason to refuse a message for good."""

    def _say(self, session: Session, say: Say) -> None:
        row = session.row
        if say.text.startswith(FORBIDDEN) and row is not None and say.n == row.last + 1:
            self._refuse_number(session, say.n, "bad-request", "that word is forbidden")
        else:
            super()._say(session, say)


class BrokerNode:
    """One broker over its lives."""

    def __init__(
        self, agenda: Agenda, rng: Random, plan: Plan, network: Network, disk: Disk
    ) -> None:
        self.agenda = agenda
        self.network = network
        self.disk = disk
        self.life = 0
        self.alive = False
        self.may_die = True
        self.clock_error = 0
        self._rng = rng
        self._plan = plan
        self._wakes = Wakes("the broker")
        self._frozen_until = 0.0
        self.core: Core
        self._asked: list[tuple[Line, bytes, bool]] = []
        self._ended: list[bytes] = []
        self._pushed: list[tuple[Line, bytes]] = []
        self._results: list[tuple[Read, bytes]] = []
        self._woken_at = float("inf")

    def start(self) -> None:
        """Loads what was committed and serves."""
        self.life += 1
        self.alive = True
        rooms, people = self.disk.load()
        facts = self.disk.facts()
        ledger = Ledger(rooms, people, self.disk.stream, self._token, topics.room, facts)
        settings = CoreSettings(rate=self._plan.rate, burst=self._plan.burst)
        self.core = StrictCore(settings, ledger, self.disk.epoch, self.agenda.now, self._wall())
        self._asked, self._ended, self._pushed, self._results = [], [], [], []
        self._woken_at = float("inf")
        may_die, self.may_die = self.may_die, False
        full, self.disk.full = self.disk.full, False
        self.carry_out()
        self.may_die, self.disk.full = may_die, full
        self._wake(0.0)

    def die(self) -> None:
        """Everything but the disk is gone."""
        self.agenda.tell(f"{self.agenda.now:.3f} the broker dies")
        self.life += 1
        self.alive = False
        self.network.broker_died(self)
        self.agenda.after(self._rng.choice([0.05, 0.5, 8.0]), self._revive)

    def freeze(self, seconds: float) -> None:
        """Stops for a while, as by SIGSTOP."""
        self._frozen_until = self.agenda.now + seconds

    def _revive(self) -> None:
        if not self.alive:
            self.start()

    # --- what arrives --------------------------------------------------------------------------

    def asked(self, line: Line, topic: bytes, wanted: bool) -> None:
        """A subscription (`wanted`) or its end."""
        if line.held and not line.closed:
            self._asked.append((line, topic, wanted))
            self._wake(self._pause())

    def ended(self, topic: bytes) -> None:
        """A subscription of a connection that is gone."""
        self._ended.append(topic)
        self._wake(self._pause())

    def pushed(self, line: Line, frame: bytes) -> None:
        """A PUSH frame."""
        if line.held:
            self._pushed.append((line, frame))
            self._wake(self._pause())

    # --- one turn ------------------------------------------------------------------------------

    def _turn(self, life: int) -> None:
        if life != self.life or self.agenda.now < self._woken_at:
            return
        self._woken_at = float("inf")
        if self.agenda.now < self._frozen_until:
            self._wake(self._frozen_until - self.agenda.now)
            return
        if not (self._asked or self._ended or self._pushed or self._results):
            self._wakes.idle(self.agenda.now)
        try:
            self._serve()
        except Crash:
            self.die()

    def _serve(self) -> None:
        core = self.core
        core.begin(self.agenda.now, self._wall())
        asked, self._asked = self._asked, []
        for line, topic, wanted in asked:
            self._gate(line, topic, wanted)
        ended, self._ended = self._ended, []
        for topic in ended:
            core.unsubscribed(topic)
        pushed, self._pushed = self._pushed, []
        for line, frame in pushed:
            core.receive(frame, line.client.key)
        results, self._results = self._results, []
        for read, lines in results:
            core.read_done(read.user)
            self.network.publish(topics.inbox(read.session), lines, self)
        due = core.tick()
        self.carry_out()
        # The server's poll is rounded up by a millisecond.
        self._wake(max(due - self.agenda.now, 0.0) + 0.001)

    def _gate(self, line: Line, topic: bytes, wanted: bool) -> None:
        if line not in self.network.lines:
            return
        if not wanted:
            line.granted.pop(topic, None)
            if line.asked.pop(topic, 1) is None:
                self.core.unsubscribed(topic)
            return
        line.asked[topic] = None
        if self.network.rough and self._rng.random() < self._plan.refused_grants:
            return  # the gate's distrust
        if self.core.subscribed(topic, line.client.key, line.fd, line.address):
            line.granted[topic] = None

    def carry_out(self) -> None:
        """Commits the turn, then lets it be known."""
        core = self.core
        batch = core.take()
        self.point()
        if batch.durable:
            try:
                self.disk.commit(batch)
            except DiskFull:
                self.agenda.tell(f"{self.agenda.now:.3f} the broker's disk is full")
                core.rolled_back()
                batch = core.take()
                assert not batch.durable, "a batch behind a rollback is durable"
        self.point()
        core.committed()
        self.publish(batch)
        for read in batch.reads:
            self._read(read)

    def publish(self, batch: Batch) -> None:
        """Sends what the batch says, records first."""
        for append in batch.appends.values():
            if append.topic:
                for body in frames(append.lines):
                    self.network.publish(append.topic, body, self)
                    self.point()
        for topic, lines in batch.publish.items():
            for body in frames(lines):
                self.network.publish(topic, body, self)
                self.point()

    def point(self) -> None:
        """Here the broker may die."""
        if self.may_die and self._rng.random() < self._plan.broker_dies:
            raise Crash

    # --- the reader's thread -------------------------------------------------------------------

    def _read(self, read: Read) -> None:
        slow = self.network.rough and self._rng.random() < self._plan.slow_reads
        self.agenda.after(self._rng.random() * (5.0 if slow else 0.01), self._look, read, self.life)

    def _look(self, read: Read, life: int) -> None:
        if life == self.life:
            self._results.append((read, self.disk.answer(read)))
            self._wake(0.0)

    # --- helpers -------------------------------------------------------------------------------

    def _wake(self, delay: float) -> None:
        at = self.agenda.now + delay
        if self.alive and at < self._woken_at:
            self._woken_at = at
            self.agenda.at(at, self._turn, self.life)

    def _pause(self) -> float:
        """Frames that arrive within it are read in one turn."""
        return self._rng.choice([0.0, 0.0005, 0.003])

    def _wall(self) -> int:
        return 1_700_000_000_000 + int(self.agenda.now * 1_000) + self.clock_error

    def _token(self) -> str:
        return f"{self._rng.getrandbits(64):016x}"
