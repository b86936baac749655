"""Row 43: whatever comes to a port, it is no way in, and harms nobody; and the card's manners."""

from __future__ import annotations

import json
import os
import random

import pytest
import zmq

from tests.support import wait_until
from tests.system.hostile.conftest import Scene
from tests.system.hostile.raw import COMMAND, GREETING, MORE, memory, metadata, zmtp

HTTP = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70_000
READY = zmtp(b"\x05READY" + metadata(b"Socket-Type", b"PUSH"), COMMAND)
GARBAGE = {
    "random bytes": random.Random(43).randbytes(100_000),
    "zeros": bytes(100_000),
    "an HTTP request": HTTP,
    "TLS": bytes.fromhex("16030102000100") + os.urandom(512),
    "half a greeting": GREETING[:30],
    "a greeting and nothing": GREETING,
    "another mechanism": GREETING[:12] + b"PLAIN".ljust(20, b"\0") + bytes(32),
    "an old version": b"\xff" + bytes(8) + b"\x7f\x00\x01",
    "ZMTP 1": b"\x01\x00" + b"\x05\x00hell" * 5_000,
    "a command too long": GREETING + b"\x06" + (1 << 40).to_bytes(8, "big") + b"x" * 50_000,
    "a message before READY": GREETING + zmtp(b"x" * 100),
    "a broken READY": GREETING + zmtp(b"\x05READY\xff" + b"x" * 60, COMMAND),
    "an unknown command": GREETING + READY + zmtp(b"\x04WHAT", COMMAND) * 100,
    "a wrong kind": GREETING + READY.replace(b"PUSH", b"PAIR"),
    "a command of nothing": GREETING + READY + zmtp(b"", COMMAND) * 100,
    "reserved flags": GREETING + READY + b"\xf8\x01x" * 100,
}


@pytest.mark.parametrize("mode", ["curve", "plain"])
def test_43_garbage_on_each_port(request: pytest.FixtureRequest, mode: str) -> None:
    scene: Scene = request.getfixturevalue("scene" if mode == "curve" else "plain")
    broker = scene.broker
    before = memory(broker)
    wires = []
    for address in (broker.pull, broker.pub, broker.card):
        for data in GARBAGE.values():
            wire = scene.wire(address)
            wire.send(data)
            wires.append(wire)
    scene.unharmed()
    newcomer = scene.enter("newcomer")
    newcomer.say("they do not stand in the way")
    scene.bystanders[0].hears("they do not stand in the way")
    # What never says who it is, is given up after HANDSHAKE milliseconds.
    curve = [w for i, w in enumerate(wires) if mode == "curve" and i < 2 * len(GARBAGE)]
    wait_until(lambda: all(wire.ended() for wire in curve), "all of them closed", 12)
    assert memory(broker) - before < 16 << 20
    scene.unharmed()


def _card(scene: Scene) -> None:
    """Somebody asks for the card, and gets it."""
    asking: zmq.Socket[bytes] = scene.context.socket(zmq.REQ)
    asking.linger = 0
    asking.connect(scene.broker.card)
    asking.send(b"?")
    assert asking.poll(5_000)
    assert json.loads(asking.recv())["type"] == "card"
    asking.close()


def test_43_the_card_survives_bad_manners(scene: Scene) -> None:
    address = scene.broker.card
    made = []
    for parts in (
        [b"", b"a", b"b", b"c"], [b""] * 50, [b"no envelope"], [b"x", b"", b""], [b"", b""],
        [b"", b"x" * 1_025], [b"", b"x" * 1_024], [b"", b"x" * 500_000], [b"", b"\xff\0\x1b[2J"],
    ):  # fmt: skip
        dealer = scene.context.socket(zmq.DEALER)
        dealer.linger = 0
        dealer.reconnect_ivl = -1
        dealer.connect(address)
        dealer.send_multipart(parts)
        made.append(dealer)
        _card(scene)
    flood = scene.context.socket(zmq.DEALER)
    flood.linger = 0
    flood.connect(address)
    for _ in range(5_000):  # and no answer is ever read
        try:
            flood.send_multipart([b"", b"?"], zmq.NOBLOCK)
        except zmq.Again:
            break
    made.append(flood)
    silent = [scene.wire(address) for _ in range(20)]
    _card(scene)
    scene.unharmed()
    for socket in made:
        socket.close()
    for wire in silent:
        wire.close()


def test_43_the_card_tells_nothing_but_the_card(plain: Scene) -> None:
    wire = plain.wire(plain.broker.card)
    wire.shake(b"REQ")
    for request in (b'{"type":"say"}', b"{}", b'{"type":"card","protocol":999}'):
        wire.send(zmtp(b"", MORE) + zmtp(request))
    said = b""
    while said.count(b'"type":"card"') < 3:
        said += wire.socket.recv(65_536)
    cards = {line for line in said.split(b'{"type"')[1:] if line.startswith(b':"card"')}
    for card in cards:
        told = json.loads(b'{"type"' + card[: card.index(b"}") + 1])
        assert told.keys() == {"type", "name", "key", "pull", "pub", "protocol", "access"}
    plain.unharmed()
