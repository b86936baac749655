"""The client's session where people decide: who is let in, who is put out, what is told."""

import pytest

from common.client import effects as e
from common.client import events as ev
from common.client.asking import PATIENCE
from common.client.session import Saved
from common.protocol import deeds
from common.protocol import messages as m
from common.protocol.codec import encode
from tests.client.desk import (
    BOB,
    ME,
    NOW,
    STREAM,
    TOPIC,
    Desk,
    come_back,
    greet,
    hello,
    page,
    record,
    resolved,
    welcome,
)  # fmt: skip

# --- who may come in ------------------------------------------------------------------------------


def test_a_code_is_said_until_it_has_let_us_in() -> None:
    desk = Desk(code="7K3M-Q9TX-4PWD", direct=True)
    desk.connect()
    said = hello(desk)
    assert (said["code"], said["direct"]) == ("7K3M-Q9TX-4PWD", True)
    come_back(desk)
    assert hello(desk)["code"] == "7K3M-Q9TX-4PWD"
    desk.hear(desk.inbox, welcome())
    come_back(desk)
    assert "code" not in hello(desk)


@pytest.mark.parametrize("code", ["bad-invitation", "banned", "kicked", "needs-encryption"])
def test_who_is_not_let_in_is_told_why(code: str) -> None:
    desk = Desk(code="XXXX")
    desk.connect()
    until = NOW + 60_000
    desk.hear(desk.inbox, greet(time=NOW))
    answer = m.Error(code=code, text="no", reason="spam", until=until, retry=60.0)
    desk.hear(desk.inbox, answer)
    (failed,) = desk.taken(ev.Failed)
    assert failed.code == code
    assert failed.values["reason"] == "spam"
    assert failed.values["until"] == until
    assert desk.tick(1_000) == float("inf")


def test_without_patience_an_uninvited_one_fails_at_once() -> None:
    desk = Desk()
    desk.connect()
    desk.hear(desk.inbox, m.Error(code="not-invited", text="no", retry=5.0))
    assert [failed.code for failed in desk.taken(ev.Failed)] == ["not-invited"]


def test_with_patience_it_asks_until_an_administrator_lets_it_in() -> None:
    desk = Desk(wait_admission=True, join_timeout=3.0)
    desk.connect()
    for _ in range(20):
        desk.hear(desk.inbox, m.Error(code="not-invited", text="no", retry=5.0))
        desk.tick(4.9)
        assert len(desk.taken(e.Connect)) <= 1
        desk.tick(0.2)
        desk.hear(desk.inbox, greet())
    assert len(desk.taken(ev.Waiting)) == 1
    assert desk.taken(ev.LinkDown) == []
    assert desk.taken(ev.Failed) == []
    desk.hear(desk.inbox, welcome())
    desk.hear(TOPIC, m.RoomLine(type="head", people=1, rev=1))
    assert desk.taken(ev.Ready)


def test_a_broker_that_asks_to_come_back_later_is_obeyed() -> None:
    desk = Desk(join_timeout=60.0)
    desk.connect()
    desk.taken(e.Connect)
    desk.hear(desk.inbox, m.Error(code="too-many", text="no", retry=7.0))
    desk.tick(6.9)
    assert desk.taken(e.Connect) == []
    desk.tick(0.2)
    assert len(desk.taken(e.Connect)) == 1


def test_ready_tells_the_role_and_which_rooms_were_refused() -> None:
    desk = Desk(Saved(stream=STREAM, rooms={"general": None, "den": None}))
    desk.connect()
    told = m.Welcome(
        user=ME, nick="ada", last=0, role="admin", refused=["den"],
        rooms=[m.RoomState("general", "room/1/", 0, 1, 1)],
    )  # fmt: skip
    desk.hear(desk.inbox, told)
    desk.hear(TOPIC, m.RoomLine(type="head", people=1, rev=1))
    (ready,) = desk.taken(ev.Ready)
    assert (ready.role, ready.refused, list(ready.rooms)) == ("admin", ["den"], ["general"])
    assert desk.taken(ev.Left) == []


def test_a_room_that_is_missing_on_a_later_link_is_left() -> None:
    desk = Desk(Saved(stream=STREAM, rooms={"general": None, "den": None}))
    desk.enter(rooms=("general", "den"))
    come_back(desk)
    desk.hear(desk.inbox, welcome())
    assert desk.taken(ev.Left) == [ev.Left(room="den")]
    come_back(desk)
    assert hello(desk)["rooms"] == ["general"]


def test_a_room_joined_while_hello_is_under_way_is_not_left() -> None:
    desk = Desk()
    desk.connect()
    desk.session.join(1, "salon", None)
    desk.hear(desk.inbox, welcome())
    (join,) = desk.pushed("join")
    state = m.RoomState("salon", "room/2/", 0, 1, 1)
    desk.hear(desk.inbox, m.Joined(id=join["id"], state=state))
    assert list(resolved(desk)) == [1]


def test_another_epoch_is_told_once_and_before_what_was_rolled_back() -> None:
    desk = Desk(Saved(stream=STREAM, rooms={"general": (9, "x-9")}, epoch="old"))
    desk.enter(head=4)
    told = [
        event for event in desk.taken(ev.Event) if isinstance(event, ev.Restored | ev.RolledBack)
    ]
    assert [type(event) for event in told] == [ev.Restored, ev.RolledBack]
    come_back(desk)
    assert desk.taken(ev.Restored) == []


def test_the_first_epoch_of_all_is_no_news() -> None:
    desk = Desk()
    desk.enter()
    assert desk.taken(ev.Restored) == []


# --- put out --------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["kicked", "banned", "revoked"])
def test_who_is_put_off_the_server_does_not_come_back(what: str) -> None:
    desk = Desk()
    desk.enter()
    desk.taken(ev.Event)
    desk.hear(desk.inbox, m.Done("x"), encode(deeds.Notice(what=what, nick="eve", reason="spam")))
    (notice,) = desk.taken(ev.Notice)
    assert (notice.what, notice.nick, notice.reason) == (what, "eve", "spam")
    (failed,) = desk.taken(ev.Failed)
    assert (failed.code, failed.values["reason"], failed.values["nick"]) == (what, "spam", "eve")
    desk.session.link_lost("link-lost", "cut", desk.now)
    desk.hear(TOPIC, record(1))
    assert desk.taken(ev.Event) == []
    assert desk.tick(1_000) == float("inf")
    assert len(desk.taken(e.Connect)) == 1


def test_where_the_notice_was_lost_the_next_hello_tells() -> None:
    desk = Desk()
    desk.enter()
    come_back(desk)
    answer = m.Error(code="banned", text="no", reason="spam", until=0)
    desk.hear(desk.inbox, answer)
    (failed,) = desk.taken(ev.Failed)
    assert (failed.code, failed.values) == ("banned", {"reason": "spam"})


@pytest.mark.parametrize("what", ["removed", "kicked"])
def test_who_is_put_out_of_a_room_is_out(what: str) -> None:
    desk = Desk(Saved(stream=STREAM, rooms={"general": None, "den": None}))
    desk.enter(rooms=("general", "den"))
    desk.hear(desk.inbox, encode(deeds.Notice(what=what, room="den", nick="eve")))
    assert [type(event) for event in desk.taken(ev.Event)][-2:] == [ev.Notice, ev.Left]
    desk.hear(b"room/2/", record(1))
    assert desk.taken(ev.Messages) == []
    come_back(desk)
    assert hello(desk)["rooms"] == ["general"]


def test_who_missed_being_put_out_learns_it_by_the_next_page() -> None:
    desk = Desk(Saved(stream=STREAM, rooms={"general": (1, "")}))
    desk.enter(head=4)
    (ask,) = desk.pushed("history")
    desk.hear(desk.inbox, m.Error(code="no-such-room", text="", id=ask["id"]))
    assert desk.taken(ev.Left) == [ev.Left(room="general")]


# --- what is refused and repeated -----------------------------------------------------------------


def test_a_deed_is_asked_again_and_its_refusal_says_why() -> None:
    desk = Desk()
    desk.enter()
    desk.session.ask(1, deeds.Mute(nick="bob", room="general", seconds=60, reason="hush"))
    desk.tick(5.0)
    first, again = desk.pushed("mute")
    assert first == again
    assert (first["nick"], first["room"], first["seconds"]) == ("bob", "general", 60)
    desk.hear(desk.inbox, m.Error(code="no-such-person", text="no", id=first["id"]))
    refused = resolved(desk)[1]
    assert (refused.code, refused.values) == ("no-such-person", {"room": "general", "nick": "bob"})


def test_who_is_muted_is_not_kept_waiting_by_the_library() -> None:
    desk = Desk()
    desk.session.start(desk.now)
    desk.tick()
    desk.hear(desk.inbox, greet(time=NOW))
    desk.hear(desk.inbox, welcome())
    desk.session.say(1, "general", "hello", False)
    desk.tick()
    until = NOW + 90_000
    desk.hear(desk.inbox, m.Error(code="muted", text="no", n=1, reason="hush", until=until))
    told = [one for one in desk.taken(ev.Progress) if one.state == "refused"]
    assert [one.values for one in told] == [
        {"room": "general", "reason": "hush", "until": until, "seconds": pytest.approx(90.0)}
    ]
    refused = resolved(desk)[1]
    assert (refused.code, refused.values["reason"]) == ("muted", "hush")
    desk.session.say(2, "general", "hello", False)
    desk.tick()
    desk.hear(desk.inbox, m.Error(code="slow-mode", text="no", n=2, retry=30.0, until=until))
    assert desk.taken(ev.Paused) == []
    assert resolved(desk)[2].values["seconds"] == 30.0


@pytest.mark.parametrize("deed", [deeds.MakeInvitation(uses=2), deeds.MakeDeviceCode()])
def test_what_would_make_two_is_asked_once(deed: deeds.Deed) -> None:
    desk = Desk()
    desk.enter()
    desk.pushed()
    desk.session.ask(1, deed)
    desk.tick(PATIENCE - 0.1)
    assert len(desk.pushed()) == 1
    desk.hear(TOPIC, m.RoomLine(type="head", people=1, rev=1))
    desk.tick(0.2)
    assert resolved(desk)[1].code == "timeout"
    desk.session.ask(2, deed)
    desk.session.link_lost("link-lost", "cut", desk.now)
    assert resolved(desk)[2].code == "timeout"
    desk.session.ask(3, deed)  # it waits for a link, as anything does
    desk.pushed()
    desk.tick(1.0)
    desk.enter()
    (asked,) = [line for line in desk.pushed() if line["type"] != "hello"]
    desk.hear(desk.inbox, m.Error(code="rate-limited", text="", id=asked["id"], retry=2.0))
    desk.tick(2.0)
    (again,) = desk.pushed()
    answer = deeds.Code(id=again["id"], code="7K3M-Q9TX-4PWD", name="7k3m", uses=2, expires=5)
    desk.hear(desk.inbox, encode(answer))
    reply = ev.CodeReply(code="7K3M-Q9TX-4PWD", name="7k3m", uses=2, expires=5)
    assert resolved(desk) == {3: reply}


def test_lists_come_whole_and_the_log_by_pages() -> None:
    desk = Desk()
    desk.enter()
    desk.session.ask(1, deeds.AskList(what="members", room="den"))
    (ask,) = desk.pushed("list")
    one, two = deeds.Entry(name="a", nick="Ada"), deeds.Entry(name="b", nick="Bob")
    first = deeds.Listed(id=ask["id"], what="members", room="den", entries=[one], more=True)
    desk.hear(desk.inbox, encode(first))
    (more,) = desk.pushed("list")
    assert more["after"] == "a"
    last = deeds.Listed(id=ask["id"], what="members", room="den", entries=[two])
    desk.hear(desk.inbox, encode(last))
    assert resolved(desk) == {1: ev.ListReply(what="members", room="den", entries=[one, two])}
    desk.session.ask(2, deeds.Audit(limit=5))
    (ask,) = desk.pushed("audit")
    entry = deeds.LogEntry(
        "muted", 7, "server-7", ME, "ada", 5, "hush", subject=BOB, subject_nick="bob",
        facts=(("mute", f"1/{BOB}", {"until": 9}),),
    )  # fmt: skip
    desk.hear(desk.inbox, m.Page(id=ask["id"], room="", count=1, more=True, head=9), encode(entry))
    (reply,) = resolved(desk).values()
    assert (reply.more, reply.head) == (True, 9)
    assert [(one.type, one.subject_nick, one.text) for one in reply.entries] == [
        ("muted", "bob", "hush")
    ]


def test_a_leave_that_comes_too_late_is_done() -> None:
    desk = Desk()
    desk.enter()
    desk.session.leave(2, "general")
    (leave,) = desk.pushed("leave")
    desk.hear(desk.inbox, m.Error(code="no-such-room", text="", id=leave["id"]))
    assert resolved(desk) == {2: ev.DoneReply()}


# --- topics and numbers ---------------------------------------------------------------------------


def test_a_room_that_goes_by_another_topic_loses_and_repeats_nothing() -> None:
    desk = Desk(Saved(stream=STREAM, rooms={"general": (2, "")}))
    desk.enter(head=2)
    desk.hear(TOPIC, record(3))
    desk.taken(ev.Event)
    moved = m.RoomState("general", "room/77/", 4, 1, 2, private=True, moderator=True)
    desk.hear(desk.inbox, m.Joined(id="", state=moved))
    assert desk.taken(e.Unsubscribe) == [e.Unsubscribe(TOPIC)]
    assert desk.taken(e.Subscribe)[-1] == e.Subscribe(b"room/77/")
    (changed,) = desk.taken(ev.RoomChanged)
    assert (changed.private, changed.moderator) == (True, True)
    desk.hear(TOPIC, record(4))  # from before, and late
    assert desk.taken(ev.Messages) == []
    (ask,) = desk.pushed("history")
    assert ask["after"] == 3
    desk.hear(b"room/77/", record(6))
    desk.hear(desk.inbox, *page(ask["id"], [record(4), record(5)], 6))
    shown = [one.seq for event in desk.taken(ev.Messages) for one in event.records]
    assert shown == [4, 5, 6]
    assert desk.taken(ev.RolledBack) == []
    desk.hear(desk.inbox, m.Joined(id="", state=moved))
    assert desk.taken(ev.RoomChanged) == [], "told only where it changed"


def test_numbers_that_are_not_to_be_had_are_told_once_and_passed_over() -> None:
    desk = Desk(Saved(stream=STREAM, rooms={"general": (5, "9" * 16 + "-5")}))
    desk.enter(head=12)
    (ask,) = desk.pushed("history")
    answer = m.Page(id=ask["id"], room="general", count=1, more=True, head=12, skipped=8)
    desk.hear(desk.inbox, answer, record(9))
    told = [one for one in desk.taken(ev.Event) if isinstance(one, ev.Gap | ev.Messages)]
    assert told[0] == ev.Gap(room="general", first=6, last=8)
    assert [type(one) for one in told] == [ev.Gap, ev.Messages]
    (again,) = desk.pushed("history")
    assert again["after"] == 9
    answer = m.Page(id=again["id"], room="general", count=0, more=False, head=12, skipped=12)
    desk.hear(desk.inbox, answer)
    assert desk.taken(ev.Gap) == [ev.Gap(room="general", first=10, last=12)]
    desk.tick(100)
    assert desk.pushed("history") == []
    desk.hear(TOPIC, record(13))
    assert [one.seq for event in desk.taken(ev.Messages) for one in event.records] == [13]


def test_what_came_live_meanwhile_follows_on_what_is_passed_over() -> None:
    desk = Desk(Saved(stream=STREAM, rooms={"general": (5, "")}))
    desk.enter(head=8)
    (ask,) = desk.pushed("history")
    desk.hear(TOPIC, record(9), record(10))
    answer = m.Page(id=ask["id"], room="general", count=0, more=False, head=8, skipped=8)
    desk.hear(desk.inbox, answer)
    assert [one.seq for event in desk.taken(ev.Messages) for one in event.records] == [9, 10]


# --- news -----------------------------------------------------------------------------------------


def test_what_was_decided_about_others_is_news_and_about_oneself_a_notice() -> None:
    desk = Desk()
    desk.enter()
    desk.taken(ev.Event)
    muted = m.RoomLine(type="muted", user=BOB, nick="bob", by="eve", text="hush", until=9)
    desk.hear(TOPIC, muted, m.RoomLine(type="muted", user="u", nick="ada", by="eve"))
    assert desk.taken(ev.Event) == [
        ev.News(
            room="general", what="muted", user=BOB, nick="bob", by="eve", reason="hush", until=9
        )
    ]
    desk.hear(desk.inbox, encode(deeds.Notice(what="role", room="general", role="moderator")))
    told = desk.taken(ev.Event)
    assert [type(event) for event in told] == [ev.Notice, ev.RoomChanged]
    assert told[1] == ev.RoomChanged(room="general", moderator=True)


def test_a_deletion_is_a_record_like_any_other() -> None:
    desk = Desk()
    desk.enter()
    gone = m.Record("delete", 2, "server-9", "u", "ada", 7, "oops", of=1)
    desk.hear(TOPIC, record(1), gone)
    (shown,) = desk.taken(ev.Messages)
    assert [one.of for one in shown.records] == [0, 1]
    assert b'"of":1' in shown.raw[2]
