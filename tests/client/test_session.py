"""The client's session, event by event: the way in, what is said, what is told and survived."""

import pytest

from common.client import effects as e
from common.client import events as ev
from common.client.session import ANSWER, LAST_BACKOFF, SILENCE, Saved
from common.protocol import messages as m
from common.protocol.codec import encode
from common.protocol.limits import WIRE
from tests.client.desk import BOB, STREAM, TOPIC, Desk, greet, page, record, welcome

# The way in


def test_the_way_in_ends_with_every_room_granted() -> None:
    desk = Desk()
    desk.connect()
    (hello,) = desk.pushed()
    assert (hello["type"], hello["stream"], hello["rooms"]) == ("hello", STREAM, ["general"])
    desk.hear(desk.inbox, welcome(head=3))
    assert [one.topic for one in desk.taken(e.Subscribe)] == [TOPIC]
    assert desk.taken(ev.Ready) == []
    desk.hear(TOPIC, m.RoomLine(type="head", head=3, people=1, rev=1))
    (ready,) = desk.taken(ev.Ready)
    assert (ready.user, ready.rooms) == ("u", {"general": 3})
    assert desk.taken(ev.CaughtUp)


def test_a_grant_without_a_sign_is_asked_for_again() -> None:
    desk = Desk()
    desk.connect()
    desk.hear(desk.inbox, welcome())
    desk.taken(e.Subscribe)
    desk.tick(1.6)
    assert desk.taken(e.Subscribe) == [e.Subscribe(TOPIC, again=True)]


def test_a_broker_that_does_not_greet_is_overdue() -> None:
    desk = Desk()
    desk.session.start(desk.now)
    desk.tick(ANSWER - 0.1)
    assert desk.taken(e.Overdue) == []
    desk.tick(0.1)
    assert desk.taken(e.Overdue)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (greet(protocol=2), "protocol-version"),
        (greet(plain=True), "plain-mismatch"),
        (m.Error(code="nick-taken", text=""), "nick-taken"),
    ],
)
def test_what_waiting_cannot_heal_fails_at_once(answer: m.Answer, code: str) -> None:
    desk = Desk()
    desk.connect()
    desk.hear(desk.inbox, answer)
    (failed,) = desk.taken(ev.Failed)
    assert failed.code == code
    assert desk.tick(100) == float("inf")


def test_the_first_link_is_tried_for_the_time_given_and_later_ones_for_ever() -> None:
    desk = Desk(join_timeout=3.0)
    desk.session.start(desk.now)
    while not desk.taken(ev.Failed):
        desk.session.link_lost("unreachable-refused", "no", desk.now)
        desk.tick(0.5)
    assert 103.0 <= desk.now <= 104.0
    desk = Desk(join_timeout=3.0)
    desk.enter()
    for _ in range(50):
        desk.session.link_lost("unreachable-refused", "no", desk.now)
        desk.tick(2 * LAST_BACKOFF)
    assert desk.taken(ev.Failed) == []
    assert max(down.retry_in for down in desk.taken(ev.LinkDown)) == LAST_BACKOFF


def test_every_way_in_has_a_fresh_session() -> None:
    desk = Desk()
    desk.enter()
    desk.session.link_lost("link-lost", "cut", desk.now)
    desk.tick(1.0)
    first, second = desk.taken(e.Connect)
    assert first.session != second.session


def test_silence_is_the_brokers_only_where_something_is_owed() -> None:
    desk = Desk()
    desk.enter()
    desk.tick(1_000)
    assert desk.taken(e.Overdue) == []
    desk.hear(TOPIC, m.RoomLine(type="head", people=1, rev=1))
    desk.session.ask(1, m.Ping())
    desk.tick()
    for _ in range(10):
        desk.tick(SILENCE / 10 + 0.1)
    assert desk.taken(e.Overdue)


def test_what_a_lost_link_brought_in_is_not_read() -> None:
    desk = Desk()
    desk.connect()
    inbox = desk.inbox
    desk.session.link_lost("link-lost", "cut", desk.now)
    desk.pushed()
    desk.session.received(inbox, encode(greet()), desk.now)
    desk.session.received(inbox, encode(welcome()), desk.now)
    assert desk.pushed() == []
    assert not desk.session.welcomed
    desk.tick(1.0)
    assert len(desk.taken(e.Connect)) == 2


def test_a_line_that_ends_the_link_is_the_last_of_its_frame() -> None:
    desk = Desk()
    desk.enter()
    desk.pushed()
    desk.hear(desk.inbox, greet(), greet())
    assert len(desk.taken(ev.LinkDown)) == 1
    assert desk.pushed() == []


# Saying


def test_a_message_is_kept_before_it_is_sent_and_settled_by_its_record() -> None:
    desk = Desk()
    desk.enter()
    desk.session.say(7, "general", "hello", False)
    effects = desk.session.take()
    assert isinstance(effects[0], e.Keep)
    assert not any(isinstance(effect, e.Send) for effect in effects)
    desk.tick()
    assert [line["n"] for line in desk.pushed("say")] == [1]
    desk.hear(TOPIC, record(1, n=1, text="hello"))
    assert desk.taken(e.Settle) == [e.Settle(1)]
    (answer,) = desk.taken(e.Resolve)
    assert answer.ref == 7
    assert desk.session.unsent == 0
    (shown,) = desk.taken(ev.Messages)
    assert shown.own == STREAM


@pytest.mark.parametrize("text", ["", "é" * (WIRE.text // 2) + "x"])
def test_row_44_a_text_that_the_broker_would_refuse_is_refused_here(text: str) -> None:
    desk = Desk()
    desk.enter()
    desk.session.say(7, "general", text, False)
    (answer,) = desk.taken(e.Resolve)
    assert isinstance(answer.reply, ev.Refused)
    assert desk.taken(e.Keep) == []


def test_row_48_a_lone_surrogate_is_replaced() -> None:
    desk = Desk()
    desk.enter()
    desk.session.say(7, "general", "a\ud800b", False)
    (keep,) = desk.taken(e.Keep)
    assert keep.text == "a?b"


def test_row_7_and_8_what_the_outbox_held_is_sent_on_the_next_start() -> None:
    saved = Saved(
        stream=STREAM, next_n=6, outbox=[(4, "general", "a", False), (5, "general", "b", False)]
    )
    desk = Desk(saved)
    desk.enter(last=4, rooms=())
    assert [line["n"] for line in desk.pushed("say")] == [4, 5]
    stored = m.Stored(n=4, room="general", seq=9, ts=1, id=f"{STREAM}-4")
    desk.hear(desk.inbox, stored, stored)
    assert desk.taken(e.Settle) == [e.Settle(4)]


def test_row_22_a_broker_that_lost_our_numbers_gets_a_new_stream() -> None:
    saved = Saved(stream=STREAM, next_n=6, outbox=[(5, "general", "b", False)])
    desk = Desk(saved)
    desk.session.start(desk.now)
    desk.session.say(7, "general", "c", False)
    desk.connect()
    desk.pushed()
    desk.hear(desk.inbox, welcome(last=2, rooms=()))
    (kept,) = desk.taken(e.KeepStream)
    assert kept.stream != STREAM
    desk.tick(1.0)
    desk.enter(rooms=())
    hello, *says = desk.pushed()
    assert hello["stream"] == kept.stream
    assert [(line["n"], line["text"]) for line in says] == [(1, "b"), (2, "c")]
    id = f"{kept.stream}-2"
    desk.hear(desk.inbox, m.Stored(n=2, room="general", seq=9, ts=1, id=id))
    assert [answer.ref for answer in desk.taken(e.Resolve)] == [7]


def test_a_refusal_for_now_pauses_and_one_for_good_settles() -> None:
    desk = Desk()
    desk.enter()
    desk.session.say(7, "general", "a", False)
    desk.tick()
    desk.pushed()
    desk.hear(desk.inbox, m.Error(code="rate-limited", text="", n=1, retry=0.5))
    assert desk.taken(ev.Paused)
    assert desk.pushed() == []
    desk.tick(0.5)
    assert [line["n"] for line in desk.pushed("say")] == [1]
    desk.hear(desk.inbox, m.Error(code="bad-room", text="", n=1))
    assert desk.taken(e.Settle)
    (refused,) = [p for p in desk.taken(ev.Progress) if p.state == "refused"]
    assert refused.code == "bad-room"


def test_row_29_what_cannot_be_kept_is_refused_and_never_sent() -> None:
    desk = Desk()
    desk.enter()
    for ref, text in enumerate("abc"):
        desk.session.say(ref, "general", text, False)
    kept = [keep.n for keep in desk.taken(e.Keep)]
    desk.session.not_kept(kept, "full")
    assert [answer.ref for answer in desk.taken(e.Resolve)] == [2, 1, 0]
    desk.session.say(9, "general", "d", False)
    desk.tick()
    assert [(line["n"], line["text"]) for line in desk.pushed("say")] == [(1, "d")]


# Rooms


def test_rows_15_and_20_a_hole_is_fetched_and_overlap_shown_once() -> None:
    desk = Desk(Saved(stream=STREAM, rooms={"general": (2, "")}))
    desk.enter(head=4)
    (ask,) = desk.pushed("history")
    assert ask["after"] == 2
    desk.hear(TOPIC, record(5))
    assert desk.taken(ev.Messages) == []
    desk.hear(desk.inbox, *page(ask["id"], [record(n) for n in (3, 4, 5)], 5))
    shown = [one.seq for event in desk.taken(ev.Messages) for one in event.records]
    assert shown == [3, 4, 5]
    assert desk.taken(ev.CaughtUp)


def test_what_is_heard_stirs_the_session_only_where_something_is_missing_or_waited_for() -> None:
    """Guards hundreds of sessions against being asked for each message what they want done; that
    nothing is due then is checked by the desk, in every test."""
    desk = Desk()
    desk.enter(head=2)

    def hear(record: m.RoomLine) -> bool:
        return desk.session.received(TOPIC, encode(record), desk.now)

    def line(seq: int) -> m.RoomLine:
        return m.RoomLine(type="message", seq=seq, id=f"{BOB}-{seq}", text="hello")

    assert not hear(line(3))
    assert not hear(m.RoomLine(type="joined", user=BOB, nick="Bob", people=2, rev=2))
    assert hear(line(5)), "a hole"
    desk.tick()
    (ask,) = desk.pushed("history")
    assert hear(line(6)), "the hole is there still"
    desk.hear(desk.inbox, *page(ask["id"], [record(n) for n in (4, 5, 6)], 6))
    assert not hear(line(7))
    desk.session.ask(1, m.Ping())
    assert hear(line(8)), "an answer is waited for"
    (ping,) = desk.pushed("ping")
    desk.hear(desk.inbox, m.Pong(id=ping["id"], time=1))
    assert not hear(line(9))
    desk.session.say(2, "general", "mine", False)
    desk.tick()
    mine = m.RoomLine(type="message", seq=10, id=f"{STREAM}-1", text="mine")
    assert hear(mine), "its outcome was waited for: more may be sent now"
    assert not hear(line(11))
    assert desk.session.received(desk.inbox, encode(m.Done("q9")), desk.now)

    desk = Desk(roster=True)
    desk.enter()
    (who,) = desk.pushed("who")
    desk.hear(desk.inbox, m.People(id=who["id"], room="general", people=[], total=0, rev=1))
    assert not hear(line(1))
    assert hear(m.RoomLine(type="head", head=1, people=9, rev=9)), "it asks who they are"


def test_row_22_a_restored_backup_is_reported_and_read_from_the_start() -> None:
    desk = Desk(Saved(stream=STREAM, rooms={"general": (9, "9" * 16 + "-9")}))
    desk.enter(head=12)
    (ask,) = desk.pushed("history")
    assert ask["after"] == 8
    other = [m.Record("message", n, f"{'7' * 16}-{n}", "u", "n", 1, "y") for n in (9, 10, 11, 12)]
    desk.hear(desk.inbox, *page(ask["id"], other, 12))
    assert desk.taken(ev.RolledBack) == [ev.RolledBack(room="general", had=9, head=12)]
    assert desk.taken(e.Forget) == [e.Forget("general")]
    assert desk.taken(ev.Messages) == []
    (again,) = desk.pushed("history")
    assert again["after"] == 0
    desk.hear(desk.inbox, *page(ask["id"], other, 12))  # the same page, once more
    assert desk.taken(ev.Messages) == []


def test_more_than_is_wanted_is_skipped() -> None:
    desk = Desk(Saved(stream=STREAM, rooms={"general": (2, "")}), catch_up=5)
    desk.enter(head=50)
    assert desk.taken(ev.Skipped) == [ev.Skipped(room="general", first=3, last=45)]
    (ask,) = desk.pushed("history")
    assert ask["after"] == 45


def test_a_room_is_joined_on_every_later_link_and_left_for_good() -> None:
    desk = Desk()
    desk.enter()
    desk.session.join(1, "Salon", None)
    (join,) = desk.pushed("join")
    state = m.RoomState("salon", "room/2/", 4, 2, 1)
    desk.hear(desk.inbox, m.Joined(id=join["id"], state=state))
    (answer,) = desk.taken(e.Resolve)
    kind = ev.RoomChanged(room="salon")
    assert answer.reply == ev.JoinedReply(room="salon", head=4, people=2, kind=kind)
    desk.session.leave(2, "salon")
    (leave,) = desk.pushed("leave")
    desk.hear(desk.inbox, m.Done(leave["id"]))
    assert desk.taken(ev.Left) == [ev.Left(room="salon")]
    desk.session.link_lost("link-lost", "cut", desk.now)
    desk.tick(1.0)
    desk.connect()
    assert desk.pushed("hello")[-1]["rooms"] == ["general"]


def test_a_leave_whose_answer_was_lost_is_done() -> None:
    desk = Desk()
    desk.enter()
    desk.session.leave(2, "general")
    (leave,) = desk.pushed("leave")
    desk.hear(desk.inbox, m.Error(code="not-joined", text="", id=leave["id"]))
    assert [answer.reply for answer in desk.taken(e.Resolve)] == [ev.DoneReply()]
    assert desk.taken(ev.Left)


def test_whoever_joins_right_after_leaving_is_in() -> None:
    desk = Desk()
    desk.enter()
    desk.pushed()
    desk.session.leave(1, "general")
    desk.session.join(2, "general", None)
    leave, join = desk.pushed()
    assert [answer.ref for answer in desk.taken(e.Resolve)] == [1]
    desk.hear(desk.inbox, m.Done(leave["id"]))
    state = m.RoomState("general", "room/1/", 4, 2, 1)
    desk.hear(desk.inbox, m.Joined(id=join["id"], state=state))
    assert [answer.ref for answer in desk.taken(e.Resolve)] == [2]
    desk.tick(10.0)
    assert desk.pushed("leave") == []


def test_a_room_that_is_being_left_is_not_asked_for_again() -> None:
    desk = Desk()
    desk.connect()
    desk.hear(desk.inbox, welcome())
    desk.session.leave(1, "general")
    for _ in range(20):
        desk.tick(1.0)
    assert {line["type"] for line in desk.pushed()} == {"hello", "leave"}


def test_a_room_that_one_may_not_join_is_not_asked_for_again() -> None:
    desk = Desk()
    desk.enter()
    desk.session.join(1, "salon", None)
    (join,) = desk.pushed("join")
    desk.hear(desk.inbox, m.Error(code="too-many", text="", id=join["id"]))
    desk.session.link_lost("link-lost", "cut", desk.now)
    desk.tick(1.0)
    desk.connect()
    assert desk.pushed("hello")[-1]["rooms"] == ["general"]


# Bad frames


@pytest.mark.parametrize("body", [b"", b"\xff", b"{}", b"[1]", b'{"type":"news"}', b"\n\n\n"])
def test_a_frame_that_cannot_be_read_changes_nothing(body: bytes) -> None:
    desk = Desk()
    desk.enter()
    desk.taken(ev.Event)
    for topic in (desk.inbox, TOPIC, b"room/9/", b""):
        desk.hear(topic, body)
    assert desk.session.welcomed
    assert desk.taken(ev.Event) == []


def test_row_32_an_answer_of_a_type_to_come_hides_nothing_behind_it() -> None:
    desk = Desk()
    desk.enter()
    desk.session.ask(1, m.Ping())
    (ping,) = desk.pushed("ping")
    desk.hear(desk.inbox, b'{"type":"news","of":"tomorrow"}', m.Pong(id=ping["id"], time=5))
    assert [answer.reply for answer in desk.taken(e.Resolve)] == [ev.PongReply(time=5)]


def test_a_closing_broker_is_come_back_to() -> None:
    desk = Desk()
    desk.enter()
    desk.hear(desk.inbox, m.Closing())
    (down,) = desk.taken(ev.LinkDown)
    assert down.code == "stopping"
    desk.tick(1.0)
    assert len(desk.taken(e.Connect)) == 2
