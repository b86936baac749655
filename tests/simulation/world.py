"""A whole Causette in one thread: a broker, clients, a network, and everything that goes wrong.

Owns the run of one seed: the same seed is the same run, to the last byte.
"""

from dataclasses import dataclass, field
from random import Random

from tests.simulation.agenda import Agenda, Violation
from tests.simulation.app import App
from tests.simulation.broker import BrokerNode
from tests.simulation.client import ClientNode
from tests.simulation.disk import Disk
from tests.simulation.judge import Judge
from tests.simulation.network import Network
from tests.simulation.plan import Plan

REPAIRED = 240.0
"""Seconds of quiet within which everything must be well again: heads are repeated each minute, and
the lowest rate takes its time."""


@dataclass(kw_only=True)
class Shells:
    """What runs the cores; tests put in worse ones."""

    broker: type[BrokerNode] = BrokerNode
    client: type[ClientNode] = ClientNode
    change: dict[str, object] = field(default_factory=dict)
    """Fields of the plan to override."""


class World:
    """One seed's world. `run` raises `Violation`."""

    def __init__(self, seed: int, shells: Shells | None = None) -> None:
        shells = shells or Shells()
        self.seed = seed
        self.rng = Random(seed)
        plan = Plan.of(self.rng)
        self.plan = Plan(**{**plan.__dict__, **shells.change})
        self.agenda = Agenda(1_000.0)
        self.judge = Judge()
        self.disk = Disk(self.plan.page_cap, self.judge.committed)
        self.network = Network(self.agenda, self.rng, self.plan)
        self.broker = shells.broker(self.agenda, self.rng, self.plan, self.network, self.disk)
        self.clients = [
            shells.client(name, self.agenda, self.rng, self.plan, self.network, self.broker)
            for name in ("ada", "bob", "eve", "kim")[: self.plan.clients]
        ]
        for client in self.clients:
            client.app = App(client, self.rng, self.plan, self.judge, self.disk)

    def run(self) -> None:
        """The rough part, then the quiet one, by the end of which all is well."""
        self.broker.start()
        for client in self.clients:
            wishes = [room for room in self.plan.rooms if self.rng.random() < 0.7]
            client.app.wishes = wishes
            client.profile.set_rooms(wishes)
            self.agenda.after(self.rng.random(), client.start)
        self._plan_faults()
        for _ in range(self.plan.steps):
            actor = self.rng.choice(self.clients)
            self._some_time(actor.app.act)
        end = self.agenda.now + self.plan.lasting
        self.agenda.run_until(end + 0.001)
        self._calm()
        trouble = self._settle()
        if trouble:
            raise Violation(f"not repaired {REPAIRED:g} s after the last fault: {trouble}")

    def _plan_faults(self) -> None:
        for count, fault in (
            (self.plan.cuts, self._cut),
            (self.plan.freezes, self._freeze),
            (self.plan.full_disks, self._fill_disk),
            (self.plan.full_clients, self._fill_client),
            (self.plan.clock_steps, self._step_clock),
            (self.plan.restores, self._back_up),
        ):
            for _ in range(count):
                self._some_time(fault)

    def _some_time(self, act: object) -> None:
        assert callable(act)
        self.agenda.after(self.plan.lasting * self.rng.random(), act)

    # --- faults --------------------------------------------------------------------------------

    def _cut(self) -> None:
        if self.network.lines:
            self.network.cut_line(self.rng.choice(self.network.lines))

    def _freeze(self) -> None:
        self.broker.freeze(self.rng.choice([0.5, 5.0, 20.0]))

    def _fill_disk(self) -> None:
        self.disk.full = True
        self.agenda.after(self.rng.uniform(0.1, 5.0), self._empty_disk)

    def _empty_disk(self) -> None:
        self.disk.full = False

    def _fill_client(self) -> None:
        client = self.rng.choice(self.clients)
        client.disk_full = True

        def empty() -> None:
            client.disk_full = False

        self.agenda.after(self.rng.uniform(0.1, 5.0), empty)

    def _step_clock(self) -> None:
        self.broker.clock_error += self.rng.choice([-86_400_000, -5_000, 5_000, 86_400_000])

    def _back_up(self) -> None:
        restore = self.disk.save()

        def go_back() -> None:
            if self.broker.alive:
                self.broker.die()
            restore()
            self.judge.restored({name: self.disk.room(name) for name in self.disk.rooms()})

        self.agenda.after(self.rng.uniform(0.1, 3.0), go_back)

    # --- the end -------------------------------------------------------------------------------

    def _calm(self) -> None:
        self.network.rough = False
        self.disk.full = False
        self.broker.may_die = False
        for client in self.clients:
            client.disk_full = False
            client.may_die = False

    def _settle(self) -> str:
        """Lets time pass until nothing is amiss, and then some; answers what still is."""
        trouble = ""
        end = self.agenda.now + REPAIRED
        while self.agenda.now < end:
            self.agenda.run_until(self.agenda.now + 2.0)
            trouble = self._trouble()
            if not trouble:
                return ""
        return trouble

    def _trouble(self) -> str:
        if not self.broker.alive:
            return "the broker is down"
        there = {
            room: len({c.name for c in self.clients if c.app.visible and room in c.app.wishes})
            for room in self.plan.rooms
        }
        return next(filter(None, (c.app.trouble(there) for c in self.clients)), "") or (
            self.judge.missing()
        )
