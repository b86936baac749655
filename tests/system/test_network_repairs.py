"""What libzmq or a line dropped, and what came twice: found and made up for, in order.

Rows 13, 14, 20 and 21 of the test list, and the repeated heads that the last one dropped is found
by. The broker speaks without encryption here, so that a relay can pick out single messages.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from common.client import roomview
from tests.conftest import BrokerFactory
from tests.support import wait_until
from tests.support.members import Member, assert_one_history, pages, target_of
from tests.support.relay import Verdict
from tests.system.conftest import FAST, Join, MakeRelay


class Ears:
    """A tap that notes which records came live, and judges by what a test wants gone."""

    def __init__(self) -> None:
        self.live: set[int] = set()
        self.pages = 0
        self.drop_texts: set[str] = set()
        self.drop_pages = 0
        self.hold_pages = False

    def __call__(self, frames: list[bytes]) -> Verdict:
        topic, body = frames
        lines: list[dict[str, Any]] = [json.loads(line) for line in body.split(b"\n")]
        if topic.startswith(b"inbox/") and lines[0]["type"] == "page":
            self.pages += 1
            if self.drop_pages:
                self.drop_pages -= 1
                return "drop"
            return "hold" if self.hold_pages else "pass"
        if self.drop_texts.intersection(line.get("text", "") for line in lines):
            return "drop"
        if topic.startswith(b"room/"):
            self.live.update(line["seq"] for line in lines if line.get("seq"))
        return "pass"


def test_row_13_a_slow_subscriber_catches_up(
    broker_factory: BrokerFactory, join: Join, relay: MakeRelay
) -> None:
    """Its frames are dropped at the high-water mark while it stands still; the others are not held
    up, and it gets the rest afterwards, in order (B C).

    Guards: XPUB drops instead of waiting, the client sees the hole and fetches it."""
    broker = broker_factory(*FAST, "--plain", alter=["hwm=5"])
    ears = Ears()
    line = relay(broker.pub, tap=ears)
    slow = join(target_of(broker, sub=line.address), "slow")
    members = [slow, join(broker, "ada"), join(broker, "bob")]
    _, ada, bob = members
    ada.say_all("before")
    slow.wait_texts(["before"])
    line.freeze(up=False)
    said = ["before"]
    for number in range(150):
        text = f"{number} ".ljust(12_000, "x")
        said.append(text)
        ada.say_all(text)
    bob.wait_texts(said)
    assert len(slow.records()) < len(said)
    line.thaw()
    ada.say_all("after")
    said.append("after")
    for member in members:
        member.wait_texts(said)
    records = assert_one_history(members, said)
    assert len(records) == len(said) == 152
    dropped = {record.seq for record in records} - ears.live
    assert dropped, "nothing was dropped: this test shows nothing"


@pytest.mark.parametrize("lost", [["last"], ["first", "second", "last"]])
def test_row_14_only_the_last_messages_were_dropped(
    lost: list[str], broker_factory: BrokerFactory, join: Join, relay: MakeRelay
) -> None:
    """Nothing comes after it that would show the hole; it is there within a moment all the same.

    Guards: the broker repeats a room's head when it falls quiet."""
    broker = broker_factory(*FAST, "--plain")
    ears = Ears()
    line = relay(broker.pub, tap=ears)
    ada = join(target_of(broker, sub=line.address), "ada")
    bob = join(broker, "bob")
    bob.say_all("before")
    ada.wait_texts(["before"])
    ears.drop_texts.update(lost)
    for text in lost:
        bob.say_all(text)
    ada.wait_texts(lost, timeout=3)
    assert ears.pages == 1
    assert_one_history((ada, bob), ["before", *lost])


def test_row_20_the_replay_overlaps_what_comes_live(
    broker_factory: BrokerFactory, join: Join, relay: MakeRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page comes twice, late, and after records that it holds too (B C).

    Guards: what came live is held back behind a hole, and each number is shown once."""
    monkeypatch.setattr(roomview, "FETCH_AGAIN", 0.4)
    broker = broker_factory(*FAST, "--plain")
    bob = join(broker, "bob")
    old = [f"old {number}" for number in range(300)]
    bob.say(*old)
    bob.wait_texts(old)
    ears = Ears()
    ears.hold_pages = True
    line = relay(broker.pub, tap=ears)
    ada = join(target_of(broker, sub=line.address), "ada", since={"general": 0})
    wait_until(lambda: ears.pages, "the page is on its way")
    new = [f"new {number}" for number in range(100)]
    bob.say_all(*new)
    wait_until(lambda: 400 in ears.live, "the live ones have passed")
    asked = ears.pages
    wait_until(lambda: ears.pages > asked, "the page is asked for again, with all of it")
    assert ada.texts() == []
    ears.hold_pages = False
    line.release()
    ada.wait_texts([*old, *new])
    bob.say_all("and on")
    ada.wait_texts(["and on"])
    assert len(assert_one_history((ada, bob), [*old, *new, "and on"])) == 401
    assert pages(bob.client.history) == ada.records()


def test_row_21_the_answer_of_a_replay_is_lost(
    broker_factory: BrokerFactory, join: Join, relay: MakeRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice even: it is asked for again, in time and not at wire speed (G).

    Guards: a page that does not come is asked for again."""
    monkeypatch.setattr(roomview, "FETCH_AGAIN", 0.4)
    broker = broker_factory(*FAST, "--plain")
    bob = join(broker, "bob")
    old = [f"old {number}" for number in range(300)]
    bob.say(*old)
    bob.wait_texts(old)
    ears = Ears()
    ears.drop_pages = 2
    line = relay(broker.pub, tap=ears)
    ada = join(target_of(broker, sub=line.address), "ada", since={"general": 0})
    ada.wait_texts(old)
    assert ears.pages == 3
    assert_one_history((ada, bob), old)


def test_a_program_s_own_question_is_answered_though_the_first_answer_was_lost(
    broker_factory: BrokerFactory, join: Join, relay: MakeRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 21 once more, for `history` that a program asks for."""
    from common.client import asking

    monkeypatch.setattr(asking, "AGAIN", 0.4)
    broker = broker_factory(*FAST, "--plain")
    ears = Ears()
    line = relay(broker.pub, tap=ears)
    ada: Member = join(target_of(broker, sub=line.address), "ada")
    ada.say_all("one", "two")
    ears.drop_pages = 1
    assert [record.text for record in pages(ada.client.history)] == ["one", "two"]
    assert ears.pages == 2
