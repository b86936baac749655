"""What the server's window shows and lets one press, without a window or a server."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import i18n
from common.gui.server_log import Connected, RoomMade
from common.gui.server_model import ServerModel
from common.gui.server_place import ALL, AS_GIVEN, Place, Way
from common.gui.server_shapes import Heard, Passed, Tail, size_words

READY: dict[str, Any] = {"name": "Labo", "pull": ["tcp://0.0.0.0:5555"]}
WAY = Way("192.168.1.20", 5555, "causette://x@192.168.1.20:5555")
HERE_ONLY = Way("127.0.0.1", 5555, "causette://x@127.0.0.1:5555")


def running(**options: Any) -> ServerModel:
    model = ServerModel("Labo", Place(), **options)
    model.starting()
    model.ready(READY, [WAY], 100.0)
    return model


def line(message: str, level: str = "INFO") -> str:
    return f"2026-11-20 08:07:40,123 {level} {message}"


def passed(seq: int, text: str = "x") -> Passed:
    return Passed(1, "general", seq, "u1", "Ada", text)


def test_before_the_start() -> None:
    model = ServerModel("Labo", Place())
    assert (model.can_start, model.can_stop, model.locked_words) == (True, False, "")
    assert model.state(0.0) == "Stopped"
    assert model.closing_question() == ""
    assert model.title() == "Labo – server stopped"


def test_while_it_runs() -> None:
    model = running()
    assert (model.can_start, model.can_stop) == (False, True)
    assert model.locked_words == "Stop the server to change them."
    wanted = "Running for 19 min · encrypted · open to everybody on the network"
    assert model.state(100.0 + 19 * 60) == wanted
    assert model.status == "Waiting for a connection on port 5555."


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5, "less than a minute"), (61, "1 min"), (3_660 + 59, "1 h 01 min"), (90_000, "1 day")],
)
def test_how_long_it_runs(seconds: int, words: str) -> None:
    assert running().state(100.0 + seconds).startswith(f"Running for {words} ·")


def test_to_whom_it_is_open() -> None:
    assert running(access="invite").state(100.0).endswith("open to whoever was invited")
    assert " · not encrypted · " in running(plain=True).state(100.0)
    model = running()
    model.ways = [HERE_ONLY]
    assert model.state(100.0).endswith("open to this machine only")


def test_who_connects_is_said_and_where_they_are() -> None:
    model = running()
    fact = model.logged(line("Noé (causette-cli/chat) connected from 192.168.1.32"))
    assert isinstance(fact, Connected)
    assert model.status == "Connection established with 192.168.1.32 (Noé)."
    model.logged(line("Robo (causette-bot) connected from 127.0.0.1"))
    model.heard(Heard(people={"u2": "Robo", "u1": "Noé"}), 101.0)
    assert [(one.nick, one.bot, one.note) for one in model.people] == [
        ("Noé", False, "terminal · 192.168.1.32"),
        ("Robo", True, "bot · this machine"),
    ]
    assert model.title() == "Labo – 2 people"
    model.logged(line("Noé is now Léo"))
    model.heard(Heard(people={"u1": "Léo"}), 102.0)
    assert model.people[0].note == "terminal · 192.168.1.32"
    model.heard(Heard(people={}), 103.0)
    assert [one.nick for one in model.people] == ["Léo", "Robo"], "they are in no public room"
    model.logged(line("Léo (causette-cli/chat) left"))
    assert model.status == "Léo left."
    model.logged(line("lost the link with Robo (causette-bot)"))
    assert model.people == []
    assert model.status == "Waiting for a connection on port 5555."


def test_who_is_in_private_rooms_alone_counts_as_connected() -> None:
    model = running()
    model.heard(Heard(people={"u1": "Noé"}), 101.0)
    model.logged(line("Noé (causette-gui) connected from 192.168.1.32"))
    model.logged(line("Inès (causette-gui) connected from 192.168.1.33"))
    assert [one.nick for one in model.people] == ["Inès", "Noé"]
    model.logged(line("Noé (causette-cli/send) left"))
    assert [one.nick for one in model.people] == ["Inès", "Noé"], "another program of theirs is in"
    model.logged(line("Inès (causette-gui) left"))
    model.logged(line("Inès (causette-gui) connected from 192.168.1.33"))
    assert [one.nick for one in model.people] == ["Inès", "Noé"]
    model.logged(line("server (causette-broker/console) connected from 127.0.0.1"))
    assert len(model.people) == 2, "the operator's own verbs are nobody"
    model.ended(1)
    assert model.people == []
    model.logged(line("Noé (causette-gui) connected from 192.168.1.32"))
    assert [one.user for one in model.people] == ["u1"], "the face that they had before"


def test_a_new_room_is_told_on() -> None:
    assert running().logged(line("room tea created by Ada")) == RoomMade("tea")


def test_the_log_by_level() -> None:
    model = running()
    for level in ("INFO", "WARNING", "ERROR", "INFO"):
        model.logged(line(f"a {level} line", level))
    counts = {name: len(tail.lines()) for name, tail in model.log.items()}
    assert counts == {"all": 4, "warnings": 2, "errors": 1}


def test_counters() -> None:
    model = running()
    model.heard(Heard(count=40, stored=4906, people={"u": "Ada"}), 200.0)
    model.disk = 38_000_000
    shown = [(one.amount, one.words) for one in model.counters(200.0)]
    assert shown == [
        ("1", "person connected"), ("4,906", "public messages"),
        ("4.0", "per second"), ("38 MB", "on disk"),
    ]  # fmt: skip
    assert all(one.about.endswith(".") for one in model.counters(200.0))
    model.tick(211.0)
    assert model.rate(211.0) == 0


def test_how_many_are_stored_is_not_told_before_a_server_has_said_it() -> None:
    model = ServerModel("Labo", Place())
    assert model.counters(0.0)[1].amount == "–"
    model.starting()
    model.heard(Heard(stored=0), 1.0)
    assert model.counters(1.0)[1].amount == "0"


def test_a_line_without_a_time_gets_that_of_its_coming() -> None:
    model = ServerModel("Labo", Place())
    model.starting()
    model.logged("broker.py: port 5555 is taken", "08:15:02")
    model.logged(line("Ada left"), "08:15:03")
    assert [one.time for one in model.log["all"].lines()] == ["08:15:02", "08:07:40"]
    assert [one.time for one in model.log["errors"].lines()] == ["08:15:02"]
    model.ended(1)
    assert "port 5555 is taken" in model.fault_words, "and it is still told as the last words"
    model.heard(Heard(trouble="it cannot be read along"), 1.0, "08:15:04")
    assert model.log["warnings"].lines()[-1].time == "08:15:04"


def test_the_rate_of_the_first_second_is_not_exaggerated() -> None:
    model = running()
    model.heard(Heard(count=5), 100.01)
    assert model.rate(100.01) == 5


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "Stop the server? Nobody is connected; the messages stay."),
        (1, "Stop the server? 1 person will be cut off; the messages stay."),
        (7, "Stop the server? 7 people will be cut off; the messages stay."),
    ],
)
def test_closing_asks_while_it_runs(count: int, words: str) -> None:
    model = running()
    model.heard(Heard(people={f"u{n}": f"n{n}" for n in range(count)}), 101.0)
    assert model.closing_question() == words


def test_stopping_on_purpose() -> None:
    model = running()
    model.heard(Heard(people={"u": "Ada"}, passed=[passed(1)]), 101.0)
    model.stopping()
    assert (model.can_start, model.can_stop) == (False, False)
    model.ended(0)
    assert (model.phase, model.fault, model.people, model.ways) == ("stopped", "", [], [])
    assert [one.seq for one in model.passed.lines()] == [1]


def test_a_broker_that_dies_is_shown_with_its_last_words_and_can_be_started_again() -> None:
    model = running()
    model.logged("broker.py: the database could not be written")
    model.ended(1)
    assert (model.phase, model.can_start, model.fault) == ("died", True, "server")
    assert "stopped by itself (exit status 1)" in model.fault_words
    assert "the database could not be written" in model.fault_words
    assert model.state(0.0) == "Stopped by itself"
    model.starting()
    assert model.fault_words == ""


def test_a_port_in_use_is_said_beside_the_port_until_it_is_corrected() -> None:
    model = ServerModel("Labo", Place())
    assert model.choose(ALL, "5555") == Place(ALL, 5555)
    model.starting()
    model.obstacle({"type": "error", "code": "in-use", "address": "tcp://*:5555", "text": "x"})
    model.ended(1)
    assert (model.phase, model.fault) == ("stopped", "port")
    assert model.fault_words.startswith("Port 5555 is used by another program.")
    model.edited("address")
    assert model.fault_words
    model.edited("port")
    assert model.fault_words == ""


def test_any_other_obstacle_is_said_as_the_broker_says_it() -> None:
    model = ServerModel("Labo", Place())
    model.starting()
    model.obstacle({"code": "data-dir", "text": "/data cannot be used: it is a folder"})
    model.ended(1)
    assert (model.fault, model.fault_words) == ("server", "/data cannot be used: it is a folder")


def test_data_that_another_server_uses_are_told_in_words_of_the_window() -> None:
    model = ServerModel("Labo", Place())
    model.starting()
    model.obstacle({"code": "data-dir-locked", "path": "/data", "text": "choose --data-dir"})
    model.ended(1)
    assert model.fault_words.startswith("Another server already uses /data. Stop that one")


def test_what_is_no_port_is_not_started() -> None:
    model = ServerModel("Labo", Place())
    assert model.choose(ALL, "70000") is None
    assert (model.fault, model.fault_words) == ("port", "A port is between 1 and 65535.")


def test_a_place_of_the_command_line_stays() -> None:
    model = ServerModel("Labo", Place(AS_GIVEN, 0))
    assert model.choose(AS_GIVEN, "") == Place(AS_GIVEN, 0)
    assert model.locked_words == "As given on the command line."


def test_the_text_of_a_deleted_message_is_gone() -> None:
    model = running()
    model.heard(Heard(passed=[passed(1, "secret"), passed(2)]), 101.0)
    edition = model.passed.edition
    model.heard(Heard(deleted=[("general", 1), ("other", 2)]), 102.0)
    assert [(one.text, one.deleted) for one in model.passed.lines()] == [("", True), ("x", False)]
    assert model.passed.edition > edition


@given(st.lists(st.integers(0, 30), max_size=20), st.integers(1, 20))
def test_a_view_that_follows_a_tail_misses_nothing_that_is_kept(
    bursts: list[int], at_once: int
) -> None:
    tail: Tail[int] = Tail(10)
    shown: list[int] = []
    seen = count = 0
    for burst in bursts:
        for _ in range(burst):
            tail.add(count)
            count += 1
        if tail.first > seen:
            shown, seen = [], tail.first
        new = tail.since(seen, at_once)
        shown += new
        seen += len(new)
        assert shown == list(range(seen - len(shown), seen))
        assert len(tail.lines()) <= 10
    while new := tail.since(seen, at_once):
        shown += new
        seen += len(new)
    assert shown[-10:] == tail.lines()[-len(shown[-10:]) :] if shown else not tail.lines()


def test_sizes() -> None:
    assert [size_words(size) for size in (0, 999, 38_000_000, 1_500_000_000, 999_600)] == [
        "0 kB", "1 kB", "38 MB", "1.5 GB", "1.0 MB",
    ]  # fmt: skip


def test_french() -> None:
    i18n.setup("fr", {})
    try:
        model = running()
        model.heard(Heard(people={f"u{n}": f"n{n}" for n in range(7)}), 101.0)
        question = model.closing_question()
        assert question == (
            "Arrêter le serveur\u202f? 7 personnes seront coupées\u202f; les messages restent."
        )
        assert (
            model.state(100.0 + 19 * 60)
            == "En marche depuis 19 min · chiffré · ouvert à tous sur le réseau"
        )
    finally:
        i18n.setup("en", {})
