"""Trust in announcements, and the choice among a server's addresses."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from common.broker.limits import CoreSettings
from common.client import nearby
from common.client.joining import CannotJoin, NewBroker
from common.client.meeting import today
from common.client.nearby import Choice, Standing, answering, judge
from common.client.pins import Pin, Pins
from common.lan.found import Found

KEY, OTHER = "ab" * 32, "cd" * 32
SERVER = Found(name="Salle B204", key=KEY, hosts=("192.168.1.20",), pull=5555, pub=5556, card=5557)
PLAIN = replace(SERVER, key=None)


def pin(key: str | None, name: str = "") -> Pin:
    return Pin(key=key, first_seen="2026-11-20", name=name)


def standing(server: Found, pins: dict[str, Pin], *others: Found) -> Standing:
    return judge(Choice(server, others), pins).standing


def test_a_server_that_nobody_knows_is_new() -> None:
    assert standing(SERVER, {}) is Standing.NEW
    assert standing(SERVER, {"10.0.0.9:5555": pin(OTHER, "Club")}) is Standing.NEW


@pytest.mark.parametrize("label", ["192.168.1.20:5555", "10.0.0.9:5555", "server.example:7000"])
def test_a_key_that_is_known_is_known_wherever_it_was_seen(label: str) -> None:
    judged = judge(Choice(SERVER), {label: pin(KEY, "As it was called then")})
    assert (judged.standing, judged.label) == (Standing.KNOWN, label)


def test_another_key_at_a_known_address_is_refused() -> None:
    pins = {"192.168.1.20:5555": pin(OTHER, "Club")}
    assert standing(SERVER, pins) is Standing.CHANGED
    # Also where only its second address is the known one.
    second = replace(SERVER, hosts=("10.0.0.1", "192.168.1.20"))
    assert standing(second, pins) is Standing.CHANGED
    assert standing(PLAIN, pins) is Standing.CHANGED, "it had a key, and now shows none"


@pytest.mark.parametrize("name", ["Salle B204", "SALLE  b204", "Sаlle B2O4"])
def test_another_key_under_a_known_name_is_refused(name: str) -> None:
    assert standing(SERVER, {"10.0.0.9:5555": pin(OTHER, name)}) is Standing.CHANGED


def test_beside_the_known_one_another_of_its_name_is_asked_about() -> None:
    known = replace(SERVER, key=OTHER, hosts=("10.0.0.9",))
    assert standing(SERVER, {"10.0.0.9:5555": pin(OTHER, "Salle B204")}, known) is (
        Standing.DOUBTFUL
    )


def test_the_name_that_every_server_has_says_nothing() -> None:
    """At home and at school alike: it is asked about, not refused."""
    assert CoreSettings().name == nearby.NOBODY_NAMED_IT
    server = replace(SERVER, name=nearby.NOBODY_NAMED_IT)
    pins = {"10.0.0.9:5555": pin(OTHER, nearby.NOBODY_NAMED_IT)}
    assert standing(server, pins) is Standing.DOUBTFUL


def test_one_without_encryption_is_asked_about_once() -> None:
    assert standing(PLAIN, {}) is Standing.DOUBTFUL
    assert standing(PLAIN, {"192.168.1.20:5555": pin(None)}) is Standing.KNOWN


# --- from a choice to a target ---------------------------------------------------------------


@pytest.fixture
def listening() -> Iterator[int]:
    """A port of this machine at which somebody answers, on 127.0.0.1 and 127.0.0.3."""
    with ExitStack() as open_:
        one = open_.enter_context(socket.create_server(("127.0.0.1", 0)))
        port: int = one.getsockname()[1]
        open_.enter_context(socket.create_server(("127.0.0.3", port)))
        yield port


def test_the_likeliest_address_that_answers(listening: int) -> None:
    server = replace(SERVER, pull=listening, hosts=("127.0.0.2", "127.0.0.3", "127.0.0.1"))
    host, verdicts = answering(server)
    assert host == "127.0.0.3"
    assert verdicts["127.0.0.2"] == "refused"


def test_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    host, verdicts = answering(replace(SERVER, pull=port, hosts=("127.0.0.1", "127.0.0.2")))
    assert (host, verdicts) == ("", {"127.0.0.1": "refused", "127.0.0.2": "refused"})


def test_a_new_one_is_trusted_and_nothing_is_pinned_before_it_proved_its_key(
    tmp_path: Path, listening: int
) -> None:
    server = replace(SERVER, pull=listening, hosts=("127.0.0.1",))
    target, trusted = nearby.find(Choice(server), tmp_path, None, 5)
    assert (target.push, target.sub) == (f"tcp://127.0.0.1:{listening}", "tcp://127.0.0.1:5556")
    assert (target.key, target.name, target.plain) == (KEY, "Salle B204", False)
    assert trusted == NewBroker(f"127.0.0.1:{listening}", "Salle B204", KEY)
    assert Pins.of(tmp_path).all() == {}


def test_a_known_one_is_told_to_nobody(tmp_path: Path, listening: int) -> None:
    server = replace(SERVER, pull=listening, hosts=("127.0.0.1",))
    Pins.of(tmp_path).pin("10.0.0.9:5555", KEY, "Salle B204", today())
    assert nearby.find(Choice(server), tmp_path, None, 5)[1] is None


def test_a_changed_one_is_not_even_knocked_at(tmp_path: Path) -> None:
    Pins.of(tmp_path).pin("192.168.1.20:5555", OTHER, "Club", today())
    asked: list[NewBroker] = []

    def confirm(one: NewBroker) -> bool:
        asked.append(one)
        return True

    with pytest.raises(CannotJoin) as raised:
        nearby.find(Choice(SERVER), tmp_path, confirm, 5)
    assert (raised.value.code, raised.value.status) == ("key-changed", 77)
    assert raised.value.values["host"] == "192.168.1.20:5555"
    assert raised.value.values["key"] == SERVER.fingerprint
    assert raised.value.values["expected"] == replace(SERVER, key=OTHER).fingerprint
    assert asked == []


@pytest.mark.parametrize("answer", [True, False, None])
def test_a_doubtful_one_is_asked_about(tmp_path: Path, listening: int, answer: bool | None) -> None:
    server = replace(PLAIN, pull=listening, hosts=("127.0.0.1",))
    confirm = None if answer is None else lambda _one: bool(answer)
    if answer:
        target, trusted = nearby.find(Choice(server), tmp_path, confirm, 5)
        assert target.plain is True
        assert trusted is not None
        assert trusted.fingerprint == ""
    else:
        with pytest.raises(CannotJoin) as raised:
            nearby.find(Choice(server), tmp_path, confirm, 5)
        assert raised.value.code == "key-unknown"
    assert nearby.find(Choice(server), tmp_path, None, 5, trust_first=True)[1] is not None


def test_one_that_does_not_answer_is_tried_for_a_while_and_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    told: list[str] = []
    server = replace(SERVER, pull=port, hosts=("127.0.0.1",))
    with pytest.raises(CannotJoin) as raised:
        nearby.find(Choice(server), tmp_path, None, 0.6, lambda code, _values: told.append(code))
    assert raised.value.code == "unreachable-refused"
    assert raised.value.values == {"host": "127.0.0.1", "port": port}
    assert told == ["unreachable-refused"]


def test_damaged_pins_trust_nothing(tmp_path: Path) -> None:
    (tmp_path / "client").mkdir()
    (tmp_path / "client" / "known.json").write_text("{", "utf-8")
    with pytest.raises(CannotJoin) as raised:
        nearby.find(Choice(SERVER), tmp_path, None, 1)
    assert raised.value.code == "profile-damaged"
