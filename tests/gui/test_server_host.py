"""The server behind the window: a real broker's process, and real clients on it."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from common.client.target import explicit, parse_server
from common.gui.server_host import ServerHost
from common.gui.server_model import ServerModel
from common.gui.server_place import AS_GIVEN, HERE, Place
from common.protocol import deeds
from tests.support import wait_until
from tests.support.members import Member
from tests.support.programs import child_env

ANYWHERE = ("--pull=tcp://127.0.0.1:*", "--pub=tcp://127.0.0.1:*")

Make = Callable[..., ServerHost]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """`make(*options, place=...)`: a host of this test's data directory, closed at its end."""
    with ExitStack() as running:

        def host(*options: str, place: Place | None = None) -> ServerHost:
            model = ServerModel("Labo", place or Place(AS_GIVEN, 0), plain="--plain" in options)
            words = [*options, f"--data-dir={tmp_path}"]
            made = ServerHost(model, tmp_path, words, child_env())
            running.callback(made.close)
            return made

        yield host


def until(host: ServerHost, predicate: Callable[[], object], what: str) -> None:
    """Wait while the host takes in what happens."""

    def turn() -> object:
        host.tick()
        return predicate()

    model = host.model
    wait_until(
        turn, what, 20, saw=lambda: (model.phase, model.fault_words, model.log["all"].lines())
    )


def serving(host: ServerHost) -> ServerHost:
    """A host whose broker serves and is heard."""
    host.start(host.model.place)
    until(host, lambda: host.model.phase == "running", "it serves")
    return host


def enter(host: ServerHost, nick: str, **options: object) -> Member:
    """Somebody who came by the join link."""
    target = parse_server(host.model.ways[0].link, Path("/nowhere"))
    return Member(target, nick, **options)  # type: ignore[arg-type]


def texts(host: ServerHost) -> list[tuple[str, str, str]]:
    return [(one.room, one.nick, one.text) for one in host.model.passed.lines()]


def test_two_people_are_seen_and_heard_and_what_is_private_is_not(make: Make) -> None:
    host = serving(make(*ANYWHERE))
    model = host.model
    with enter(host, "ada") as ada, enter(host, "bob") as bob:
        ada.ready()
        bob.ready()
        until(host, lambda: {one.nick for one in model.people} == {"ada", "bob"}, "both are here")
        assert {one.note for one in model.people} == {"this machine"}
        assert "Connection established with 127.0.0.1 (" in model.status
        ada.client.say("general", "hello").result(15)
        ada.client.join("tea").result(15)
        ada.client.say("tea", "in a new room").result(15)
        ada.client.do(deeds.Create(room="den", private=True)).result(15)
        ada.client.say("den", "behind a door").result(15)
        ada.client.say("@bob", "for you alone").result(15)
        bob.client.say("general", "last").result(15)
        wanted = [("general", "ada", "hello"), ("general", "bob", "last")]
        until(host, lambda: set(wanted) < set(texts(host)), "the public room is heard")
        until(host, lambda: ("tea", "ada", "in a new room") in texts(host), "and the new one")
        assert len(texts(host)) == 3
        assert model.rate(0) >= 0
        until(host, lambda: model.stored == 3, "three public messages")
        until(host, lambda: model.disk > 0, "there is a file")
        assert not any("window" in one.words for one in model.log["all"].lines())
    until(host, lambda: not model.people, "they have left")
    assert model.status == f"Waiting for a connection on port {model.ways[0].port}."


def test_what_is_deleted_is_no_more_shown(make: Make) -> None:
    host = serving(make(*ANYWHERE))
    with enter(host, "ada") as ada:
        ada.ready()
        stored = ada.client.say("general", "a secret").result(15)
        until(host, lambda: len(texts(host)) == 1, "it passed")
        ada.client.do(deeds.Delete(room="general", seq=stored.seq)).result(15)
        until(host, lambda: host.model.passed.lines()[0].deleted, "its text is gone")


def test_without_encryption_it_is_heard_as_well(make: Make) -> None:
    host = serving(make(*ANYWHERE, "--plain"))
    assert host.model.ways[0].link == host.ready["pull"][0].removeprefix("tcp://")
    place = explicit(host.ready["pull"][0], host.ready["pub"][0], None)
    with Member(place, "ada") as ada:
        ada.ready()
        until(host, lambda: [one.nick for one in host.model.people] == ["ada"], "she is here")
        ada.client.say("general", "hello").result(15)
        until(host, lambda: texts(host) == [("general", "ada", "hello")], "she is heard")


def test_stopping_keeps_everything_and_it_starts_again(make: Make) -> None:
    host = serving(make(*ANYWHERE))
    with enter(host, "ada") as ada:
        ada.ready()
        ada.client.say("general", "before").result(15)
        until(host, lambda: len(texts(host)) == 1, "it passed")
        host.stop()
        assert host.model.phase == "stopping"
        until(host, lambda: not host.running, "it has ended")
    assert (host.model.phase, host.model.fault_words) == ("stopped", "")
    assert len(texts(host)) == 1
    serving(host)
    with enter(host, "ada2") as again:
        again.ready()
        page = again.client.history("general").result(15)
        assert [record.text for record in page.records] == ["before"]
        until(host, lambda: host.model.stored == 1, "it is counted")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_broker_that_is_killed_is_told_and_can_be_started_again(make: Make) -> None:
    host = serving(make(*ANYWHERE))
    assert host._process is not None
    os.kill(host._process.pid, signal.SIGKILL)
    until(host, lambda: host.model.phase == "died", "its end is seen")
    assert "stopped by itself" in host.model.fault_words
    serving(host)
    assert host.model.fault_words == ""


def test_a_port_in_use_is_said_beside_the_port(make: Make) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        host = make(place=Place(HERE, min(port, 65_533)))
        host.start(host.model.place)
        until(host, lambda: not host.running, "it has given up")
    assert (host.model.phase, host.model.fault) == ("stopped", "port")
    assert f"Port {port}" in host.model.fault_words


def test_a_directory_that_another_broker_serves_is_named(make: Make, tmp_path: Path) -> None:
    first = serving(make(*ANYWHERE))
    second = make(*ANYWHERE)
    second.start(second.model.place)
    until(second, lambda: not second.running, "it has given up")
    assert second.model.fault == "server"
    assert str(tmp_path) in second.model.fault_words
    assert "--data-dir" not in second.model.fault_words, "an option is no remedy in a window"
    assert first.model.phase == "running"
