"""The watchman against real sockets: whose bytes come to nothing is found, and nobody else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zmq

from common.broker import watchman
from common.broker.watchman import GROWTH, MUCH, Watchman
from tests.support import wait_until
from tests.system.hostile.raw import MORE, Wire, zmtp

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the watchman needs Linux")

PARTS = zmtp(b"ab", MORE) * (MUCH // 4)
"""As much as makes a suspect, in parts of one message."""


def _at(socket: zmq.Socket[bytes]) -> str:
    return socket.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0")


class Yard:
    """A PULL, and a PUB side, that a watchman looks after; memory grows when it is told to."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.memory = 0
        self.nudges = 0
        self.ended: list[tuple[str, str]] = []
        self.context: zmq.Context[Any] = zmq.Context()
        self.pull = self.context.socket(zmq.PULL)
        self.xpub = self.context.socket(zmq.XPUB)
        for socket in (self.pull, self.xpub):
            socket.linger = 0
            socket.bind("tcp://127.0.0.1:*")
        patch.setattr(Watchman, "_memory", lambda _: self.memory)
        self.watchman = Watchman(
            [_at(self.pull)],
            [_at(self.xpub)],
            lambda address, why: self.ended.append((address, why)),
            self._nudge,
        )
        self.wires: list[Wire] = []

    def _nudge(self) -> None:
        self.nudges += 1

    def wire(self, kind: bytes = b"PUSH") -> Wire:
        wire = Wire(_at(self.pull if kind == b"PUSH" else self.xpub))
        wire.shake(kind)
        self.wires.append(wire)
        return wire

    def grow(self) -> None:
        self.memory += GROWTH + 1

    def suspected(self) -> None:
        def grown() -> object:
            self.grow()
            return self.watchman.suspects

        wait_until(grown, "a suspect")

    def drain(self) -> int:
        """One turn of a loop."""
        count = 0
        while self.pull.poll(20):
            frame = self.pull.recv(zmq.NOBLOCK, copy=False)
            self.watchman.heard(frame.get(zmq.SRCFD))
            count += 1
        self.watchman.turn(count, True)
        return count

    def close(self) -> None:
        self.watchman.close()
        self.watchman.close()
        for wire in self.wires:
            wire.close()
        for socket in (self.pull, self.xpub):
            socket.close()
        self.context.term()


@pytest.fixture
def yard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Yard]:
    yard = Yard(monkeypatch)
    yield yard
    yard.close()


def address_of(wire: Wire) -> str:
    host, port = wire.socket.getsockname()
    return f"{host}:{port}"


def until(yard: Yard, done: Callable[[], object]) -> None:
    def step() -> object:
        yard.drain()
        return done()

    wait_until(step, "the end", saw=lambda: (yard.watchman.suspects, yard.ended))


def test_an_endless_message_is_ended_and_a_long_talk_is_not(yard: Yard) -> None:
    good, bad = yard.wire(), yard.wire()
    good.send(zmtp(b"x" * 60_000) * 20)
    bad.send(PARTS * 2)
    yard.drain()
    yard.suspected()
    good.send(zmtp(b"x" * 60_000) * 20)
    bad.send(PARTS * 2)
    until(yard, lambda: yard.ended)
    assert yard.nudges
    wait_until(bad.ended, "the bad one's end")
    assert [address for address, _ in yard.ended] == [address_of(bad)]
    good.send(zmtp(b"still here"))
    wait_until(lambda: yard.drain() > 0, "the good one")
    assert not good.ended()


def test_nobody_is_judged_before_everything_was_read(yard: Yard) -> None:
    """A loop that is busy has not heard yet whoever talks to it."""
    wire = yard.wire()
    wire.send(zmtp(b"x" * 60_000) * 10)
    yard.suspected()
    wire.send(zmtp(b"x" * 60_000) * 10)
    wait_until(lambda: yard.nudges > 5, "a charge, and patience")
    assert yard.ended == []
    yard.watchman.turn(0, True)  # this turn may have begun before what is waiting came
    assert yard.ended == []
    until(yard, lambda: not yard.watchman.suspects)
    assert yard.ended == []
    assert not wire.ended()


def test_without_growth_nobody_is_looked_at(yard: Yard) -> None:
    wire = yard.wire()
    for _ in range(5):
        wire.send(PARTS)
        yard.drain()
    assert not yard.watchman.suspects
    assert yard.ended == []


def test_who_stops_is_forgiven(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchman, "PROBATION", 0.2)
    wire = yard.wire()
    wire.send(PARTS * 2)
    yard.suspected()
    wait_until(lambda: not yard.watchman.suspects, "the end of probation")
    assert yard.ended == []


def test_on_the_other_side_much_is_enough(yard: Yard) -> None:
    good, bad = yard.wire(b"SUB"), yard.wire(b"SUB")
    good.subscribe(b"room/a/")
    bad.send(zmtp(b"\1room/a/") * (MUCH // 10 + 4_000))
    wait_until(lambda: yard.xpub.poll(10), "the first of it")

    def ended() -> object:
        yard.grow()
        while yard.xpub.poll(0):
            yard.xpub.recv()
        return yard.ended

    wait_until(ended, "the end")
    assert [address for address, _ in yard.ended] == [address_of(bad)]
    assert not good.ended()


def test_one_that_is_thrown_out_by_hand_is_so_once_until_all_is_read(yard: Yard) -> None:
    first = yard.wire()
    first.send(zmtp(b"x"))
    assert yard.pull.poll(5_000)
    fd = yard.pull.recv(copy=False).get(zmq.SRCFD)
    yard.watchman.throw_out(fd, "why")
    wait_until(first.ended, "its end")
    # The system gives the number again at once.
    second = yard.wire()
    yard.watchman.throw_out(fd, "what the first one left")
    second.send(zmtp(b"x"))
    wait_until(lambda: yard.drain() > 0, "the second")
    assert not second.ended()
    assert yard.ended == [(address_of(first), "why")]


def test_what_is_no_connection_of_ours_is_left_alone(yard: Yard) -> None:
    yard.watchman.throw_out(0, "no socket")
    yard.watchman.throw_out(1 << 20, "nothing")
    assert yard.ended == []


def test_over_ipc_there_is_nothing_to_watch() -> None:
    idle = Watchman(["ipc:///tmp/x"], ["inproc://y"], lambda *_: None, lambda: None)
    idle.turn(1, True)
    idle.heard(3)
    idle.close()
