"""Rows 57 to 59 with rights in force: floods of deeds, of what is private, and of shutting out.

Whoever asks too much is told how long to wait; what the others feel of it is compared with what
they felt before, in the same run.
"""

from __future__ import annotations

import itertools

import pytest

from tests.support import scaled, wait_until
from tests.system.hostile.conftest import Scene, Setting
from tests.system.hostile.raw import Line, Peer, echo_times, memory
from tests.system.hostile.rights import (
    couple,
    do,
    follow,
    go_in,
    owner_of,
    private_room,
    said,
    user_of,
)

SLOWER = 20
"""Times that others may wait longer during a flood than before; at rest that is 2 ms."""
LEAST = 0.025
"""Seconds that are no harm on a busy machine, however fast it was before."""
GROWTH = 48 << 20
MOTES: dict[str, Line] = {
    "invites": {"type": "invite", "room": "mine", "nick": "bob"},
    "invites to nothing": {"type": "invite", "room": "vault", "nick": "bob"},
    "removals": {"type": "remove", "room": "mine", "nick": "bob"},
    "mutes": {"type": "mute", "room": "lobby", "nick": "bob", "seconds": 1, "reason": "x" * 400},
    "mutes without the right": {"type": "mute", "nick": "ada"},
    "kicks": {"type": "kick", "room": "lobby", "nick": "bob"},
    "lists": {"type": "list", "what": "members", "room": "mine"},
    "lists without the right": {"type": "list", "what": "sanctions"},
    "audits": {"type": "audit", "after": 0},
    "deletions": {"type": "delete", "room": "lobby", "seq": 1},
    "rules": {"type": "set", "room": "lobby", "slow": 3},
    "private rooms": {"type": "create", "room": "mine", "private": True},
    "device codes": {"type": "device-code"},
    "revocations": {"type": "revoke", "key": "ab" * 32},
    "conversations": {"type": "join", "room": "@bob"},
    "conversations with nobody": {"type": "join", "room": "@nobody-at-all"},
    "histories": {"type": "history", "room": "mine", "after": 0},
}


def p99(times: list[float]) -> float:
    return times[int(len(times) * 0.99) - 1]


def bearable(before: list[float], during: list[float]) -> bool:
    return p99(during) < max(SLOWER * p99(before), scaled(LEAST * SLOWER))


def test_57_floods_of_deeds(scene: Scene) -> None:
    """Ten thousand a second of each kind; the rest of such a frame is not even read."""
    ada, _ = scene.bystanders
    calm = echo_times(ada, 60)
    started = memory(scene.broker)
    for name, line in MOTES.items():
        bad = scene.enter()
        room = f"m{bad.session.decode()[:8]}"
        do(bad, "create", room=room, private=True)
        do(bad, "create", room=f"l{room}")
        said(bad, f"l{room}", "one")
        mine = {"mine": room, "lobby": f"l{room}"}.get(str(line.get("room")), line.get("room"))
        deed = {**line, "id": name, **({"room": mine} if mine else {})}
        lines = [deed] * (60_000 // (len(str(deed)) + 8))
        sent = 0
        while sent < 2_500:
            bad.frame(*lines)
            sent += len(lines)
        during = echo_times(ada, 20, lambda bad=bad, lines=lines: bad.frame(*lines[:300]))  # type: ignore[misc]
        assert bearable(calm, during), (name, p99(calm), p99(during))
        bad.read()
        limits = [e for e in bad.errors() if e["code"] == "rate-limited"]
        assert limits or 200 <= len(bad.errors()) < 500, f"{name}: nobody was told to wait"
        assert all(error["retry"] > 0 for error in limits), name
        bad.close()
    assert memory(scene.broker, peak=True) - started < GROWTH
    scene.unharmed()


def test_57_a_moderator_s_kicks_are_told_to_a_room_within_bounds(setting: Setting) -> None:
    """Each renews the topic of a room with forty people in it, and each of them is told."""
    scene = setting()
    ada, _ = scene.bystanders
    calm = echo_times(ada, 60)
    bad, victim = scene.enter("mallory"), scene.enter("victim")
    do(bad, "create", room="hall")
    crowd = [scene.enter(rooms=()) for _ in range(40)]
    for one in crowd:
        do(one, "join", room="hall")
    line = {"type": "kick", "room": "hall", "nick": "victim", "id": "k"}
    during = echo_times(ada, 60, lambda: bad.frame(*[line] * 300))
    assert bearable(calm, during), (p99(calm), p99(during))
    limits = [error for error in bad.errors() if error["code"] == "rate-limited"]
    bad.read()
    assert limits or [error for error in bad.errors() if error["code"] == "rate-limited"]
    for one in crowd[:3]:
        go_in(one, "hall")
        said(one, "hall", "still talking")
    victim.ping()
    scene.unharmed()


def test_57_a_flood_in_a_private_room_and_in_a_conversation(setting: Setting) -> None:
    """Says and repeats of those who may, and of those who may not."""
    scene = setting("--rate", "100", "--burst", "300")
    ada, _ = scene.bystanders
    calm = echo_times(ada, 60)
    maker, pal = couple(scene)
    private_room(maker, "vault", pal)
    do(pal, "join", room="@anna")
    for peer, room in ((pal, "vault"), (pal, "@anna"), (scene.enter("mallory"), "vault")):
        numbers = itertools.count(peer.n + 1)
        for _ in range(20):
            peer.frame(
                *[
                    {"type": "say", "n": next(numbers), "room": room, "text": "x"}
                    for _ in range(300)
                ]
            )
        again: list[Line] = [{"type": "say", "n": 1, "room": room, "text": "x"}] * 200
        during = echo_times(ada, 40, lambda peer=peer, again=again: peer.frame(*again))  # type: ignore[misc]
        assert bearable(calm, during), (room, p99(calm), p99(during))
        peer.read()
        refused = [error["code"] for error in peer.errors() if error.get("n")]
        assert "rate-limited" in refused, room
        peer.ping()
        peer.n = 10**6
    scene.unharmed()


def test_57_new_rooms_have_an_hourly_limit(setting: Setting) -> None:
    """Public, private and direct ones from one allowance."""
    scene = setting("--rate", "100000", "--burst", "100000", "--rooms-per-hour", "5")
    bad = scene.enter("mallory")
    for n in range(400):
        bad.frame({"type": "create", "room": f"r{n}", "private": bool(n % 2), "id": f"c{n}"})
    bad.ping()
    made = [line for line in bad.inbox if line["type"] == "done"]
    limits = [error for error in bad.errors() if error["code"] == "rate-limited"]
    assert len(made) <= 301
    assert limits
    assert all(error["retry"] > 60 for error in limits), "five an hour is one in twelve minutes"
    again = scene.enter("mallory", pair=bad.pair)
    for type in ("join", "create"):
        again.frame({"type": type, "room": "one-more", "id": type})
        assert again.expect(id=type)["code"] == "rate-limited"
    scene.unharmed()


def test_58_topics_of_private_rooms_asked_for_again_and_again(scene: Scene) -> None:
    """By somebody who knows them and may not have them, and by somebody who may."""
    ada, _ = scene.bystanders
    calm = echo_times(ada, 60)
    maker, pal = couple(scene)
    topic = private_room(maker, "vault", pal)
    bad = scene.enter("mallory")

    def again() -> None:
        for peer in (bad, pal):
            for _ in range(25):
                peer.ask(topic)

    during = echo_times(ada, 60, again)
    assert bearable(calm, during), (p99(calm), p99(during))
    bad.settle()
    assert topic not in bad.topics
    scene.unharmed()


def test_58_so_many_topics_as_the_operator_says(setting: Setting) -> None:
    scene = setting("--subscriptions", "300")
    bad = scene.enter("mallory")
    for n in range(400):
        bad.ask(b"room/%d/" % n)
    wait_until(lambda: any("300 topics" in line for line in scene.log()), "thrown out")
    scene.unharmed()


def test_59_a_flood_of_history_and_of_the_log(setting: Setting) -> None:
    """Bytes are what counts: a person gets no more of them a second than the operator says."""
    scene = setting("--rate", "100000", "--burst", "100000", "--read-rate", "1000000")
    ada, bob = scene.bystanders
    olga = owner_of(scene)
    maker, _ = couple(scene)
    private_room(maker, "vault")
    for _ in range(20):
        said(maker, "vault", *["words of history " * 30] * 20)
    calm = echo_times(ada, 60)
    before = memory(scene.broker)
    got = 0

    def again(peer: Peer, line: Line) -> None:
        nonlocal got
        peer.frame(*[line] * 8)
        peer.read()
        got += sum(len(str(one)) for one in peer.inbox if one.get("seq"))
        peer.inbox = peer.errors()[-50:]

    for peer, line in (
        (maker, {"type": "history", "room": "vault", "after": 0, "id": "h"}),
        (olga, {"type": "audit", "after": 0, "id": "a"}),
    ):
        got = 0
        during = echo_times(ada, 60, lambda peer=peer, line=line: again(peer, line))  # type: ignore[misc]
        assert bearable(calm, during), (line, p99(calm), p99(during))
        for _ in range(200):
            again(peer, line)
        peer.settle()
        codes = {error["code"] for error in peer.errors()}
        assert codes == {"rate-limited"}
        assert all(error["retry"] > 0 for error in peer.errors())
    assert len(bob.history()) >= 120
    assert memory(scene.broker, peak=True) - before < GROWTH
    scene.unharmed()


@pytest.mark.parametrize("what", ["codes", "keys that wait"])
def test_57_guessing_and_waiting_have_bounds(setting: Setting, what: str) -> None:
    scene = setting()
    ada, _ = scene.bystanders
    olga = owner_of(scene)
    before = memory(scene.broker)
    told: set[str] = set()
    for n in range(60):
        bad = scene.stranger()
        bad.knock()
        code = f"{n:04d}-AAAA-AAAA" if what == "codes" else f"{n:04d}-AAAA"
        for _ in range(5):
            bad.frame(bad.hello(f"guesser-{n}", code=code))
        told.add(bad.expect(type="error")["code"])
        bad.close()
    assert told == {"bad-invitation", "rate-limited"}
    assert memory(scene.broker) - before < GROWTH
    do(olga, "list", what="waiting")
    assert echo_times(ada, 10)[-1] < scaled(0.5)
    scene.unharmed()


def test_57_bans_back_and_forth_leave_nothing_behind(scene: Scene) -> None:
    ada, bob = scene.bystanders
    olga = owner_of(scene)
    victim = scene.enter("victim")
    before = memory(scene.broker)
    for _ in range(300):
        olga.frame(
            {"type": "ban", "user": user_of(victim), "id": "b"},
            {"type": "unban", "user": user_of(victim), "id": "u"},
        )
        olga.expect(id="u")
    assert memory(scene.broker) - before < GROWTH
    back = scene.stranger(pair=victim.pair)
    back.come_in("victim")
    follow(ada, bob)
    said(back, "general", "at last")
    bob.hears("at last")
    assert all(len(line) < 1_000 for line in scene.log())
