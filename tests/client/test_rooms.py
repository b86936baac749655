"""The rooms of a session: which frame goes where, which page belongs to whom."""

from typing import Any

import msgspec
import pytest

from common.client import effects as e
from common.client import events as ev
from common.client.asking import Asking
from common.client.options import Saved
from common.client.rooms import ROSTER_AGAIN, ROSTER_PATIENCE, Rooms
from common.client.roomview import STALE
from common.protocol import messages as m
from common.protocol.codec import DecodeError, encode

STREAM = "5" * 16


class Desk:
    def __init__(self, rooms: dict[str, tuple[int, str] | None], **options: Any) -> None:
        self.out = e.Outlet()
        self.said: list[tuple[str, int]] = []
        self.renamed: list[str] = []
        self.rooms = Rooms(
            Saved(stream=STREAM, rooms=rooms, directs=options.get("directs")),
            self.out,
            Asking(lambda: True, self.out.push, self.out.resolve, lambda: 0.0),
            lambda record, room: self.said.append((room, record.seq)),
            self.renamed.append,
            options.get("roster", False),
            options.get("catch_up"),
        )

    def welcome(self, heads: dict[str, int], provisional: bool = False, now: float = 0.0) -> None:
        states = [m.RoomState(name, f"room/{name}/", head, 1, 1) for name, head in heads.items()]
        answer = m.Welcome(user="me", nick="I", last=0, rooms=states, provisional=provisional)
        self.rooms.welcomed(answer, list(heads), STREAM, now, first=True)

    def frame(self, room: str, *lines: m.Record, now: float = 1.0) -> bool:
        body = b"\n".join(map(encode, lines))
        return self.rooms.frame(f"room/{room}/".encode(), body, now) is not None

    def asked(self) -> list[dict[str, Any]]:
        sends = [one for one in self.out.take() if isinstance(one, e.Send)]
        return [msgspec.json.decode(send.frame.split(b"\n")[1]) for send in sends]

    def events(self) -> list[ev.Event]:
        return [one.event for one in self.out.take() if isinstance(one, e.Emit)]


def record(seq: int, id: str = "") -> m.Record:
    return m.Record("message", seq, id or f"a-{seq}", "u", "n", 1, "x")


def test_a_frame_of_no_room_of_ours_is_nobodys() -> None:
    desk = Desk({"salon": None})
    desk.welcome({"salon": 0})
    assert not desk.frame("cave", record(1))
    assert desk.frame("salon", record(1))


def test_each_room_has_its_own_numbers_and_pages() -> None:
    desk = Desk({"salon": (0, ""), "cave": (0, "")})
    desk.welcome({"salon": 2, "cave": 2})
    desk.rooms.tend(0.0)
    salon, cave = desk.asked()
    assert (salon["room"], cave["room"]) == ("salon", "cave")
    answer = m.Page(id=cave["id"], room="cave", count=2, more=False, head=2)
    body = encode(record(1)) + b"\n" + encode(record(2))
    assert desk.rooms.page(answer, body, 1.0)
    (shown,) = [event for event in desk.events() if isinstance(event, ev.Messages)]
    assert shown.room == "cave"
    assert desk.rooms.behind == 2


@pytest.mark.parametrize("id", ["=", "==", "=x=salon", "=-1=salon", "=0=nowhere", "=9=salon"])
def test_a_page_that_nobody_asked_for_is_dropped(id: str) -> None:
    desk = Desk({"salon": (0, "")})
    desk.welcome({"salon": 2})
    answer = m.Page(id=id, room="salon", count=1, more=False, head=9)
    taken = desk.rooms.page(answer, encode(record(2)), 1.0)
    assert taken
    assert [event for event in desk.events() if isinstance(event, ev.Messages)] == []


def test_the_programs_own_pages_are_left_to_it() -> None:
    desk = Desk({"salon": (0, "")})
    desk.welcome({"salon": 2})
    assert not desk.rooms.page(m.Page(id="q1", room="salon", count=0, more=False, head=2), b"", 1.0)


def test_a_page_that_cannot_be_read_is_asked_for_again() -> None:
    desk = Desk({"salon": (0, "")})
    desk.welcome({"salon": 2})
    desk.rooms.tend(0.0)
    (ask,) = desk.asked()
    with pytest.raises(DecodeError):
        desk.rooms.page(m.Page(id=ask["id"], room="salon", count=1, more=False, head=2), b"{", 1.0)
    desk.rooms.tend(10.0)
    assert [one["after"] for one in desk.asked()] == [0]


def test_a_refused_page_waits_and_does_not_spin() -> None:
    desk = Desk({"salon": (0, "")})
    desk.welcome({"salon": 2})
    desk.rooms.tend(0.0)
    (ask,) = desk.asked()
    assert desk.rooms.refused(m.Error(code="rate-limited", text="", id=ask["id"], retry=0.1), 0.0)
    desk.rooms.tend(0.9)
    assert desk.asked() == []
    desk.rooms.tend(1.0)
    assert len(desk.asked()) == 1
    assert not desk.rooms.refused(m.Error(code="x", text="", id="q1"), 0.0)


def test_own_records_are_told_wherever_they_come_from() -> None:
    desk = Desk({"salon": (0, "")})
    desk.welcome({"salon": 2})
    desk.rooms.tend(0.0)
    (ask,) = desk.asked()
    answer = m.Page(id=ask["id"], room="salon", count=1, more=False, head=2)
    desk.rooms.page(answer, encode(record(1, f"{STREAM}-1")), 1.0)
    desk.frame("salon", record(2, f"{STREAM}-2"))
    assert desk.said == [("salon", 1), ("salon", 2)]


def test_a_room_left_or_refused_is_no_longer_there() -> None:
    desk = Desk({"salon": None})
    desk.welcome({"salon": 0})
    desk.rooms.add("cave", None)
    desk.rooms.give_up("cave", "too-many")
    desk.rooms.give_up("salon", "too-many")  # it is joined: another request for it failed
    assert desk.rooms.names() == ["salon"]
    desk.out.take()
    desk.rooms.drop("salon")
    assert desk.out.take() == [e.Unsubscribe(b"room/salon/"), e.Emit(ev.Left(room="salon"))]
    assert not desk.frame("salon", record(1))


def test_a_new_topic_takes_the_place_of_the_old() -> None:
    desk = Desk({"salon": (0, "")})
    desk.welcome({"salon": 0})
    desk.out.take()
    desk.rooms.entered(m.RoomState("salon", "room/new/", 0, 1, 1), 1.0)
    assert (
        desk.out.take()
        == [
            e.Unsubscribe(b"room/salon/"),
            e.Subscribe(b"room/new/"),
            e.Emit(ev.People(room="salon", people=1)),
        ][:2]
    )
    assert not desk.frame("salon", record(1))
    assert desk.frame("new", record(1))


def test_a_topic_that_gives_no_sign_is_asked_after_by_the_rooms_name() -> None:
    desk = Desk({"salon": None})
    desk.welcome({"salon": 0})
    for second in range(2, 2 + 2 * STALE, 2):
        assert desk.asked() == []
        desk.rooms.tend(float(second))
    assert [one["type"] for one in desk.asked()] == ["join"]
    desk.rooms.give_up("salon", "no-such-room")
    assert desk.rooms.names() == []


def test_a_roster_is_asked_for_once_people_had_time_to_come_back() -> None:
    desk = Desk({"salon": None}, roster=True)
    desk.welcome({"salon": 0}, provisional=True, now=100.0)
    head = m.RoomLine(type="head", people=1, rev=1)
    desk.frame("salon", head, now=100.0 + ROSTER_PATIENCE - 0.1)
    assert desk.asked() == []
    desk.frame("salon", head, now=100.0 + ROSTER_PATIENCE)
    assert [one["type"] for one in desk.asked()] == ["who"]


def test_in_a_quiet_room_the_roster_is_asked_for_too() -> None:
    desk = Desk({"salon": None}, roster=True)
    desk.welcome({"salon": 0}, provisional=True, now=100.0)
    desk.frame("salon", m.RoomLine(type="head", people=1, rev=1), now=100.1)
    due = 100.0 + ROSTER_PATIENCE
    assert desk.rooms.next_time() == due
    desk.rooms.tend(due - 0.1)
    assert desk.asked() == []
    desk.rooms.tend(due)
    assert [one["type"] for one in desk.asked()] == ["who"]
    assert desk.rooms.next_time() > due, "it is asked for once"
    desk.rooms.roster_came("salon", [m.Person("me", "I")], 0, due)
    assert desk.rooms.next_time() == due + ROSTER_AGAIN, "an old answer is no reason to hurry"


def test_who_is_not_back_yet_has_not_left() -> None:
    desk = Desk({"salon": None}, roster=True)
    desk.welcome({"salon": 0}, now=50.0)
    both = [m.Person("bob", "Bob"), m.Person("me", "I")]
    desk.frame("salon", m.RoomLine(type="head", people=2, rev=1), now=50.0)
    desk.rooms.roster_came("salon", both, 1, 50.0)
    assert ev.Roster(room="salon", people=both) in desk.events()
    desk.rooms.link_lost()
    desk.welcome({"salon": 0}, provisional=True, now=100.0)
    desk.events()
    desk.rooms.roster_came("salon", both[1:], 9, 101.0)
    assert desk.events() == [], "the broker has just started"
    desk.rooms.roster_came("salon", both[1:], 9, 100.0 + ROSTER_PATIENCE)
    left, roster = desk.events()
    assert isinstance(left, ev.Presence)
    assert (left.kind, left.user) == ("left", "bob")
    assert roster == ev.Roster(room="salon", people=both[1:])


def test_ones_own_new_nickname_is_told() -> None:
    desk = Desk({"salon": None})
    desk.welcome({"salon": 0})
    desk.frame("salon", m.RoomLine(type="nick", user="me", nick="Me2", people=1, rev=2))
    assert desk.renamed == ["Me2"]
