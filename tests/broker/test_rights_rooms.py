"""Private rooms: who sees them, what their members may read, and the instant of a removal."""

from typing import Any

import pytest

from common.broker.facts import Member, place
from common.broker.rights import Rights
from common.protocol import deeds as d
from common.protocol import messages as m
from common.protocol.limits import WIRE
from tests.broker.den import (
    ADAS,
    BOBS,
    EVES,
    ask,
    desk_of_three,
    give_rank,
    hears,
    invite,
    join,
    page,
    push,
    texts,
)
from tests.broker.desk import ADA, BOB, EVE, INBOX, ONE, USER, Desk, hello_of, session


def same_but_for_the_name(one: Any, other: Any) -> bool:
    return bool(repr(one).replace("den", "nil") == repr(other))


# What does not exist for others


@pytest.mark.parametrize(
    "about",
    [
        lambda room: m.History(room, "q"),
        lambda room: m.Who(room, "q"),
        lambda room: m.Leave(room, "q"),
        lambda room: d.AskList(what="members", room=room, id="q"),
        lambda room: d.AskList(what="sanctions", room=room, id="q"),
        lambda room: d.Invite(room=room, nick="eve", id="q"),
        lambda room: d.Remove(room=room, nick="ada", id="q"),
        lambda room: d.Set(room=room, readonly=True, id="q"),
        lambda room: d.Mute(room=room, nick="ada", id="q"),
        lambda room: d.Unmute(room=room, nick="ada", id="q"),
        lambda room: d.Kick(room=room, nick="ada", id="q"),
        lambda room: d.Role(room=room, nick="bob", role="moderator", id="q"),
        lambda room: d.Delete(room=room, seq=1, id="q"),
    ],
)
def test_row_41_a_room_that_one_may_not_see_looks_like_none(about: Any) -> None:
    desk = desk_of_three()
    push(desk, ADAS, m.Say(1, "den", "secret"))
    hidden = push(desk, BOBS, about("den"))
    absent = push(desk, BOBS, about("nil"))
    assert hidden[INBOX[BOBS]][0]["type"] == "error"
    assert same_but_for_the_name(dict(hidden), dict(absent))


def test_row_41_a_private_room_is_in_nobody_elses_list() -> None:
    desk = desk_of_three()
    listed = ask(desk, BOBS, m.Rooms("r"))["rooms"]
    assert [room["room"] for room in listed] == ["general"]
    mine = ask(desk, ADAS, m.Rooms("r"))["rooms"]
    assert [(room["room"], room.get("private", False)) for room in mine] == [
        ("den", True),
        ("general", False),
    ]


def test_row_41_whoever_is_no_member_comes_in_by_no_door() -> None:
    desk = desk_of_three()
    assert ask(desk, BOBS, m.Join("den", "j"))["code"] == "no-such-room"
    (refused,) = push(desk, BOBS, m.Say(1, "#Den", "let me in"))[INBOX[BOBS]]
    assert (refused["code"], refused["n"]) == ("no-such-room", 1)
    assert not desk.disk.room("den")
    push(desk, BOBS, m.Bye())
    welcome = desk.enter(BOBS, BOB, rooms=("general", "den"))
    assert [room["room"] for room in welcome["rooms"]] == ["general"]
    assert welcome["refused"] == ["den"]


def test_the_topic_of_a_private_room_is_granted_to_members_alone() -> None:
    desk = desk_of_three()
    topic = join(desk, ADAS)
    assert not hears(desk, BOBS, topic)


def test_administrators_see_no_more_of_a_private_room_than_others() -> None:
    desk = desk_of_three()
    give_rank(desk, BOB)
    assert ask(desk, BOBS, m.History("den", "h"))["code"] == "no-such-room"
    assert ask(desk, BOBS, d.Set(room="den", slow=5, id="s"))["code"] == "no-such-room"
    invite(desk, "bob")
    assert ask(desk, BOBS, d.Set(room="den", slow=5, id="s"))["code"] == "not-permitted"


# Making and inviting


def test_whoever_makes_a_room_moderates_it() -> None:
    desk = desk_of_three()
    state = ask(desk, ADAS, m.Join("den", "j"))["state"]
    assert (state["private"], state["moderator"]) == (True, True)
    assert ask(desk, BOBS, m.Join("open", "j"))["state"]["moderator"]
    assert "moderator" not in ask(desk, ADAS, m.Join("open", "j"))["state"]


@pytest.mark.parametrize("name", ["den", "general", "#DEN"])
def test_a_name_that_is_taken_is_not_made_again(name: str) -> None:
    desk = desk_of_three()
    assert ask(desk, BOBS, d.Create(room=name, private=True, id="c"))["code"] == "room-exists"


def test_a_room_of_two_is_not_made_by_name() -> None:
    desk = desk_of_three()
    name = "@" + "-".join(sorted([USER[ADA], USER[BOB]]))
    assert ask(desk, BOBS, d.Create(room=name, id="c"))["code"] == "bad-room"


def test_somebody_invited_is_told_and_may_come_in() -> None:
    desk = desk_of_three()
    topic = join(desk, ADAS)
    told = push(desk, ADAS, d.Invite(room="den", nick="Bob", reason="come", id="i"))
    (notice,) = told[INBOX[BOBS]]
    assert (notice["type"], notice["what"], notice["room"]) == ("notice", "invited", "den")
    assert (notice["nick"], notice["reason"]) == ("ada", "come")
    assert [(line["type"], line["nick"], line["by"]) for line in told[topic]] == [
        ("invited", "bob", "ada")
    ]
    assert ask(desk, BOBS, m.Join("den", "j"))["type"] == "room"


def test_an_invitation_of_a_member_changes_nothing() -> None:
    desk = desk_of_three()
    invite(desk, "bob")
    told = push(desk, ADAS, d.Invite(room="den", nick="bob", id="i"))
    assert [answer["type"] for answer in told[INBOX[ADAS]]] == ["done"]
    assert not told[INBOX[BOBS]]


def test_members_who_do_not_moderate_neither_invite_nor_remove() -> None:
    desk = desk_of_three()
    invite(desk, "bob")
    for deed in (
        d.Invite(room="den", nick="eve", id="i"),
        d.Remove(room="den", nick="ada", id="i"),
    ):
        assert ask(desk, BOBS, deed)["code"] == "not-permitted"


@pytest.mark.parametrize("deed", [d.Invite, d.Remove])
def test_a_public_room_has_no_members(deed: Any) -> None:
    desk = desk_of_three()
    ask(desk, ADAS, m.Join("open", "j"))
    assert ask(desk, ADAS, deed(room="open", nick="bob", id="i"))["code"] == "bad-request"


def test_nobody_of_that_name() -> None:
    desk = desk_of_three()
    invited = ask(desk, ADAS, d.Invite(room="den", nick="nobody", id="i"))
    assert invited["code"] == "no-such-person"


def test_a_membership_outlives_the_broker() -> None:
    desk = desk_of_three()
    invite(desk, "bob")
    desk = Desk(desk.disk)
    welcome = desk.enter(BOBS, BOB, rooms=("den",))
    assert [room["room"] for room in welcome["rooms"]] == ["den"]
    assert desk.enter(EVES, EVE, rooms=("den",))["refused"] == ["den"]


# What a member may read


def test_a_newcomer_reads_everything_unless_the_room_says_otherwise() -> None:
    for newcomers, before in (("all", ["a"]), ("new", [])):
        desk = desk_of_three(newcomers=newcomers)
        push(desk, ADAS, m.Say(1, "den", "a"))
        invite(desk, "bob")
        push(desk, ADAS, m.Say(2, "den", "b"))
        assert texts(desk, BOBS, after=0) == [*before, "b"]
        assert texts(desk, BOBS, before=2) == before
        assert texts(desk, BOBS, since=0) == [*before, "b"]


def test_what_was_said_while_somebody_was_out_is_never_theirs() -> None:
    desk = desk_of_three()
    for n, text in enumerate(["a", "b"], 1):
        push(desk, ADAS, m.Say(n, "den", text))
    invite(desk, "bob")
    ask(desk, ADAS, d.Remove(room="den", nick="bob", id="r"))
    push(desk, ADAS, m.Say(3, "den", "behind his back"))
    invite(desk, "bob")
    push(desk, ADAS, m.Say(4, "den", "welcome back"))
    assert texts(desk, BOBS, after=0) == ["a", "b"]
    gap = page(desk, BOBS, after=2)
    assert (gap["skipped"], gap["count"]) == (3, 1)
    assert texts(desk, BOBS) == ["welcome back"]
    assert texts(desk, BOBS, before=4) == ["a", "b"]
    assert texts(desk, BOBS, since=0) == ["a", "b"]


def test_a_page_that_was_asked_for_before_a_removal_is_not_told_after_it() -> None:
    desk = desk_of_three()
    invite(desk, "bob")
    desk.core.receive(BOBS + b'\n{"type":"history","room":"den","id":"h","after":0}', BOB)
    told = push(desk, ADAS, d.Remove(room="den", nick="bob", id="r"), m.Say(1, "den", "he is gone"))
    later = desk.turn()[INBOX[BOBS]]
    assert not [line for line in told[INBOX[BOBS]] + later if line["type"] in ("page", "message")]
    assert [line["code"] for line in later] == ["rate-limited"]
    assert page(desk, BOBS)["code"] == "no-such-room"


def test_nor_is_it_where_they_were_invited_again_meanwhile() -> None:
    desk = desk_of_three()
    invite(desk, "bob")
    desk.core.receive(BOBS + b'\n{"type":"history","room":"den","id":"h","after":0}', BOB)
    out, back = d.Remove(room="den", nick="bob", id="r"), d.Invite(room="den", nick="bob", id="i")
    told = push(desk, ADAS, out, m.Say(1, "den", "behind his back"), back)
    assert not [line for line in told[INBOX[BOBS]] if line["type"] in ("page", "message")]
    assert texts(desk, BOBS, after=0) == []


# The instant of a removal


def put_out(desk: Desk, how: str) -> dict[bytes, list[dict[str, Any]]]:
    """Bob is a member no more; in the same turn and behind it ada says something."""
    desk.core.receive(ADAS + b'\n{"type":"say","n":1,"room":"den","text":"before"}', ADA)
    if how == "remove":
        desk.core.receive(ADAS + b'\n{"type":"remove","room":"den","nick":"bob","id":"r"}', ADA)
    else:
        desk.core.receive(BOBS + b'\n{"type":"leave","room":"den","id":"l"}', BOB)
    return push(desk, ADAS, m.Say(2, "den", "behind it"))


@pytest.mark.parametrize("how", ["remove", "leave"])
def test_row_37_nothing_reaches_whoever_was_put_out_on_a_connection_that_still_stands(
    how: str,
) -> None:
    desk = desk_of_three()
    invite(desk, "bob")
    topic = join(desk, BOBS)
    told = put_out(desk, how)
    assert topic not in told
    told = push(desk, ADAS, m.Say(3, "den", "later"), m.Nick("ada2", "n"))
    assert topic not in told
    assert not told[INBOX[BOBS]]
    assert not hears(desk, BOBS, topic)
    assert not hears(desk, ADAS, topic), "the topic is nobody's"


@pytest.mark.parametrize("how", ["remove", "leave"])
def test_row_37_nothing_of_whoever_was_put_out_reaches_the_room(how: str) -> None:
    desk = desk_of_three()
    invite(desk, "bob")
    join(desk, BOBS)
    put_out(desk, how)
    (refused,) = push(desk, BOBS, m.Say(1, "den", "still here"))[INBOX[BOBS]]
    assert (refused["code"], refused["n"]) == ("no-such-room", 1)
    assert [record.text for record in desk.disk.room("den")] == ["before", "behind it"]
    who = ask(desk, ADAS, m.Who("den", "w"))
    assert [one["nick"] for one in who["people"]] == ["ada"]


@pytest.mark.parametrize("how", ["remove", "leave"])
def test_whoever_stays_is_told_the_new_topic_and_fetches_what_was_said(how: str) -> None:
    desk = desk_of_three()
    invite(desk, "bob")
    join(desk, BOBS)
    told = put_out(desk, how)
    (renewed,) = [line for line in told[INBOX[ADAS]] if line["type"] == "room"]
    state = renewed["state"]
    assert (renewed["id"], state["room"], state["head"], state["people"]) == ("", "den", 2, 1)
    topic = str(state["topic"]).encode()
    assert hears(desk, ADAS, topic)
    lines = desk.turn(0.06)[topic]
    what = {"remove": "removed", "leave": "left"}[how]
    assert [(line["type"], line.get("nick")) for line in lines][:1] == [(what, "bob")]
    assert lines[-1]["type"] == "head"
    assert lines[0].get("rev", state["rev"]) == lines[-1]["rev"] == state["rev"]
    assert texts(desk, ADAS, after=0) == ["before", "behind it"]


def test_a_removal_is_told_to_each_session_of_whom_it_concerns_with_its_reason() -> None:
    desk = desk_of_three()
    invite(desk, "bob")
    join(desk, BOBS)
    other = session(8)
    desk.enter(other, BOB, rooms=("den",), stream="8" * 16)
    told = push(desk, ADAS, d.Remove(room="den", nick="bob", reason="too loud", id="r"))
    for inbox in (INBOX[BOBS], b"inbox/" + other + b"/"):
        (notice,) = told[inbox]
        assert (notice["what"], notice["room"]) == ("removed", "den")
        assert (notice["nick"], notice["reason"]) == ("ada", "too loud")
    assert desk.core._sessions.of_room("den") == [desk.core._sessions.get(ADAS)]


def test_to_leave_on_one_device_is_to_leave() -> None:
    desk = desk_of_three()
    invite(desk, "bob")
    join(desk, BOBS)
    other = session(8)
    desk.enter(other, BOB, stream="8" * 16)
    inbox = b"inbox/" + other + b"/"
    (done,) = desk.push(other, m.Leave("den", "l"), key=BOB)[inbox]
    assert done["type"] == "done"
    assert page(desk, BOBS)["code"] == "no-such-room"
    (again,) = desk.push(other, m.Leave("den", "l"), key=BOB)[inbox]
    assert again["code"] == "not-joined"


def test_row_62_a_repeat_is_answered_after_its_sender_was_removed() -> None:
    desk = desk_of_three()
    invite(desk, "bob")
    push(desk, BOBS, m.Say(1, "den", "a"))
    ask(desk, ADAS, d.Remove(room="den", nick="bob", id="r"))
    again = push(desk, BOBS, m.Say(2, "den", "b"), m.Say(1, "den", "a"))[INBOX[BOBS]]
    refused, stored = again
    assert (stored["type"], stored["n"], stored["seq"]) == ("stored", 1, 1)
    assert (refused["code"], refused["n"]) == ("no-such-room", 2)


# Succession


def test_the_longest_member_follows_the_last_moderator() -> None:
    desk = desk_of_three()
    invite(desk, "eve")
    desk.turn(5.0)
    invite(desk, "bob")
    join(desk, EVES)
    told = push(desk, ADAS, m.Leave("den", "l"))
    notices = [line for line in told[INBOX[EVES]] if line["type"] == "notice"]
    assert [(one["what"], one["role"]) for one in notices] == [("role", "moderator")]
    states = [line["state"] for line in told[INBOX[EVES]] if line["type"] == "room"]
    assert states[-1]["moderator"]
    members = ask(desk, EVES, d.AskList(what="members", room="den", id="m"))["entries"]
    assert {one["nick"]: one.get("role", "") for one in members} == {"eve": "moderator", "bob": ""}
    assert ask(desk, EVES, d.Remove(room="den", nick="bob", id="r"))["type"] == "done"


def test_where_a_moderator_is_left_nobody_follows() -> None:
    desk = desk_of_three()
    invite(desk, "eve")
    invite(desk, "bob")
    ask(desk, ADAS, d.Role(room="den", nick="bob", role="moderator", id="r"))
    ask(desk, ADAS, m.Leave("den", "l"))
    members = ask(desk, EVES, d.AskList(what="members", room="den", id="m"))["entries"]
    assert {one["nick"]: one.get("role", "") for one in members} == {"eve": "", "bob": "moderator"}


def test_the_last_moderator_steps_down_for_the_longest_member_or_not_at_all() -> None:
    desk = desk_of_three()
    down = d.Role(room="den", nick="ada", role="member", id="r")
    assert ask(desk, ADAS, down)["code"] == "not-permitted"
    invite(desk, "bob")
    assert ask(desk, ADAS, down)["type"] == "done"
    assert ask(desk, BOBS, d.Set(room="den", slow=1, id="s"))["type"] == "done"
    assert ask(desk, ADAS, d.Set(room="den", slow=2, id="s"))["code"] == "not-permitted"


# Lists


def test_a_long_list_comes_in_pages_that_fit_a_frame() -> None:
    desk = desk_of_three()
    ledger = desk.core.ledger
    den = ledger.rooms["den"]
    for number in range(400):
        user = f"{number:016x}"
        ledger.apply_person(user, "", f"{'é' * 20}{number}", f"key{number}", desk.wall)
        member = Member(spans=((1, None),), ts=desk.wall)
        ledger.apply_deed(
            "invited", ledger.people[user], desk.wall, [("member", place(den.number, user), member)]
        )
    desk.turn()
    names: list[str] = []
    more = True
    while more:
        after = names[-1] if names else ""
        lines = d.AskList(what="members", room="den", after=after, id="m")
        answer = ask(desk, ADAS, lines)
        assert len(repr(answer)) < WIRE.frame
        names += [one["name"] for one in answer["entries"]]
        more = answer.get("more", False)
    assert len(names) == len(set(names)) == 401


# Without encryption


def test_without_encryption_a_private_room_is_nobodys() -> None:
    ledger = desk_of_three().core.ledger
    den = ledger.rooms["den"]
    assert Rights(ledger).may_see(den, USER[ADA])
    assert not Rights(ledger, plain=True).may_see(den, USER[ADA])


def test_without_encryption_there_are_no_deeds_and_what_is_private_is_not_there() -> None:
    desk = desk_of_three()
    desk = Desk(desk.disk, plain=True)
    desk.open(ONE, None)
    desk.turn()
    desk.push(ONE, hello_of(None, secret="s" * 16, nick="zoe"), key=None)
    answers = desk.push(
        ONE,
        d.Create(room="x", private=True, id="1"),
        d.AskList(what="members", room="general", id="2"),
        m.Join("@ada", "3"),
        m.Join("den", "4"),
        m.Rooms("5"),
        key=None,
    )[INBOX[ONE]]
    codes = [answer.get("code") for answer in answers]
    assert codes[:4] == ["needs-encryption"] * 3 + ["no-such-room"]
    assert [room["room"] for room in answers[4]["rooms"]] == ["general"]
