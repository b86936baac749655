"""A client in the simulation: the real `Session` under a shell that may die between two effects.

The order is that of `common.client.thread`: commands, then frames, then what is due; messages go to
disk before anything else. Owns the shell and its profile, which survives; what the program does is
the `app`'s.
"""

from collections.abc import Callable
from functools import partial
from random import Random

from common.client import effects as e
from common.client.client import Options, _saved
from common.client.profile import Cursor, MemoryProfile, OutboxItem
from common.client.session import Session, SessionOptions
from tests.simulation.agenda import Agenda, Violation, Wakes
from tests.simulation.app import App
from tests.simulation.broker import BrokerNode, Crash
from tests.simulation.network import Line, Network
from tests.simulation.plan import Plan


class ClientNode:
    """One person's program over its lives."""

    def __init__(
        self, name: str, agenda: Agenda, rng: Random, plan: Plan, network: Network,
        broker: BrokerNode,
    ) -> None:  # fmt: skip
        self.name = name
        self.key = f"{rng.getrandbits(256):064x}"
        self.profile = MemoryProfile()
        self.profile.new_stream(f"{rng.getrandbits(64):016x}")
        self.agenda = agenda
        self.network = network
        self.life = 0
        self.session: Session | None = None
        self.disk_full = False
        self.may_die = True
        self.app: App
        self._rng = rng
        self._plan = plan
        self._broker = broker
        self._wakes = Wakes(f"client {name}")
        self._line: Line | None = None
        self._lost: str | None = None
        self._commands: list[Callable[[], None]] = []
        self._heard: list[tuple[bytes, bytes]] = []
        self._owed: list[Callable[[], None]] = []
        self._renewing = False
        self._woken_at = float("inf")

    def start(self) -> None:
        """Begins anew from the profile."""
        self.life += 1
        app = self.app
        options = Options(nick=app.nick, rooms=self.profile.rooms(), resume=True)
        settings = SessionOptions(
            nick=app.nick, fallback=True, visible=app.visible, roster=app.roster,
            catch_up=app.catch_up, app="sim", join_timeout=1e9,
        )  # fmt: skip
        self.session = Session(
            settings, _saved(options, self.profile), self._new_id, self._rng.random
        )
        self._owed, self._renewing = [], False
        self._commands, self._heard, self._lost, self._line = [], [], None, None
        self._woken_at = float("inf")
        app.started(self.session)
        self.session.start(self.agenda.now)
        self._wake(0.0)

    def die(self) -> None:
        """Everything but the profile, and what the program displayed, is gone."""
        self.agenda.tell(f"{self.agenda.now:.3f} client {self.name} dies")
        self.life += 1
        self.session = None
        self.app.died()
        if self._line is not None:
            self._line.closed = True
            self.network.cut_line(self._line)
        self.agenda.after(self._rng.choice([0.05, 1.0, 6.0]), self._revive)

    def call(self, command: Callable[[], None]) -> None:
        """A request of the program."""
        self._commands.append(command)
        self._wake(self._rng.choice([0.0, 0.001]))

    def _revive(self) -> None:
        if self.session is None:
            self.start()

    # --- what arrives --------------------------------------------------------------------------

    def heard(self, line: Line, topic: bytes, body: bytes) -> None:
        """A frame of the SUB socket."""
        if line is self._line:
            self._heard.append((topic, body))
            self._wake(self._rng.choice([0.0, 0.0005, 0.003]))

    def lost(self, line: Line, code: str) -> None:
        """The socket's monitor tells."""
        if line is self._line:
            self._lost = code
            self._wake(0.0)

    # --- one turn ------------------------------------------------------------------------------

    def _turn(self, life: int) -> None:
        if life != self.life or self.session is None or self.agenda.now < self._woken_at:
            return
        self._woken_at = float("inf")
        if not (self._commands or self._heard or self._lost):
            self._wakes.idle(self.agenda.now)
        try:
            self._serve(self.session)
        except Crash:
            self.die()

    def _serve(self, session: Session) -> None:
        now = self.agenda.now
        commands, self._commands = self._commands, []
        for command in commands:
            command()
        self.after_commands(session)
        heard, self._heard = self._heard, []
        # What was received and what became of the link come by different sockets.
        lost, self._lost = self._lost, None
        end = self._rng.randint(0, len(heard)) if lost is not None else len(heard)
        for topic, body in heard[:end]:
            session.received(topic, body, now)
            self.app.look()
        if lost is not None:
            session.link_lost(lost, "the simulation cut it", now)
        for topic, body in heard[end:]:
            session.received(topic, body, now)
        self.app.look()
        due = session.tick(now)
        self.carry_out(session)
        # The thread's poll is rounded up by a millisecond.
        self._wake(max(due - now, 0.0) + 0.001)

    def after_commands(self, session: Session) -> None:
        """What was said is on disk before anything may be sent."""
        self.carry_out(session)

    def carry_out(self, session: Session) -> None:
        """Carries out what the session decided."""
        while effects := session.take():
            self._keep(session, [item for item in effects if isinstance(item, e.Keep)])
            self.point()
            settled = [item.n for item in effects if isinstance(item, e.Settle)]
            if settled:
                self._write(partial(self.profile.settle, settled))
            for effect in effects:
                self.point()
                self._do(session, effect)

    def _keep(self, session: Session, items: list[e.Keep]) -> None:
        if not items:
            return
        self.point()
        if not self._write():
            session.not_kept([item.n for item in items], "the disk is full")
        else:
            self.profile.add([OutboxItem(i.n, i.room, i.text, i.me) for i in items])
            self.app.kept([item.text for item in items])

    def _write(self, *writes: Callable[[], None]) -> bool:
        """Changes of the outbox in order; whether all of them are on disk."""
        self._owed.extend(writes)
        while self._owed and not self.disk_full:
            self._owed.pop(0)()
        return not self.disk_full

    def _do(self, session: Session, effect: e.Effect) -> None:
        if not isinstance(effect, e.Send):
            self.agenda.tell(f"{self.agenda.now:.3f} {self.name} does {effect}")
        match effect:
            case e.Emit(event):
                self.app.event(event)
            case e.Resolve(ref, reply):
                self.app.resolved(ref, reply)
            case e.Send(frame):
                if self._renewing and b'"type":"say"' in frame:
                    self._renewing = not self._write()
                if self._line is not None and not (self._renewing and b'"type":"say"' in frame):
                    self.network.push(self._line, frame)
            case e.Connect(id):
                self._drop()
                self._line = self.network.connect(id, self, self._broker)
            case e.Disconnect():
                self._drop()
            case e.Subscribe(topic, again):
                if self._line is not None:
                    if again:
                        self.network.ask(self._line, topic, False)
                    self.network.ask(self._line, topic, True)
            case e.Unsubscribe(topic):
                if self._line is not None:
                    self.network.ask(self._line, topic, False)
            case e.Overdue():
                session.link_lost("no-answer", "silence", self.agenda.now)
            case e.KeepStream(stream):
                self.app.new_stream()
                self._renewing = not self._write(partial(self.profile.new_stream, stream))
            case e.KeepEpoch(epoch):
                self.profile.set_epoch(epoch)
            case e.Forget(room):
                self.profile.set_cursors({room: Cursor(0, "")})
            case e.Keep() | e.Settle():
                pass
            case _:
                raise Violation(f"an effect that nobody carries out: {effect}")

    def _drop(self) -> None:
        self._lost = None
        self._heard.clear()
        if self._line is not None:
            self.network.close(self._line)
            self._line = None

    def point(self) -> None:
        """Here the client may die."""
        if self.may_die and self._rng.random() < self._plan.client_dies:
            raise Crash

    def _wake(self, delay: float) -> None:
        at = self.agenda.now + delay
        if at < self._woken_at:
            self._woken_at = at
            self.agenda.at(at, self._turn, self.life)

    def _new_id(self, digits: int) -> str:
        return f"{self._rng.getrandbits(4 * digits):0{digits}x}"
