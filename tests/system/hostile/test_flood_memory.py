"""Rows 46 and 58: what libzmq takes in and never hands over must not fill the memory.

Without encryption, where a bare TCP connection reaches the highest rate.
"""

from __future__ import annotations

import socket
import sys
import time

import pytest

from tests.support import scaled, wait_until
from tests.system.hostile.conftest import FAST, Scene, Setting
from tests.system.hostile.raw import MORE, Wire, echo_times, memory, talks, zmtp

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the watchman needs Linux")

BOUND = 64 << 20
SO_MAX_PACING_RATE = 47
TINY = zmtp(b"ab", MORE) * 16_384
LARGE = zmtp(b"x" * 130_000, MORE) * 4
LESS_LARGE = zmtp(b"x" * 500, MORE) * 100
WHOLE = zmtp(b"ab", MORE) * 99_999 + zmtp(b"ab")
SAME = zmtp(b"\1room/x/") * 16_384

FLOODS = {
    "46 tiny parts on PULL": ("pull", b"PUSH", TINY),
    "46 large parts on PULL": ("pull", b"PUSH", LARGE),
    "46 whole messages of many parts on PULL": ("pull", b"PUSH", WHOLE),
    "46 tiny parts on PUB": ("pub", b"SUB", TINY),
    "46 parts on PUB": ("pub", b"SUB", LESS_LARGE),
    "46 whole messages of many parts on PUB": ("pub", b"SUB", WHOLE),
    "46 tiny parts for the card": ("card", b"REQ", TINY),
    "58 the same subscription for ever": ("pub", b"SUB", SAME),
}


def flood(wire: Wire, data: bytes, seconds: float) -> bool:
    """Sends `data` again and again, as fast as a gigabit network; whether the broker put an end to
    it."""
    wire.socket.setsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE, 125_000_000)
    end = time.monotonic() + scaled(seconds)
    wire.socket.settimeout(0.5)  # thrown out, it may find nobody who reads, too
    while time.monotonic() < end:
        if not wire.send(data):
            return True
    return False


@pytest.mark.parametrize("name", FLOODS)
def test_memory_stays_bounded_and_others_are_served(plain: Scene, name: str) -> None:
    port, kind, data = FLOODS[name]
    before = memory(plain.broker)
    wire = plain.wire(getattr(plain.broker, port))
    wire.shake(kind)
    assert flood(wire, data, 8), "nobody stopped it"
    assert memory(plain.broker, peak=True) - before < BOUND
    plain.unharmed()
    wait_until(lambda: any("threw out" in line for line in plain.log()), "it is told")
    plain.enter("newcomer").close()


def test_46_a_slow_one_is_found_too(plain: Scene) -> None:
    """With pauses, so that each look sees little; memory is what counts, not speed."""
    before = memory(plain.broker)
    wire = plain.wire(plain.broker.pull)
    wire.shake(b"PUSH")
    piece, sent = TINY[: 64 << 10], 0

    def ended() -> bool:
        nonlocal sent
        sent += 1
        talks(*plain.bystanders)
        return not wire.send(piece) or wire.ended()

    wait_until(ended, "its end", 20)
    assert sent > 5
    assert memory(plain.broker, peak=True) - before < BOUND


def test_46_nobody_who_says_much_is_taken_for_one(setting: Setting) -> None:
    """While memory grows, and beside a real one: frames as large as they may be, as fast as it
    goes, from three at once."""
    scene = setting("--plain", *FAST)
    people = [scene.enter() for _ in range(3)]
    bad = scene.wire(scene.broker.pull)
    bad.shake(b"PUSH")
    text = "x" * 15_000
    for turn in range(40):
        for peer in people:
            peer.say(*[text + str(turn)] * 4)
        if turn % 4 == 0:
            bad.send(TINY[: 256 << 10])
    for peer in people:
        peer.say("done")
        peer.hears("done", 20)
    for peer in people:
        peer.ping()
    assert flood(bad, TINY, 8), "nobody stopped it"
    wait_until(lambda: any("threw out" in line for line in scene.log()), "it is told")
    assert sum("threw out" in line for line in scene.log()) == 1
    assert len(people[0].history()) >= 3 * 40 * 4
    scene.unharmed()


def test_58_topics_without_end(plain: Scene) -> None:
    """Each costs 5 kB, granted or not: whoever asks for more than 1,024 is thrown out."""
    before = memory(plain.broker)
    for turn in range(5):
        wire = plain.wire(plain.broker.pub)
        wire.shake(b"SUB")
        topics = b"".join(zmtp(b"\1room/%d/%d/" % (turn, n) + b"x" * 80) for n in range(20_000))
        assert flood(wire, topics, 8), "nobody stopped it"
        plain.unharmed()
    # What five such connections leave free is not given back, but used again.
    assert memory(plain.broker, peak=True) - before < 2 * BOUND


def test_58_with_encryption_and_back_again(scene: Scene) -> None:
    pair = scene.stranger().pair
    before = memory(scene.broker)
    for turn in range(3):
        bad = scene.stranger(pair=pair)
        for n in range(3_000):
            bad.ask(b"room/%d/%d/" % (turn, n))
        wait_until(
            lambda turn=turn: sum("1024 topics" in line for line in scene.log()) > turn,  # type: ignore[misc]
            "thrown out",
            saw=scene.log,
        )
    scene.unharmed()
    assert memory(scene.broker, peak=True) - before < BOUND


def test_58_inboxes_without_end(scene: Scene) -> None:
    """Sessions that never say hello: at most twice as many of a key as may be in."""
    pair = scene.stranger().pair
    bad = scene.stranger(pair=pair)
    for n in range(200):
        bad.ask(b"inbox/%032x/" % n)
    bad.settle()
    assert len(set(bad.topics)) == 64
    assert any("too many sessions" in line for line in scene.log())
    scene.unharmed()
    bad.close()
    scene.enter("late", pair=pair)


def test_58_an_inbox_asked_for_again_and_again(scene: Scene) -> None:
    ada, _ = scene.bystanders
    bad = scene.enter("mallory")

    def again() -> None:
        for _ in range(50):
            bad.ask(b"inbox/" + bad.session + b"/")

    times = echo_times(ada, 60, again)
    assert times[-2] < scaled(1.0)
    scene.unharmed()


def test_silent_connections_do_not_stand_in_the_way(scene: Scene) -> None:
    """60's small sister: two hundred that connect and say nothing, to each port."""
    silent = []
    for address in (scene.broker.pull, scene.broker.pub, scene.broker.card):
        host, _, port = address.removeprefix("tcp://").rpartition(":")
        for _ in range(200):
            silent.append(socket.create_connection((host, int(port)), timeout=5))
    try:
        scene.enter("newcomer")
        scene.unharmed()
    finally:
        for connection in silent:
            connection.close()
