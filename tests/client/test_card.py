"""Asking a broker for its card, over real sockets, and what may come back instead."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import zmq

from common.client.card import NoCard, complete, fetch
from common.client.target import explicit, parse_server
from common.protocol.messages import PROTOCOL, Card
from tests.client.test_target import KEY, NOWHERE

PULL, PUB = "tcp://0.0.0.0:7000", "tcp://0.0.0.0:7001"


def a_card(**changes: Any) -> Card:
    fields: dict[str, Any] = {
        "name": "Atelier",
        "key": KEY,
        "pull": [PULL],
        "pub": [PUB],
        "protocol": 1,
        "access": "open",
        **changes,
    }
    return Card(**fields)


def body(**changes: Any) -> bytes:
    fields = {
        "type": "card",
        "name": "Atelier",
        "key": KEY,
        "pull": [PULL],
        "pub": [PUB],
        "protocol": 1,
        "access": "open",
        **changes,
    }
    return json.dumps(fields).encode()


@contextmanager
def answering(*frames: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A REP socket that answers one question with `frames`; yields its address."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    stop_here, stop_there = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
    stop_here.bind("inproc://stop")
    stop_there.connect("inproc://stop")
    server = context.socket(zmq.REP)
    port = server.bind_to_random_port("tcp://127.0.0.1")
    asked: list[bytes] = []

    def serve() -> None:
        poller = zmq.Poller()
        poller.register(server, zmq.POLLIN)
        poller.register(stop_there, zmq.POLLIN)
        ready = dict(poller.poll(30_000))
        if server in ready:
            asked.extend(server.recv_multipart())
            if frames:
                server.send_multipart(frames)
        if stop_there not in ready:
            stop_there.poll(30_000)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"tcp://127.0.0.1:{port}", asked
    finally:
        stop_here.send(b"")
        thread.join()
        context.destroy(linger=0)


@pytest.fixture
def context() -> Iterator["zmq.Context[zmq.Socket[bytes]]"]:
    made: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    yield made
    made.term()  # would hang, had `fetch` left a socket open


def test_a_card_is_had_by_asking(context: "zmq.Context[zmq.Socket[bytes]]") -> None:
    with answering(body(later="field")) as (address, asked):
        assert fetch(address, 10, context) == a_card()
    assert json.loads(asked[0]) == {"type": "card", "protocol": PROTOCOL}


def test_what_a_card_says_is_safe_to_show(context: "zmq.Context[zmq.Socket[bytes]]") -> None:
    with answering(body(name="\x1b[2J" + "x" * 999, key=KEY.upper())) as (address, _):
        card = fetch(address, 10, context)
    assert "\x1b" not in card.name
    assert len(card.name) == 120
    assert card.key == KEY


def test_a_card_without_encryption(context: "zmq.Context[zmq.Socket[bytes]]") -> None:
    with answering(body(key=None)) as (address, _):
        assert fetch(address, 10, context).key is None


@pytest.mark.parametrize(
    "frames",
    [
        [b""],
        [b"HTTP/1.1 400 Bad Request"],
        [b"\xff\xfe"],
        [b"[" * 60_000],
        [b'{"type":"ready"}'],
        [body(key="12")],
        [body(key=12)],
        [body(pull=[])],
        [body(pub="x")],
        [body(pull=[PULL] * 65)],
        [body(access="perhaps")],
        [body(), body()],
    ],
)
def test_what_is_no_card(frames: list[bytes], context: "zmq.Context[zmq.Socket[bytes]]") -> None:
    with answering(*frames) as (address, _), pytest.raises(NoCard) as caught:
        fetch(address, 10, context)
    assert caught.value.reason == "not-causette"


def test_silence_is_no_answer(context: "zmq.Context[zmq.Socket[bytes]]") -> None:
    with answering() as (address, _), pytest.raises(NoCard) as caught:
        fetch(address, 0.1, context)
    assert caught.value.reason == "no-answer"
    assert "0.1 s" in caught.value.why


@pytest.mark.parametrize("address", ["", "box:1", "tcp://box", "tcp://127.0.0.1:99999"])
def test_an_address_that_is_none(address: str, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
    with pytest.raises(NoCard) as caught:
        fetch(address, 0.1, context)
    assert caught.value.reason == "no-answer"


def test_the_typed_host_stays_and_the_ports_are_the_cards() -> None:
    target = complete(parse_server("box:7000", NOWHERE), a_card(pub=["tcp://10.0.0.1:9000"]))
    assert (target.push, target.sub) == ("tcp://box:7000", "tcp://box:9000")
    assert (target.key, target.name, target.plain) == (KEY, "Atelier", False)
    assert target.label == "box:7000"


def test_of_several_addresses_the_typed_port_counts() -> None:
    card = a_card(pull=["ipc:///x", "tcp://a:1", "tcp://b:7000"], pub=["tcp://a:2", "tcp://b:9"])
    target = complete(parse_server("[::1]:7000", NOWHERE), card)
    assert (target.push, target.sub) == ("tcp://[::1]:7000", "tcp://[::1]:9")
    target = complete(parse_server("box:8000", NOWHERE), card)
    assert (target.push, target.sub) == ("tcp://box:1", "tcp://box:2")


def test_a_card_without_tcp_changes_no_port() -> None:
    card = a_card(pull=["ipc:///in"], pub=["ipc:///out"])
    assert complete(parse_server("box", NOWHERE), card).sub == "tcp://box:5556"
    by_hand = explicit("ipc:///in", "ipc:///out", None)
    assert complete(by_hand, a_card(key=None)).push == "ipc:///in"


def test_a_card_never_replaces_a_key_nor_turns_encryption_off() -> None:
    link = parse_server(f"causette://{'cd' * 32}@box", NOWHERE)
    for key in (KEY, None):
        target = complete(link, a_card(key=key))
        assert (target.key, target.plain) == ("cd" * 32, False)
    assert complete(parse_server("box", NOWHERE), a_card(key=None)).plain is True
