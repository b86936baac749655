"""The simulation can fail: each defence is taken out once, and a violation must be found.

A defence that could be taken out unnoticed would be one that nothing tests.
"""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from common.broker.batch import StreamRow
from common.broker.core import Core
from common.broker.ledger import Ledger
from common.broker.presence import HeadTimes
from common.broker.sessions import Session
from common.client import outbox, roomview
from common.client.asking import Asking
from common.client.outbox import Outbox
from common.client.roomview import RoomView
from common.client.session import Session as ClientSession
from common.protocol.messages import Record, Say
from tests.simulation.broker import BrokerNode
from tests.simulation.client import ClientNode
from tests.simulation.disk import DiskFull
from tests.simulation.run import failure
from tests.simulation.world import Shells

SEEDS = 400

Patch = pytest.MonkeyPatch
Removal = Callable[[Patch], Shells | None]


def no_stream_counter(patch: Patch) -> None:
    """Whatever comes is taken, repeats too."""

    def take(self: Core, session: Session, row: StreamRow, say: Say) -> None:
        if session.person is not None:
            row.last = say.n - 1
            self._say(session, say)

    patch.setattr(Core, "_out_of_order", take)


def no_order_within_a_stream(patch: Patch) -> None:
    """A repeat is known, but a number may be skipped (row 61)."""
    held = Core._out_of_order

    def take(self: Core, session: Session, row: StreamRow, say: Say) -> None:
        if say.n > row.last and session.person is not None:
            row.last = say.n - 1
            self._say(session, say)
        else:
            held(self, session, row, say)

    patch.setattr(Core, "_out_of_order", take)


def repeats_unanswered(patch: Patch) -> None:
    patch.setattr(Core, "_repeat", lambda *_: None)


class HastyBroker(BrokerNode):
    """Tells before it commits."""

    def carry_out(self) -> None:
        core = self.core
        batch = core.take()
        self.publish(batch)
        self.point()
        if batch.durable:
            try:
                self.disk.commit(batch)
            except DiskFull:
                core.rolled_back()
                batch = core.take()
                self.publish(batch)
        core.committed()
        for read in batch.reads:
            self._read(read)


def acknowledged_before_the_commit(_: Patch) -> Shells:
    return Shells(broker=HastyBroker)


def nothing_taken_back_on_a_full_disk(patch: Patch) -> None:
    patch.setattr(Ledger, "rolled_back", Ledger.committed)


def no_gap_repair(patch: Patch) -> None:
    patch.setattr(RoomView, "wanted", lambda *_: None)


def holes_are_shown(patch: Patch) -> None:
    def take(self: RoomView, records: list[Record], *, page: bool) -> list[Record]:
        ready = [record for record in records if record.seq > (self.cursor or 0)]
        if ready:
            self.cursor = ready[-1].seq
        return ready

    patch.setattr(RoomView, "take", take)


def repeats_are_shown(patch: Patch) -> None:
    real = RoomView.take

    def take(self: RoomView, records: list[Record], *, page: bool) -> list[Record]:
        return real(self, records, page=page) or [r for r in records if r.seq == self.cursor]

    patch.setattr(RoomView, "take", take)


def nothing_is_verified(patch: Patch) -> Shells:
    real = RoomView.welcomed

    def welcomed(self: RoomView, topic: bytes, head: int, now: float) -> bool:
        answer = real(self, topic, head, now)
        self._verify = None
        return answer

    patch.setattr(RoomView, "welcomed", welcomed)
    return Shells(change={"restores": 1, "lasting": 10.0, "steps": 60})


def heads_are_said_once(patch: Patch) -> None:
    real = HeadTimes.due

    def due(self: HeadTimes, now: float) -> list[str]:
        rooms = real(self, now)
        for room in rooms:
            self.forget(room)
        return rooms

    patch.setattr(HeadTimes, "due", due)
    patch.setattr(roomview, "DOUBTED", 1e9)


def a_grant_is_asked_for_once(patch: Patch) -> None:
    patch.setattr("common.client.rooms.ASK_AGAIN", 1e9)
    patch.setattr(roomview, "ASK_AGAIN", 1e9)


def nothing_is_sent_again(patch: Patch) -> None:
    patch.setattr(outbox, "FIRST_TIMEOUT", 1e9)
    patch.setattr(outbox, "LAST_TIMEOUT", 1e9)
    real = Outbox.__init__

    def init(self: Outbox, stream: str, next_n: int, saved: Iterable[Any]) -> None:
        real(self, stream, next_n, saved)
        self._timeout = 1e9

    patch.setattr(Outbox, "__init__", init)


def questions_are_asked_once(patch: Patch) -> None:
    def tick(self: Asking, now: float) -> float:
        return float("inf")

    patch.setattr(Asking, "tick", tick)


def a_leave_that_was_overtaken_is_repeated(patch: Patch) -> None:
    patch.setattr(Asking, "take_back", lambda *_: [])


class ForgetfulClient(ClientNode):
    """Sends before it keeps."""

    def _keep(self, session: ClientSession, items: list[Any]) -> None:
        if self._rng.random() < 0.5:
            super()._keep(session, items)


def messages_are_sent_without_being_kept(_: Patch) -> Shells:
    return Shells(client=ForgetfulClient, change={"client_dies": 0.01})


class HastyClient(ClientNode):
    """Lets what is said be sent before it is known to be on disk (row 29)."""

    def after_commands(self, session: ClientSession) -> None:
        return


def a_message_is_sent_with_its_keeping(_: Patch) -> Shells:
    return Shells(client=HastyClient, change={"full_clients": 4})


@pytest.mark.parametrize(
    "removal",
    [
        no_stream_counter,
        no_order_within_a_stream,
        repeats_unanswered,
        acknowledged_before_the_commit,
        nothing_taken_back_on_a_full_disk,
        no_gap_repair,
        holes_are_shown,
        repeats_are_shown,
        nothing_is_verified,
        heads_are_said_once,
        a_grant_is_asked_for_once,
        nothing_is_sent_again,
        questions_are_asked_once,
        a_leave_that_was_overtaken_is_repeated,
        messages_are_sent_without_being_kept,
        a_message_is_sent_with_its_keeping,
    ],
)
def test_without_this_defence_a_promise_is_broken(
    removal: Removal, monkeypatch: pytest.MonkeyPatch
) -> None:
    shells = removal(monkeypatch) or Shells()
    found = next((seed for seed in range(SEEDS) if failure(seed, shells)), None)
    assert found is not None, f"{SEEDS} seeds found nothing"
    monkeypatch.undo()
    assert not failure(found, Shells(change=shells.change)), "and so it is with the defence"
