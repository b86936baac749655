"""`listen`, `history`, `rooms`, `who`, `export` with real processes."""

import json
import shlex
import signal
import sys
from pathlib import Path

import pytest

from tests.cli.starting import run, start
from tests.conftest import BrokerFactory
from tests.support import wait_until
from tests.support.programs import BrokerProgram, Program, same_place


def say(broker: BrokerProgram, *texts: str, room: str = "general", nick: str = "ada") -> None:
    done = run(broker, "send", "-r", room, input="\n".join(texts), nick=nick)
    assert done.code == 0, done.stderr


def listening(broker: BrokerProgram, *args: str | Path, nick: str = "eve") -> Program:
    """A `listen` that has joined: only the broker's log can tell, for it says nothing itself."""
    mark = broker.position("stderr")
    program = start(broker, "listen", *args, nick=nick)
    broker.wait_line(f"{nick} (causette-cli/listen) connected", 15, stream="stderr", after=mark)
    wait_until(lambda: nick in run(broker, "who", nick="looker").stdout, f"{nick} is in")
    return program


def test_text_for_people(broker: BrokerProgram) -> None:
    with listening(broker, "--count", "2") as program:
        say(broker, "hello", "again")
        assert program.wait() == 0
        first, second = program.lines()
        assert first.endswith("] <ada> hello")
        assert second.endswith("] <ada> again")


def test_json_has_the_shape_of_a_message(broker: BrokerProgram) -> None:
    with listening(broker, "--json", "--count", "1") as program:
        say(broker, "hello")
        assert program.wait() == 0
        (event,) = program.events()
        assert event.keys() == {"type", "room", "seq", "id", "user", "nick", "text", "ts"}
        assert (event["type"], event["seq"], event["text"]) == ("message", 1, "hello")


def test_json_is_utf8_and_untranslated_in_any_locale(broker: BrokerProgram) -> None:
    say(broker, "héhé 😀 \u2028")
    env = {"LC_ALL": "fr_FR.ISO-8859-1", "PYTHONUTF8": "0"}
    done = run(broker, "history", "--json", env=env)
    assert done.events()[0]["text"] == "héhé 😀 \u2028"
    assert len(done.stdout.splitlines()) == 1


def test_terminal_escapes_are_harmless_in_text_and_exact_in_json(broker: BrokerProgram) -> None:
    text = "x\x1b]52;c;Zm9v\x07\rfake"
    say(broker, text)
    shown = run(broker, "history").stdout
    assert not set(shown) & {"\x1b", "\x07", "\r"}
    assert run(broker, "history", "--json").events()[0]["text"] == text


def test_several_rooms_are_named(broker: BrokerProgram) -> None:
    say(broker, "one", room="a")
    say(broker, "two", room="b")
    done = run(broker, "listen", "-r", "a", "-r", "b", "--since", "0", "--count", "2")
    assert sorted(line.partition("] ")[2] for line in done.lines()) == [
        "a <ada> one",
        "b <ada> two",
    ]


@pytest.mark.parametrize(
    ("since", "wanted"),
    [("0", ["1", "2", "3"]), ("2", ["3"]), ("1h", ["1", "2", "3"]), ("3", [])],
)
def test_since(broker: BrokerProgram, since: str, wanted: list[str]) -> None:
    say(broker, "1", "2", "3")
    limit = ("--count", str(len(wanted))) if wanted else ("--timeout", "1")
    heard = run(broker, "listen", "--since", since, "--json", *limit)
    assert heard.code == 0
    assert [event["text"] for event in heard.events()] == wanted
    shown = run(broker, "history", "--since", since, "--json")
    assert [event["text"] for event in shown.events()] == wanted


def test_since_a_moment_ago(broker: BrokerProgram) -> None:
    say(broker, "old")
    (old,) = run(broker, "history", "--json").events()

    def later() -> bool:
        say(broker, "new")
        return bool(run(broker, "history", "--json").events()[-1]["ts"] > old["ts"] + 1_000)

    wait_until(later, "more than a second has passed")
    recent = run(broker, "history", "--since", "500ms", "--json").events()
    assert "old" not in [event["text"] for event in recent]


def test_since_last_goes_on_where_the_run_before_stopped(broker: BrokerProgram) -> None:
    say(broker, "1", "2", "3", "4")
    words = ("listen", "--json", "--count", "2")
    first = run(broker, *words, "--since", "0", nick="eve")
    assert [event["seq"] for event in first.events()] == [1, 2]
    history = run(broker, "history", "--since", "last", "--json", nick="eve")
    assert [event["seq"] for event in history.events()] == [3, 4]
    second = run(broker, *words, "--since", "last", nick="eve")
    assert [event["seq"] for event in second.events()] == [3, 4]
    third = run(broker, *words, "--since", "last", "--timeout", "1", nick="eve")
    assert (third.code, third.stdout) == (124, "")


@pytest.mark.parametrize("since", ["yesterday", "-1", "1.5", "10min", "LAST"])
def test_since_that_cannot_be_read(broker: BrokerProgram, since: str) -> None:
    done = run(broker, "history", f"--since={since}")
    assert done.code == 2
    assert done.stderr.startswith(f"client_cli.py: --since {since}: ")


def test_timeout_is_total(broker: BrokerProgram) -> None:
    assert run(broker, "listen", "--timeout", "0.5").code == 0
    assert run(broker, "listen", "--timeout", "0.5", "--count", "1").code == 124


def test_history_is_the_newest_or_the_first_after_since(broker: BrokerProgram) -> None:
    say(broker, *[str(number) for number in range(1, 151)])

    def numbers(*words: str) -> list[int]:
        return [event["seq"] for event in run(broker, "history", "--json", *words).events()]

    assert numbers() == list(range(51, 151))
    assert numbers("--limit", "3") == [148, 149, 150]
    assert numbers("--since", "10", "--limit", "3") == [11, 12, 13]
    assert numbers("--since", "0") == list(range(1, 151))


def test_reading_verbs_do_not_create_rooms(broker: BrokerProgram) -> None:
    for words in (("history",), ("who",), ("export",), ("history", "--since", "1h")):
        done = run(broker, *words, "-r", "nope")
        assert (done.code, done.stdout) == (1, "")
        assert "nope" in done.stderr
    assert "nope" not in run(broker, "rooms").stdout


def test_rooms_and_who(broker: BrokerProgram) -> None:
    say(broker, "x", room="tea")
    with listening(broker, nick="eve"):
        rooms = run(broker, "rooms", "--json").events()
        assert {"room": "tea", "people": 0, "head": 1} in rooms
        assert {"room": "general", "people": 1, "head": 0} in rooms
        (person,) = run(broker, "who", "--json").events()
        assert (person["room"], person["nick"]) == ("general", "eve")
        assert run(broker, "who").lines() == ["eve"]


def test_a_command_reads_the_message_and_nothing_is_pasted_into_it(
    broker: BrokerProgram, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    script = tmp_path / "note.py"
    script.write_text(
        "import json, os, sys\n"
        "given = json.load(sys.stdin)\n"
        "names = ('ROOM', 'AUTHOR', 'TEXT', 'SEQ', 'TS', 'ID', 'USER')\n"
        "env = {name: os.environ['CAUSETTE_' + name] for name in names}\n"
        f"with open({str(log)!r}, 'a') as file:\n"
        "    file.write(json.dumps([given, env]) + '\\n')\n"
    )
    hostile = f"$(touch {tmp_path}/hacked); `touch {tmp_path}/hacked` 'quote\" é"
    command = f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}"
    with listening(broker, "--count", "2", "--exec", command) as program:
        say(broker, hostile, "second")
        assert program.wait() == 0
        assert program.lines() == []
    (given, env), (second, _env) = map(json.loads, log.read_text().splitlines())
    assert given["text"] == env["TEXT"] == hostile
    assert (env["ROOM"], env["AUTHOR"], env["SEQ"]) == ("general", "ada", "1")
    assert (env["ID"], env["USER"], env["TS"]) == (given["id"], given["user"], str(given["ts"]))
    assert second["text"] == "second"
    assert not (tmp_path / "hacked").exists()


def test_a_command_that_fails_is_told_and_the_next_one_runs(broker: BrokerProgram) -> None:
    with listening(broker, "--count", "2", "--exec", "exit 3") as program:
        say(broker, "one", "two")
        assert program.wait() == 0
        assert sum("status 3" in line for line in program.lines("stderr")) == 2


def test_a_send_inside_a_command_answers_as_the_listener_in_the_room(
    broker: BrokerProgram,
) -> None:
    cli = f"{shlex.quote(sys.executable)} client_cli.py send thanks"
    guarded = f'test "$CAUSETTE_AUTHOR" = eve || {cli}'
    with start(broker, "listen", "-r", "tea", "--exec", guarded, "--count", "2", nick="eve") as it:
        wait_until(lambda: "tea" in run(broker, "rooms").stdout, "the room is made")
        say(broker, "hello", room="tea")
        assert it.wait(20) == 0
    said = run(broker, "history", "-r", "tea", "--json").events()
    assert [(event["nick"], event["text"]) for event in said] == [
        ("ada", "hello"),
        ("eve", "thanks"),
    ]


def test_listening_goes_on_after_a_restart_without_a_hole(broker_factory: BrokerFactory) -> None:
    broker = broker_factory()
    with listening(broker, "--json", "--count", "3") as program:
        say(broker, "before")
        program.wait_json(type="message", text="before")
        broker.kill()
        again = broker_factory(*same_place(broker), wildcard=False)
        say(again, "during", "after")
        assert program.wait(30) == 0
        assert [event["seq"] for event in program.events()] == [1, 2, 3]


@pytest.mark.parametrize(("sig", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals(broker: BrokerProgram, sig: int, status: int) -> None:
    with listening(broker) as program:
        assert program.stop(sig) == status
        assert program.lines("stderr") == []


def test_head_of_a_pipe_ends_listening_though_nothing_more_is_said(
    broker: BrokerProgram,
) -> None:
    say(broker, "only")
    words = f"--data-dir {shlex.quote(str(broker.data_dir))} -n eve listen --since 0"
    line = f"{shlex.quote(sys.executable)} client_cli.py {words} | head -n 1"
    with Program(["bash", "-c", f"set -o pipefail; {line}"]) as pipeline:
        assert pipeline.wait(20) == 0
        assert len(pipeline.lines()) == 1
        assert pipeline.lines("stderr") == []


@pytest.mark.parametrize(
    ("name", "begins"),
    [("talk.txt", "=== general ==="), ("talk.html", "<!DOCTYPE html>"), ("talk.jsonl", '{"type"')],
)
def test_export_by_the_ending_of_the_file(
    broker: BrokerProgram, tmp_path: Path, name: str, begins: str
) -> None:
    say(broker, "<b>hello</b>", "é")
    done = run(broker, "export", "-o", tmp_path / name)
    assert (done.code, done.stdout, done.stderr) == (0, "", "")
    text = (tmp_path / name).read_text("utf-8")
    assert text.startswith(begins)
    assert "é" in text
    assert ("<b>hello</b>" in text) == (name != "talk.html")
    assert [path.name for path in tmp_path.iterdir() if path.name != "data"] == [name]


def test_export_of_many_pages_is_whole(broker: BrokerProgram) -> None:
    say(broker, *[f"{number} " + "x" * 300 for number in range(900)])
    done = run(broker, "export", "--format", "jsonl")
    assert [event["seq"] for event in done.events()] == list(range(1, 901))


def test_export_of_a_missing_room_leaves_no_file(broker: BrokerProgram, tmp_path: Path) -> None:
    assert run(broker, "export", "-r", "nope", "-o", tmp_path / "x.txt").code == 1
    assert not list(tmp_path.glob("x.txt*"))


def test_export_where_nothing_may_be_written(broker: BrokerProgram, tmp_path: Path) -> None:
    say(broker, "x")
    done = run(broker, "export", "-o", tmp_path / "none" / "x.txt")
    assert done.code == 1
    assert "x.txt" in done.stderr
