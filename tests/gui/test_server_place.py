"""Where a server can listen, what is wrong with a port, and the links that lead there."""

from __future__ import annotations

import pytest

from common import keys
from common.client.target import parse_server
from common.gui import server_place
from common.gui.server_place import ALL, AS_GIVEN, HERE, BadPort, Place

KEY = keys.generate().public


@pytest.mark.parametrize("typed", ["1", " 5555 ", "65533"])
def test_ports_that_can_be_served_on(typed: str) -> None:
    assert server_place.port_of(typed) == int(typed)


@pytest.mark.parametrize(
    "typed", ["", "0", "65536", "70000", "-1", "5555.0", "５５５５", "abc", "9" * 30]
)
def test_what_is_no_port(typed: str) -> None:
    with pytest.raises(BadPort, match="between 1 and 65535"):
        server_place.port_of(typed)


@pytest.mark.parametrize("typed", ["65534", "65535"])
def test_a_port_needs_two_more_above_it(typed: str) -> None:
    with pytest.raises(BadPort, match="65533"):
        server_place.port_of(typed)


@pytest.mark.parametrize(
    ("pull", "pub", "card", "place"),
    [
        (["tcp://*:5555"], [], None, Place(ALL, 5555)),
        (["tcp://0.0.0.0:7000"], [], None, Place(ALL, 7000)),
        (["tcp://127.0.0.1:5555"], [], None, Place(HERE, 5555)),
        (["tcp://[fe80::1]:5555"], [], None, Place("fe80::1", 5555)),
        (["tcp://127.0.0.1:*"], [], None, Place(AS_GIVEN, 0)),
        (["ipc:///run/x"], [], None, Place(AS_GIVEN, 0)),
        (["tcp://*:5555"], ["tcp://*:7000"], None, Place(AS_GIVEN, 0)),
        (["tcp://*:5555"], [], "tcp://*:9000", Place(AS_GIVEN, 0)),
        (["tcp://*:1", "tcp://*:9"], [], None, Place(AS_GIVEN, 0)),
    ],
)
def test_what_the_options_say(
    pull: list[str], pub: list[str], card: str | None, place: Place
) -> None:
    assert server_place.given(pull, pub, card) == place


def test_how_a_broker_is_told() -> None:
    assert Place(ALL, 5555).options() == ["--lan", "--pull=tcp://*:5555"]
    assert Place("127.0.0.1", 80).options() == ["--pull=tcp://127.0.0.1:80"]
    assert Place("fe80::1", 80).options() == ["--pull=tcp://[fe80::1]:80"]
    assert Place(AS_GIVEN, 0).options() == []


def test_the_links_lead_where_the_broker_is(tmp_path: object) -> None:
    ready = {"pull": ["tcp://0.0.0.0:5555"], "pub": ["tcp://0.0.0.0:6000"], "key": KEY}
    ways = server_place.ways(ready, ["192.168.1.20", "fd00::2"])
    assert [(way.host, way.port) for way in ways] == [("192.168.1.20", 5555), ("fd00::2", 5555)]
    for way in ways:
        target = parse_server(way.link, tmp_path)  # type: ignore[arg-type]
        assert target.key == KEY
        assert target.sub.endswith(":6000")


def test_without_encryption_there_is_an_address_and_no_link() -> None:
    ready = {"pull": ["tcp://127.0.0.1:5555"], "pub": ["tcp://127.0.0.1:5556"], "key": None}
    (way,) = server_place.ways(ready, ["192.168.1.20"])
    assert way.link == "127.0.0.1:5555"
    assert way.here_only


@pytest.mark.parametrize(
    ("code", "address", "field", "says"),
    [
        ("in-use", "tcp://*:5555", "port", "Port 5555 is used"),
        ("in-use", "tcp://*:5556", "port", "Port 5556, which"),
        ("not-permitted", "tcp://*:5555", "port", "above 1023"),
        ("address", "tcp://10.0.0.9:5555", "address", "10.0.0.9"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    code: str, address: str, field: str, says: str
) -> None:
    told = server_place.wrong_address(code, address, Place(ALL, 5555))
    assert told is not None
    assert told[0] == field
    assert says in told[1]


def test_what_is_not_about_the_place_is_said_elsewhere() -> None:
    assert server_place.wrong_address("data-dir-locked", "", Place()) is None
