"""Order in a room: rules, sanctions, moderators, deleting; and what a full disk leaves of it."""

from typing import Any

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
    invite,
    join,
    page,
    push,
    texts,
    told,
)
from tests.broker.desk import ADA, BOB, INBOX, Desk, hello_of


def desk_of_square() -> Desk:
    """The public room `square`, which ada made and all three are in."""
    desk = desk_of_three()
    for who in (ADAS, BOBS, EVES):
        join(desk, who, "square")
    return desk


def refused(desk: Desk, who: bytes, n: int, room: str = "square") -> dict[str, Any]:
    """What becomes of a message that is not taken."""
    (error,) = push(desk, who, m.Say(n, room, f"text {n}"))[INBOX[who]]
    assert (error["type"], error["n"]) == ("error", n)
    return error


def says(desk: Desk, room: str = "square") -> list[str]:
    return [record.text for record in desk.disk.room(room) if record.type == "message"]


# Who may decide


@pytest.mark.parametrize(
    "deed",
    [
        d.Set(room="square", readonly=True, id="q"),
        d.Mute(room="square", nick="eve", id="q"),
        d.Unmute(room="square", nick="eve", id="q"),
        d.Kick(room="square", nick="eve", id="q"),
        d.Role(room="square", nick="bob", role="moderator", id="q"),
        d.AskList(room="square", what="sanctions", id="q"),
    ],
)
def test_only_moderators_decide_and_administrators_do_everywhere_in_public(deed: m.Request) -> None:
    desk = desk_of_square()
    assert ask(desk, BOBS, deed)["code"] == "not-permitted"
    give_rank(desk, BOB)
    assert ask(desk, BOBS, deed)["type"] in ("done", "list")


def test_a_moderator_does_not_act_upon_an_administrator_nor_one_upon_another() -> None:
    desk = desk_of_square()
    give_rank(desk, BOB)
    for deed in (
        d.Mute(room="square", nick="bob", id="q"),
        d.Kick(room="square", nick="bob", id="q"),
    ):
        assert ask(desk, ADAS, deed)["code"] == "not-permitted"
        give_rank(desk, ADA)
        assert ask(desk, ADAS, deed)["code"] == "not-permitted"
    give_rank(desk, ADA, "owner")
    assert ask(desk, ADAS, d.Mute(room="square", nick="bob", id="q"))["type"] == "done"


def test_nobody_sanctions_themselves_nor_takes_their_own_mute_away() -> None:
    desk = desk_of_square()
    ask(desk, ADAS, d.Role(room="square", nick="bob", role="moderator", id="q"))
    ask(desk, ADAS, d.Mute(room="square", nick="bob", id="q"))
    assert ask(desk, BOBS, d.Unmute(room="square", nick="bob", id="q"))["code"] == "bad-request"
    assert refused(desk, BOBS, 1)["code"] == "muted"


def test_the_general_room_is_the_administrators() -> None:
    desk = desk_of_three()
    assert ask(desk, ADAS, d.Set(room="general", slow=5, id="q"))["code"] == "not-permitted"
    give_rank(desk, ADA)
    assert ask(desk, ADAS, d.Set(room="general", slow=5, id="q"))["type"] == "done"


# Rules


def test_in_a_read_only_room_moderators_speak() -> None:
    desk = desk_of_square()
    heard = push(desk, ADAS, d.Set(room="square", readonly=True, id="q"))
    for who in (ADAS, BOBS):
        (renewed,) = told(heard[INBOX[who]], "room")
        assert (renewed["id"], renewed["state"]["readonly"]) == ("", True)
    assert refused(desk, BOBS, 1)["code"] == "read-only"
    push(desk, ADAS, m.Say(1, "square", "hear"))
    ask(desk, ADAS, d.Set(room="square", readonly=False, id="q"))
    push(desk, BOBS, m.Say(2, "square", "at last"))
    assert says(desk) == ["hear", "at last"]


def test_in_a_slow_room_time_must_pass_between_two_messages_of_one_person() -> None:
    desk = desk_of_square()
    ask(desk, ADAS, d.Set(room="square", slow=30, id="q"))
    push(desk, BOBS, m.Say(1, "square", "a"))
    push(desk, EVES, m.Say(1, "square", "b"))
    error = refused(desk, BOBS, 2)
    assert (error["code"], error["until"]) == ("slow-mode", desk.wall + 30_000)
    assert "retry" not in error
    push(desk, ADAS, m.Say(1, "square", "c"), m.Say(2, "square", "d"))
    desk.turn(29.9)
    assert refused(desk, BOBS, 3)["code"] == "slow-mode"
    desk.turn(0.1)
    push(desk, BOBS, m.Say(4, "square", "e"))
    assert says(desk) == ["a", "b", "c", "d", "e"]


def test_a_clock_that_was_set_back_silences_nobody_in_a_slow_room() -> None:
    desk = desk_of_square()
    ask(desk, ADAS, d.Set(room="square", slow=30, id="q"))
    push(desk, BOBS, m.Say(1, "square", "a"))
    desk.wall -= 86_400_000
    desk.turn()
    push(desk, BOBS, m.Say(2, "square", "b"))
    assert says(desk) == ["a", "b"]


def test_rules_outlive_the_broker_and_the_same_rules_are_no_news() -> None:
    desk = desk_of_square()
    ask(desk, ADAS, d.Set(room="square", readonly=True, id="q"))
    log = len(desk.disk.room(""))
    ask(desk, ADAS, d.Set(room="square", readonly=True, id="q"))
    assert len(desk.disk.room("")) == log
    desk = Desk(desk.disk)
    desk.enter(BOBS, BOB)
    assert refused(desk, BOBS, 1)["code"] == "read-only"


# Mutes


def test_somebody_muted_reads_why_and_until_when() -> None:
    desk = desk_of_square()
    topic = join(desk, ADAS, "square")
    mute = d.Mute(room="square", nick="bob", seconds=60, reason="too loud", id="q")
    heard = push(desk, ADAS, mute)
    (notice,) = heard[INBOX[BOBS]]
    until = desk.wall + 60_000
    assert (notice["what"], notice["nick"], notice["reason"]) == ("muted", "ada", "too loud")
    assert notice["until"] == until
    (line,) = heard[topic]
    assert (line["type"], line["nick"], line["by"]) == ("muted", "bob", "ada")
    error = refused(desk, BOBS, 1)
    assert (error["code"], error["reason"], error["until"]) == ("muted", "too loud", until)
    assert "too loud" in error["text"]
    push(desk, BOBS, m.Say(2, "general", "elsewhere"))
    desk.turn(60.0)
    push(desk, BOBS, m.Say(3, "square", "again"))
    assert (says(desk), says(desk, "general")) == (["again"], ["elsewhere"])


def test_row_62_what_was_stored_before_a_mute_and_what_was_refused_by_it_stay_what_they_are() -> (
    None
):
    desk = desk_of_square()
    push(desk, BOBS, m.Say(1, "square", "a"))
    ask(desk, ADAS, d.Mute(room="square", nick="bob", id="q"))
    error = refused(desk, BOBS, 2)
    ask(desk, ADAS, d.Unmute(room="square", nick="bob", id="q"))
    both = push(desk, BOBS, m.Say(1, "square", "a"), m.Say(2, "square", "text 2"))[INBOX[BOBS]]
    assert [(one["type"], one["n"]) for one in both] == [("stored", 1), ("error", 2)]
    assert (both[1]["code"], both[1]["text"]) == (error["code"], error["text"])


def test_a_mute_outlives_the_broker_and_ends_with_an_unmute() -> None:
    desk = desk_of_square()
    ask(desk, ADAS, d.Mute(room="square", nick="bob", id="q"))
    desk = Desk(desk.disk)
    desk.enter(ADAS)
    desk.enter(BOBS, BOB)
    assert refused(desk, BOBS, 1)["code"] == "muted"
    (notice,) = push(desk, ADAS, d.Unmute(room="square", nick="bob", id="q"))[INBOX[BOBS]]
    assert notice["what"] == "unmuted"
    push(desk, BOBS, m.Say(2, "square", "b"))
    assert says(desk) == ["b"]


# Kicks from a room


@pytest.mark.parametrize("seconds", [0, 60])
def test_a_kick_puts_out_from_that_instant_on(seconds: int) -> None:
    desk = desk_of_square()
    topic = join(desk, BOBS, "square")
    kick = d.Kick(room="square", nick="bob", seconds=seconds, reason="out", id="q")
    heard = push(desk, ADAS, kick, m.Say(1, "square", "behind it"))
    assert topic not in heard
    (notice,) = heard[INBOX[BOBS]]
    assert (notice["what"], notice["reason"]) == ("kicked", "out")
    assert not hears(desk, BOBS, topic)
    (renewed,) = told(heard[INBOX[EVES]], "room")
    assert hears(desk, EVES, str(renewed["state"]["topic"]).encode())
    back = ask(desk, BOBS, m.Join("square", "j"))
    if not seconds:
        assert back["type"] == "room"
        return
    assert (back["code"], back["reason"], back["until"]) == ("kicked", "out", desk.wall + 60_000)
    assert refused(desk, BOBS, 1)["code"] == "kicked"
    assert page(desk, BOBS, "square")["code"] == "kicked"
    hello = hello_of(BOB, rooms=["square", "general"])
    welcome = desk.push(BOBS, hello, key=BOB)[INBOX[BOBS]][-1]
    assert (welcome["refused"], len(welcome["rooms"])) == (["square"], 1)
    listed = ask(desk, ADAS, d.AskList(what="sanctions", room="square", id="s"))["entries"]
    assert [(one["what"], one["nick"], one["by"]) for one in listed] == [("kick", "bob", "ada")]
    desk.turn(60.0)
    assert ask(desk, BOBS, m.Join("square", "j"))["type"] == "room"


def test_a_room_is_not_sent_from_topic_to_topic_without_end() -> None:
    desk = desk_of_square()
    kick = d.Kick(room="square", nick="bob", id="q")
    codes = {ask(desk, ADAS, kick).get("code") for _ in range(301)}
    assert codes == {None, "rate-limited"}


def test_members_of_a_private_room_are_removed_and_not_kicked() -> None:
    desk = desk_of_three()
    invite(desk, "bob")
    assert ask(desk, ADAS, d.Kick(room="den", nick="bob", id="q"))["code"] == "bad-request"


# Moderators


def test_a_moderator_is_made_told_and_unmade() -> None:
    desk = desk_of_square()
    heard = push(desk, ADAS, d.Role(room="square", nick="bob", role="moderator", id="q"))
    notice, renewed = heard[INBOX[BOBS]]
    assert (notice["what"], notice["role"]) == ("role", "moderator")
    assert renewed["state"]["moderator"]
    assert not told(heard[INBOX[EVES]], "room")
    assert ask(desk, BOBS, d.Set(room="square", slow=1, id="q"))["type"] == "done"
    assert ask(desk, ADAS, d.Role(room="square", nick="bob", role="member", id="q"))["type"] == (
        "done"
    )
    assert ask(desk, BOBS, d.Set(room="square", slow=2, id="q"))["code"] == "not-permitted"


def test_a_moderator_of_a_private_room_is_one_of_its_members() -> None:
    desk = desk_of_three()
    make = d.Role(room="den", nick="bob", role="moderator", id="q")
    assert ask(desk, ADAS, make)["code"] == "no-such-person"
    invite(desk, "bob")
    assert ask(desk, ADAS, make)["type"] == "done"
    ask(desk, ADAS, d.Remove(room="den", nick="bob", id="q"))
    invite(desk, "bob")
    assert ask(desk, BOBS, d.Set(room="den", slow=2, id="q"))["code"] == "not-permitted"


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_a_rank_is_no_role_in_a_room(role: Any) -> None:
    desk = desk_of_square()
    deed = d.Role(room="square", nick="bob", role=role, id="q")
    assert ask(desk, ADAS, deed)["code"] == "bad-request"


# Deleting


def test_an_author_and_a_moderator_delete_a_message_and_nobody_else() -> None:
    desk = desk_of_square()
    topic = join(desk, ADAS, "square")
    push(desk, BOBS, m.Say(1, "square", "mine"), m.Say(2, "square", "also mine"))
    assert ask(desk, EVES, d.Delete(room="square", seq=1, id="q"))["code"] == "not-permitted"
    heard = push(desk, BOBS, d.Delete(room="square", seq=1, id="q"))
    assert [(line["type"], line["of"]) for line in heard[topic]] == [("delete", 1)]
    assert told(heard[INBOX[BOBS]], "done")
    heard = push(desk, ADAS, d.Delete(room="square", seq=2, reason="rude", id="q"))
    (notice,) = told(heard[INBOX[BOBS]], "notice")
    assert (notice["what"], notice["seq"], notice["reason"]) == ("deleted", 2, "rude")
    kept = [(one.type, one.seq, one.text, one.of) for one in desk.disk.room("square")]
    assert kept == [
        ("deleted", 1, "", 0),
        ("deleted", 2, "", 0),
        ("delete", 3, "", 1),
        ("delete", 4, "rude", 2),
    ]
    assert [one.type for one in desk.disk.room("")][-2:] == ["message-deleted"] * 2


def test_what_is_no_message_or_not_for_them_is_not_deleted() -> None:
    desk = desk_of_square()
    push(desk, ADAS, m.Say(1, "square", "a"), m.Say(2, "den", "b"))
    ask(desk, ADAS, d.Delete(room="square", seq=1, id="q"))
    for seq in (1, 2, 3, 1 << 40):
        answer = ask(desk, ADAS, d.Delete(room="square", seq=seq, id="q"))
        assert answer["code"] == "no-such-message"
    ask(desk, ADAS, d.Set(room="den", newcomers="new", id="q"))
    invite(desk, "bob")
    ask(desk, ADAS, d.Role(room="den", nick="bob", role="moderator", id="q"))
    absent = ask(desk, BOBS, d.Delete(room="den", seq=9, id="q"))
    hidden = ask(desk, BOBS, d.Delete(room="den", seq=1, id="q"))
    assert hidden["text"].replace("1", "9") == absent["text"]


def test_a_message_is_deleted_once_though_two_ask_at_once() -> None:
    desk = desk_of_square()
    push(desk, ADAS, m.Say(1, "square", "a"))
    twice = (d.Delete(room="square", seq=1, id="p"), d.Delete(room="square", seq=1, id="q"))
    answers = push(desk, ADAS, *twice)[INBOX[ADAS]]
    assert {one["id"]: one.get("code") for one in answers} == {"p": None, "q": "rate-limited"}
    assert ask(desk, ADAS, d.Delete(room="square", seq=1, id="r"))["code"] == "no-such-message"


def test_whoever_is_put_out_between_asking_and_deleting_deletes_nothing() -> None:
    desk = desk_of_three()
    invite(desk, "bob")
    push(desk, BOBS, m.Say(1, "den", "mine"))
    desk.core.receive(BOBS + b'\n{"type":"delete","room":"den","seq":1,"id":"q"}', BOB)
    heard = push(desk, ADAS, d.Remove(room="den", nick="bob", id="r"))
    (error,) = told(heard[INBOX[BOBS]], "error")
    assert (error["code"], error["id"]) == ("no-such-room", "q")
    assert says(desk, "den") == ["mine"]


def test_a_repeat_of_a_deleted_message_is_answered_with_its_number() -> None:
    desk = desk_of_square()
    push(desk, BOBS, m.Say(1, "square", "a"))
    ask(desk, BOBS, d.Delete(room="square", seq=1, id="q"))
    (stored,) = push(desk, BOBS, m.Say(1, "square", "a"))[INBOX[BOBS]]
    assert (stored["type"], stored["seq"]) == ("stored", 1)


# A full disk


@pytest.mark.parametrize(
    "deed",
    [
        d.Create(room="new", private=True, id="q"),
        d.Invite(room="den", nick="eve", id="q"),
        d.Remove(room="den", nick="bob", id="q"),
        d.Set(room="den", slow=9, id="q"),
        d.Set(room="square", readonly=True, id="q"),
        d.Mute(room="square", nick="bob", id="q"),
        d.Kick(room="square", nick="bob", seconds=60, id="q"),
        d.Role(room="den", nick="bob", role="moderator", id="q"),
        d.Role(room="square", nick="bob", role="moderator", id="q"),
        m.Leave("den", "q"),
        d.Delete(room="square", seq=1, id="q"),
    ],
)
def test_a_deed_that_the_disk_has_no_room_for_did_not_happen(deed: m.Request) -> None:
    desk = desk_of_square()
    invite(desk, "bob")
    push(desk, BOBS, m.Say(1, "square", "a"))
    den, square = join(desk, BOBS), join(desk, BOBS, "square")
    before = remembered(desk)
    desk.disk.full = True
    heard = push(desk, ADAS, deed)
    errors = [one for one in heard[INBOX[ADAS]] if one["type"] == "error"]
    assert [(one["code"], one["id"]) for one in errors] == [("storage-full", "q")]
    assert list(heard) == [INBOX[ADAS]]
    assert remembered(desk) == before
    assert hears(desk, BOBS, den)
    assert hears(desk, BOBS, square)
    desk.disk.full = False
    assert ask(desk, ADAS, deed)["type"] == "done"
    assert remembered(desk) != before
    loaded = Desk(desk.disk)
    assert remembered(loaded)[0] == remembered(desk)[0]


def remembered(desk: Desk) -> tuple[Any, ...]:
    """All that the core knows of rooms and facts."""
    ledger = desk.core.ledger
    facts = {
        (kind, key): value
        for kind in ("rules", "member", "mute", "kick")
        for key, value in ledger.facts.of_kind(kind).items()
    }
    rooms = {name: (room.seq, room.rules) for name, room in ledger.rooms.items()}
    return (facts, rooms), {
        name: [one.id for one in desk.core._sessions.of_room(name)] for name in rooms
    }


def test_a_message_that_the_disk_had_no_room_for_slows_nobody_down() -> None:
    desk = desk_of_square()
    ask(desk, ADAS, d.Set(room="square", slow=600, id="q"))
    desk.disk.full = True
    push(desk, BOBS, m.Say(1, "square", "a"))
    desk.disk.full = False
    push(desk, BOBS, m.Say(1, "square", "a"))
    assert says(desk) == ["a"]


def test_a_deletion_that_was_lost_with_its_turn_is_asked_for_again() -> None:
    desk = desk_of_square()
    push(desk, ADAS, m.Say(1, "square", "a"))
    desk.disk.full = True
    delete = d.Delete(room="square", seq=1, id="q")
    push(desk, ADAS, delete, m.Say(2, "square", "b"))
    desk.disk.full = False
    assert ask(desk, ADAS, delete)["type"] == "done"


def test_a_conversation_that_the_disk_had_no_room_for_did_not_begin() -> None:
    desk = desk_of_three()
    desk.push(BOBS, m.Bye(), key=BOB)
    desk.enter(BOBS, BOB, direct=True)
    desk.disk.full = True
    assert not push(desk, ADAS, m.Say(1, "@bob", "a"))[INBOX[BOBS]]
    desk.disk.full = False
    assert page(desk, ADAS, "@bob")["code"] == "no-such-room"
    assert told(push(desk, ADAS, m.Say(1, "@bob", "a"))[INBOX[BOBS]], "room")
    assert texts(desk, BOBS, "@ada") == ["a"]
