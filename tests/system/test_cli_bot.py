"""The contract of `bot`, line by line, with real processes."""

import json
import shlex
import signal
import sqlite3
import sys
from contextlib import closing

import pytest

from tests.cli.starting import run, start_bot
from tests.conftest import BrokerFactory
from tests.support import wait_until
from tests.support.programs import BrokerProgram, Event, Program, same_place


def ask(bot: Program, **request: object) -> Event:
    """Write a request and return its answer."""
    mark = bot.position()
    bot.send_line(request)
    return bot.wait_json(after=mark, id=request["id"])


def begin_news(broker: BrokerProgram, bot: Program) -> int:
    """Wait until the server announces who comes: for some seconds after its start it takes
    newcomers for people who are coming back. Returns a mark."""

    def visited() -> bool:
        assert run(broker, "bot", nick="visitor").code == 0
        kinds = [e["type"] for e in bot.events() if e.get("nick") == "visitor"]
        return kinds[-2:] == ["joined", "left"]

    wait_until(visited, "a visitor is announced", 20)
    return bot.position()


def end(bot: Program) -> int:
    bot.close_stdin()
    return bot.wait(15)


def test_ready_is_first_and_once(broker: BrokerProgram) -> None:
    with start_bot(broker, "-r", "general", "-r", "#Tea") as bot:
        assert end(bot) == 0
        (ready,) = bot.events()
        assert ready["type"] == "ready"
        assert (ready["nick"], ready["rooms"]) == ("helper", ["general", "tea"])
        assert len(ready["user"]) == 16
        assert bot.lines("stderr") == []


def test_say_is_stored(broker: BrokerProgram) -> None:
    with start_bot(broker) as bot:
        stored = ask(bot, type="say", room="general", text="hello", id="my-1")
        assert stored.keys() == {"type", "id", "room", "seq", "ts", "message_id"}
        assert (stored["type"], stored["room"], stored["seq"]) == ("stored", "general", 1)
        (said,) = run(broker, "history", "--json").events()
        assert (said["id"], said["ts"]) == (stored["message_id"], stored["ts"])


def test_a_request_without_id_is_answered_without_one(broker: BrokerProgram) -> None:
    with start_bot(broker) as bot:
        bot.send_line({"type": "say", "room": "general", "text": "x"})
        assert "id" not in bot.wait_json(type="stored")


def test_messages_of_others_and_of_other_sessions_of_oneself(broker: BrokerProgram) -> None:
    with start_bot(broker) as bot:
        assert run(broker, "send", "hi", nick="ada").code == 0
        assert run(broker, "send", "me too", nick="helper").code == 0
        message = bot.wait_json(type="message", nick="ada")
        assert message.keys() == {"type", "room", "seq", "id", "user", "nick", "text", "ts"}
        bot.wait_json(type="message", nick="helper", text="me too")


def test_own_messages_come_as_stored_and_with_echo_as_messages_too(broker: BrokerProgram) -> None:
    with start_bot(broker) as quiet, start_bot(broker, "--echo", nick="loud") as loud:
        ask(quiet, type="say", room="general", text="q", id=1)
        ask(loud, type="say", room="general", text="l", id=1)
        loud.wait_json(type="message", text="l")
        quiet.wait_json(type="message", text="l")
        assert [event for event in quiet.events() if event.get("text") == "q"] == []


def test_counting_seq_shows_no_hole(broker: BrokerProgram) -> None:
    """Own and others' records, each once, in order."""
    count = 150
    with start_bot(broker, nick="one") as one, start_bot(broker, nick="two") as two:
        for number in range(count):
            one.send_line({"type": "say", "room": "general", "text": f"1-{number}", "id": number})
            two.send_line({"type": "say", "room": "general", "text": f"2-{number}", "id": number})
        for bot in (one, two):
            bot.wait_line(f'"seq":{2 * count},', 30)
            numbers = [event["seq"] for event in bot.events() if "seq" in event]
            assert numbers == list(range(1, 2 * count + 1))


def test_history_pages_ascend_and_bounds_are_exclusive(broker: BrokerProgram) -> None:
    assert run(broker, "send", input="\n".join(map(str, range(1, 11)))).code == 0
    with start_bot(broker) as bot:

        def page(**bounds: int) -> tuple[list[int], bool]:
            page.count += 1  # type: ignore[attr-defined]
            answer = ask(bot, type="history", room="general", id=page.count, **bounds)  # type: ignore[attr-defined]
            assert answer["type"] == "history"
            return [message["seq"] for message in answer["messages"]], answer["more"]

        page.count = 0  # type: ignore[attr-defined]
        assert page(after=0, limit=3) == ([1, 2, 3], True)
        assert page(after=8) == ([9, 10], False)
        assert page(before=4, limit=2) == ([2, 3], True)
        assert page(limit=2) == ([9, 10], True)
        assert page(after=10) == ([], False)


def test_join_leave_who_and_rooms(broker: BrokerProgram) -> None:
    with start_bot(broker) as bot, start_bot(broker, "-r", "tea", nick="bob") as bob:
        begin_news(broker, bot)
        assert ask(bot, type="join", room="tea", id="j") == {"type": "done", "id": "j"}
        joined = bob.wait_json(type="joined", nick="helper")
        assert joined.keys() == {"type", "room", "user", "nick"}
        who = ask(bot, type="who", room="tea", id="w")
        assert [person["nick"] for person in who["people"]] == ["bob", "helper"]
        rooms = ask(bot, type="rooms", id="r")["rooms"]
        assert {"room": "tea", "people": 2, "head": 0} in rooms
        ask(bob, type="say", room="tea", text="in tea", id="s")
        bot.wait_json(type="message", room="tea", text="in tea")
        assert ask(bot, type="leave", room="tea", id="l") == {"type": "done", "id": "l"}
        bob.wait_json(type="left", nick="helper")
        assert ask(bot, type="leave", room="tea", id="l2")["code"] == "not-joined"
        assert ask(bot, type="history", room="nope", id="h")["code"] == "no-such-room"


def test_presence_is_never_about_oneself(broker: BrokerProgram) -> None:
    with start_bot(broker) as bot:
        mark = begin_news(broker, bot)
        with start_bot(broker, nick="bob") as bob:
            bot.wait_json(type="joined", nick="bob")
            assert end(bob) == 0
        left = bot.wait_json(type="left", nick="bob")
        assert left.keys() == {"type", "room", "user", "nick"}
        kinds = [(e["type"], e["nick"]) for e in bot.events(mark)]
        assert kinds == [("joined", "bob"), ("left", "bob")]


def test_saying_in_a_room_that_was_not_joined(broker: BrokerProgram) -> None:
    with start_bot(broker) as bot:
        assert ask(bot, type="say", room="elsewhere", text="x", id=1)["seq"] == 1


def test_the_same_id_is_the_same_request(broker: BrokerProgram) -> None:
    with start_bot(broker) as bot:
        request = {"type": "say", "room": "general", "text": "once", "id": "my-1"}
        first = ask(bot, **request)
        assert ask(bot, **request) == first
        for _again in range(2):
            bot.send_line({**request, "id": "my-2"})
        assert end(bot) == 0
        answers = [event for event in bot.events() if event.get("id") == "my-2"]
        assert len(answers) == 2
        assert answers[0] == answers[1]
        assert len(run(broker, "history", "--json").events()) == 2


def test_the_same_id_with_other_content_is_a_conflict(broker: BrokerProgram) -> None:
    with start_bot(broker) as bot:
        ask(bot, type="say", room="general", text="one", id="my-1")
        error = ask(bot, type="say", room="general", text="two", id="my-1")
        assert (error["type"], error["code"]) == ("error", "id-conflict")
        assert len(run(broker, "history", "--json").events()) == 1
        assert end(bot) == 1
        assert "my-1 (id-conflict)" in bot.lines("stderr")[-1]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("hello", "bad-json"),
        ("[]", "bad-json"),
        ("[" * 50_000, "bad-json"),
        ('{"type":"dance","id":"x"}', "unknown-type"),
        ('{"type":"who","id":"x"}', "bad-request"),
        ('{"type":"create","private":true,"id":"x"}', "bad-request"),
        ('{"type":"invite","room":"staff","nick":"bob","id":"x"}', "no-such-room"),
        ('{"type":"remove","room":"staff","id":"x"}', "bad-request"),
        ('{"type":"join","room":"a b","id":"x"}', "bad-room"),
    ],
)
def test_a_bad_line_is_an_error_and_no_exit(broker: BrokerProgram, line: str, code: str) -> None:
    with start_bot(broker) as bot:
        bot.send_line(line)
        error = bot.wait_json(type="error", code=code)
        assert error.get("id") == ("x" if '"id"' in line else None)
        assert ask(bot, type="rooms", id="alive")["type"] == "rooms"
        assert end(bot) == 0


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": "bob", "text": "psst"}, "no-such-person"),
        ({"room": "general", "text": ""}, "bad-request"),
        ({"room": "general", "text": "x" * 16_001}, "too-large"),
    ],
)
def test_a_message_that_is_refused_is_named_at_the_end(
    broker: BrokerProgram, fields: dict[str, str], code: str
) -> None:
    with start_bot(broker) as bot:
        assert ask(bot, type="say", id="my-3", **fields)["code"] == code
        assert end(bot) == 1
        assert f"my-3 ({code})" in bot.lines("stderr")[-1]


def test_unknown_fields_and_blank_lines_are_ignored(broker: BrokerProgram) -> None:
    with start_bot(broker) as bot:
        bot.send_line("")
        assert ask(bot, type="rooms", id=7, mood="fine")["type"] == "rooms"


def test_at_the_end_of_stdin_everything_read_is_answered(broker: BrokerProgram) -> None:
    """Beyond the server's burst, so that it asks to wait: nothing fails for it."""
    lines = [
        json.dumps({"type": "say", "room": "general", "text": str(number), "id": number})
        for number in range(1_100)
    ]
    done = run(broker, "bot", "--timeout", "30", input="\n".join(lines), timeout=60)
    assert (done.code, done.stderr) == (0, "")
    stored = [event for event in done.events() if event["type"] == "stored"]
    assert [event["id"] for event in stored] == list(range(1_100))
    assert [event["seq"] for event in stored] == list(range(1, 1_101))


def test_at_the_end_without_a_server_what_was_not_stored_is_named(
    broker_factory: BrokerFactory,
) -> None:
    broker = broker_factory()
    with start_bot(broker, "--timeout", "1") as bot:
        broker.kill()
        bot.wait_json(type="link", state="down")
        bot.send_line({"type": "say", "room": "general", "text": "x", "id": "my-9"})
        bot.close_stdin()
        error = bot.wait_json(type="error", id="my-9")
        assert error["code"] == "timeout"
        assert bot.wait(15) == 1
        assert "my-9 (timeout)" in bot.lines("stderr")[-1]
    again = broker_factory()
    assert run(again, "history", "--json").events() == []


def test_a_cut_is_told_and_what_it_missed_follows(broker_factory: BrokerFactory) -> None:
    broker = broker_factory()
    with start_bot(broker) as bot:
        assert run(broker, "send", "before").code == 0
        bot.wait_json(type="message", text="before")
        broker.kill()
        down = bot.wait_json(type="link", state="down")
        assert down["reason"]
        bot.send_line({"type": "say", "room": "general", "text": "queued", "id": 1})
        again = broker_factory(*same_place(broker), wildcard=False)
        bot.wait_json(20, type="link", state="up")
        bot.wait_json(20, type="stored", id=1)
        assert run(again, "send", "after").code == 0
        bot.wait_json(20, type="message", text="after")
        numbers = [event["seq"] for event in bot.events() if "seq" in event]
        assert numbers == [1, 2, 3]
        assert [e["state"] for e in bot.events() if e["type"] == "link"] == ["down", "up"]


def test_since(broker: BrokerProgram) -> None:
    assert run(broker, "send", input="1\n2\n3").code == 0
    for since, wanted in (("0", ["1", "2", "3"]), ("2", ["3"]), ("1h", ["1", "2", "3"])):
        with start_bot(broker, "--since", since, nick=f"s{since}") as bot:
            bot.wait_json(type="message", text="3")
            said = [event["text"] for event in bot.events() if event["type"] == "message"]
            assert said == wanted


def cursor_on_disk(broker: BrokerProgram) -> int | None:
    (profile,) = (broker.data_dir / "client" / "profiles").glob("helper-*.db")
    with closing(sqlite3.connect(f"file:{profile}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT seq FROM cursors WHERE room = 'general'").fetchall()
    return rows[0][0] if rows else None


def test_since_last_resumes_even_after_a_kill(broker: BrokerProgram) -> None:
    with start_bot(broker) as bot:
        assert run(broker, "send", "1").code == 0
        bot.wait_json(type="message", text="1")
        wait_until(lambda: cursor_on_disk(broker) == 1, "the cursor is kept")
        bot.kill()
    assert run(broker, "send", "2").code == 0
    with start_bot(broker, "--since", "last") as bot:
        bot.wait_json(type="message", text="2")
        assert [e["text"] for e in bot.events() if e["type"] == "message"] == ["2"]


def test_since_last_after_a_run_that_read_nothing(broker: BrokerProgram) -> None:
    assert run(broker, "send", "old").code == 0
    assert run(broker, "bot", nick="helper").code == 0
    assert run(broker, "send", "new").code == 0
    with start_bot(broker, "--since", "last") as bot:
        bot.wait_json(type="message", text="new")
        assert [e["text"] for e in bot.events() if e["type"] == "message"] == ["new"]


@pytest.mark.parametrize(("sig", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals(broker: BrokerProgram, sig: int, status: int) -> None:
    with start_bot(broker) as bot:
        assert bot.stop(sig) == status
        assert bot.lines("stderr") == []


def test_a_reader_that_went_away_ends_it_quietly(broker: BrokerProgram) -> None:
    words = f"--data-dir {shlex.quote(str(broker.data_dir))} -n helper bot"
    line = f"set -o pipefail; {shlex.quote(sys.executable)} client_cli.py {words} | head -n 1"
    with Program(["bash", "-c", line]) as pipeline:
        pipeline.wait_json(15, type="ready")
        pipeline.send_line({"type": "rooms", "id": 1})
        pipeline.send_line({"type": "rooms", "id": 2})
        assert end(pipeline) == 0
        assert pipeline.lines("stderr") == []


def test_json_is_english_in_a_french_session(broker: BrokerProgram) -> None:
    with start_bot(broker, "--lang", "fr") as bot:
        bot.send_line("hello")
        assert "not one JSON object" in bot.wait_json(type="error")["text"]
        assert end(bot) == 0


def test_a_flood_of_requests_is_read_no_faster_than_it_is_answered(broker: BrokerProgram) -> None:
    lines = [json.dumps({"type": "rooms", "id": number}) for number in range(1_200)]
    done = run(broker, "bot", input="\n".join(lines), timeout=60)
    assert (done.code, done.stderr) == (0, "")
    answered = [event["id"] for event in done.events() if event["type"] == "rooms"]
    assert sorted(answered) == list(range(1_200))
