"""Rows 33 to 35: nobody hears what was not meant for them, nor speaks as the gate's own voice."""

from __future__ import annotations

import random
import secrets

import pytest

from tests.support import wait_until
from tests.system.hostile.conftest import Scene, Setting
from tests.system.hostile.raw import Peer

JUNK = [[b"\2junk"], [b""], [b"zz"], [b"zz", b"zz"], [b"zz", b"\1nobody/"]]


def test_33_junk_among_subscriptions_sends_nothing_to_the_wrong_peer(scene: Scene) -> None:
    """libzmq grants to whoever is next in a queue that junk shifts; see the gate."""
    chance = random.Random(33)
    victims = [scene.stranger() for _ in range(6)]
    inboxes = {victim: b"inbox/" + victim.session + b"/" for victim in victims}
    attackers = [scene.stranger() for _ in range(24)]
    waiting = list(victims)
    for attacker in attackers:
        own = b"inbox/" + attacker.session + b"/"
        for _ in range(6):
            attacker.ask(own)
            attacker.sub.send_multipart(chance.choice(JUNK))
        if waiting and chance.random() < 0.5:
            victim = waiting.pop()
            victim.ask(inboxes[victim])
    for number, victim in enumerate(victims):
        victim.come_in(f"victim-{number}", ("general", f"room-{number}"))
    for number, victim in enumerate(victims):
        victim.say(f"secret of {number}", room=f"room-{number}")
        victim.hears(f"secret of {number}")
        victim.settle()
    for number, victim in enumerate(victims):
        others = {f"secret of {other}" for other in range(6)} - {f"secret of {number}"}
        assert not others & set(victim.texts())
        assert {t for t in victim.topics if t.startswith(b"inbox/")} == {inboxes[victim]}
    for attacker in attackers:
        attacker.settle()
        assert set(attacker.topics) <= {b"inbox/" + attacker.session + b"/"}
    wait_until(lambda: any("threw out" in line for line in scene.log()), "an intruder is named")
    scene.unharmed()


def test_33_whoever_is_thrown_out_may_come_in_as_an_honest_peer(scene: Scene) -> None:
    bad = scene.enter("mallory")
    bad.sub.send(b"\2junk")
    wait_until(lambda: any("no subscription" in line for line in scene.log()), "thrown out")
    good = scene.enter("mallory", pair=bad.pair)
    good.say("sorry")
    scene.bystanders[0].hears("sorry")
    scene.unharmed()


def _heard(listener: Peer, scene: Scene) -> None:
    scene.unharmed()
    listener.settle()


@pytest.mark.parametrize("key", ["own", "with a room open"])
def test_34_no_subscription_but_an_exact_one_is_granted(scene: Scene, key: str) -> None:
    ada, _ = scene.bystanders
    topic = next(t for t in ada.topics if t.startswith(b"room/"))
    rooms = ("other",) if key == "with a room open" else ()
    listener = scene.enter("mallory", rooms)
    mine = set(listener.topics)
    wishes = [b"", b"r", b"room", b"room/", b"room2", b"inbox/", b"inbox", b"/", b"\0", b"\xff"]
    wishes += [topic[:-1], topic + b"/", topic + b"\0", topic[:-1] + b"\0/", topic.upper()]
    wishes += [topic[:n] for n in range(len(topic) - 4, len(topic))]
    wishes += [b"general", b"room/general/", topic]  # the last is exact, but for those in the room
    for wish in wishes:
        listener.ask(wish)
    _heard(listener, scene)
    assert set(listener.topics) <= mine | {b"inbox/" + listener.session + b"/"}
    assert "message" not in {line["type"] for line in listener.room}


def test_34_a_room_whose_name_begins_with_another_s(scene: Scene) -> None:
    ada, bob = scene.bystanders
    for name in ("room", "room2"):
        ada.frame({"type": "join", "room": name, "id": name})
        ada.listen(ada.expect(type="room", id=name)["state"]["topic"].encode())
    bob.frame({"type": "join", "room": "room", "id": "b"})
    bob.listen(bob.expect(type="room", id="b")["state"]["topic"].encode())
    ada.say("for room2 alone", room="room2")
    ada.say("for room", room="room")
    bob.hears("for room")
    assert "for room2 alone" not in bob.texts()


def test_34_a_room_of_such_a_name_cannot_be(scene: Scene) -> None:
    bad = scene.enter()
    for name in ("a\0", "a\0b", "a/b", "/", "general/", "general\0", "..", "a b"):
        bad.frame({"type": "join", "room": name, "id": name})
        assert bad.expect(id=name)["code"] == "bad-room"
        bad.say("x", room=name)
        assert bad.expect(type="error", n=bad.n)["code"] == "bad-room"
    scene.unharmed()


def test_34_a_topic_is_of_no_use_after_leaving(scene: Scene) -> None:
    former = scene.enter()
    topic = next(t for t in former.topics if t.startswith(b"room/"))
    former.sub.send(b"\0" + topic)
    former.frame({"type": "leave", "room": "general", "id": "l"})
    former.expect(type="done", id="l")
    former.room.clear()
    former.ask(topic)
    former.ping()
    _heard(former, scene)
    assert former.room == []


def test_35_another_s_inbox_is_closed_also_to_who_knows_it(scene: Scene) -> None:
    victim = scene.enter("victim")
    thief = scene.enter("mallory")
    inbox = b"inbox/" + victim.session + b"/"
    for wish in (inbox, inbox[:-1], b"inbox/", inbox + b"/", inbox.upper()):
        thief.ask(wish)
    wait_until(lambda: any("another's inbox" in line for line in scene.log()), "the refusal")
    victim.ping()
    victim.frame({"type": "rooms", "id": "private"})
    victim.expect(type="rooms", id="private")
    thief.settle()
    assert inbox not in thief.topics
    assert "private" not in str(thief.inbox)
    scene.unharmed()


def test_35_nobody_can_make_another_go_offline(setting: Setting) -> None:
    """The report of a lost connection says nothing of whose it was; the inbox's name is secret."""
    scene = setting(alter=["common.broker.core.GRACE=0.3"])
    ada, _ = scene.bystanders
    victim = scene.enter("victim")
    topic = next(t for t in ada.topics if t.startswith(b"room/"))
    bad = scene.enter("mallory")
    guesses = [b"", b"inbox/", b"inbox/" + victim.session[:31] + b"/", topic]
    guesses += [b"inbox/%s/" % secrets.token_hex(16).encode() for _ in range(50)]
    for guess in guesses:
        bad.ask(guess)
        bad.sub.send(b"\0" + guess)
        bad.ask(guess)
    bad.frame({"type": "ping", "id": "p"})
    bad.expect(type="pong")
    bad.close()

    def left() -> list[str]:
        ada.read(20)
        return [line["nick"] for line in ada.room if line["type"] == "left"]

    assert wait_until(left, "mallory's own end") == ["mallory"]
    victim.ping()
    scene.unharmed()
    assert left() == ["mallory"]
