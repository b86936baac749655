"""Direct conversations of a session: by nickname, by lasting name, begun by others."""

import pytest

from common.client import effects as e
from common.client import events as ev
from common.client.session import Saved
from common.protocol import messages as m
from tests.client.desk import (
    BOB,
    DIRECT,
    ME,
    STREAM,
    TOPIC,
    Desk,
    come_back,
    direct,
    hello,
    record,
    resolved,
    welcome,
)  # fmt: skip


def test_a_direct_conversation_begins_by_itself_and_is_read_whole() -> None:
    desk = Desk(direct=True)
    desk.enter()
    desk.hear(desk.inbox, m.Joined(id="", state=direct(head=2)))
    (changed,) = desk.taken(ev.RoomChanged)
    assert (changed.room, changed.peer) == (DIRECT, m.Person(BOB, "Bob"))
    (ask,) = desk.pushed("history")
    assert (ask["room"], ask["after"]) == (DIRECT, 0)
    come_back(desk)
    assert hello(desk)["rooms"] == ["general", DIRECT]


def test_an_ordinary_room_that_was_left_does_not_come_back_by_itself() -> None:
    desk = Desk()
    desk.enter()
    desk.hear(desk.inbox, m.Joined(id="", state=m.RoomState("den", "room/5/", 3, 1, 1)))
    assert desk.taken(e.Subscribe)[-1].topic == TOPIC


@pytest.mark.parametrize(
    ("directs", "after"), [(None, None), ({}, 0), ({DIRECT: (3, "")}, 3)], ids=str
)
def test_a_direct_conversation_of_before_begins_where_it_was_left(
    directs: dict[str, tuple[int, str]] | None, after: int | None
) -> None:
    desk = Desk(Saved(stream=STREAM, rooms={}, directs=directs), direct=True)
    desk.connect()
    desk.pushed()
    desk.hear(desk.inbox, m.Welcome(user=ME, nick="ada", last=0, rooms=[direct(head=7)]))
    desk.hear(b"room/9/", m.RoomLine(type="head", head=7, people=1, rev=1))
    asked = [line["after"] for line in desk.pushed("history")]
    assert asked == ([] if after is None else [after])
    (ready,) = desk.taken(ev.Ready)
    assert ready.rooms == {DIRECT: 7}


def test_what_is_said_to_a_nickname_comes_back_under_its_lasting_name() -> None:
    desk = Desk(direct=True)
    desk.enter()
    desk.session.say(1, "@Bob", "psst", False)
    assert [keep.room for keep in desk.taken(e.Keep)] == ["@Bob"]
    desk.tick()
    (say,) = desk.pushed("say")
    assert say["room"] == "@Bob"
    desk.hear(desk.inbox, m.Joined(id="", state=direct(head=0)))
    desk.hear(b"room/9/", record(1, n=1, text="psst"))
    reply = resolved(desk)[1]
    assert (reply.room, reply.seq) == (DIRECT, 1)
    assert [one.room for one in desk.taken(ev.Progress)] == ["@Bob", DIRECT]
    desk.session.say(2, "@bob", "again", False)
    assert [keep.room for keep in desk.taken(e.Keep)] == [DIRECT], "the name may be another's soon"


def test_without_being_in_it_the_answer_names_the_room() -> None:
    desk = Desk()
    desk.enter()
    desk.session.say(1, "@Bob", "psst", False)
    desk.tick()
    stored = m.Stored(n=1, room=DIRECT, seq=4, ts=1, id=f"{STREAM}-1")
    desk.hear(desk.inbox, stored)
    assert resolved(desk)[1].room == DIRECT
    assert desk.session.unsent == 0


def test_a_nickname_that_cannot_be_one_is_refused_here() -> None:
    desk = Desk()
    desk.enter()
    desk.session.say(1, "@", "psst", False)
    desk.session.join(2, "@#x", None)
    assert [reply.code for reply in resolved(desk).values()] == ["bad-nick", "bad-nick"]
    assert desk.taken(e.Keep) == []


def test_joining_a_nickname_leaves_no_room_of_that_name() -> None:
    desk = Desk()
    desk.enter()
    desk.session.join(1, "@bob", None)
    (join,) = desk.pushed("join")
    assert join["room"] == "@bob"
    desk.hear(desk.inbox, m.Joined(id=join["id"], state=direct(head=7)))
    kind = ev.RoomChanged(room=DIRECT, private=True, peer=direct().peer)
    assert resolved(desk) == {1: ev.JoinedReply(room=DIRECT, head=7, people=1, kind=kind)}
    desk.hear(b"room/9/", record(8))
    (shown,) = desk.taken(ev.Messages)
    assert (shown.room, [one.seq for one in shown.records]) == (DIRECT, [8])
    desk.session.leave(2, "@BOB")
    (leave,) = desk.pushed("leave")
    assert leave["room"] == DIRECT
    desk.hear(desk.inbox, m.Done(leave["id"]))
    assert desk.taken(ev.Left) == [ev.Left(room=DIRECT)]
    come_back(desk)
    assert hello(desk)["rooms"] == ["general"]


def test_nobody_of_that_name_is_told_and_forgotten() -> None:
    desk = Desk()
    desk.enter()
    desk.session.join(1, "@bob", None)
    (join,) = desk.pushed("join")
    desk.hear(desk.inbox, m.Error(code="no-such-person", text="no", id=join["id"]))
    assert resolved(desk)[1].code == "no-such-person"
    come_back(desk)
    desk.hear(desk.inbox, welcome())
    assert desk.pushed("join") == []


def test_a_program_may_begin_with_a_nickname_alone() -> None:
    desk = Desk(Saved(stream=STREAM, rooms={"@bob": (3, ""), "@eve": None}))
    desk.connect()
    assert "rooms" not in hello(desk)
    desk.hear(desk.inbox, welcome(rooms=()))
    bob, eve = desk.pushed("join")
    assert desk.taken(ev.Ready) == []
    desk.hear(desk.inbox, m.Joined(id=bob["id"], state=direct(head=5)))
    desk.hear(b"room/9/", m.RoomLine(type="head", head=5, people=1, rev=1))
    assert desk.taken(ev.Ready) == []
    desk.hear(desk.inbox, m.Error(code="no-such-person", text="no", id=eve["id"]))
    (ready,) = desk.taken(ev.Ready)
    assert (list(ready.rooms), ready.refused) == ([DIRECT], ["@eve"])
    assert desk.pushed("history")[-1]["after"] == 3


def test_a_conversation_that_was_left_comes_back_when_something_is_said_in_it() -> None:
    desk = Desk(direct=True)
    desk.enter()
    desk.hear(desk.inbox, m.Joined(id="", state=direct(head=0)))
    desk.hear(b"room/9/", record(1), record(2))
    desk.session.leave(1, DIRECT)
    desk.hear(desk.inbox, m.Done(desk.pushed("leave")[-1]["id"]))
    come_back(desk)
    told = m.Welcome(user=ME, nick="ada", last=0, rooms=[*welcome().rooms, direct(head=2)])
    desk.hear(desk.inbox, told)
    assert [line["room"] for line in desk.pushed("leave")] == [DIRECT], "the broker put us in again"
    desk.taken(ev.Event)
    desk.hear(desk.inbox, m.Joined(id="", state=direct(head=3, topic="room/10/")))
    assert [line["after"] for line in desk.pushed("history") if line["room"] == DIRECT] == [1]


def test_somebody_who_takes_another_nickname_is_the_same_person() -> None:
    desk = Desk(direct=True)
    desk.enter()
    desk.hear(desk.inbox, m.Joined(id="", state=direct()))
    desk.taken(ev.RoomChanged)
    line = m.RoomLine(type="nick", user=BOB, nick="Robert", people=2, rev=2)
    desk.hear(b"room/9/", line)
    (changed,) = desk.taken(ev.RoomChanged)
    assert changed.peer == m.Person(BOB, "Robert")
    desk.session.say(1, "@robert", "psst", False)
    assert [keep.room for keep in desk.taken(e.Keep)] == [DIRECT]
