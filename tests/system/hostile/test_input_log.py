"""Row 53, the log's part: nothing that a terminal obeys comes through, and no flood fills it."""

from __future__ import annotations

import re

from common.broker.logbook import BURST, RATE
from tests.support import wait_until
from tests.system.hostile.conftest import Scene
from tests.system.hostile.raw import Peer

EVIL = [
    "\x1b]52;c;ZWNobyBoYQ==\x07", "\x1b[2J", "\x1b[31mred", "\r2026-01-01 INFO all is well", "\n",
    "\n2026-01-01 00:00:00,000 INFO forged line", "\x9b2J", "\x85", "\u2028", "\u202egnp.exe",
    "\x08",
]  # fmt: skip
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def test_53_nothing_from_outside_commands_the_operator_s_terminal(scene: Scene) -> None:
    peers: list[Peer] = []
    before = scene.broker.position("stderr")
    for number, evil in enumerate(EVIL):
        peer = scene.enter(f"mallory{number}", app=evil + "app", lang=evil)
        peers.append(peer)
        peer.frame(
            {"type": evil},
            {"type": "join", "room": evil + "room", "id": evil},
            {"type": "leave", "room": evil},
            {"type": "history", "room": evil},
            {"type": "who", "room": evil, "after": evil},
            {"type": "nick", "nick": "a" + evil + "b", "id": evil},
            {"type": "hello", "protocol": 1, "nick": evil, "stream": evil},
            {"type": "hello", "protocol": 2, "nick": evil, "stream": evil},
            {"type": evil, "n": evil, "id": evil, evil: evil},
            evil.encode(),
            b'{"type":"say","n":1,"room":"general","text":' + evil.encode(),
        )
        peer.say(evil, room=evil)
        peer.push.send(evil.encode() * 40)
        peer.push.send(peers[0].session + b"\n" + evil.encode())
        peer.ask(evil.encode())
        peer.ping()
        peer.sub.send(b"\2" + evil.encode())
    end = scene.enter("the end", app="last")
    end.ping()
    scene.broker.wait_line("the end (last) connected", stream="stderr")
    log = "\n".join(scene.log(before))
    assert not OBEYED.search(log)
    # Each line is the broker's own: none was made by a newline from outside.
    stamp = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (INFO|WARNING) ")
    assert [line for line in scene.log(before) if not stamp.match(line)] == []
    assert not any(line.startswith("2026-01-01") for line in scene.log(before))
    scene.unharmed()


def test_53_without_encryption_neither(plain: Scene) -> None:
    for evil in EVIL:
        wire = plain.wire(plain.broker.pub)
        wire.shake(b"SUB", (b"User-Id", evil.encode()), (b"X-App", evil.encode()))
        wait_until(wire.junked, "thrown out")
    plain.unharmed()
    assert not OBEYED.search("\n".join(plain.log()))


def test_a_flood_of_what_is_refused_does_not_fill_the_log(scene: Scene) -> None:
    before = scene.broker.position("stderr")
    peers = [scene.enter() for _ in range(6)]
    for _ in range(40):
        for peer in peers:
            peer.frame(*[b"nonsense"] * 50)
            peer.push.send_multipart([peer.session, b"", b""])
            peer.push.send(peers[0].session + b" no newline")
    for peer in peers:
        peer.ping()
    scene.unharmed()
    scene.broker.wait_line("left out", 12, stream="stderr", after=before)
    lines = scene.log(before)
    assert len(lines) < 2 * BURST + 30 * RATE
    left_out = re.findall(r"left out (\d+) more", "\n".join(lines))
    assert sum(map(int, left_out)) > 100
