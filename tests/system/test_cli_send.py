"""`send` with real processes: 0 only when stored, and nothing ever later."""

import signal

import pytest

from tests.cli.starting import run, start
from tests.conftest import BrokerFactory
from tests.support import wait_until
from tests.support.programs import BrokerProgram, same_place


def texts(broker: BrokerProgram, room: str = "general") -> list[str]:
    shown = run(broker, "history", "-r", room, "--json", nick="reader")
    assert shown.code == 0, shown.stderr
    return [event["text"] for event in shown.events()]


def test_words_are_one_message(broker: BrokerProgram) -> None:
    done = run(broker, "send", "hello", "brave", "world")
    assert (done.code, done.stdout, done.stderr) == (0, "", "")
    assert texts(broker) == ["hello brave world"]


def test_each_line_of_stdin_is_one_and_blank_ones_are_skipped(broker: BrokerProgram) -> None:
    for words in (("send",), ("send", "-")):
        assert run(broker, *words, input="one\n\n  \ntwo\r\nthree").code == 0
    assert texts(broker) == ["one", "two", "three"] * 2


def test_options_anywhere_and_words_behind_a_double_dash(broker: BrokerProgram) -> None:
    assert run(broker, "-r", "tea", "send", "a", "--", "--room", "-x").code == 0
    assert texts(broker, "tea") == ["a --room -x"]


def test_json_prints_what_was_stored(broker: BrokerProgram) -> None:
    done = run(broker, "send", "--json", "-r", "#Tea", "hello")
    (stored,) = done.events()
    assert stored.keys() == {"type", "room", "seq", "ts", "message_id"}
    assert (stored["type"], stored["room"], stored["seq"]) == ("stored", "tea", 1)


def test_several_rooms(broker: BrokerProgram) -> None:
    assert run(broker, "send", "-r", "a", "-r", "b", "both").code == 0
    assert texts(broker, "a") == texts(broker, "b") == ["both"]


def test_order_survives_a_thousand_lines(broker: BrokerProgram) -> None:
    lines = [f"line {number}" for number in range(1_200)]
    assert run(broker, "send", input="\n".join(lines), timeout=60).code == 0
    shown = run(broker, "history", "--limit", "5000", "--json", nick="reader")
    assert [event["text"] for event in shown.events()] == lines


def test_a_line_too_long_is_named_and_the_others_go_on(broker: BrokerProgram) -> None:
    done = run(broker, "send", input="first\n" + "x" * 16_001 + "\nlast\n")
    assert done.code == 1
    assert "line 2" in done.stderr
    assert "16,000" in done.stderr
    assert texts(broker) == ["first", "last"]


def test_the_limit_itself_passes(broker: BrokerProgram) -> None:
    assert run(broker, "send", "é" * 8_000).code == 0
    assert run(broker, "send", "é" * 8_000 + "x").code == 1


def test_a_line_that_is_not_utf8_is_named(broker: BrokerProgram) -> None:
    done = run(broker, "send", input=b"good\n\xff\xfe\n")
    assert done.code == 1
    assert "line 2" in done.stderr
    assert texts(broker) == ["good"]


@pytest.mark.parametrize("words", [("send", ""), ("send", "  ")])
def test_an_empty_text_is_a_usage_error(broker: BrokerProgram, words: tuple[str, ...]) -> None:
    assert run(broker, *words).code == 2


def test_a_bad_room_is_a_usage_error_that_names_it(broker: BrokerProgram) -> None:
    done = run(broker, "send", "-r", "a b", "hello")
    assert done.code == 2
    assert done.stderr.startswith("client_cli.py: --room a b: ")


def test_a_taken_nickname(broker: BrokerProgram, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert run(broker, "send", "mine").code == 0
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "other.key"
    done = run(broker, "send", "--key-file", elsewhere, "stolen")
    assert done.code == 1
    assert "taken" in done.stderr
    assert texts(broker) == ["mine"]


def test_a_default_nickname_that_is_taken_gets_a_number(
    broker: BrokerProgram, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from tests.support.programs import run_cli

    env = {"LOGNAME": "ada"}
    assert run(broker, "send", "mine").code == 0
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "other.key"
    words = ("--data-dir", broker.data_dir, "--key-file", elsewhere, "send", "other")
    assert run_cli(*words, env=env).code == 0
    shown = run(broker, "history", "--json", nick="reader").events()
    assert [event["nick"] for event in shown] == ["ada", "ada-2"]


def test_lines_leave_as_they_come(broker: BrokerProgram) -> None:
    with start(broker, "send", "--json") as sending:
        sending.send_line("now")
        sending.wait_json(type="stored", seq=1)
        sending.send_line("later")
        sending.wait_json(type="stored", seq=2)
        sending.close_stdin()
        assert sending.wait() == 0


def test_an_outcome_that_stays_unknown_is_124_and_never_sent_later(
    broker_factory: BrokerFactory,
) -> None:
    broker = broker_factory()
    with start(broker, "send", "--json", "--timeout", "1") as sending:
        sending.send_line("before")
        sending.wait_json(type="stored")
        broker.send_signal(signal.SIGSTOP)
        sending.send_line("lost")
        assert sending.wait(20) == 124
        assert "2" in sending.lines("stderr")[-1]
    broker.send_signal(signal.SIGCONT)
    assert texts(broker)[0] == "before"


def test_a_cut_before_sending_ends_with_124_and_nothing_comes_later(
    broker_factory: BrokerFactory,
) -> None:
    broker = broker_factory()
    with start(broker, "send", "--json", "--timeout", "2") as sending:
        sending.send_line("before")
        sending.wait_json(type="stored")
        broker.kill()
        sending.send_line("lost")
        assert sending.wait(20) == 124
    again = broker_factory()
    assert texts(again) == ["before"]
    assert run(again, "send", "after").code == 0
    assert texts(again) == ["before", "after"]


def test_sending_goes_on_after_a_restart(broker_factory: BrokerFactory) -> None:
    broker = broker_factory()
    with start(broker, "send", "--json", "--timeout", "20") as sending:
        sending.send_line("before")
        sending.wait_json(type="stored", seq=1)
        broker.kill()
        sending.send_line("during")
        broker_factory(*same_place(broker), wildcard=False)
        sending.wait_json(20, type="stored", seq=2)
        sending.close_stdin()
        assert sending.wait() == 0


def test_nobody_sees_a_one_shot_join_or_leave(broker: BrokerProgram) -> None:
    with start(broker, "bot", nick="watcher") as watcher:
        watcher.wait_json(15, type="ready")
        assert run(broker, "send", "hello").code == 0
        assert run(broker, "who").code == 0
        watcher.wait_json(type="message", text="hello")
        watcher.send_line({"type": "who", "room": "general", "id": 1})
        who = watcher.wait_json(type="who")
        assert [person["nick"] for person in who["people"]] == ["watcher"]
        kinds = {event["type"] for event in watcher.events()}
        assert kinds == {"ready", "message", "who"}


@pytest.mark.parametrize(("sig", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals(broker: BrokerProgram, sig: int, status: int) -> None:
    with start(broker, "send", "--json") as sending:
        sending.send_line("x")
        sending.wait_json(type="stored")
        assert sending.stop(sig) == status
        assert sending.lines("stderr") == []
    wait_until(lambda: texts(broker) == ["x"], "only what was stored is there")
