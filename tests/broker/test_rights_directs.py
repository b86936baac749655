"""Conversations of two: named by nickname, between exactly two, and delivered to who comes back."""

import pytest

from common.protocol import deeds as d
from common.protocol import messages as m
from tests.broker.den import (
    ADAS,
    BOBS,
    EVES,
    ask,
    desk_of_three,
    give_rank,
    hears,
    join,
    page,
    push,
    texts,
    told,
)
from tests.broker.desk import ADA, BOB, EVE, INBOX, USER, Desk

PAIR = "@" + "-".join(sorted([USER[ADA], USER[BOB]]))


def test_a_conversation_is_begun_by_nickname_and_has_one_name_for_both() -> None:
    desk = desk_of_three()
    (stored,) = push(desk, ADAS, m.Say(1, "@Bob", "hello"))[INBOX[ADAS]]
    assert (stored["type"], stored["room"], stored["seq"]) == ("stored", PAIR, 1)
    for who, name in ((BOBS, "@ada"), (BOBS, PAIR), (ADAS, "@bob")):
        assert texts(desk, who, name) == ["hello"]
    state = ask(desk, BOBS, m.Join("@ada", "j"))["state"]
    assert (state["room"], state["peer"]) == (PAIR, {"user": USER[ADA], "nick": "ada"})
    assert "moderator" not in state
    listed = ask(desk, BOBS, m.Rooms("r"))["rooms"]
    assert [room["room"] for room in listed if room.get("peer")] == [PAIR]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("@nobody", "no-such-person"),
        ("@", "no-such-person"),
        ("@" + "x" * 5_000, "no-such-person"),
        ("@ada", "bad-request"),
        ("@" + "-".join(sorted([USER[BOB], USER[EVE]])), "no-such-room"),
        ("@" + "-".join(sorted([USER[ADA], "0" * 16])), "no-such-room"),
        ("@" + "-".join(sorted([USER[ADA], USER[BOB]], reverse=True)), "no-such-room"),
        (f"@{USER[ADA]}-{USER[ADA]}", "no-such-room"),
    ],
)
def test_what_is_no_conversation_of_ones_own(name: str, code: str) -> None:
    desk = desk_of_three()
    assert ask(desk, ADAS, m.Join(name, "j"))["code"] == code
    (refused,) = push(desk, ADAS, m.Say(1, name, "x"))[INBOX[ADAS]]
    assert (refused["code"], refused["n"]) == (code, 1)
    assert [room for room in desk.disk.rooms() if room.startswith("@")] == []


def test_row_41_a_conversation_of_others_looks_like_none() -> None:
    desk = desk_of_three()
    give_rank(desk, EVE, "owner")
    asked = (m.History(PAIR, "q"), m.Who(PAIR, "q"), m.Join(PAIR, "q"), m.Leave(PAIR, "q"))
    deeds = (d.Delete(room=PAIR, seq=1, id="q"), d.AskList(what="members", room=PAIR, id="q"))
    before = [ask(desk, EVES, request) for request in (*asked, *deeds)]
    (unborn,) = push(desk, EVES, m.Say(1, PAIR, "x"))[INBOX[EVES]]
    push(desk, ADAS, m.Say(1, "@bob", "secret"))
    assert [ask(desk, EVES, request) for request in (*asked, *deeds)] == before
    (hidden,) = push(desk, EVES, m.Say(2, PAIR, "x"))[INBOX[EVES]]
    assert (hidden["code"], hidden["text"]) == (unborn["code"], unborn["text"])
    assert not [room for room in ask(desk, EVES, m.Rooms("r"))["rooms"] if room["room"][0] == "@"]
    assert len(desk.disk.room(PAIR)) == 1


def test_nobody_moderates_and_nobody_is_invited() -> None:
    desk = desk_of_three()
    push(desk, ADAS, m.Say(1, "@bob", "x"))
    give_rank(desk, ADA, "owner")
    for deed, code in (
        (d.Set(room="@bob", readonly=True, id="q"), "not-permitted"),
        (d.Mute(room="@bob", nick="bob", id="q"), "not-permitted"),
        (d.Role(room="@bob", nick="ada", role="moderator", id="q"), "not-permitted"),
        (d.Invite(room="@bob", nick="eve", id="q"), "bad-request"),
        (d.Remove(room="@bob", nick="bob", id="q"), "bad-request"),
    ):
        assert ask(desk, ADAS, deed)["code"] == code


def test_the_topic_is_granted_to_the_two_alone() -> None:
    desk = desk_of_three()
    topic = join(desk, ADAS, "@bob")
    assert not hears(desk, BOBS, topic)  # not in it yet
    assert join(desk, BOBS, PAIR) == topic
    assert not hears(desk, EVES, topic)
    assert [line["text"] for line in push(desk, BOBS, m.Say(1, PAIR, "hi"))[topic]] == ["hi"]


def test_a_session_that_wants_it_is_put_into_a_conversation_as_it_begins() -> None:
    desk = desk_of_three()
    desk.push(BOBS, m.Bye(), key=BOB)
    desk.enter(BOBS, BOB, direct=True)
    heard = push(desk, ADAS, m.Say(1, "@bob", "a"), m.Say(2, "@bob", "b"))[INBOX[BOBS]]
    (begun,) = told(heard, "room")
    assert (begun["id"], begun["state"]["room"], begun["state"]["head"]) == ("", PAIR, 2)
    assert begun["state"]["peer"]["nick"] == "ada"
    assert hears(desk, BOBS, str(begun["state"]["topic"]).encode())
    assert not told(push(desk, ADAS, m.Say(3, "@bob", "c"))[INBOX[BOBS]], "room")


def test_a_session_that_does_not_want_it_is_left_alone() -> None:
    desk = desk_of_three()
    assert not push(desk, ADAS, m.Say(1, "@bob", "a"))[INBOX[BOBS]]


def test_whoever_comes_back_finds_the_conversations_the_newest_first() -> None:
    desk = desk_of_three()
    desk.push(BOBS, m.Bye(), key=BOB)
    push(desk, ADAS, m.Say(1, "@bob", "old"))
    desk.turn(1.0)
    push(desk, EVES, m.Say(1, "@bob", "new"))
    ask(desk, ADAS, m.Join("@eve", "j"))
    desk = Desk(desk.disk)
    welcome = desk.enter(BOBS, BOB, rooms=("general",), direct=True)
    nicks = [room.get("peer", {}).get("nick") for room in welcome["rooms"]]
    assert nicks == [None, "eve", "ada"]
    assert len(desk.enter(EVES, EVE, direct=True)["rooms"]) == 1, "nothing was said with ada"


def test_to_leave_a_conversation_is_for_this_session_alone() -> None:
    desk = desk_of_three()
    topic = join(desk, ADAS, "@bob")
    join(desk, BOBS, "@ada")
    assert ask(desk, BOBS, m.Leave("@ada", "l"))["type"] == "done"
    assert not hears(desk, BOBS, topic)
    push(desk, ADAS, m.Say(1, "@bob", "x"))
    assert texts(desk, BOBS, "@ada") == ["x"]
    assert ask(desk, BOBS, m.Leave("@ada", "l"))["code"] == "not-joined"


def test_a_repeat_by_nickname_is_answered_though_the_peer_was_renamed() -> None:
    desk = desk_of_three()
    push(desk, ADAS, m.Say(1, "@bob", "x"))
    ask(desk, BOBS, m.Nick("robert", "n"))
    (stored,) = push(desk, ADAS, m.Say(1, "@bob", "x"))[INBOX[ADAS]]
    assert (stored["type"], stored["seq"]) == ("stored", 1)


def test_members_are_the_two() -> None:
    desk = desk_of_three()
    assert page(desk, ADAS, "@bob")["code"] == "no-such-room"
    join(desk, ADAS, "@bob")
    listed = ask(desk, ADAS, d.AskList(what="members", room="@bob", id="m"))
    assert listed["room"] == PAIR
    assert {one["nick"]: one.get("here", False) for one in listed["entries"]} == {
        "ada": True,
        "bob": False,
    }
