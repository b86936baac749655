"""Getting in: in heavy traffic, two hundred at once, and why it cannot be done.

Rows 15 and 16 of the test list; who comes and who goes, a killed client included; the cause that a
client names when it cannot get in.
"""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from common import keys
from common.client import events as ev
from common.client import target as targets
from common.client.target import Target
from common.runtime import raise_descriptor_limit
from tests.conftest import BrokerFactory
from tests.support import scaled, wait_until
from tests.support.members import Member, assert_in_their_order, assert_one_history, target_of
from tests.support.programs import BrokerProgram, Program
from tests.system.conftest import FAST, Join, Restart

STORM = 200


def test_row_15_joining_in_heavy_traffic(broker_factory: BrokerFactory, join: Join) -> None:
    """Whoever joins gets everything from where it was told to begin, without a hole (B).

    Guards: the sign that a grant is followed by, and fetching up to the head it carries."""
    broker = broker_factory(*FAST)
    writers = [join(broker, f"writer{number}") for number in range(4)]
    said = {writer.nick: [f"{writer.nick} {n}" for n in range(1_500)] for writer in writers}
    newcomers: list[Member] = []
    for part in range(6):
        for writer in writers:
            writer.say(*said[writer.nick][part * 250 : (part + 1) * 250])
        nick = f"newcomer{part}"
        since = {"since": {"general": 0}} if part % 2 else {}
        newcomers.append(join(broker, nick, **since))
    everything = [text for texts in said.values() for text in texts]
    for writer in writers:
        writer.wait_texts(everything)
    last = writers[0].records()[-1].seq
    for part, newcomer in enumerate(newcomers):
        told = newcomer.ready().rooms["general"]
        wait_until(
            lambda: newcomer.records()[-1:] == writers[0].records()[-1:],  # noqa: B023
            f"{newcomer.nick} has come to the end",
        )
        first = newcomer.records()[0].seq
        assert first == 1 if part % 2 else first <= told + 1
    records = assert_one_history([*writers, *newcomers], everything)
    assert len(records) == last == 6_000
    assert_in_their_order(records, said)


def test_row_16_a_reconnect_storm(broker_factory: BrokerFactory, restart: Restart) -> None:
    """Two hundred clients lose their broker and come back at once: nothing is lost (F G)."""
    raise_descriptor_limit()
    first = broker_factory(*FAST)
    with ExitStack() as there:
        people = [
            there.enter_context(Member(target_of(first), f"member{number}", join_timeout=60))
            for number in range(STORM)
        ]
        for person in people:
            person.ready(60)
        people[0].say_all("before")
        first.kill()
        people[1].say("while it is away")
        second = restart(first)
        begun = time.monotonic()
        for person in people:
            person.wait_event(ev.LinkUp, 60)
        took = time.monotonic() - begun
        people[2].say_all("after")
        for person in people:
            person.wait_texts(["before", "while it is away", "after"], timeout=30)
        assert len(assert_one_history(people)) == 3
        print(f"{STORM} clients back {took:.2f} s after the broker")
        wait_until(
            lambda: len(people[0].client.who("general").result(scaled(10)).people) == STORM,
            "everybody is listed",
        )
        assert second.stop() == 0


# --- who is there ---------------------------------------------------------------------------------


def test_joined_and_left_are_told_once_and_a_killed_client_is_noticed(
    broker_factory: BrokerFactory, join: Join, tmp_path: Path
) -> None:
    """kill -9 of a client: `left` within 5 seconds, with the shipped time-outs.

    Only the grace after the broker's start, in which nobody's coming is told, is over at once."""
    broker = broker_factory(alter=["common.broker.lobby.BOOT_GRACE=0.05"])
    witness = join(broker, "witness")
    bob = join(broker, "bob")
    witness.wait_event(ev.Presence, kind="joined", nick="bob")
    bob.client.close()
    witness.wait_event(ev.Presence, kind="left", nick="bob")
    words = [sys.executable, "-m", "tests.support.talker", broker.link, "ada", str(tmp_path)]
    with Program(words) as ada:
        ada.wait_json(15, type="ready")
        witness.wait_event(ev.Presence, kind="joined", nick="ada")
        ada.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        witness.wait_event(ev.Presence, kind="left", nick="ada")
        assert time.monotonic() - killed < scaled(5)
    told = [(event.kind, event.nick) for event in witness.of_kind(ev.Presence)]
    assert told == [("joined", "bob"), ("left", "bob"), ("joined", "ada"), ("left", "ada")]


def test_a_restart_of_the_broker_is_nobody_s_departure(
    broker_factory: BrokerFactory, restart: Restart, join: Join
) -> None:
    """The grace after its start hides that everybody had to come back."""
    first = broker_factory()
    people = [join(first, nick) for nick in ("ada", "bob")]
    marks = [person.mark() for person in people]
    first.kill()
    second = restart(first, alter=["common.broker.lobby.BOOT_GRACE=2.0"])
    for person, mark in zip(people, marks, strict=True):
        person.wait_event(ev.LinkUp, after=mark)
    late = join(second, "late")
    wait_until(
        lambda: len(late.client.who("general").result(scaled(10)).people) == 3, "all are there"
    )
    leaving = join(second, "leaving")
    leaving.client.close()
    for person, mark in zip(people, marks, strict=True):
        nicks = {event.nick for event in person.of_kind(ev.Presence, mark)}
        assert not nicks & {"ada", "bob"}


# --- why not --------------------------------------------------------------------------------------


@pytest.fixture
def silent() -> Iterator[str]:
    """Something that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def closed() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"tcp://127.0.0.1:{listener.getsockname()[1]}"


def _cause(target: Target, timeout: float = 2.0, pair: keys.KeyPair | None = None) -> ev.Failed:
    with Member(target, "ada", pair=pair, join_timeout=timeout) as ada:
        return ada.wait_event(ev.Failed, timeout + 10)


def test_the_cause_nobody_listens(closed: str) -> None:
    key = keys.generate().public
    assert _cause(targets.explicit(closed, closed, key)).code == "unreachable-refused"


def test_the_cause_something_else_that_says_nothing(silent: str) -> None:
    """Also where the handshake's own time limit ends first: silence is not a wrong key."""
    target = targets.explicit(silent, silent, keys.generate().public)
    assert _cause(target, 1.0).code == "not-causette"
    assert _cause(target, 4.6).code in {"not-causette", "no-answer"}


def test_the_cause_another_key(broker: BrokerProgram) -> None:
    target = targets.explicit(broker.pull, broker.pub, keys.generate().public)
    assert _cause(target).code == "wrong-key"


def test_the_cause_one_side_does_not_encrypt(
    broker: BrokerProgram, broker_factory: BrokerFactory, tmp_path: Path
) -> None:
    assert _cause(targets.explicit(broker.pull, broker.pub, None)).code == "plain-mismatch"
    plain = broker_factory("--plain", data_dir=tmp_path / "plain")
    key = keys.generate().public
    assert _cause(targets.explicit(plain.pull, plain.pub, key)).code in {
        "wrong-key",
        "plain-mismatch",
    }


def test_the_cause_a_nickname_that_is_another_s(broker: BrokerProgram, join: Join) -> None:
    join(broker, "ada")
    assert _cause(target_of(broker)).code == "nick-taken"


def test_a_broker_that_stands_still_is_waited_for_and_not_taken_for_another(
    broker: BrokerProgram,
) -> None:
    """Its system takes the connection, nobody answers: that says nothing about its key (row 12)."""
    broker.send_signal(signal.SIGSTOP)
    try:
        with Member(target_of(broker), "ada", join_timeout=30) as ada:
            ada.wait_event(ev.LinkDown, 12)
            assert ada.of_kind(ev.Failed) == []
            broker.send_signal(signal.SIGCONT)
            ada.ready(25)
    finally:
        broker.send_signal(signal.SIGCONT)
