"""Whose turn it is when a broker is not where it was, and when anybody looks for it at all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from common.client import following
from common.client.following import Following
from common.client.target import Target
from common.lan import browse, permission
from common.lan.found import Found
from tests.support import wait_until

KEY = "ab" * 32
HOME = Target(
    push="tcp://10.0.0.1:5555",
    sub="tcp://10.0.0.1:5556",
    card="tcp://10.0.0.1:5557",
    key=KEY,
    name="Salle B204",
    plain=False,
    label="10.0.0.1:5555",
    code="SOME-CODE",
)
SERVER = Found(
    name="Salle B204", key=KEY, hosts=("10.0.0.7", "10.0.0.8"), pull=5555, pub=6000, card=None
)


class FakeWatch:
    """In the place of the network."""

    made: list[FakeWatch]

    def __init__(self, on_change: Callable[[list[Found]], object]) -> None:
        self.servers: list[Found] = []
        self.closed = False
        self._on_change = on_change
        FakeWatch.made.append(self)

    def start(self) -> None:
        """Begin."""

    def close(self) -> None:
        self.closed = True

    def hear(self, *servers: Found) -> None:
        self.servers = list(servers)
        self._on_change(self.servers)


class Owner:
    """Whoever owns the session: runs what was posted to it."""

    def __init__(self) -> None:
        self.commands: list[Callable[[], None]] = []
        self.relocated = 0
        self.moved: list[Target] = []
        self.following = Following(HOME, self.commands.append, self._relocate, self.moved.append)

    def _relocate(self) -> None:
        self.relocated += 1

    def run(self) -> None:
        """Wait for something to be posted, and do all of it."""
        wait_until(lambda: self.commands, "something is posted")
        while self.commands:
            self.commands.pop(0)()

    def next(self) -> str:
        return self.following.next(self.following._given).push


@pytest.fixture
def owner(monkeypatch: pytest.MonkeyPatch) -> Iterator[Owner]:
    FakeWatch.made = []
    monkeypatch.setattr(browse, "Watch", FakeWatch)
    monkeypatch.setenv(permission.FORBIDDEN, "")
    monkeypatch.setattr(following, "PATIENCE", 0.05)
    owner = Owner()
    yield owner
    owner.following.close()
    wait_until(lambda: following._LOOKOUT._thread is None, "nobody looks any more")
    assert all(watch.closed for watch in FakeWatch.made)


def watching() -> FakeWatch:
    wait_until(lambda: FakeWatch.made, "somebody looks")
    return FakeWatch.made[-1]


def test_a_short_cut_is_waited_out(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PATIENCE", 60.0)
    for _ in range(5):
        assert owner.next() == HOME.push
    owner.following.arrived()
    wait_until(lambda: following._LOOKOUT._thread is None, "nobody looks")
    assert FakeWatch.made == []
    assert owner.moved == []


def test_it_is_found_elsewhere_and_the_address_is_learned(owner: Owner) -> None:
    owner.next()
    watching().hear(replace(SERVER, key="cd" * 32), SERVER)
    owner.run()
    assert owner.relocated == 1
    assert [owner.next() for _ in range(4)] == [
        "tcp://10.0.0.7:5555",
        HOME.push,
        "tcp://10.0.0.8:5555",
        HOME.push,
    ]
    assert owner.next() == "tcp://10.0.0.7:5555"
    owner.following.arrived()
    [met] = owner.moved
    assert (met.push, met.sub, met.label) == (
        "tcp://10.0.0.7:5555",
        "tcp://10.0.0.7:6000",
        "10.0.0.7:5555",
    )
    assert (met.key, met.code, met.name) == (HOME.key, HOME.code, HOME.name)
    # From there on that is where it lives.
    assert owner.next() == met.push
    owner.following.arrived()
    assert owner.moved == [met]


def test_whoever_announces_many_addresses_keeps_nobody_from_the_known_one(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner.next()
    watch = watching()
    monkeypatch.setattr(following, "PATIENCE", 60.0)
    tried = []
    for number in range(20):
        watch.hear(replace(SERVER, hosts=(f"10.66.0.{number}",)))
        owner.run()
        tried.append(owner.next())
    assert tried.count(HOME.push) == 10
    assert owner.relocated == 1, "and nothing that is under way is given up for each of them"


def test_one_that_is_announced_where_it_was_is_not_hurried(owner: Owner) -> None:
    owner.next()
    watching().hear(replace(SERVER, hosts=("10.0.0.1",)))
    owner.run()
    assert owner.relocated == 0
    assert owner.next() == HOME.push


def test_with_a_second_address_both_are_tried(owner: Owner) -> None:
    owner.next()
    watching().hear(replace(SERVER, hosts=("10.0.0.1", "192.168.7.1")))
    owner.run()
    assert owner.relocated == 0, "it is announced where it is tried"
    assert {owner.next(), owner.next()} == {HOME.push, "tcp://192.168.7.1:5555"}


def test_nothing_is_looked_for_where_that_is_forbidden(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(permission.FORBIDDEN, "1")
    owner.next()
    assert following._LOOKOUT._thread is None


def test_what_is_heard_too_late_does_not_matter(owner: Owner) -> None:
    owner.next()
    watch = watching()
    watch.hear(SERVER)
    wait_until(lambda: owner.commands, "it is posted")
    owner.following.arrived()
    owner.run()
    assert owner.relocated == 0
    assert owner.next() == HOME.push


def test_many_sessions_look_once(owner: Owner) -> None:
    """As a gateway's hundreds."""
    others = [Owner() for _ in range(20)]
    for one in (owner, *others):
        one.next()
    watching().hear(SERVER)
    for one in (owner, *others):
        one.run()
        assert one.next() == "tcp://10.0.0.7:5555"
    late = Owner()
    late.next()
    late.run()
    assert late.next() == "tcp://10.0.0.7:5555"
    assert len(FakeWatch.made) == 1
    for one in (*others, late):
        one.following.close()
    assert sum(thread.name == "causette-lookout" for thread in threading.enumerate()) == 1


def test_a_session_that_was_sent_elsewhere_calls_that_its_home(owner: Owner) -> None:
    """`move`, of whoever runs the session."""
    other = replace(HOME, push="tcp://10.0.0.3:5555")
    assert owner.following.next(other) is other
    assert owner.next() == other.push
    owner.following.arrived()
    assert owner.moved == []
