"""The window on the second of two laptops lists the server of the first, and a nickname does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.keys import fingerprint
from tests.support import wait_until
from tests.support.display import screen
from tests.support.hosts import Network
from tests.support.parts import require_module
from tests.system.lan.conftest import OnHost

PERSON = "tests.system.lan.through_the_window"


@pytest.fixture
def display() -> Iterator[str]:
    require_module("tkinter", "apt-get install python3-tk")
    with screen() as name:
        yield name


def test_the_server_is_listed_and_a_nickname_is_enough(
    network: Network, serve: OnHost, display: str, tmp_path: Path
) -> None:
    server, client = network.host(), network.host()
    broker = serve(server, "--name", "Salle B204")
    broker.wait_line("announced on the network", 15, stream="stderr")
    shown = fingerprint(broker.key or "")
    command = (
        sys.executable,
        "-m",
        PERSON,
        "choose",
        "lea",
        "--data-dir",
        tmp_path,
        "--lang",
        "en",
    )
    with client.start(*command, env={"DISPLAY": display}) as person:
        person.wait_line("inside", 40)
        events = {name: value for one in person.events() for name, value in one.items()}
        assert events["listed"][:1] == ["On this network"]
        assert {"Salle B204", f"{server.address} · encrypted", shown} <= set(events["listed"])
        assert shown in events["told"]
        assert events["inside"].endswith("Salle B204 · Causette")
        broker.wait_line("lea (causette-gui) connected", 10, stream="stderr")
        done = server.cli(broker.data_dir, "send", "-n", "bob", "hello from the first")
        assert done.code == 0, done.stderr
        person.close_stdin()
        assert person.wait(20) == 0


def test_it_appears_while_the_form_is_open_and_goes_with_its_server(
    network: Network, serve: OnHost, display: str, tmp_path: Path
) -> None:
    server, client = network.host(), network.host()
    command = (sys.executable, "-m", PERSON, "choose", "", "--data-dir", tmp_path, "--lang", "en")
    with client.start(*command, env={"DISPLAY": display}) as person:
        broker = serve(server, "--name", "Salle B204")
        person.wait_line("Salle B204", 40)
        mark = person.position()
        broker.stop()
        person.wait_line('{"listed": []}', 20, after=mark)
        person.close_stdin()
        assert person.wait(20) == 0


def test_who_hosts_in_the_window_is_found(network: Network, display: str, tmp_path: Path) -> None:
    first, second = network.host(), network.host()
    words = ("--data-dir", tmp_path / "first", "--lang", "en")
    command = (sys.executable, "-m", PERSON, "host", "lea", *words)
    with first.start(*command, env={"DISPLAY": display}) as person:
        person.wait_line("inside", 40)
        log = tmp_path / "first" / "broker" / "broker.log"
        wait_until(
            lambda: "announced on the network" in log.read_text("utf-8"), "the announcement", 15
        )
        [found] = second.cli(tmp_path / "second", "discover", "--json").events()
        assert found["addresses"][0] == f"{first.address}:5555"
        link = str(found["link"])
        done = second.cli(tmp_path / "second", "send", "-s", link, "-n", "bob", "hello")
        assert done.code == 0, done.stderr
        person.close_stdin()
        person.wait(20)
    assert second.cli(tmp_path / "second", "discover", "--json", "--timeout", "1").events() == []
