"""By which links others come in: from addresses, and from what a server of this machine says."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from common import i18n
from common.client.target import Ready, Target, explicit, of_ready, parse_server
from common.talk.ways import Ways, ways_in

KEY = "ab" * 32
OTHER = "cd" * 32
OWN = ["192.168.1.20", "10.0.0.7", "fd00::7"]


@pytest.fixture(autouse=True)
def english() -> None:
    i18n.setup("en", {})


def serving(data: Path, *pull: str, key: str | None = KEY) -> Target:
    """What a client of this machine joins where a server listens there."""
    pubs = [place.replace(":5555", ":5556") for place in pull]
    ready = Ready(name="Labo", pull=list(pull), pub=pubs, key=key, pid=os.getpid())
    folder = data / "broker"
    folder.mkdir()
    (folder / "ready.json").write_bytes(msgspec.json.encode(ready))
    return of_ready(ready)


def look(target: Target, data: Path, own: list[str] | None = None) -> Ways:
    return ways_in(target, data, lambda: OWN if own is None else own)


def test_a_server_elsewhere_is_reached_as_it_was_by_this_person(tmp_path: Path) -> None:
    target = parse_server(f"causette://{KEY}@192.168.1.9:7000/7005", tmp_path)
    (way,) = look(target, tmp_path).found
    assert (way.place, way.link()) == (
        "192.168.1.9:7000",
        f"causette://{KEY}@192.168.1.9:7000/7005",
    )
    assert way.link("7k3m-q9tx").endswith("/7005?invite=7K3M-Q9TX")


def test_a_server_here_that_listens_everywhere_has_the_addresses_of_this_machine(
    tmp_path: Path,
) -> None:
    ways = look(serving(tmp_path, "tcp://0.0.0.0:5555"), tmp_path)
    assert [way.place for way in ways.found] == ["192.168.1.20:5555", "10.0.0.7:5555"]
    assert ways.found[0].link() == f"causette://{KEY}@192.168.1.20:5555"
    assert (ways.alone, ways.why) == ("", "")


def test_of_all_interfaces_those_of_ipv6_count_too(tmp_path: Path) -> None:
    ways = look(serving(tmp_path, "tcp://[::]:5555"), tmp_path)
    assert ways.found[-1].link() == f"causette://{KEY}@[fd00::7]:5555"


def test_a_server_for_this_machine_alone_says_so_and_what_to_do(tmp_path: Path) -> None:
    ways = look(serving(tmp_path, "tcp://127.0.0.1:5555"), tmp_path)
    assert (ways.found, ways.alone) == ((), "machine")
    assert "on this machine alone" in ways.why
    assert "broker.py --lan" in ways.why


def test_one_of_several_places_is_enough(tmp_path: Path) -> None:
    target = serving(tmp_path, "tcp://127.0.0.1:5555", "tcp://192.168.1.20:5555")
    assert [way.place for way in look(target, tmp_path).found] == ["192.168.1.20:5555"]


def test_without_a_network_nobody_else_comes(tmp_path: Path) -> None:
    ways = look(serving(tmp_path, "tcp://0.0.0.0:5555"), tmp_path, ["127.0.0.1"])
    assert (ways.found, ways.alone) == ((), "network")
    assert "on no network" in ways.why


def test_of_a_server_that_is_not_this_directory_s_nothing_is_known(tmp_path: Path) -> None:
    serving(tmp_path, "tcp://0.0.0.0:5555")
    target = parse_server(f"causette://{OTHER}@127.0.0.1:5555", tmp_path)
    assert look(target, tmp_path) == Ways()
    assert look(target, tmp_path / "nowhere") == Ways()
    assert "Whoever runs the server" in Ways().why


def test_a_damaged_file_gives_nothing_away(tmp_path: Path) -> None:
    target = serving(tmp_path, "tcp://0.0.0.0:5555")
    (tmp_path / "broker" / "ready.json").write_text("{")
    assert look(target, tmp_path).alone == "unknown"


def test_without_encryption_there_is_a_place_to_give(tmp_path: Path) -> None:
    target = serving(tmp_path, "tcp://0.0.0.0:5555", key=None)
    assert look(target, tmp_path).found[0].link() == "192.168.1.20:5555"
    elsewhere = explicit("tcp://192.168.1.9:5555", "tcp://192.168.1.9:5556", None)
    assert look(elsewhere, tmp_path).found[0].link() == "192.168.1.9:5555"
    other = explicit("tcp://127.0.0.1:6000", "tcp://127.0.0.1:6001", None)
    assert look(other, tmp_path) == Ways()


def test_a_socket_of_this_machine_is_no_way(tmp_path: Path) -> None:
    target = explicit("ipc:///tmp/a", "ipc:///tmp/b", None)
    assert look(target, tmp_path) == Ways()
