"""Sessions side by side on one asyncio loop, as the gateway has them, and what must hold for each:
nothing lost, nothing doubled, one order, whatever dies or is cut.

The tests of other modules that are named here are done once more, by clients on a loop.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from common.client import events as ev
from common.client import link, looplink, session, shared
from common.client.target import Target
from tests.conftest import BrokerFactory
from tests.support import scaled, wait_until
from tests.support.looped import Looped
from tests.support.members import (
    Member,
    assert_in_their_order,
    assert_one_history,
    target_of,
)
from tests.support.programs import BrokerProgram
from tests.system import test_crash_broker, test_network_cuts
from tests.system.conftest import FAST, Join, MakeRelay, Restart

test_rows_1_to_5_a_kill_at = test_crash_broker.test_rows_1_to_5_a_kill_at
test_row_10_the_line_is_cut_around_the_commit = (
    test_network_cuts.test_row_10_the_line_is_cut_around_the_commit
)
test_row_61_the_push_line_is_cut_alone = test_network_cuts.test_row_61_the_push_line_is_cut_alone
test_a_client_lets_go_of_the_sockets_of_a_cut_line = (
    test_network_cuts.test_a_client_lets_go_of_the_sockets_of_a_cut_line
)
short_heartbeats = test_network_cuts.short_heartbeats

MANY = 20


@pytest.fixture
def loop() -> Iterator[Looped]:
    with Looped() as made:
        yield made


@pytest.fixture
def join(loop: Looped) -> Iterator[Join]:
    """As everywhere, with a client on the loop."""
    with ExitStack() as there:

        def enter(
            where: BrokerProgram | Target, nick: str, *, wait: bool = True, **options: Any
        ) -> Member:
            target = where if isinstance(where, Target) else target_of(where)
            member = there.enter_context(Member(target, nick, loop=loop, **options))
            if wait:
                member.ready()
            return member

        yield enter


def _together(join: Join, *targets: Target) -> list[Member]:
    people = [
        join(targets[number % len(targets)], f"person{number}", wait=False)
        for number in range(MANY)
    ]
    for person in people:
        person.ready()
    return people


def _say(people: list[Member], part: int, each: int = 20) -> dict[str, list[str]]:
    said = {
        person.nick: [f"{person.nick} {part}-{number}" for number in range(each)]
        for person in people
    }
    for number in range(each):
        for person in people:
            person.say(said[person.nick][number])
    return said


def _check(people: list[Member], *parts: dict[str, list[str]]) -> None:
    said = {
        person.nick: [text for part in parts for text in part[person.nick]] for person in people
    }
    everything = [text for texts in said.values() for text in texts]
    for person in people:
        for future in person.said:
            future.result(scaled(30))
        person.wait_texts(everything)
    records = assert_one_history(people, everything)
    assert_in_their_order(records, said)
    assert len(records) == len(everything)


def test_a_broker_that_is_killed_and_comes_back(
    broker_factory: BrokerFactory, join: Join, restart: Restart
) -> None:
    first = broker_factory(*FAST)
    people = _together(join, target_of(first))
    before = _say(people, 1)
    people[0].wait_texts(before[people[0].nick][:5])
    first.send_signal(signal.SIGKILL)
    first.wait()
    meanwhile = _say(people, 2)
    for person in people:
        person.wait_event(ev.LinkDown)
    restart(first)
    for person in people:
        person.wait_event(ev.LinkUp)
    _check(people, before, meanwhile, _say(people, 3))


def test_lines_that_are_cut_under_half_of_them(
    broker_factory: BrokerFactory, join: Join, relay: MakeRelay
) -> None:
    broker = broker_factory(*FAST)
    push, sub = relay(broker.pull), relay(broker.pub)
    through = target_of(broker, push=push.address, sub=sub.address)
    people = _together(join, target_of(broker), through)
    parts = []
    for part in range(3):
        mark = people[1].mark()
        parts.append(_say(people, part))
        push.swallow(up=True)
        sub.swallow(down=True)
        parts.append(_say(people, part + 100))
        push.cut()
        sub.cut()
        people[1].wait_event(ev.LinkUp, after=mark)
    _check(people, *parts)


@pytest.fixture
def frugal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Links come to rest soon, however few there are, and silence is noticed soon."""
    monkeypatch.setattr(looplink, "REST", 0.2)
    monkeypatch.setattr(shared, "FEW", 0)
    monkeypatch.setattr(session, "SILENCE", 3.0)


def _at_rest(*people: Member) -> None:
    def sockets() -> list[object]:
        links = [person.client.client._link for person in people]  # type: ignore[union-attr]
        return [one for link in links for one in (link._push, *link._monitors.values()) if one]

    wait_until(lambda: not sockets(), "the links come to rest", saw=sockets)


def test_a_link_at_rest_hears_and_speaks(frugal: None, broker: BrokerProgram, join: Join) -> None:
    """Its PUSH is made anew with what it says, again and again."""
    ada, bob = join(broker, "ada"), join(broker, "bob")
    for round in range(3):
        _at_rest(ada, bob)
        ada.say_all(f"ada {round}")
        bob.wait_texts([f"ada {round}"])
        assert ada.client.ping().result(scaled(5)).time > 0
    _at_rest(ada, bob)
    assert not ada.of_kind(ev.LinkDown)
    assert not bob.of_kind(ev.LinkDown)


def test_links_at_rest_notice_that_the_broker_was_killed(
    frugal: None, broker_factory: BrokerFactory, join: Join, restart: Restart
) -> None:
    """Nobody watches their connections any more. Guards: the sign without a frame, the alarm."""
    first = broker_factory(*FAST)
    people = _together(join, target_of(first))
    _at_rest(*people)
    marks = [person.mark() for person in people]
    first.send_signal(signal.SIGKILL)
    first.wait()
    for person, mark in zip(people, marks, strict=True):
        person.wait_event(ev.LinkDown, 8, after=mark, code="unreachable-refused")
    restart(first)
    for person in people:
        person.wait_event(ev.LinkUp)
    _check(people, _say(people, 1))


@pytest.mark.parametrize("way", ["cut", "frozen"])
def test_a_link_at_rest_notices_that_its_line_is_cut(
    way: str,
    frugal: None,
    short_heartbeats: None,
    broker_factory: BrokerFactory,
    join: Join,
    relay: MakeRelay,
) -> None:
    """Guards: the broker is asked for a word, and its silence ends the link."""
    broker = broker_factory(*FAST)
    push, sub = relay(broker.pull), relay(broker.pub)
    ada = join(target_of(broker, push=push.address, sub=sub.address), "ada")
    bob = join(broker, "bob")
    _at_rest(ada, bob)
    mark = ada.mark()
    if way == "cut":
        sub.cut()
    else:
        sub.freeze()
    ada.wait_event(ev.LinkDown, after=mark)
    bob.say_all("meanwhile")
    sub.cut()
    ada.wait_event(ev.LinkUp, after=mark)
    ada.wait_texts(["meanwhile"])
    assert not bob.of_kind(ev.LinkDown)


def test_a_search_for_the_cause_keeps_nobody_waiting(
    broker: BrokerProgram, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many that cannot get in share one search, and others on the same loop talk meanwhile."""
    asked, go = [], threading.Event()

    def slow(host: str, port: int, timeout: float) -> str:
        asked.append(port)
        go.wait(scaled(20))
        return "silent"

    monkeypatch.setattr(link, "probe", slow)
    ada = join(broker, "ada")
    nowhere = target_of(broker, push="tcp://127.0.0.1:9", sub="tcp://127.0.0.1:9")
    lost = [join(nowhere, f"lost{number}", wait=False) for number in range(MANY)]
    wait_until(lambda: asked, "the cause is searched for")
    ada.say_all("still here")
    go.set()
    for person in lost:
        down = person.wait_event(ev.LinkDown)
        assert down.code == "unreachable-silent"
    assert len(asked) < MANY
