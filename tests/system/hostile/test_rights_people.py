"""Rows 36, 38, 40 and 42 with rights in force, and bans: who may act, and who may be here."""

from __future__ import annotations

import json
from typing import Any

import pytest
import zmq
from zmq.utils import z85

from tests.system.hostile.conftest import Scene
from tests.system.hostile.raw import Line, Peer, dump
from tests.system.hostile.rights import (
    ask,
    claim,
    couple,
    do,
    ear_of,
    follow,
    go_in,
    owner_of,
    private_room,
    refused,
    said,
    user_of,
)

OF_OTHERS: list[Line] = [
    {"type": "set", "room": "vault", "readonly": True},
    {"type": "invite", "room": "vault", "nick": "mallory"},
    {"type": "remove", "room": "vault", "nick": "anna"},
    {"type": "role", "room": "vault", "nick": "mallory", "role": "moderator"},
    {"type": "mute", "room": "hall", "nick": "ben"},
    {"type": "mute", "nick": "ben"},
    {"type": "unmute", "nick": "ben"},
    {"type": "kick", "room": "hall", "nick": "ben"},
    {"type": "kick", "nick": "ben"},
    {"type": "ban", "nick": "ben"},
    {"type": "ban", "key": "ab" * 32},
    {"type": "unban", "nick": "ben"},
    {"type": "set", "room": "hall", "readonly": True},
    {"type": "set", "room": "general", "slow": 100},
    {"type": "role", "room": "hall", "nick": "mallory", "role": "moderator"},
    {"type": "role", "nick": "mallory", "role": "owner"},
    {"type": "role", "nick": "mallory", "role": "admin"},
    {"type": "role", "nick": "olga", "role": "member"},
    {"type": "free", "nick": "anna"},
    {"type": "invitation"},
    {"type": "withdraw", "name": "abcd"},
    {"type": "approve", "key": "ab" * 32},
    {"type": "delete", "room": "hall", "seq": 1},
    {"type": "list", "what": "roles"},
    {"type": "list", "what": "sanctions"},
    {"type": "list", "what": "invitations"},
    {"type": "list", "what": "waiting"},
    {"type": "audit"},
]
"""What takes a right that an ordinary person has not."""


def _as_it_is(olga: Peer) -> list[Any]:
    """What the server holds true: its roles, sanctions, invitations."""
    lists = [do(olga, "list", what=what) for what in ("roles", "sanctions", "invitations")]
    return [[{**entry, "here": 0} for entry in answer["entries"]] for answer in lists]


def _furnished(scene: Scene) -> tuple[Peer, Peer, Peer]:
    """A private room of two, and a public one of the first's; the owner, and these two."""
    ada, bob = couple(scene)
    olga = owner_of(scene)
    private_room(ada, "vault", bob)
    do(ada, "create", room="hall")
    for one in (ada, bob):
        go_in(one, "hall")
    said(ada, "hall", "by ada")
    return olga, ada, bob


# --- 36: in another's name ---------------------------------------------------------------------


def test_36_no_deed_without_the_right(scene: Scene) -> None:
    """Whatever else the line says about who asks for it."""
    olga, ada, _ = _furnished(scene)
    bad = scene.enter("mallory")
    go_in(bad, "hall")
    before = _as_it_is(olga)
    claims: list[Line] = [
        {}, {"by": "olga"}, {"actor": user_of(olga)}, {"session": ada.session.decode()},
        {"sender": user_of(olga), "key": olga.key},
    ]  # fmt: skip
    for said_so in claims:
        for deed in OF_OTHERS:
            answer = ask(bad, **{**said_so, **deed})
            assert answer["type"] == "error", (deed, answer)
            assert answer["code"] in ("not-permitted", "no-such-room"), (deed, answer)
    assert _as_it_is(olga) == before
    assert {
        entry["nick"] for entry in do(ada, "list", what="members", room="vault")["entries"]
    } == {
        "anna",
        "ben",
    }
    assert [line["text"] for line in bad.history("hall")] == ["by ada"]
    scene.unharmed()


def test_36_no_deed_under_another_s_session(scene: Scene) -> None:
    olga, *_ = _furnished(scene)
    bad = scene.enter("mallory")
    before = _as_it_is(olga)
    for deed in OF_OTHERS:
        bad.push.send(olga.session + b"\n" + dump({**deed, "id": "forged"}))
        assert bad.expect(type="error")["code"] == "forged-sender"
    bad.push.send(olga.session + b"\n" + dump({"type": "bye"}))
    bad.expect(code="forged-sender")
    olga.settle()
    assert "forged" not in json.dumps(olga.inbox)
    assert _as_it_is(olga) == before
    scene.unharmed()


def test_36_who_acts_is_whose_key_it_is(scene: Scene) -> None:
    """`user` and `nick` of a deed name whom it concerns: one's own name gives no right over
    oneself that one has not, and the log says who it really was."""
    olga, ada, _ = _furnished(scene)
    bad = scene.enter("mallory")
    for deed in ("ban", "kick", "mute"):
        answer = ask(bad, deed, user=user_of(olga), nick="mallory")
        assert answer.get("code") == "not-permitted"
    refused(bad, "not-permitted", "role", user=user_of(bad), role="owner")
    do(olga, "mute", nick="mallory", seconds=60, reason="enough")
    refused(bad, "not-permitted", "unmute", nick="mallory")
    bad.say("hear me")
    error = bad.expect(type="error", n=bad.n)
    assert (error["code"], error["reason"]) == ("muted", "enough")
    assert error["until"] > 0
    do(olga, "audit", after=0)
    olga.settle()
    entries = [line for line in olga.inbox if line.get("seq") and line.get("subject")]
    (entry,) = [line for line in entries if line["subject"] == user_of(bad)]
    assert (entry["nick"], entry["user"], entry["text"]) == ("olga", user_of(olga), "enough")
    assert ada.errors() == []
    scene.unharmed()


def test_36_ranks_hold_against_those_below(scene: Scene) -> None:
    olga, ada, bob = _furnished(scene)
    for one in ("anna", "ben"):
        do(olga, "role", nick=one, role="admin")
    for deed in ("ban", "kick", "mute"):
        for whom in ("olga", "ben", "anna"):
            answer = ask(ada, deed, nick=whom)
            assert answer.get("code") in ("not-permitted", "bad-request"), (deed, whom, answer)
    for role in ("owner", "admin", "member"):
        refused(ada, "not-permitted", "role", nick="ben", role=role)
    refused(olga, "not-permitted", "role", nick="olga", role="member")
    assert {entry["role"] for entry in do(bob, "list", what="roles")["entries"]} == {
        "owner", "admin",
    }  # fmt: skip
    assert not [line for line in ada.inbox + bob.inbox if line.get("what") in ("banned", "kicked")]


# --- 38: revoked keys, and the banned ----------------------------------------------------------


def _second(scene: Scene, first: Peer, nick: str) -> Peer:
    """Another device of the same person."""
    code = do(first, "device-code")["code"]
    second = scene.stranger()
    welcome = second.come_in(nick, code=code)
    assert welcome["user"] == user_of(first)
    return second


def _is_shut_out(scene: Scene, peer: Peer, code: str) -> None:
    """Neither the connections that it had nor new ones are of any use to this key."""
    late = scene.stranger(pair=peer.pair)
    late.knock()
    late.frame(late.hello("again"))
    assert late.expect(type="error")["code"] == code
    late.frame({"type": "say", "n": 1, "room": "general", "text": "by a key that is out"})
    try:
        peer.push.send(peer.session + b"\n" + dump({"type": "rooms", "id": "x"}), zmq.NOBLOCK)
        peer.say("by a session that is out")
    except zmq.Again:
        pass
    ada, bob = scene.bystanders
    late.settle()
    peer.settle()
    assert not [line for line in late.inbox if line["type"] == "welcome"]
    assert not [line for line in peer.inbox if line.get("id") == "x"]
    said(ada, "general", "a mark")
    bob.hears("a mark")
    assert not [text for text in bob.texts() if text.startswith("by a")]


@pytest.mark.parametrize("how", ["revoke", "ban", "kick"])
def test_38_thrown_out_on_the_spot_and_refused(scene: Scene, how: str) -> None:
    """Everything that this key is connected by, also a connection that never said who it is."""
    ada, bob = couple(scene)
    olga = owner_of(scene)
    carol = scene.enter("carol")
    lost = _second(scene, carol, "carol")
    private_room(ada, "vault", carol)
    vault = go_in(lost, "vault")
    do(carol, "join", room="@anna")
    direct = go_in(lost, "@anna")
    hall = go_in(ada, "hall")
    go_in(lost, "hall")
    general = next(t for t in lost.topics if t.startswith(b"room/"))
    ear = ear_of(scene, lost)
    for topic in {vault, direct, hall, general}:
        ear.listen(topic)
    do(lost, "leave", room="hall")  # and its ear still has it
    code = {"revoke": "revoked", "ban": "banned", "kick": "kicked"}[how]
    if how == "revoke":
        do(carol, "revoke", key=lost.key, reason="left on a train")
    else:
        do(olga, how, nick="carol", seconds=300, reason="left on a train")
    notice = lost.expect(type="notice", what=code)
    assert notice["reason"] == "left on a train"
    if how != "revoke":
        carol.expect(type="notice", what=code)
    follow(ada, bob, *scene.bystanders)
    for room in ("general", "hall", "vault", "@carol"):
        go_in(ada, room)
        said(ada, room, f"afterwards in {room}")
    for topic in {vault, direct, hall, general}:
        ear.ask(topic)
    for one in (lost, ear):
        one.settle()
        assert not [text for text in one.texts() if text.startswith("afterwards")]
    _is_shut_out(scene, lost, code)
    if how == "revoke":
        said(carol, "general", "I am still here")
        bob.hears("I am still here")
        refused(carol, "bad-request", "revoke", key=carol.key)
    else:
        _is_shut_out(scene, carol, code)
    scene.unharmed()


def test_38_a_ban_ends_and_what_was_theirs_is_theirs(scene: Scene) -> None:
    ada, _ = couple(scene)
    olga = owner_of(scene)
    carol = scene.enter("carol")
    private_room(ada, "vault", carol)
    do(olga, "ban", nick="carol", reason="a mistake")
    carol.expect(type="notice", what="banned")
    follow(*scene.bystanders)
    go_in(ada, "vault")
    said(ada, "vault", "meanwhile")
    do(olga, "unban", nick="carol")
    back = scene.stranger(pair=carol.pair)
    back.come_in("carol", ("general", "vault"))
    assert [line["text"] for line in back.history("vault")] == ["meanwhile"]
    said(back, "general", "thank you")
    scene.bystanders[0].hears("thank you")
    scene.unharmed()


def test_38_a_key_that_nobody_knows_can_be_banned(scene: Scene) -> None:
    olga = owner_of(scene)
    bad = scene.stranger()
    do(olga, "ban", key=bad.key, reason="known elsewhere")
    bad.knock()
    bad.frame(bad.hello("mallory"))
    error = bad.expect(type="error")
    assert (error["code"], error["reason"]) == ("banned", "known elsewhere")
    scene.unharmed()


def test_38_no_code_brings_the_banned_back(scene: Scene) -> None:
    """Not an invitation, and no device of somebody who is out."""
    olga = owner_of(scene)
    carol = scene.enter("carol")
    device = do(carol, "device-code")["code"]
    invitation = do(olga, "invitation", uses=5)["code"]
    do(olga, "ban", nick="carol")
    carol.expect(type="notice", what="banned")
    follow(*scene.bystanders)
    for code, pair in ((invitation, carol.pair), (device, carol.pair), (device, None)):
        peer = scene.stranger(pair=pair)
        peer.knock()
        peer.frame(peer.hello("carol-again", code=code))
        answer = peer.expect(type="error")
        assert answer["code"] in ("banned", "bad-invitation"), answer
    scene.unharmed()


def test_38_a_revoked_key_is_not_admitted_as_somebody_new(scene: Scene) -> None:
    """With a fresh device code of the person it was, or of somebody else's."""
    ada, _ = couple(scene)
    carol = scene.enter("carol")
    lost = _second(scene, carol, "carol")
    do(carol, "revoke", key=lost.key)
    lost.expect(type="notice", what="revoked")
    follow(*scene.bystanders)
    for giver in (carol, ada):
        peer = scene.stranger(pair=lost.pair)
        peer.knock()
        peer.frame(peer.hello("somebody", code=do(giver, "device-code")["code"]))
        assert peer.expect(type="error")["code"] == "revoked"
    scene.unharmed()


# --- 40: keys ----------------------------------------------------------------------------------


def test_40_nobody_has_the_console_s_rights_without_its_key(scene: Scene) -> None:
    """The server's public key is known to all: it must be proved, not said."""
    broker = scene.broker
    assert broker.key is not None
    public = z85.encode(bytes.fromhex(broker.key))
    faker = scene.stranger(pair=(public, zmq.curve_keypair()[1]))
    faker.ask(b"inbox/" + faker.session + b"/")
    faker.read(700)
    assert faker.topics == []
    bad = scene.enter("mallory")
    refused(bad, "not-permitted", "role", nick="mallory", role="owner", key=broker.key)
    for nick in ("server", "SERVER", "sеrver", "console", "owner", "serveur", "modérateur"):
        answer = ask(bad, "nick", nick=nick)
        assert answer["code"] in ("bad-nick", "nick-taken"), answer
    scene.unharmed()


def test_40_the_owner_s_claim_serves_once(scene: Scene) -> None:
    code = claim(scene.broker)
    first = scene.stranger()
    assert first.come_in("olga", code=code)["role"] == "owner"
    second = scene.stranger()
    assert second.come_in("mallory", code=code).get("role", "") == ""
    third = scene.stranger()
    third.come_in("eve", code="claim-" + "0" * 32)
    for bad in (second, third):
        refused(bad, "not-permitted", "invitation")
    ready = (scene.broker.data_dir / "broker" / "ready.json").read_text()
    assert "claim" not in json.loads(ready)
    scene.unharmed()


# --- 42: names ---------------------------------------------------------------------------------

ALIKE = [
    "carol", "Carol", "CAROL", "ｃａｒｏｌ", "сarol", "car\u200bol", "carol\u200d", "caro1",
    "𝐜𝐚𝐫𝐨𝐥", " carol ", "caroI", "car\u00adol", "\u202ecarol",
]  # fmt: skip


def test_42_a_former_nickname_stays_held_in_every_shape(scene: Scene) -> None:
    olga = owner_of(scene)
    carol = scene.enter("carol")
    do(carol, "nick", nick="caroline")
    bad = scene.enter("mallory")
    for nick in ALIKE:
        answer = ask(bad, "nick", nick=nick)
        assert answer.get("code") in ("nick-taken", "bad-nick"), (nick, answer)
        newcomer = scene.stranger()
        newcomer.knock()
        newcomer.frame(newcomer.hello(nick))
        error = newcomer.expect(type="error")
        assert error["code"] in ("nick-taken", "bad-nick"), (nick, error)
        newcomer.close()
    assert do(carol, "nick", nick="carol")["nick"] == "carol"
    do(carol, "nick", nick="caroline")
    refused(bad, "not-permitted", "free", nick="carol")
    do(olga, "free", nick="Carol", reason="she does not want it")
    assert do(bad, "nick", nick="carol")["nick"] == "carol"
    refused(carol, "nick-taken", "nick", nick="CAROL")
    scene.unharmed()


def test_42_a_deed_hits_whoever_has_the_name_and_nobody_else(scene: Scene) -> None:
    """By a look-alike too, for these are one name; and by the user id whatever the name is."""
    olga = owner_of(scene)
    carol, dave = scene.enter("carol"), scene.enter("dave")
    do(olga, "mute", nick="CAROL", seconds=60)
    carol.expect(type="notice", what="muted")
    do(carol, "nick", nick="caroline")
    do(olga, "unmute", nick="carol")  # a held name is hers
    carol.expect(type="notice", what="unmuted")
    refused(olga, "no-such-person", "mute", nick="carol2")
    refused(olga, "no-such-person", "mute", user="0123456789abcdef")
    dave.settle()
    assert not [line for line in dave.inbox if line["type"] == "notice"]
    scene.unharmed()
