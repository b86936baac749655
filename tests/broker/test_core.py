"""The broker's decisions, one by one: what a session is granted, told and refused."""

import pytest

from common.broker.core import GRACE, RATE_RETRY
from common.broker.lobby import BOOT_GRACE
from common.protocol import messages as m
from common.protocol import topics
from common.protocol.codec import encode
from common.protocol.limits import WIRE
from tests.broker.desk import (
    ADA,
    BOB,
    INBOX,
    ONE,
    STREAM,
    THREE,
    TWO,
    Desk,
    hello_of,
    session,
    topic_of,
)

DAY = 86_400


# The way in


def test_an_inbox_is_greeted_and_a_hello_welcomed() -> None:
    desk = Desk(name="Here")
    assert desk.open(ONE)
    (greet,) = desk.turn()[INBOX[ONE]]
    assert (greet["type"], greet["protocol"], greet["server"]) == ("greet", 1, "Here")
    assert greet["limits"]["text"] == WIRE.text
    (welcome,) = desk.push(ONE, hello_of(ADA, rooms=["general", "Salon"]))[INBOX[ONE]]
    assert (welcome["type"], welcome["nick"], welcome["last"]) == ("welcome", "ada", 0)
    assert [room["room"] for room in welcome["rooms"]] == ["general", "salon"]


def test_what_comes_before_hello_is_ignored() -> None:
    desk = Desk()
    desk.open(ONE)
    desk.turn()
    said = desk.push(ONE, m.Say(1, "general", "x"), m.Join("general", "q"), m.Bye())
    assert not said[INBOX[ONE]]
    assert not desk.disk.room("general")


@pytest.mark.parametrize(
    ("hello", "code"),
    [
        (hello_of(ADA, protocol=2), "protocol-version"),
        (hello_of(ADA, user="me"), "forged-sender"),
        (hello_of(ADA, stream="A" * 16), "bad-request"),
        (hello_of(ADA, stream="a" * 15), "bad-request"),
        (hello_of(ADA, rooms=["a/b"]), "bad-room"),
        (hello_of(ADA, rooms=["general"] * (WIRE.rooms + 1)), "too-many"),
        (hello_of(ADA, nick="a\0b"), "bad-nick"),
    ],
)
def test_a_hello_that_is_wrong_is_refused(hello: m.Hello, code: str) -> None:
    desk = Desk()
    desk.open(ONE)
    desk.turn()
    assert desk.push(ONE, hello)[INBOX[ONE]][-1]["code"] == code


def test_a_stream_belongs_to_one_person_for_ever() -> None:
    desk = Desk()
    desk.enter(ONE)
    desk.push(ONE, m.Say(1, "general", "x"), m.Bye())
    assert desk.enter(TWO, BOB, stream=STREAM[ADA])["code"] == "stream-taken"


def test_a_goodbye_counts_that_comes_behind_the_end_of_the_subscriptions() -> None:
    """They travel on two lines: whoever has left is not shown as here until the grace is over."""
    desk = Desk()
    desk.enter(ONE)
    desk.enter(TWO, BOB)
    desk.core.unsubscribed(INBOX[ONE])
    desk.turn()
    desk.push(ONE, m.Say(1, "general", "x"), m.Bye())
    desk.push(ONE, b'{"type":"byebye"}')
    desk.push(ONE, m.Bye(), key=BOB)
    assert desk.core.people == 2
    desk.push(ONE, m.Bye())
    assert desk.core.people == 1


def test_without_encryption_a_secret_says_who_one_is() -> None:
    desk = Desk(plain=True)
    assert desk.enter(ONE, None)["code"] == "bad-request"
    first = desk.enter(TWO, None, secret="s" * 16)
    again = desk.enter(THREE, None, secret="s" * 16, stream="d" * 16)
    assert first["user"] == again["user"]


def test_a_person_has_a_limited_number_of_sessions() -> None:
    desk = Desk()
    for number in range(WIRE.sessions):
        assert desk.enter(session(100 + number))["type"] == "welcome"
    assert desk.enter(session(99))["code"] == "too-many"
    assert desk.enter(session(98), BOB)["type"] == "welcome"


def test_a_key_cannot_open_inboxes_without_end() -> None:
    desk = Desk()
    for number in range(2 * WIRE.sessions):
        assert desk.open(session(100 + number))
    assert not desk.open(session(99))
    assert desk.open(session(98), BOB)


# Saying


def test_a_message_is_acknowledged_by_its_own_record() -> None:
    desk = Desk()
    topic = topic_of(desk.enter(ONE, rooms=("general",)))
    told = desk.push(ONE, m.Say(1, "general", "hello"), m.Say(2, "general", "you", True))
    assert [(line["seq"], line["id"], line["text"]) for line in told[topic]] == [
        (1, f"{STREAM[ADA]}-1", "hello"),
        (2, f"{STREAM[ADA]}-2", "you"),
    ]
    assert not told[INBOX[ONE]]


def test_a_message_to_a_room_that_one_is_not_in_is_acknowledged_in_the_inbox() -> None:
    desk = Desk()
    desk.enter(ONE)
    (stored,) = desk.push(ONE, m.Say(1, "elsewhere", "x"))[INBOX[ONE]]
    assert (stored["type"], stored["n"], stored["seq"]) == ("stored", 1, 1)


def test_row_17_a_repeat_after_thirty_days_and_a_restart_is_answered_with_its_number() -> None:
    desk = Desk()
    desk.enter(ONE)
    desk.push(ONE, m.Say(1, "general", "x"), m.Say(2, "general", "y"))
    desk = Desk(desk.disk)
    desk.turn(30 * DAY)
    assert desk.enter(TWO)["last"] == 2
    (stored,) = desk.push(TWO, m.Say(1, "general", "x"))[INBOX[TWO]]
    assert (stored["type"], stored["seq"]) == ("stored", 1)
    assert len(desk.disk.room("general")) == 2


def test_row_18_a_number_with_other_content_is_an_error() -> None:
    desk = Desk()
    desk.enter(ONE)
    desk.push(ONE, m.Say(1, "general", "x"))
    for other in (m.Say(1, "general", "z"), m.Say(1, "salon", "x"), m.Say(1, "general", "x", True)):
        (error,) = desk.push(ONE, other)[INBOX[ONE]]
        assert (error["code"], error["n"]) == ("id-conflict", 1)
    assert len(desk.disk.room("general")) == 1


def test_row_61_a_hole_is_asked_for_once() -> None:
    desk = Desk()
    desk.enter(ONE)
    told = desk.push(ONE, m.Say(2, "general", "b"), m.Say(3, "general", "c"))
    assert told[INBOX[ONE]] == [{"type": "resend", "from": 1}]
    assert not desk.push(ONE, m.Say(4, "general", "d"))[INBOX[ONE]]
    says = [m.Say(n, "general", text) for n, text in enumerate("abcd", 1)]
    desk.push(ONE, *says)
    assert [record.text for record in desk.disk.room("general")] == list("abcd")


def test_row_62_a_repeat_is_answered_even_where_its_sender_is_throttled() -> None:
    desk = Desk(rate=1.0, burst=1.0)
    desk.enter(ONE)
    desk.push(ONE, m.Say(1, "general", "a"))
    refused, stored = desk.push(ONE, m.Say(2, "general", "b"), m.Say(1, "general", "a"))[INBOX[ONE]]
    assert (refused["code"], refused["n"]) == ("rate-limited", 2)
    assert (stored["type"], stored["n"]) == ("stored", 1)


def test_a_refusal_for_now_always_says_how_long() -> None:
    desk = Desk(rate=3.0, burst=1.0)
    desk.enter(ONE)
    desk.push(ONE, m.Say(1, "general", "a"))
    desk.turn(1 / 3 - 0.0001)
    (error,) = desk.push(ONE, m.Say(2, "general", "b"))[INBOX[ONE]]
    assert error["retry"] == RATE_RETRY, "one token at a time would be asked for again and again"
    assert not desk.push(ONE, m.Say(3, "general", "c"))[INBOX[ONE]]  # it waits with the first
    desk.turn(error["retry"])
    desk.push(ONE, m.Say(2, "general", "b"))
    assert len(desk.disk.room("general")) == 2


def test_row_27_time_stands_still_where_the_clock_is_set_back() -> None:
    desk = Desk()
    desk.enter(ONE)
    desk.push(ONE, m.Say(1, "general", "a"))
    desk.wall -= DAY * 1_000
    desk.push(ONE, m.Say(2, "general", "b"))
    first, second = desk.disk.room("general")
    assert first.ts == second.ts
    desk = Desk(desk.disk)
    desk.enter(TWO)
    desk.wall -= DAY * 1_000
    desk.push(TWO, m.Say(3, "general", "c"))
    assert desk.disk.room("general")[2].ts == first.ts


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (m.Say(1, "general", "é" * (WIRE.text // 2) + "x"), "too-large"),
        (m.Say(1, "general", ""), "bad-request"),
        (m.Say(1, "a b", "x"), "bad-room"),
        (m.Say(1, "general", "x", user="me"), "forged-sender"),
        (m.Say(1, "general", "x", nick="bob"), "forged-sender"),
        (b'{"type":"say","n":1,"room":7,"text":"x"}', "bad-request"),
        (b'{"type":"shout","n":1}', "unknown-type"),
    ],
)
def test_a_number_that_is_refused_for_good_is_taken(line: m.Request | bytes, code: str) -> None:
    desk = Desk()
    desk.enter(ONE)
    told = desk.push(ONE, line, m.Say(2, "general", "behind it"))[INBOX[ONE]]
    assert (told[0]["code"], told[0]["n"], told[0].get("retry")) == (code, 1, None)
    assert [record.text for record in desk.disk.room("general")] == ["behind it"]
    (again,) = desk.push(ONE, line)[INBOX[ONE]]
    assert (again["code"], again["n"]) == (code, 1)


def test_a_numbered_line_that_cannot_be_read_does_not_jump_over_a_hole() -> None:
    desk = Desk()
    desk.enter(ONE)
    (answer,) = desk.push(ONE, b'{"type":"shout","n":2}')[INBOX[ONE]]
    assert answer == {"type": "resend", "from": 1}


def test_the_longest_text_is_taken() -> None:
    desk = Desk()
    desk.enter(ONE)
    desk.push(ONE, m.Say(1, "general", "é" * (WIRE.text // 2)))
    assert len(desk.disk.room("general")) == 1


# Bad frames


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"\xff", "bad-json"),
        (b'{"type":"ping","id":"\xed\xa0\x80"}', "bad-json"),
        (b'{"type":"ping","id":"\\ud800"}', "bad-json"),
        (b"[" * 30_000, "bad-json"),
        (b"17", "bad-json"),
        (b'{"type":"say","n":NaN}', "bad-json"),
        (b'{"type":"nonsense"}', "unknown-type"),
        (b'{"type":"ping","id":5}', "bad-request"),
        (b'{"type":"say","n":1' + b"0" * 400 + b',"room":"a","text":"x"}', "bad-request"),
        (b'{"type":"say","n":true,"room":"a","text":"x"}', "bad-request"),
        (b'{"type":"history","room":"general","after":-1}', "bad-request"),
        (b'{"type":"ping","id":"' + b"x" * WIRE.line + b'"}', "too-large"),
    ],
)
def test_rows_48_to_51_nonsense_is_an_error_to_its_sender_alone(line: bytes, code: str) -> None:
    desk = Desk()
    desk.enter(ONE)
    desk.enter(TWO, BOB)
    told = desk.push(ONE, line, m.Ping("still here"))
    assert [answer.get("code") for answer in told[INBOX[ONE]]] == [code, None]
    assert told[INBOX[ONE]][1]["id"] == "still here"
    assert not told[INBOX[TWO]]


def test_row_44_a_frame_at_the_limit_is_read_and_one_byte_more_is_not() -> None:
    desk = Desk()
    desk.enter(ONE)
    one = encode(m.Ping("a")) + b"\n"
    room = WIRE.frame - 33 - 2 * len(one)
    filler = (b" " * (room // 3) + b"\n") * 2
    frame = one + filler + b" " * (room - len(filler)) + b"\n" + one[:-1]
    assert len(frame) + 33 == WIRE.frame
    answers = desk.push(ONE, frame)[INBOX[ONE]]
    assert [answer["type"] for answer in answers].count("pong") == 2
    (error,) = desk.push(ONE, frame + b" ")[INBOX[ONE]]
    assert error["code"] == "too-large"


def test_row_47_frames_of_another_form_are_errors() -> None:
    desk = Desk()
    desk.enter(ONE)
    desk.core.malformed(3, ADA)
    assert desk.turn()[INBOX[ONE]][0]["code"] == "bad-frame"
    desk.core.receive(ONE + b"{}", ADA)
    assert desk.turn()[INBOX[ONE]][0]["code"] == "bad-frame"
    for nothing in (b"", ONE, b"\0" * 40, ONE[:31]):
        desk.core.receive(nothing, ADA)
    assert {a["code"] for a in desk.turn()[INBOX[ONE]]} <= {"bad-frame"}


# Access


@pytest.mark.parametrize("prefix", [b"", b"r", b"room/", b"room\0/", b"inbox/", b"room//"])
def test_row_34_only_exactly_what_was_handed_out_is_granted(prefix: bytes) -> None:
    desk = Desk()
    topic = topic_of(desk.enter(ONE, rooms=("general",)))
    for asked in (prefix, topic[:-1], topic + b"\0", topic + b"x"):
        assert not desk.core.subscribed(asked, ADA, 1, "")
    assert desk.core.subscribed(topic, ADA, 1, "")


def test_a_room_is_granted_to_those_who_are_in_it() -> None:
    desk = Desk()
    desk.turn(BOOT_GRACE)
    topic = topic_of(desk.enter(ONE, rooms=("salon",)))
    desk.enter(TWO, BOB)
    assert not desk.core.subscribed(topic, BOB, 2, "")
    told = desk.push(TWO, m.Join("salon", "q"), key=BOB)
    assert told[INBOX[TWO]][0]["state"]["topic"].encode() == topic
    assert [line["type"] for line in told[topic]] == ["joined"]
    assert desk.core.subscribed(topic, BOB, 2, "")
    desk.push(TWO, m.Leave("salon", "q"), key=BOB)
    assert not desk.core.subscribed(topic, BOB, 2, "")


def test_row_35_anothers_inbox_is_refused_and_nobody_is_harmed() -> None:
    desk = Desk()
    desk.enter(ONE)
    assert not desk.core.subscribed(INBOX[ONE], BOB, 2, "there")
    desk.core.unsubscribed(topics.inbox(b"0" * 32))
    desk.turn(GRACE + 1)
    assert desk.push(ONE, m.Ping("p"))[INBOX[ONE]][0]["type"] == "pong"


def test_row_36_nobody_speaks_under_anothers_session() -> None:
    desk = Desk()
    desk.enter(ONE)
    desk.enter(TWO, BOB)
    told = desk.push(ONE, m.Say(1, "general", "I am ada"), key=BOB)
    assert told[INBOX[TWO]][0]["code"] == "forged-sender"
    assert not told[INBOX[ONE]]
    assert not desk.disk.room("general")
    assert any("forged" in words for words in desk.log)


def test_row_63_a_predecessor_that_dies_late_takes_nobody_offline() -> None:
    desk = Desk()
    desk.enter(ONE, rooms=("general",))
    desk.open(ONE, fd=77)  # libzmq connected again under the same inbox
    desk.turn()
    topic = topic_of(desk.push(ONE, hello_of(ADA, rooms=["general"]))[INBOX[ONE]][-1])
    desk.core.unsubscribed(INBOX[ONE])  # the old connection's end
    told = desk.turn(GRACE + 1)
    assert not [line for line in told[topic] if line["type"] == "left"]
    assert desk.push(ONE, m.Ping("p"))[INBOX[ONE]][0]["type"] == "pong"
    desk.core.unsubscribed(INBOX[ONE])  # its own
    desk.turn(GRACE + 1)
    assert desk.core.people == 0


# Disk full


def test_row_24_on_a_full_disk_nothing_is_acknowledged_and_all_is_as_before() -> None:
    desk = Desk()
    topic = topic_of(desk.enter(ONE, rooms=("general",)))
    desk.disk.full = True
    told = desk.push(ONE, m.Say(1, "general", "a"), m.Say(2, "new", "b"), m.Join("newer", "q"))
    assert [(e["code"], e.get("n"), e.get("id")) for e in told[INBOX[ONE]]] == [
        ("storage-full", 1, None),
        ("storage-full", None, "q"),
    ]
    assert all(error["retry"] for error in told[INBOX[ONE]])
    assert not told[topic]
    page = desk.push(ONE, m.History("general", "h"))[INBOX[ONE]]
    assert page[0]["head"] == 0
    assert desk.push(ONE, m.History("new", "h"))[INBOX[ONE]][0]["code"] == "no-such-room"
    desk.disk.full = False
    told = desk.push(ONE, m.Say(1, "general", "a"), m.Say(2, "new", "b"), m.Join("newer", "q"))
    assert told[topic][0]["seq"] == 1
    assert [answer["type"] for answer in told[INBOX[ONE]]] == ["stored", "room"]


def test_whoever_came_in_with_a_commit_that_failed_comes_in_again() -> None:
    desk = Desk()
    desk.disk.full = True
    assert desk.enter(ONE, rooms=("salon",))["code"] == "storage-full"
    desk.disk.full = False
    assert desk.push(ONE, hello_of(ADA, rooms=["salon"]))[INBOX[ONE]][-1]["type"] == "welcome"
    (who,) = desk.push(ONE, m.Who("salon", "w"))[INBOX[ONE]]
    assert who["total"] == 1


def test_a_rename_survives_that_a_room_was_rolled_back() -> None:
    desk = Desk()
    desk.enter(ONE)
    desk.disk.full = True
    desk.push(ONE, m.Join("salon", "j"))
    desk.disk.full = False
    assert desk.push(ONE, m.Nick("ada2", "n"))[INBOX[ONE]] == [
        {"type": "done", "id": "n", "nick": "ada2"}
    ]


def test_a_stopping_broker_says_so() -> None:
    desk = Desk()
    desk.enter(ONE)
    desk.core.close()
    assert desk.turn()[INBOX[ONE]] == [{"type": "closing"}]


# Coming back


def test_whoever_comes_back_after_the_start_is_not_announced_and_a_newcomer_is() -> None:
    desk = Desk()
    topic = topic_of(desk.enter(ONE, rooms=("general",)))
    desk.open(TWO, BOB, fd=2)
    back = hello_of(BOB, rooms=["general"], again=True)
    assert topic not in desk.push(TWO, back, key=BOB)
    eve = "e" * 64
    desk.open(THREE, eve, fd=3)
    new = m.Hello(protocol=1, nick="eve", stream="e" * 16, rooms=["general"])
    assert [line["type"] for line in desk.push(THREE, new, key=eve)[topic]] == ["joined"]


def test_whoever_comes_back_keeps_the_nickname_given_on_another_device() -> None:
    desk = Desk()
    desk.enter(ONE)
    desk.enter(TWO, stream="e" * 16)
    desk.push(TWO, m.Nick("ada2", "n"))
    assert desk.enter(THREE, stream="f" * 16, again=True)["nick"] == "ada2"
