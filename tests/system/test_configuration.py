"""What the operator decides, with real processes: the file, SIGHUP, and limits that are waited out
(tests 57-59)."""

from __future__ import annotations

import signal
import sys
import time
import tomllib
from pathlib import Path

import pytest

from common import keys
from common.client import card
from common.client import events as ev
from common.protocol.messages import Card
from tests.conftest import BrokerFactory
from tests.support import wait_until
from tests.support.members import pages, target_of
from tests.support.programs import ROOT, BrokerProgram, run_program
from tests.support.wire import Wire
from tests.system.conftest import FAST, Join

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGHUP")

READ_AGAIN = "the configuration was read again"


class Configured:
    """A broker whose configuration is one file."""

    def __init__(self, factory: BrokerFactory, path: Path, text: str) -> None:
        self.path = path
        self.path.write_text(text, "utf-8")
        self.broker: BrokerProgram = factory("--config", path)

    def reload(self, text: str, expects: str = READ_AGAIN) -> str:
        """Writes the file anew and says so to the broker; the line of its log."""
        self.path.write_text(text, "utf-8")
        before = self.broker.position("stderr")
        self.broker.send_signal(signal.SIGHUP)
        return self.broker.wait_line(expects, stream="stderr", after=before)

    def card(self) -> Card:
        return card.fetch(self.broker.card, 5)


@pytest.fixture
def configured(broker_factory: BrokerFactory, tmp_path: Path) -> Configured:
    return Configured(broker_factory, tmp_path / "config.toml", '[broker]\nname = "Before"\n')


def test_sighup_changes_the_rate_and_who_may_come_in_and_drops_nobody(
    configured: Configured, join: Join
) -> None:
    ada = join(configured.broker, "ada")
    target = target_of(configured.broker)
    assert (configured.card().name, configured.card().access) == ("Before", "open")
    text = '[broker]\nname = "After"\naccess = "invite"\nrate = 20\nburst = 5\nsessions = 3\n'
    said = configured.reload(text)
    for words in ("rate = 20.0 (was 50.0)", 'access = "invite" (was "open")', "burst = 5"):
        assert words in said
    assert (configured.card().name, configured.card().access) == ("After", "invite")
    with Wire(target) as bob:
        greet = bob.answer(type="greet")
        assert (greet["server"], greet["limits"]["sessions"]) == ("After", 3)
        bob.push({"type": "hello", "protocol": 1, "nick": "bob", "stream": "b" * 16, "rooms": []})
        refusal = bob.answer(type="error")
        assert (refusal["code"], refusal["retry"]) == ("not-invited", 5.0)
    configured.reload("[broker]\nrate = 20\nburst = 5\n")
    with Wire(target) as eve:
        eve.hello("eve", "e" * 16, ["general"])
        for n in range(1, 12):
            eve.say(n, f"line {n}")
        refusal = eve.answer(type="error", code="rate-limited")
        assert "20 messages a second" in refusal["text"]
        assert refusal["retry"] > 0
    texts = [f"from ada {n}" for n in range(12)]
    ada.say_all(*texts)
    ada.wait_texts(texts)
    assert not ada.of_kind(ev.LinkDown), "she was dropped"


def test_a_file_that_is_wrong_is_refused_in_words_and_what_held_goes_on(
    configured: Configured, join: Join
) -> None:
    ada = join(configured.broker, "ada")
    stays = "the configuration stays as it was"
    said = configured.reload('[broker]\nname = "After"\nrate = "quick"\n', stays)
    assert f'{configured.path}: rate = "quick": give a number above 0' in said
    assert "did you mean name" in configured.reload('[broker]\nnmae = "After"\n', stays)
    assert "TOML" in configured.reload("[broker\n", stays)
    configured.path.unlink()
    before = configured.broker.position("stderr")
    configured.broker.send_signal(signal.SIGHUP)
    configured.broker.wait_line("there is no such file", stream="stderr", after=before)
    assert configured.card().name == "Before"
    ada.say_all("still here")
    assert not ada.of_kind(ev.LinkDown)
    assert "nothing changed" in configured.reload('[broker]\nname = "Before"\n')


def test_what_needs_a_restart_is_told_and_left_alone(configured: Configured, join: Join) -> None:
    ada = join(configured.broker, "ada")
    text = '[broker]\nname = "Before"\nplain = true\nburst = 7\n'
    said = configured.reload(text, "needs a restart")
    assert "plain = true (was false)" in said
    assert "burst" not in said
    assert configured.card().key == configured.broker.key
    ada.say_all("still here, and encrypted")
    assert not ada.of_kind(ev.LinkDown)


def test_a_flag_outlives_sighup(broker_factory: BrokerFactory, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[broker]\nname = "Filed"\n', "utf-8")
    broker = broker_factory("--config", path, "--name", "Flagged")
    path.write_text('[broker]\nname = "Filed anew"\n', "utf-8")
    broker.send_signal(signal.SIGHUP)
    assert "nothing changed" in broker.wait_line(READ_AGAIN, stream="stderr")
    assert card.fetch(broker.card, 5).name == "Flagged"


def test_what_print_config_prints_is_a_configuration(tmp_path: Path) -> None:
    command: list[str | Path] = [sys.executable, ROOT / "broker.py", "--print-config"]
    given = ["--name", "Chez nous", "--keep", "30d", "--keep-bytes", "2G", "--access", "invite"]
    first = run_program([*command, *given])
    path = tmp_path / "config.toml"
    path.write_text(first.stdout, "utf-8")
    read = tomllib.loads(first.stdout)["broker"]
    assert (read["name"], read["keep"], read["keep-bytes"]) == ("Chez nous", 2_592_000, 2 << 30)
    assert read["pull"] == ["tcp://127.0.0.1:5555"]
    second = run_program([*command, "--config", path])
    assert (second.code, second.stdout, second.stderr) == (0, first.stdout, "")


def test_row_59_a_flood_of_history_is_put_off_and_the_library_waits_by_itself(
    broker_factory: BrokerFactory, join: Join
) -> None:
    broker = broker_factory(*FAST, "--read-rate", "300k")
    talker = join(broker, "ada")
    talker.say_all(*(f"{n} {'x' * 12_000}" for n in range(250)))  # 3 MB; 2.4 MB may be had at once
    pair = keys.generate()
    bob = join(broker, "bob", pair=pair)
    with Wire(target_of(broker), pair=pair) as flood:
        flood.hello("bob", "b" * 16, ["general"])
        since = time.monotonic()
        refused: list[dict[str, object]] = []

        def until_refused() -> bool:
            ask = {"type": "history", "room": "general", "after": 0, "limit": 1_000}
            flood.push(*({**ask, "id": str(n)} for n in range(8)))
            flood.read()
            refused.extend(
                a for a in flood.told if a.get("code") == "rate-limited" and "bytes" in a["text"]
            )
            return bool(refused)

        wait_until(until_refused, "too much was read")
        assert refused[0]["text"] == "more than 307200 bytes of history a second"
        assert 0 < float(str(refused[0]["retry"])) < 10
        # The same person, on another connection: all of it, in spite of that.
        mine = pages(bob.client.history)
    assert [record.seq for record in mine] == list(range(1, 251))
    assert time.monotonic() - since > 1.0, "nothing was waited for"
    assert not bob.of_kind(ev.LinkDown)


def test_new_rooms_and_sessions_are_limited_as_configured(
    broker_factory: BrokerFactory,
) -> None:
    broker = broker_factory("--rooms-per-hour", "1", "--sessions", "2")
    target, pair = target_of(broker), keys.generate()
    with Wire(target, pair=pair) as one, Wire(target, pair=pair) as two:
        one.hello("ada", "a" * 16, ["general"])
        for n in range(6):
            one.push({"type": "join", "id": str(n), "room": f"room-{n}"})
        refusal = one.answer(type="error", id="5")
        assert refusal["code"] == "rate-limited"
        assert "1 new rooms an hour" in refusal["text"]
        assert 3_000 < refusal["retry"] <= 3_600
        one.answer(type="room", id="4")
        two.hello("ada", "c" * 16, [])
        with Wire(target, pair=pair) as three:
            assert three.answer(type="greet")["limits"]["sessions"] == 2
            hello = {"type": "hello", "protocol": 1, "nick": "ada", "stream": "d" * 16}
            three.push({**hello, "rooms": []})
            refusal = three.answer(type="error")
            assert refusal["code"] == "too-many"
            assert "2 sessions" in refusal["text"]
            assert refusal["retry"] > 0


def test_row_58_a_flood_of_subscriptions_ends_at_the_configured_number(
    broker_factory: BrokerFactory, join: Join
) -> None:
    broker = broker_factory("--subscriptions", "256")
    ada = join(broker, "ada")
    with Wire(target_of(broker)) as flood:
        flood.hello("eve", "e" * 16, ["general"])
        for n in range(250):
            flood.subscribe(f"room/{n:032x}/")
        flood.push({"type": "ping", "id": "p"})
        flood.answer(type="pong")
        closed = flood.closing("sub")
        for n in range(250, 300):
            flood.subscribe(f"room/{n:032x}/")
        assert closed.poll(5_000), "it goes on"
        closed.close()
    broker.wait_line("asked for more than 256 topics", stream="stderr")
    ada.say_all("and nobody else noticed")
    assert not ada.of_kind(ev.LinkDown)


def test_row_57_a_flood_of_messages_is_waited_out_by_the_library(
    broker_factory: BrokerFactory, join: Join
) -> None:
    broker = broker_factory("--rate", "100", "--burst", "50")
    ada, bob = join(broker, "ada"), join(broker, "bob")
    texts = [f"line {n}" for n in range(200)]
    since = time.monotonic()
    said = ada.say(*texts)
    bob.say_all("meanwhile")
    assert time.monotonic() - since < 1.4, "bob waited for ada"
    for future in said:
        future.result(20)
    assert time.monotonic() - since > 1.4
    bob.wait_texts(texts)
    assert [text for text in bob.texts() if text in set(texts)] == texts


def test_what_is_not_to_be_kept_any_longer_goes_by_itself(
    broker_factory: BrokerFactory, tmp_path: Path, join: Join
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("", "utf-8")
    soon = ["common.broker.chores.FIRST=0.1", "common.broker.chores.EVERY=0.1"]
    broker = broker_factory("--config", path, alter=soon)
    ada = join(broker, "ada")
    last = ada.say_all("first", "second", "third")[-1]
    path.write_text("[broker]\nkeep = 0.5\n", "utf-8")
    broker.send_signal(signal.SIGHUP)
    broker.wait_line("keep = 0.5 (was 0.0)", stream="stderr")
    broker.wait_line("dropped", stream="stderr")
    wait_until(
        lambda: not ada.client.history("general", after=0).result(5).records, "nothing is left"
    )
    assert ada.say_all("fourth") == [last + 1]
    assert not ada.of_kind(ev.LinkDown)
