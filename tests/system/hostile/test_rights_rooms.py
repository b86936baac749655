"""Rows 33 to 35, 37 and 41 where rooms are private: what is not for somebody does not exist."""

from __future__ import annotations

import json
import random
import secrets

import pytest

from tests.support import wait_until
from tests.system.hostile.conftest import FAST, Scene, Setting
from tests.system.hostile.raw import Line, Peer
from tests.system.hostile.rights import (
    QUESTIONS,
    ask,
    couple,
    do,
    ear_of,
    go_in,
    owner_of,
    private_room,
    refused,
    said,
    user_of,
)

JUNK = [[b"\2junk"], [b""], [b"zz", b"zz"], [b"zz", b"\1nobody/"]]


# --- 33 to 35: topics --------------------------------------------------------------------------


def test_33_junk_while_a_private_topic_is_granted(scene: Scene) -> None:
    """The attackers know the topic, which nobody tells them, and ask for it amid their junk."""
    chance = random.Random(33)
    maker = scene.enter("maker")
    members = [scene.enter(f"member-{number}") for number in range(5)]
    do(maker, "create", room="vault", private=True)
    for member in members:
        do(maker, "invite", room="vault", user=user_of(member))
    topic = str(do(maker, "join", room="vault")["state"]["topic"]).encode()
    attackers = [scene.enter() for _ in range(12)]
    waiting = [maker, *members]
    for attacker in attackers:
        for _ in range(6):
            attacker.ask(b"inbox/" + attacker.session + b"/")
            attacker.sub.send_multipart(chance.choice(JUNK))
            attacker.ask(topic)
        if waiting:
            member = waiting.pop()
            do(member, "join", room="vault")
            member.ask(topic)
    for member in (maker, *members):
        member.listen(topic)
        said(member, "vault", f"secret of {member.key}")
    for attacker in attackers:
        attacker.settle()
        assert topic not in attacker.topics
        assert not [text for text in attacker.texts() if "secret" in text]
    for member in members:
        for other in (maker, *members):
            member.hears(f"secret of {other.key}")
    scene.unharmed()


def test_34_an_eavesdropper_who_asks_for_everything(scene: Scene) -> None:
    """Also for the right topics, old and new, with and without a session of their own."""
    ada, bob = couple(scene)
    olga = owner_of(scene)
    first = private_room(ada, "vault", bob)
    do(bob, "join", room="@anna")
    direct = go_in(ada, "@ben")
    bob.listen(direct)
    do(ada, "remove", room="vault", nick="ben")
    do(ada, "invite", room="vault", nick="ben")
    second = go_in(bob, "vault")
    ada.listen(second)
    assert second != first
    bad, mute = scene.enter("mallory"), scene.stranger()
    ears = [bad, mute, ear_of(scene, bad), olga]
    for ear in ears:
        for topic in (first, second, direct):
            wishes = [topic, topic[:-1], topic[:9], topic + b"/", topic + b"\0", topic[:-1] + b"\0"]
            for wish in [*wishes, b"", b"r", b"room", b"room/", b"\0", b"/"]:
                ear.ask(wish)
        for wish in (b"vault", b"room/vault/", b"@", b"room/@/"):
            ear.ask(wish)
    said(ada, "vault", "in the vault")
    said(bob, "@anna", "between us")
    bob.hears("in the vault")
    ada.hears("between us")
    for ear in ears:
        ear.settle()
        assert not {first, second, direct} & set(ear.topics)
        assert not {"in the vault", "between us"} & set(ear.texts())
        assert "vault" not in json.dumps(ear.inbox)
    scene.unharmed()


def test_35_nothing_private_is_in_another_s_inbox(scene: Scene) -> None:
    """Not even in that of the same person's other session, and not an owner's."""
    ada, bob = couple(scene)
    olga = owner_of(scene)
    private_room(ada, "vault", bob)
    bad = scene.enter("mallory")
    for thief in (bad, olga, ear_of(scene, bad)):
        for victim in (ada, bob):
            thief.ask(b"inbox/" + victim.session + b"/")
    refusals = "another's inbox"
    wait_until(lambda: sum(refusals in line for line in scene.log()) >= 6, "the refusals")
    do(bob, "history", room="vault")
    do(bob, "list", what="members", room="vault")
    do(ada, "invite", room="vault", nick="mallory", reason="by mistake")
    do(ada, "remove", room="vault", nick="mallory", reason="it was one")
    bad.expect(type="notice", what="removed")
    for thief in (bad, olga):
        thief.settle()
        assert {t for t in thief.topics if t.startswith(b"inbox/")} == {
            b"inbox/" + thief.session + b"/"
        }
    scene.unharmed()


# --- 37: a removed member ----------------------------------------------------------------------


def _numbers(peer: Peer, room_texts: dict[str, int]) -> list[int]:
    return [room_texts[text] for text in peer.texts() if text in room_texts]


def test_37_the_removal_stands_among_the_lines_of_one_frame(scene: Scene) -> None:
    ada, bob = couple(scene)
    topic = private_room(ada, "vault", bob)
    ear = ear_of(scene, bob)
    ear.listen(topic)
    ada.n += 40
    lines: list[Line | bytes] = [
        {"type": "say", "n": ada.n - 39 + i, "room": "vault", "text": f"line {i}"}
        for i in range(40)
    ]
    lines.insert(20, {"type": "remove", "room": "vault", "nick": "ben", "id": "out"})
    ada.frame(*lines)
    ada.expect(type="done", id="out")
    bob.expect(type="notice", what="removed", room="vault")
    state = ada.expect(type="room", id="")["state"]
    assert state["topic"].encode() != topic
    ada.listen(state["topic"].encode())
    said(ada, "vault", "afterwards")
    for one in (bob, ear):
        one.ask(topic)
        one.ask(state["topic"].encode())
        one.settle()
        heard = [int(text.split()[1]) for text in one.texts() if text.startswith("line")]
        assert all(number < 20 for number in heard), heard
        assert "afterwards" not in one.texts()
    refused(bob, "no-such-room", "history", room="vault", after=0)
    refused(bob, "no-such-room", "join", room="vault")
    bob.say("am I there?", room="vault")
    assert bob.expect(type="error", n=bob.n)["code"] == "no-such-room"
    texts = [line["text"] for line in ada.history("vault")]
    assert texts == [f"line {i}" for i in range(40)] + ["afterwards"]
    scene.unharmed()


def test_37_both_directions_under_high_traffic(setting: Setting) -> None:
    """Three talk all the while; the one put out speaks, asks for pages and listens on two
    connections, and gets nothing that was said since."""
    scene = setting(*FAST)
    ada, bob = couple(scene)
    talkers = [scene.enter(f"talker-{number}") for number in range(3)]
    topic = private_room(ada, "vault", bob, *talkers)
    ear = ear_of(scene, bob)
    ear.listen(topic)

    def traffic(part: int) -> None:
        for talker in talkers:
            talker.say(*[f"{part} {talker.stream} {i}" for i in range(40)], room="vault")
        bob.say(f"bob {part}", room="vault")
        bob.frame(
            {"type": "history", "room": "vault", "id": f"h{part}", "after": 0},
            {"type": "history", "room": "vault", "id": f"n{part}"},
        )
        for one in (bob, ear, *talkers):
            one.read()

    for part in range(15):
        traffic(part)
        if part == 10:
            for talker in talkers:
                talker.ping()
    ada.n += 2
    ada.frame(
        {"type": "say", "n": ada.n - 1, "room": "vault", "text": "the last for bob"},
        {"type": "remove", "room": "vault", "nick": "ben", "id": "out"},
        {"type": "say", "n": ada.n, "room": "vault", "text": "without bob"},
    )
    for part in range(15, 30):
        traffic(part)
    ada.expect(type="done", id="out")
    for one in (*talkers, ada, bob):
        one.ping()
    numbers = {line["text"]: line["seq"] for line in ada.history("vault")}
    last = numbers["the last for bob"]
    assert numbers["without bob"] > last
    beyond = {text for text, seq in numbers.items() if seq > last}
    assert len(beyond) > 200
    for one in (bob, ear):
        one.settle()
        paged = {line["text"] for line in one.inbox if line.get("seq") and "text" in line}
        assert not beyond & (set(one.texts()) | paged)
    assert len(set(bob.texts()) - beyond) > 200, "bob heard nothing before either"
    mine = sorted(int(text.split()[1]) for text in numbers if text.startswith("bob "))
    assert all(numbers[f"bob {part}"] < last for part in mine)
    assert mine == list(range(len(mine)))
    heads = [line["head"] for line in bob.inbox if line["type"] == "page"]
    assert max(heads) <= last
    scene.unharmed()


def test_37_who_is_invited_again_finds_a_marked_gap(scene: Scene) -> None:
    ada, bob = couple(scene)
    private_room(ada, "vault", bob)
    said(ada, "vault", "one", "two")
    do(ada, "remove", room="vault", nick="ben", reason="for a while")
    go_in(ada, "vault")
    said(ada, "vault", "three", "four", "five")
    do(ada, "invite", room="vault", nick="ben")
    go_in(bob, "vault")
    said(ada, "vault", "six")
    bob.hears("six")
    bob.inbox.clear()
    got: list[str] = []
    cursor, skipped = 0, 0
    for _ in range(10):
        page = ask(bob, "history", room="vault", after=cursor)
        records = [line for line in bob.inbox if line.get("seq") and "text" in line]
        bob.inbox.clear()
        got += [record["text"] for record in records]
        skipped = max(skipped, page.get("skipped", 0))
        cursor = max([cursor, page.get("skipped", 0), *(record["seq"] for record in records)])
        if not page["more"] and cursor >= page["head"]:
            break
    assert got == ["one", "two", "six"]
    assert (cursor, skipped) == (6, 5)
    for ask_for in ({"before": 6}, {"since": 0}, {"after": 2, "before": 6}, {}):
        ask(bob, "history", room="vault", **ask_for)
        bob.settle()
        texts = {line["text"] for line in bob.inbox if line.get("seq") and "text" in line}
        assert not texts & {"three", "four", "five"}, ask_for
        bob.inbox.clear()
    scene.unharmed()


def test_37_newcomers_may_be_kept_from_what_was_before(scene: Scene) -> None:
    ada, bob = couple(scene)
    private_room(ada, "vault", newcomers="new")
    said(ada, "vault", "before")
    do(ada, "invite", room="vault", nick="ben")
    go_in(bob, "vault")
    said(ada, "vault", "since")
    bob.hears("since")
    for ask_for in ({"after": 0}, {"before": 9}, {"since": 0}, {}):
        ask(bob, "history", room="vault", **ask_for)
        bob.settle()
        assert "before" not in json.dumps(bob.inbox), ask_for
        bob.inbox.clear()
    do(ada, "remove", room="vault", nick="ben")
    do(ada, "set", room="vault", newcomers="all")
    do(ada, "invite", room="vault", nick="ben")
    ask(bob, "history", room="vault", after=0)
    bob.settle()
    assert "before" not in json.dumps(bob.inbox)
    scene.unharmed()


def test_37_kicked_from_a_public_room(scene: Scene) -> None:
    ada, bob = couple(scene)
    do(ada, "create", room="hall")
    topic = go_in(ada, "hall")
    go_in(bob, "hall")
    ear = ear_of(scene, bob)
    ear.listen(topic)
    do(ada, "kick", room="hall", nick="ben", seconds=60, reason="too loud")
    notice = bob.expect(type="notice", what="kicked", room="hall")
    assert (notice["reason"], notice["nick"]) == ("too loud", "anna")
    go_in(ada, "hall")
    said(ada, "hall", "without bob")
    for one in (bob, ear):
        one.ask(topic)
        one.settle()
        assert "without bob" not in one.texts()
    for type in ("join", "history"):
        assert refused(bob, "kicked", type, room="hall")["reason"] == "too loud"
    bob.say("let me in", room="hall")
    assert bob.expect(type="error", n=bob.n)["code"] == "kicked"
    scene.unharmed()


# --- 41: what is hidden and what does not exist ------------------------------------------------


def _said_of(peer: Peer, room: str, question: Line) -> bytes:
    """The bytes of an answer, with what must differ taken out."""
    word = secrets.token_hex(4)
    peer.frame({**question, "room": room, "id": word})
    answer = peer.expect(id=word)
    return json.dumps(answer).replace(word, "ID").replace(room, "ROOM").encode()


@pytest.mark.parametrize("who", ["a stranger", "an owner", "one put out"])
def test_41_no_question_tells_a_hidden_room_from_none(scene: Scene, who: str) -> None:
    ada, bob = couple(scene)
    olga = owner_of(scene)
    asking = {"a stranger": scene.enter("mallory"), "an owner": olga, "one put out": bob}[who]
    private_room(ada, "vault", bob)
    said(ada, "vault", "a secret")
    carol = scene.enter("carol")
    do(carol, "join", room="@anna")
    said(carol, "@anna", "a secret")
    if who == "one put out":
        do(ada, "remove", room="vault", nick="ben")
        bob.expect(type="notice", what="removed")
    direct = "@" + "-".join(sorted((user_of(ada), user_of(carol))))
    nobody = "@" + "-".join(sorted(("0123456789abcdef", user_of(carol))))
    for hidden, absent in (("vault", "vaunt"), (direct, nobody)):
        for question in QUESTIONS:
            if question["type"] == "join" and absent == "vaunt":
                continue  # makes a room; below
            answers = [_said_of(asking, room, question) for room in (hidden, absent)]
            assert answers[0] == answers[1], question
            assert b"secret" not in answers[0]
        for text in ("x",):
            asking.say(text, room=hidden)
            error = asking.expect(type="error", n=asking.n)
            assert error["code"] == "no-such-room", error
    assert refused(asking, "no-such-room", "join", room="vault")["text"] == (
        "there is no room 'vault'"
    )
    for topic in ("vault", direct):
        assert topic not in json.dumps(do(asking, "rooms"))
    again = asking.hello("again", ("vault", "general"))
    other = scene.stranger(pair=asking.pair)
    other.knock()
    other.frame({**again, "stream": other.stream, "again": True})
    welcome = other.expect(type="welcome")
    assert [state["room"] for state in welcome["rooms"]] == ["general"]
    scene.unharmed()


def test_41_a_direct_conversation_is_for_two(scene: Scene) -> None:
    """Whoever names it is told nothing; so are administrators, in lists and in the log."""
    ada, bob = couple(scene)
    olga = owner_of(scene)
    do(ada, "join", room="@ben")
    said(ada, "@ben", "for bob alone")
    name = "@" + "-".join(sorted((user_of(ada), user_of(bob))))
    state = do(bob, "join", room="@anna")["state"]
    assert (state["room"], state["peer"]["nick"], state["private"]) == (name, "anna", True)
    for one in (olga, scene.enter("mallory")):
        for question in QUESTIONS:
            answer = ask(one, **{**question, "room": name})
            assert answer["type"] == "error", (question, answer)
        assert name not in json.dumps(do(one, "rooms"))
    do(olga, "audit", after=0)
    olga.settle()
    assert name not in json.dumps(olga.inbox)
    assert "for bob alone" not in json.dumps(olga.inbox)
    do(olga, "ban", nick="anna")
    refused(olga, "no-such-room", "history", room=name)
    refused(scene.enter("carol"), "bad-request", "join", room="@carol")
    refused(olga, "no-such-person", "join", room="@nobody-of-that-name")
