"""Who is put out is told why, and both connections are closed, whatever their program does (rows
38 and 40, with raw sockets)."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
import zmq

from common import keys
from tests.conftest import BrokerFactory
from tests.support import wait_until
from tests.support.members import target_of
from tests.support.programs import BrokerProgram
from tests.support.wire import Wire
from tests.system.conftest import FAST, Join


def ready_of(broker: BrokerProgram) -> dict[str, Any]:
    text = (broker.data_dir / "broker" / "ready.json").read_text("utf-8")
    said: dict[str, Any] = json.loads(text)
    return said


def hello(wire: Wire, nick: str, **more: object) -> None:
    wire.answer(type="greet")
    stream = (nick.encode().hex() + "0" * 16)[:16]
    wire.push({"type": "hello", "protocol": 1, "nick": nick, "stream": stream, "rooms": [], **more})


def own(broker: BrokerProgram, wire: Wire) -> None:
    """Comes in with the claim that stands in `ready.json`."""
    hello(wire, "olga", code=ready_of(broker)["claim"])
    assert wire.answer(type="welcome")["role"] == "owner"


def test_the_claim_is_told_until_it_was_used_once(broker: BrokerProgram) -> None:
    claim = ready_of(broker)["claim"]
    assert claim.startswith("claim-")
    assert len(claim) > 30
    target = target_of(broker)
    with Wire(target) as stranger:
        hello(stranger, "eve", code="claim-" + "0" * 32)
        assert "role" not in stranger.answer(type="welcome")
    with Wire(target) as owner, Wire(target) as late:
        own(broker, owner)
        wait_until(lambda: "claim" not in ready_of(broker), "the file forgets it")
        assert ready_of(broker)["key"] == broker.key
        hello(late, "late", code=claim)
        assert "role" not in late.answer(type="welcome")


def test_a_broker_that_has_an_owner_tells_no_claim(broker_factory: BrokerFactory) -> None:
    broker = broker_factory()
    with Wire(target_of(broker)) as owner:
        own(broker, owner)
    broker.stop()
    assert "claim" not in ready_of(broker_factory())


def test_without_encryption_there_is_nothing_to_claim(broker_factory: BrokerFactory) -> None:
    assert "claim" not in ready_of(broker_factory("--plain"))


@pytest.mark.parametrize("deed", ["kick", "ban"])
def test_who_is_put_out_reads_why_and_both_connections_are_closed(
    broker_factory: BrokerFactory, join: Join, deed: str
) -> None:
    broker = broker_factory(*FAST)
    target, pair = target_of(broker), keys.generate()
    ada = join(broker, "ada")
    with Wire(target) as owner, Wire(target, pair=pair) as eve:
        own(broker, owner)
        eve.hello("eve", "e" * 16, ["general"])
        sub, push = eve.closing("sub"), eve.closing("push")
        owner.push({"type": deed, "id": "d", "nick": "eve", "reason": "enough", "seconds": 600})
        owner.answer(type="done", id="d")
        what = {"kick": "kicked", "ban": "banned"}[deed]
        assert eve.answer(type="notice", what=what)["reason"] == "enough"
        assert sub.poll(5_000), "she is still subscribed"
        # A raw program is under no obligation to close its way in; it goes on sending.
        assert not push.poll(0), "closed before it had sent anything"
        heard = len(eve.hears())
        for n in range(1, 4):
            eve.say(n, "you cannot stop me")
        assert push.poll(5_000), "she may still send"
        ada.say_all("is she gone?")
        ada.wait_texts(["is she gone?"])
        assert ada.texts() == ["is she gone?"]
        assert len(eve.hears()) == heard
        sub.close()
        push.close()
    broker.wait_line("shut out", stream="stderr")

    # By coming again she learns why she may not; and that connection is closed as well.
    with Wire(target, pair=pair) as again:
        hello(again, "eve")
        closed = again.closing("sub")
        refusal = again.answer(type="error", code=what)
        assert refusal["reason"] == "enough"
        assert closed.poll(5_000), "she may listen"
        closed.close()


def test_a_flood_from_somebody_shut_out_delays_nobody(
    broker_factory: BrokerFactory, join: Join
) -> None:
    broker = broker_factory(*FAST)
    target = target_of(broker)
    ada = join(broker, "ada")
    with Wire(target) as owner, Wire(target) as eve:
        own(broker, owner)
        eve.hello("eve", "e" * 16, ["general"])
        push = eve.closing("push")
        owner.push({"type": "ban", "id": "d", "nick": "eve"})
        owner.answer(type="done", id="d")
        spam = eve.session.encode() + b"\n" + b'{"type":"ping","id":"x"}\n' * 100
        with contextlib.suppress(zmq.Again):  # nobody takes it any more
            for _ in range(3_000):
                eve._push.send(spam, zmq.NOBLOCK)
        assert push.poll(5_000)
        push.close()
        ada.say_all("peace")
        assert ada.wait_texts(["peace"]) == ["peace"]
