"""Rows 44, 45 and 47: frames, lines, texts and topics at their limits and beyond."""

from __future__ import annotations

import socket

import pytest
import zmq

from common.client.link import Link
from common.client.target import Target
from common.keys import generate
from common.protocol.limits import HARD_FRAME, HARD_SUBSCRIPTION, WIRE
from tests.support import wait_until
from tests.system.hostile.conftest import Scene
from tests.system.hostile.raw import Peer, dump

BOTH = pytest.mark.parametrize("mode", ["scene", "plain"])
CURVE_BYTES = 33
"""By which CURVE lowers what a receiver takes (measured)."""


def _scene(request: pytest.FixtureRequest, mode: str) -> Scene:
    scene: Scene = request.getfixturevalue(mode)
    return scene


def _frame_of(peer: Peer, size: int) -> bytes:
    """A frame of exactly so many bytes that ends in a ping: of blank lines, which mean nothing."""
    head, ping = peer.session + b"\n", dump({"type": "ping", "id": f"of {size}"})
    return head + b"\n" * (size - len(head) - len(ping)) + ping


@BOTH
def test_44_the_soft_limit_of_a_frame(request: pytest.FixtureRequest, mode: str) -> None:
    scene = _scene(request, mode)
    peer = scene.enter()
    peer.push.send(_frame_of(peer, WIRE.frame))
    peer.expect(type="pong", id=f"of {WIRE.frame}")
    hard = HARD_FRAME - (CURVE_BYTES if mode == "scene" else 0)
    for size in (WIRE.frame + 1, hard):
        peer.push.send(_frame_of(peer, size))
        refusal = peer.expect(type="error")
        assert refusal["code"] == "too-large"
        assert str(size) in refusal["text"]
    peer.ping()
    scene.unharmed()


@BOTH
def test_44_the_hard_limit_of_a_frame_ends_its_connection_alone(
    request: pytest.FixtureRequest, mode: str
) -> None:
    scene = _scene(request, mode)
    peer = scene.enter()
    monitor = peer.push.get_monitor_socket(zmq.EVENT_DISCONNECTED)
    hard = HARD_FRAME - (CURVE_BYTES if mode == "scene" else 0)
    peer.push.send(_frame_of(peer, hard + 1))
    assert monitor.poll(5_000)
    peer.push.disable_monitor()
    monitor.close()
    again = scene.enter(pair=peer.pair, fallback=True)
    again.say("back")
    again.hears("back")
    scene.unharmed()


def test_44_lines_and_texts_at_their_limits_in_bytes(scene: Scene) -> None:
    peer = scene.enter()
    grin = "\U0001f600"

    def line(size: int) -> bytes:
        head, tail = b'{"type":"ping","id":"l","x":"', b'"}'
        return head + b"x" * (size - len(head) - len(tail)) + tail

    peer.frame(line(WIRE.line))
    peer.expect(type="pong", id="l")
    peer.frame(line(WIRE.line + 1), {"type": "ping", "id": "behind it"})
    assert str(WIRE.line + 1) in peer.expect(code="too-large")["text"]
    peer.expect(type="pong", id="behind it")
    assert WIRE.text % 4 == 0
    whole = grin * (WIRE.text // 4)
    for text in (whole, "x" * WIRE.text, "\n" * WIRE.text):
        peer.say(text)
        peer.hears(text)
    for text in (whole + "x", "x" * (WIRE.text + 1), whole[:-1] + "xxxxx"):
        peer.say(text)
        assert peer.expect(type="error", n=peer.n)["code"] == "too-large"
    peer.say("")
    assert peer.expect(type="error", n=peer.n)["code"] == "bad-request"
    peer.say("x")
    peer.hears("x")
    assert [r["text"] for r in peer.history()] == [whole, "x" * WIRE.text, "\n" * WIRE.text, "x"]
    scene.unharmed()


def test_44_names_at_their_limits(scene: Scene) -> None:
    peer = scene.enter()
    for name, fits in (("é" * 32, True), ("é" * 32 + "x", False), ("x" * 65, False)):
        peer.frame({"type": "join", "room": name, "id": name})
        answer = peer.expect(id=name)
        assert (answer["type"] == "room") is fits
    for nick, fits in (("n" * 32, True), ("n" * 33, False), ("\u6f22" * 32, True)):
        peer.frame({"type": "nick", "nick": nick, "id": nick})
        assert (peer.expect(id=nick)["type"] == "done") is fits
    scene.unharmed()


def test_44_what_is_asked_for_at_the_limit_is_answered_within_it(scene: Scene) -> None:
    """Every answer fits a frame, whatever `id` it repeats."""
    peer = scene.enter()
    peer.say(*["x" * 10_000] * 3)
    for kind in ("who", "rooms", "history", "join", "ping"):
        peer.frame({"type": kind, "room": "general", "id": "\u0001" * 5_000, "x": kind})
    for kind in ("who", "rooms", "history", "join", "ping"):
        peer.frame({"type": kind, "room": "general", "id": "i" * 30_000})
    for kind in ("who", "rooms", "history", "join", "ping"):
        peer.frame({"type": kind, "room": "general", "id": "\U0001f600" * 16})
        peer.expect(id="\U0001f600" * 16)
    scene.unharmed()


def test_45_an_oversize_topic_ends_its_connection_alone(plain: Scene) -> None:
    for size in (HARD_SUBSCRIPTION, HARD_SUBSCRIPTION + 1, 70_000):
        wire = plain.wire(plain.broker.pub)
        wire.shake(b"SUB")
        wire.subscribe(b"x" * (size - 1))
        if size > HARD_SUBSCRIPTION:
            wait_until(wire.ended, f"a topic of {size} bytes ends it")
        plain.unharmed()
        assert wire.ended() is (size > HARD_SUBSCRIPTION)


def test_45_with_encryption_too(scene: Scene) -> None:
    peer = scene.enter()
    monitor = peer.sub.get_monitor_socket(zmq.EVENT_DISCONNECTED)
    peer.ask(b"x" * HARD_SUBSCRIPTION)
    assert monitor.poll(5_000)
    peer.sub.disable_monitor()
    monitor.close()
    scene.unharmed()


def test_45_the_library_asks_for_no_such_topic(scene: Scene) -> None:
    """Or it would be thrown out, come back, ask again, for ever."""
    broker = scene.broker
    target = Target(broker.pull, broker.pub, None, broker.key, None, False, "the broker")
    link, (ours, theirs) = Link(scene.context, target, generate()), socket.socketpair()
    try:
        link.open(b"0" * 32)

        def greeted() -> bool:
            link.poll(ours.fileno(), 0.05)
            assert link.cause() is None
            return any(b"greet" in body for _, body in link.frames())

        wait_until(greeted, "the greeting")
        for size in (HARD_SUBSCRIPTION - 64, HARD_SUBSCRIPTION, 100_000):
            link.subscribe(b"x" * size, again=False)
        link.subscribe(b"inbox/" + b"0" * 32 + b"/", again=True)
        wait_until(greeted, "a greeting on the same connection")
    finally:
        link.close()
        ours.close()
        theirs.close()


def test_47_frames_in_any_number_and_shape(scene: Scene) -> None:
    peer = scene.enter()
    session = peer.session
    ping = dump({"type": "ping", "id": "inside"})
    for parts in ([b""], [b"\n"], [session[:31]], [b"\0" * 40], [b"x" * 32 + b"\n" + ping],
                  [session.upper() + b"\n" + ping], [b" " + session + b"\n" + ping]):  # fmt: skip
        peer.push.send_multipart(parts)  # no session, so nobody to answer
    peer.ping()
    assert peer.errors() == []
    for parts in ([session, b""], [session, ping], [session + b"\n" + ping, b""], [b"", b""],
                  [session + b"\n", ping, ping], [b""] * 40):  # fmt: skip
        peer.push.send_multipart(parts)
        assert peer.expect(type="error")["code"] == "bad-frame"
    for frame in (session, session + b" " + ping, session + ping, session + b"\r\n" + ping):
        peer.push.send(frame)
        assert peer.expect(type="error")["code"] == "bad-frame"
    peer.push.send(session + b"\n")
    peer.push.send(session + b"\n\n\n\n")
    peer.ping()
    assert peer.errors() == []
    assert not any(line.get("id") == "inside" for line in peer.inbox)
    scene.unharmed()


def test_47_nothing_is_done_after_bye(scene: Scene) -> None:
    """A session that has ended must not come to life again by what stands behind its end."""
    ada, _ = scene.bystanders
    peer = scene.enter("mallory")
    ghost = {"type": "join", "room": "haunted", "id": "g"}
    say = {"type": "say", "n": 1, "room": "general", "text": "from beyond"}
    peer.frame({"type": "bye"}, ghost, say, peer.hello("mallory", ("haunted",)))
    ada.frame({"type": "join", "room": "haunted", "id": "h"})
    assert ada.expect(type="room", id="h")["state"]["people"] == 1
    assert "from beyond" not in [line["text"] for line in ada.history()]
    scene.unharmed()
