"""Lines that are cut, half-open or silent, through a relay between the shipped programs.

Rows 10, 11, 12, 61 and 63 of the test list. Time-outs of minutes are made short by other values of
the shipped constants (`tests.support.altered` for the broker, monkeypatch for the library).
"""

from __future__ import annotations

import signal

import pytest

from common.client import events as ev
from common.client import link
from tests.conftest import BrokerFactory
from tests.support import scaled, wait_until
from tests.support.members import (
    Member,
    assert_in_their_order,
    assert_one_history,
    pages,
    target_of,
)
from tests.support.programs import BrokerProgram
from tests.support.wire import Wire
from tests.system.conftest import FAST, Join, MakeRelay

SHORT = (
    "common.broker.sockets.HEARTBEAT=300",
    "common.broker.sockets.VANISHED=1200",
    "common.broker.core.GRACE=0.5",
    "common.broker.lobby.BOOT_GRACE=0.1",
)
QUICK = ("common.broker.core.GRACE=0.2", "common.broker.lobby.BOOT_GRACE=0.05")
STREAM = "0123456789abcdef"


@pytest.fixture
def short_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "HEARTBEAT", 300)
    monkeypatch.setattr(link, "VANISHED", 1_200)


@pytest.mark.parametrize("when", ["before", "after"])
def test_row_10_the_line_is_cut_around_the_commit(
    when: str, broker: BrokerProgram, join: Join, relay: MakeRelay
) -> None:
    """Lost before it came, or stored and its echo lost: it is there once, and known to be (A B).

    Guards: sending again on the next link, and the recognition of what was taken."""
    push, sub = relay(broker.pull), relay(broker.pub)
    ada = join(target_of(broker, push=push.address, sub=sub.address), "ada")
    witness = join(broker, "witness")
    ada.say_all("one")
    witness.wait_texts(["one"])
    if when == "before":
        push.swallow(up=True)
    else:
        sub.swallow(down=True)
    (two,) = ada.say("two")
    if when == "after":
        witness.wait_texts(["two"])
    else:
        # It went into the line that swallows: a round trip of somebody else's proves nothing came.
        wait_until(lambda: ada.client.unsent() == 1, "it is under way")
        witness.client.ping().result(scaled(10))
        assert witness.texts() == ["one"]
    assert not two.done()
    push.cut()
    sub.cut()
    assert two.result(scaled(10)).seq == 2
    ada.say_all("three")
    for member in (ada, witness):
        member.wait_texts(["one", "two", "three"])
    assert_one_history((ada, witness), ["one", "two", "three"])
    assert len(pages(witness.client.history)) == 3


def test_row_61_the_push_line_is_cut_alone(
    broker_factory: BrokerFactory, join: Join, relay: MakeRelay
) -> None:
    """Twenty times under load, losing what was on its way: one's lines keep their order (C)."""
    broker = broker_factory(*FAST)
    push = relay(broker.pull)
    ada = join(target_of(broker, push=push.address), "ada")
    witness = join(broker, "witness")
    said: list[str] = []
    for cut in range(20):
        mark = ada.mark()
        texts = [f"{cut}-{number}" for number in range(150)]
        said += texts
        ada.say(*texts[:50])
        witness.wait_texts(texts[:1])
        push.swallow(up=True)
        ada.say(*texts[50:])
        push.cut()
        ada.wait_event(ev.LinkUp, after=mark)
    for future in ada.said:
        future.result(scaled(20))
    for member in (ada, witness):
        member.wait_texts(said)
    records = assert_one_history((ada, witness), said)
    assert_in_their_order(records, {"ada": said})
    assert len(records) == len(said)


def test_a_client_lets_go_of_the_sockets_of_a_cut_line(
    broker_factory: BrokerFactory, join: Join, relay: MakeRelay
) -> None:
    """Cut with much to send, again and again, it ends all the same when it is told to.

    Guards: `link.NEVER`; with ZMQ_RECONNECT_IVL -1 two in five clients never ended (libzmq)."""
    broker = broker_factory(*FAST)
    push = relay(broker.pull)
    witness = join(broker, "witness")
    for nick in ("ada", "bob", "cleo", "dan", "eve", "finn"):
        member = join(target_of(broker, push=push.address), nick)
        for cut in range(6):
            mark = member.mark()
            texts = [f"{nick} {cut}-{number}" for number in range(150)]
            member.say(*texts[:50])
            witness.wait_texts(texts[:1])
            push.swallow(up=True)
            member.say(*texts[50:])
            push.cut()
            member.wait_event(ev.LinkUp, after=mark)
        for future in member.said:
            future.result(scaled(20))
        member.client.close(scaled(3))
        assert member.ended, f"{nick}'s client does not end"


def test_row_61_the_same_for_a_foreign_client_that_lets_libzmq_reconnect(
    broker: BrokerProgram, join: Join, relay: MakeRelay
) -> None:
    """What is sent after the cut does not overtake what was lost in it (C).

    Guards: a stream's numbers are taken densely, and a hole is asked for once."""
    push = relay(broker.pull)
    witness = join(broker, "witness")
    with Wire(target_of(broker, push=push.address), reconnects=True) as ada:
        ada.hello("ada", STREAM, ["general"])
        for n in range(1, 6):
            ada.say(n, f"line {n}")
        witness.wait_texts(["line 5"])
        push.swallow(up=True)
        for n in range(6, 11):
            ada.say(n, f"line {n}")
        witness.client.ping().result(scaled(10))
        wait_until(lambda: push.swallowed >= 5 * 120, "they are lost on the line")
        push.cut()
        wait_until(lambda: push.accepted == 2, "libzmq has connected again")
        for n in range(11, 16):
            ada.say(n, f"line {n}")
        assert ada.answer(type="resend")["from"] == 6
        for n in range(6, 16):
            ada.say(n, f"line {n}")
        witness.wait_texts(["line 15"])
        assert witness.texts() == [f"line {n}" for n in range(1, 16)]
        assert len([answer for answer in ada.told if answer["type"] == "resend"]) == 1


@pytest.mark.parametrize("way", ["up", "down", "both"])
def test_row_11_half_open(
    way: str,
    broker_factory: BrokerFactory,
    join: Join,
    relay: MakeRelay,
    short_heartbeats: None,
) -> None:
    """Nothing is forwarded and nobody is told: both ends find out, and all is made up for (G).

    Guards: the heartbeats of both ends."""
    broker = broker_factory(*FAST, alter=SHORT)
    push, sub = relay(broker.pull), relay(broker.pub)
    ada = join(target_of(broker, push=push.address, sub=sub.address), "ada")
    witness = join(broker, "witness")
    ada.say_all("before")
    mark, seen = ada.mark(), witness.mark()
    for line in (push, sub):
        line.freeze(up=way != "down", down=way != "up")
        line.refuse()
    ada.say("from the dark")
    witness.say_all("unheard")
    ada.wait_event(ev.LinkDown, 8, after=mark)
    witness.wait_event(ev.Presence, 8, after=seen, kind="left", nick="ada")
    for line in (push, sub):
        line.refuse(False)
    ada.wait_event(ev.LinkUp, 15, after=mark)
    witness.wait_event(ev.Presence, 8, after=seen, kind="joined", nick="ada")
    for member in (ada, witness):
        member.wait_texts(["before", "from the dark", "unheard"])
    assert_one_history((ada, witness), ["before", "from the dark", "unheard"])


def test_row_12_the_broker_is_stopped_beyond_the_time_out_and_goes_on(
    broker_factory: BrokerFactory, join: Join, short_heartbeats: None
) -> None:
    """SIGSTOP, then SIGCONT: what was said meanwhile is stored once, nobody missed anything."""
    broker = broker_factory(*FAST, alter=SHORT)
    members = [join(broker, nick) for nick in ("ada", "bob")]
    ada, bob = members
    ada.say_all("before")
    marks = [member.mark() for member in members]
    broker.send_signal(signal.SIGSTOP)
    try:
        ada.say("while it stands")
        for member, mark in zip(members, marks, strict=True):
            member.wait_event(ev.LinkDown, 10, after=mark)
        bob.say("while it stands, bob")
    finally:
        broker.send_signal(signal.SIGCONT)
    for member, mark in zip(members, marks, strict=True):
        member.wait_event(ev.LinkUp, 20, after=mark)
    texts = ["before", "while it stands", "while it stands, bob"]
    for member in members:
        member.wait_texts(texts)
    assert len(assert_one_history(members, texts)) == 3


def test_row_63_a_half_open_predecessor_dies_after_its_session_came_back(
    broker_factory: BrokerFactory, join: Join, relay: MakeRelay
) -> None:
    """The broker learns late that a line is gone whose owner is long back: nobody goes offline.

    Guards: a fresh session on every way in."""
    broker = broker_factory(*FAST, alter=QUICK)
    witness = join(broker, "witness")
    push, sub = relay(broker.pull), relay(broker.pub)
    ada = join(target_of(broker, push=push.address, sub=sub.address), "ada")
    witness.wait_event(ev.Presence, kind="joined", nick="ada")
    mark, seen = ada.mark(), witness.mark()
    push.vanish()
    sub.vanish()
    ada.wait_event(ev.LinkUp, after=mark)
    push.bury()
    sub.bury()
    _nobody_left(broker, join, witness, seen)
    assert [person.nick for person in witness.client.who("general").result(10).people] == [
        "ada",
        "late",
        "witness",
    ]
    ada.say_all("still here")
    witness.wait_texts(["still here"])


def test_row_63_the_same_for_a_foreign_client_that_lets_libzmq_reconnect(
    broker_factory: BrokerFactory, join: Join, relay: MakeRelay
) -> None:
    """One inbox on two connections, of which the first is dead: its end is not the session's.

    Guards: `Session.outlived`, which counts the connections that were replaced."""
    broker = broker_factory(*FAST, alter=QUICK)
    witness = join(broker, "witness")
    push, sub = relay(broker.pull), relay(broker.pub)
    target = target_of(broker, push=push.address, sub=sub.address)
    with Wire(target, reconnects=True) as ada:
        ada.hello("ada", STREAM, ["general"])
        witness.wait_event(ev.Presence, kind="joined", nick="ada")
        greeted = len(ada.told)
        sub.vanish()
        ada.answer(after=greeted, type="greet")
        ada.hello("ada", STREAM, ["general"])
        seen = witness.mark()
        sub.bury()
        _nobody_left(broker, join, witness, seen)
        ada.say(1, "still here")
        witness.wait_texts(["still here"])
        wait_until(lambda: any(line.get("text") for line in ada.hears()), "it hears the room")


def _nobody_left(broker: BrokerProgram, join: Join, witness: Member, seen: int) -> None:
    """Somebody comes and goes: by then anybody who went before would have been reported."""
    late = join(broker, "late")
    gone = join(broker, "gone")
    gone.client.close()
    witness.wait_event(ev.Presence, after=seen, kind="left", nick="gone")
    with Wire(target_of(broker)) as vanishing:
        vanishing.hello("vanishing", "f" * 16, ["general"])
        witness.wait_event(ev.Presence, after=seen, kind="joined", nick="vanishing")
    # Its grace is the same, and began later.
    witness.wait_event(ev.Presence, after=seen, kind="left", nick="vanishing")
    left = [event.nick for event in witness.of_kind(ev.Presence, seen) if event.kind == "left"]
    assert left == ["gone", "vanishing"]
    assert late.of_kind(ev.LinkDown) == []
