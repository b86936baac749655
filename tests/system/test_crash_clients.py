"""Programs that die: clients between two of their steps, and the broker under many writers.

Rows 6 to 9 of the test list. The client is the shipped library in a small program with a profile on
disk (`tests.support.talker`); its fault points are those of `common.client.faults`.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from common.web.store import WebStore
from devtools import kill_loop
from tests.conftest import BrokerFactory
from tests.support import scaled, wait_until
from tests.support.members import GENERAL, assert_one_history, pages, target_of
from tests.support.members import kept_profile as open_profile
from tests.support.programs import BrokerProgram, Program
from tests.system.conftest import FAST, Join

Talk = Callable[..., Program]


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    """`talk(broker, "ada", fault=...)`: a talker that is in; the same profile each time."""
    with ExitStack() as running:

        def start(
            broker: BrokerProgram, nick: str, fault: str = "", *, loop: bool = False
        ) -> Program:
            words = [sys.executable, "-m", "tests.support.talker", broker.link, nick]
            env = {"CAUSETTE_CLIENT_FAULT": fault} if fault else {}
            how = ["--loop"] if loop else []
            program = Program([*words, tmp_path / "talkers", *how], env=env)
            running.enter_context(program)
            program.wait_json(15, type="ready")
            return program

        yield start


def _died(program: Program) -> None:
    assert program.wait(15) == -signal.SIGKILL, program.describe()


def _waiting(broker: BrokerProgram, root: Path, *, loop: bool) -> list[str]:
    """The words in the talker's outbox on disk; on a loop, each is kept with its key."""
    data_dir = root / "talkers"
    if loop:
        store = WebStore.open(data_dir / "web" / "web.sqlite")
        try:
            ada = store.browser("ada")
            assert ada is not None
            profile = store.profile(ada.id)
            texts = [item.text for item in profile.outbox()]
            assert list(profile.keys().values()) == [f"key of {text}" for text in texts]
            assert {profile.outcome(f"key of {text}") for text in texts} <= {"waiting"}
            assert profile.outcome("key of first") == "settled"
            return texts
        finally:
            store.close()
    kept = open_profile(data_dir, "ada", target_of(broker))
    try:
        return [item.text for item in kept.outbox()]
    finally:
        kept.close()


def _shown(program: Program) -> list[str]:
    return [event["text"] for event in program.events() if event["type"] == "shown"]


def test_row_6_kill_9_under_writers() -> None:
    """The short form of `python -m devtools.kill_loop`: once, in one order, at every reader.

    Guards: the numbers of streams, publishing after the commit, the order in which a client ends
    its sockets' monitors (it hung without)."""
    said: list[str] = []
    summary = kill_loop.run(4, 2_000, 6, seed=6, say=said.append)
    assert not summary.wrong, summary.lines()
    assert summary.history == summary.said == summary.stored >= 2_000
    assert sum(summary.kills.values()) == 9


@pytest.mark.parametrize("loop", [False, True], ids=["thread", "loop"])
@pytest.mark.parametrize(
    ("row", "fault", "kept", "stored_before"),
    [
        (7, "kept:2", True, False),
        (7, "sent:2", True, None),
        (8, "echo:2", True, True),
        (8, "settled:2", False, True),
    ],
)
def test_rows_7_and_8_a_client_killed_around_its_push(
    row: int,
    fault: str,
    kept: bool,
    stored_before: bool | None,
    loop: bool,
    broker: BrokerProgram,
    talk: Talk,
    join: Join,
    tmp_path: Path,
) -> None:
    """Started again, it sends what it had kept: every message is there once (B).

    Guards: the outbox on disk before the push, and the stream's last number in `welcome`."""
    witness = join(broker, "witness")
    ada = talk(broker, "ada", fault, loop=loop)
    ada.send_line({"say": "first"})
    witness.wait_texts(["first"])
    ada.wait_json(text="first", state="stored")
    ada.send_line({"say": "second"})
    _died(ada)
    assert _waiting(broker, tmp_path, loop=loop) == (["second"] if kept else [])
    if stored_before:
        witness.wait_texts(["second"])
    elif stored_before is False:
        assert [r.text for r in pages(witness.client.history)] == ["first"]

    again = talk(broker, "ada", loop=loop)
    again.send_line({"say": "third"})
    witness.wait_texts(["first", "second", "third"])
    again.wait_json(text="third", state="stored")
    witness.client.ping().result(scaled(10))
    assert witness.texts() == ["first", "second", "third"]
    assert [r.text for r in pages(witness.client.history)] == ["first", "second", "third"]
    again.close_stdin()
    assert again.wait() == 0
    assert _waiting(broker, tmp_path, loop=loop) == []


@pytest.mark.parametrize("loop", [False, True], ids=["thread", "loop"])
@pytest.mark.parametrize("fault", ["shown:2", "cursor:2"])
def test_row_9_a_client_killed_between_display_and_cursor(
    fault: str, loop: bool, broker_factory: BrokerFactory, talk: Talk, join: Join
) -> None:
    """It resumes at the cursor on disk: no record is passed over, none comes twice in one run.

    Guards: the cursor is written after the record was shown, never before."""
    broker = broker_factory(*FAST)
    writer = join(broker, "writer")
    ada = talk(broker, "ada", fault, loop=loop)
    for number in range(5_000):
        if ada.process.poll() is not None:
            break
        text = f"line {number}"
        writer.say_all(text)
        wait_until(
            lambda: text in _shown(ada)[-1:] or ada.process.poll() is not None,  # noqa: B023
            "the line is shown, or the end has come",
        )
    _died(ada)
    writer.say_all("while away")
    everything = writer.wait_texts(["while away"])

    before = _shown(ada)
    again = talk(broker, "ada", loop=loop)
    again.wait_json(type="caught-up")
    wait_until(lambda: _shown(again)[-1:] == everything[-1:], "it is shown the newest line")
    after = _shown(again)
    assert after == everything[-len(after) :], "a hole, a repeat or another order"
    assert before == everything[: len(before)]
    assert 0 < len(after) < len(everything), "it did not resume"
    assert len(before) + len(after) >= len(everything), "something was passed over"
    if fault.startswith("shown"):
        assert len(before) + len(after) > len(everything), "the cursor was there too early"


def test_row_19_two_devices_of_one_person_at_once(
    broker_factory: BrokerFactory, join: Join
) -> None:
    """One key, two streams: nothing is taken for a repeat, and both show the same (B C)."""
    broker = broker_factory(*FAST)
    laptop = join(broker, "ada")
    phone = join(broker, "ada", pair=laptop.pair)
    witness = join(broker, "bob")
    said = {name: [f"{name} {n}" for n in range(300)] for name in ("laptop", "phone")}
    futures = []
    for one, two in zip(said["laptop"], said["phone"], strict=True):
        futures += [*laptop.say(one), *phone.say(two)]
    for future in futures:
        future.result(scaled(20))
    everything = said["laptop"] + said["phone"]
    for member in (laptop, phone, witness):
        member.wait_texts(everything)
    records = assert_one_history((laptop, phone, witness), everything)
    assert {record.user for record in records} == {laptop.ready().user} == {phone.ready().user}
    for texts in said.values():
        wanted = set(texts)
        assert [r.text for r in records if r.text in wanted] == texts
    assert len(records) == 600
    assert pages(witness.client.history, GENERAL) == witness.records()
