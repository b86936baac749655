"""What the tests with real processes share: brokers that come back, people, relays.

Everything that a fixture here made is ended at the end of its test, also when that failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from common.client.target import Target
from tests.conftest import BrokerFactory
from tests.support import wait_until
from tests.support.members import Member, target_of
from tests.support.programs import BrokerProgram, same_place
from tests.support.relay import Relay, Tap

FAST = ("--rate", "1000000", "--burst", "1000000")
"""No limit on how fast a test may talk."""

Join = Callable[..., Member]
Restart = Callable[..., BrokerProgram]
MakeRelay = Callable[..., Relay]


@pytest.fixture
def join() -> Iterator[Join]:
    """`join(broker or target, nick, **options)`: somebody who is in; `wait=False` who may not be.

    Options are those of `Member`.
    """
    with ExitStack() as there:

        def enter(
            where: BrokerProgram | Target, nick: str, *, wait: bool = True, **options: Any
        ) -> Member:
            target = where if isinstance(where, Target) else target_of(where)
            member = there.enter_context(Member(target, nick, **options))
            if wait:
                member.ready()
            return member

        yield enter


@pytest.fixture
def restart(broker_factory: BrokerFactory) -> Restart:
    """`restart(broker, *args, **options)`: one more on the same data and ports; the first has
    ended. Options are those of `start_broker`."""

    def again(broker: BrokerProgram, *args: str, **options: Any) -> BrokerProgram:
        assert broker.process.poll() is not None, "the first one still runs"
        place = same_place(broker)
        # The port of a broker that is away may be lent to an outgoing connection for a moment, even
        # of a client that tries to reach it: one can be connected to itself so.
        return wait_until(
            lambda: broker_factory(
                *FAST, *place, *args, data_dir=broker.data_dir, wildcard=False, **options
            ),
            "the broker serves at its old place",
        )

    return again


@pytest.fixture
def relay() -> Iterator[MakeRelay]:
    """`relay(address, tap=...)`: a line to there that can be cut; see `tests.support.relay`."""
    with ExitStack() as running:

        def make(target: str, *, tap: Tap | None = None) -> Relay:
            return running.enter_context(Relay(target, tap=tap))

        yield make
