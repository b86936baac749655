"""The same request again, and a history that is not the one that was read.

Rows 17, 18 and 22 of the test list. The first two over the bare wire: the library would never send
them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from common import keys
from common.client import events as ev
from tests.conftest import BrokerFactory
from tests.support import scaled
from tests.support.files import restore, stored
from tests.support.members import assert_one_history, kept_profile, pages, target_of
from tests.support.wire import Wire
from tests.system.conftest import FAST, Join, Restart

STREAM = "00112233445566aa"
DAYS_30 = 30 * 86_400_000


@pytest.mark.parametrize("ended", ["killed", "stopped"])
def test_rows_17_and_18_a_number_again_after_thirty_days(
    ended: str, broker_factory: BrokerFactory, restart: Restart, join: Join, tmp_path: Path
) -> None:
    """With the same words it is answered with what it became; with others it is refused; nothing
    is stored either way (B E). Guards: a stream's last number, kept for ever."""
    first = broker_factory(*FAST)
    pair = keys.generate()
    with Wire(target_of(first), pair=pair) as ada:
        ada.hello("ada", STREAM, ["general"])
        ada.say(1, "one")
        ada.say(2, "two")
        ada.say(3, "elsewhere", room="tea")
        ada.answer(type="stored", n=3, room="tea", seq=1)
    if ended == "killed":
        first.kill()
    else:
        assert first.stop() == 0

    clock = tmp_path / "clock"
    clock.write_text(str(DAYS_30), "ascii")
    second = restart(first, alter=[f"clock={clock}"])
    with Wire(target_of(second), pair=pair) as ada:
        assert ada.hello("ada", STREAM, [])["last"] == 3
        ada.say(1, "one")
        again = ada.answer(type="stored", n=1)
        assert (again["room"], again["seq"], again["id"]) == ("general", 1, f"{STREAM}-1")
        ada.say(2, "two, they said")
        assert ada.answer(type="error", n=2)["code"] == "id-conflict"
        ada.say(2, "two", room="tea")
        after = len(ada.told)
        assert ada.answer(type="error", n=2)["code"] == "id-conflict"
        ada.say(2, "two")
        assert ada.answer(after=after, type="stored", n=2)["seq"] == 2
        ada.say(4, "four")
        assert ada.answer(type="stored", n=4)["seq"] == 3
        ada.say(6, "six, and no five")
        assert ada.answer(type="resend")["from"] == 5
    witness = join(second, "witness")
    assert [r.text for r in pages(witness.client.history)] == ["one", "two", "four"]
    assert [r.text for r in pages(witness.client.history, "tea")] == ["elsewhere"]


def test_a_stream_belongs_to_one_person_for_ever(
    broker_factory: BrokerFactory, restart: Restart
) -> None:
    """Part of row 18: over a restart nobody else may go on with it."""
    first = broker_factory(*FAST)
    with Wire(target_of(first)) as ada:
        ada.hello("ada", STREAM, ["general"])
        ada.say(1, "one")
        ada.push({"type": "ping", "id": "p"})
        ada.answer(type="pong")
    first.kill()
    second = restart(first)
    with Wire(target_of(second)) as eve:
        eve.answer(type="greet")
        eve.push({"type": "hello", "protocol": 1, "nick": "eve", "stream": STREAM})
        assert eve.answer(type="error")["code"] == "stream-taken"


@pytest.mark.parametrize("since", ["shorter", "as long", "longer"])
def test_row_22_an_older_copy_of_the_data_was_restored(
    since: str, broker_factory: BrokerFactory, restart: Restart, join: Join, tmp_path: Path
) -> None:
    """Whether others have talked since or not: people are told, read again, and go on (G).

    Guards: the number and the id of the last record that was read."""
    first = broker_factory(*FAST)
    ada, bob = join(first, "ada"), join(first, "bob")
    ada.say_all("one", "two")
    bob.say_all("three")
    assert first.stop() == 0
    copy = tmp_path / "copy"
    shutil.copytree(first.data_dir / "broker", copy)
    second = restart(first)
    for member in (ada, bob):
        member.wait_event(ev.LinkUp)
    ada.say_all("lost four", "lost five")
    bob.wait_texts(["lost four", "lost five"])
    marks = {member: member.mark() for member in (ada, bob)}
    second.kill()

    restore(first.data_dir, copy)
    third = restart(first)
    replaced = []
    if since != "shorter":
        # Somebody who was away is back first, and takes the numbers that were lost.
        third.kill()
        alone = broker_factory(*FAST, data_dir=first.data_dir)
        replaced = [f"other {n}" for n in range(2 if since == "as long" else 5)]
        with Wire(target_of(alone)) as eve:
            eve.hello("eve", STREAM, ["general"])
            for n, text in enumerate(replaced, start=1):
                eve.say(n, text)
            eve.push({"type": "ping", "id": "p"})
            eve.answer(type="pong")
        assert alone.stop() == 0
        third = restart(first)
    for member, mark in marks.items():
        event = member.wait_event(ev.RolledBack, after=mark)
        assert event.had == 5
    bob.say_all("four, anew")
    ada.say_all("five, anew")
    expected = ["one", "two", "three", *replaced, "four, anew", "five, anew"]
    for member in (ada, bob):
        member.wait_texts(expected)
        assert member.texts() == expected
    assert len(assert_one_history((ada, bob), expected)) == len(expected)
    late = join(third, "late", since={"general": 0})
    late.wait_texts(expected)
    assert late.texts() == expected
    assert third.stop() == 0
    assert [record.text for record in stored(first.data_dir)] == expected


def test_row_22_told_to_a_client_that_was_off_meanwhile(
    broker_factory: BrokerFactory, restart: Restart, join: Join, tmp_path: Path
) -> None:
    """Its cursor and its stream are of the history that is no more: both are on its disk."""
    first = broker_factory(*FAST)
    pair = keys.generate()
    target = target_of(first)
    ada = join(first, "ada", pair=pair, profile=kept_profile(tmp_path, "ada", target))
    ada.say_all("one")
    ada.wait_texts(["one"])
    ada.close()
    assert first.stop() == 0
    copy = tmp_path / "copy"
    shutil.copytree(first.data_dir / "broker", copy)
    second = restart(first)
    options = {"pair": pair, "resume": True}
    ada = join(second, "ada", profile=kept_profile(tmp_path, "ada", target), **options)
    ada.say_all("lost")
    ada.wait_texts(["lost"])
    ada.close()
    assert second.stop() == 0
    restore(first.data_dir, copy)
    third = restart(first)
    ada = join(third, "ada", profile=kept_profile(tmp_path, "ada", target), **options)
    ada.wait_event(ev.RolledBack)
    ada.say_all("two", timeout=scaled(20))
    ada.wait_texts(["one", "two"])
    assert ada.texts() == ["one", "two"]
