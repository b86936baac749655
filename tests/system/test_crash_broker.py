"""The broker killed between two of its steps, and back on the same ports and data.

Rows 1 to 5 of the test list, by the fault points of the shipped process, and row 31 (SIGTERM under
load) with what belongs to an orderly end.
"""

from __future__ import annotations

import signal
import time

import pytest

from common.client import events as ev
from tests.conftest import BrokerFactory
from tests.support import scaled, wait_until
from tests.support.files import stored
from tests.support.members import (
    GENERAL,
    assert_in_their_order,
    assert_one_history,
    pages,
    target_of,
)
from tests.support.programs import BrokerProgram
from tests.system.conftest import FAST, Join, MakeRelay, Restart

TEA = "tea"


def _lines(nick: str, count: int) -> list[str]:
    return [f"{nick} says {number}" for number in range(count)]


def _ended_by_itself(broker: BrokerProgram) -> int:
    wait_until(lambda: broker.process.poll() is not None, "the broker dies at its fault point")
    return broker.wait()


@pytest.mark.parametrize(
    ("row", "point", "nth"),
    [
        (1, "received", 2),
        (2, "insert", 2),
        (3, "commit", 2),
        (5, "publish", 2),
        (4, "published", 2),
    ],
)
def test_rows_1_to_5_a_kill_at(
    row: int,
    point: str,
    nth: int,
    broker_factory: BrokerFactory,
    restart: Restart,
    join: Join,
) -> None:
    """Whatever it had got to: acknowledged is in the log (A), everything once (B), in one order
    (C). Guards: publish after commit, numbers of streams, their fold at the start."""
    first = broker_factory(*FAST)
    both = (GENERAL, TEA)
    ada, bob, eve = (join(first, nick, rooms=both) for nick in ("ada", "bob", "eve"))
    ada.say_all("before", room=GENERAL)
    bob.say_all("before", room=TEA)
    assert first.stop() == 0

    second = restart(first, env={"CAUSETTE_FAULT": f"{point}:{nth}"})
    for person in (ada, bob, eve):
        person.wait_event(ev.LinkUp)
    said: dict[str, dict[str, list[str]]] = {GENERAL: {}, TEA: {}}
    for part in range(2):
        for person in (ada, bob):
            for number in range(75):
                for room in both:
                    text = f"{person.nick} says {part}-{number} in {room}"
                    said[room].setdefault(person.nick, []).append(text)
                    person.say(text, room=room)
        wait_until(
            lambda: ada.said[-1].done() or second.process.poll() is not None,
            "the first part is stored, so that there is a second transaction",
        )
    assert _ended_by_itself(second) == -signal.SIGKILL

    # What the dead one left: at most what was told, never less.
    on_disk = {room: {record.text for record in stored(first.data_dir, room)} for room in both}
    for person in (ada, bob, eve):
        for room in both:
            assert {r.text for r in person.records(room)} <= on_disk[room], "published, not stored"
    if point == "commit":
        assert any(on_disk[room].difference(eve.texts(room)) for room in both), "nothing to repair"

    third = restart(first)
    for person in (ada, bob):
        for future in person.said:
            future.result(scaled(20))
    late = join(third, "late", rooms=both, since=dict.fromkeys(both, 0))
    for room in both:
        everything = [text for texts in said[room].values() for text in texts]
        for person in (ada, bob, eve, late):
            person.wait_texts(everything, room)
        records = assert_one_history((ada, bob, eve, late), [*everything, "before"], room)
        assert_in_their_order(records, said[room])
        assert pages(late.client.history, room) == late.records(room)


def test_row_31_sigterm_under_load(
    broker_factory: BrokerFactory, restart: Restart, join: Join
) -> None:
    """Exit 0 within 2 s, everything acknowledged is there, people are told, and come back."""
    first = broker_factory(*FAST)
    writers = [join(first, f"writer{number}") for number in range(4)]
    idle = join(first, "idle", rooms=["quiet"])
    said = {writer.nick: _lines(writer.nick, 2_000) for writer in writers}
    for writer in writers:
        writer.say(*said[writer.nick])
    wait_until(lambda: any(w.records() for w in writers), "the first messages are stored")

    begun = time.monotonic()
    status = first.stop(signal.SIGTERM)
    took = time.monotonic() - begun
    assert status == 0, first.describe()
    assert took < scaled(2), f"it took {took:.1f} s"
    assert "Traceback" not in "\n".join(first.lines("stderr"))
    assert idle.wait_event(ev.LinkDown).code == "stopping"
    for writer in writers:  # where much is on its way, the end of the other line may come first
        assert writer.wait_event(ev.LinkDown).code in ("stopping", "link-lost")
    told = {f.result().id for w in writers for f in w.said if f.done()}
    assert told <= {record.id for record in stored(first.data_dir)}

    second = restart(first)
    late = join(second, "late", since={GENERAL: 0})
    for writer in writers:
        writer.wait_event(ev.LinkUp)
        for future in writer.said:
            future.result(scaled(30))
    everything = [text for texts in said.values() for text in texts]
    for person in (*writers, late):
        person.wait_texts(everything)
    records = assert_one_history([*writers, late], everything)
    assert_in_their_order(records, said)


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_the_broker_stops_at_once_and_ready_json_goes_with_it(
    sig: signal.Signals, broker_factory: BrokerFactory, join: Join
) -> None:
    """Idle, with somebody there who hears of it."""
    broker = broker_factory()
    ready_file = broker.data_dir / "broker" / "ready.json"
    assert ready_file.exists()
    ada = join(broker, "ada")
    begun = time.monotonic()
    assert broker.stop(sig) == 0
    assert time.monotonic() - begun < scaled(2)
    assert not ready_file.exists()
    assert ada.wait_event(ev.LinkDown).code == "stopping"


def test_a_subscriber_that_reads_nothing_does_not_hold_up_the_end(
    broker_factory: BrokerFactory, join: Join, relay: MakeRelay
) -> None:
    """Part of row 31: what is queued for a frozen line is given up within the 2 seconds."""
    broker = broker_factory(*FAST)
    line = relay(broker.pub)
    slow = join(target_of(broker, sub=line.address), "slow")
    ada = join(broker, "ada")
    line.freeze()
    ada.say_all(*["x" * 15_000 for _ in range(600)])
    begun = time.monotonic()
    assert broker.stop() == 0
    assert time.monotonic() - begun < scaled(2)
    assert len(slow.records()) < 600


def test_a_killed_broker_leaves_a_ready_json_that_the_next_one_replaces(
    broker_factory: BrokerFactory, restart: Restart
) -> None:
    first = broker_factory()
    ready_file = first.data_dir / "broker" / "ready.json"
    before = ready_file.read_bytes()
    first.kill()
    assert ready_file.read_bytes() == before
    second = restart(first)
    assert str(second.pid).encode() in ready_file.read_bytes()
    assert second.stop() == 0
    assert not ready_file.exists()
