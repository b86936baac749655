"""Day lines, "since you left", grouping and state lines."""

import datetime

from common.client import layout
from common.client.layout import Frame, crowd_lines, frame, separator
from common.client.timeline import Change, Crowd, Timeline
from common.protocol.messages import Record

NOON = int(datetime.datetime(2026, 11, 19, 12, 0).astimezone().timestamp() * 1000)
MINUTE = 60_000


def room(*said: tuple[str, int], me: str = "me", since: int = 0) -> Timeline:
    """Records of (user, minutes after noon)."""
    timeline = Timeline("general", me=me, nick="Me")
    records = [
        Record("message", seq, f"x-{seq}", user, user.upper(), NOON + minutes * MINUTE, "hi")
        for seq, (user, minutes) in enumerate(said, 1)
    ]
    timeline.add(records, live=True, following=True)
    timeline.since = since
    return timeline


def frames(timeline: Timeline) -> list[Frame]:
    return [frame(timeline, place) for place in range(timeline.size)]


def test_messages_of_one_author_stand_under_one_name() -> None:
    got = frames(room(("a", 0), ("a", 4), ("a", 9), ("b", 9), ("a", 9)))
    assert [one.head for one in got] == [True, False, True, True, True]
    assert [one.clock for one in got] == [True, True, True, True, True]
    assert [one.clock for one in frames(room(("a", 0), ("a", 0), ("a", 1)))] == [True, False, True]


def test_a_day_begins_with_its_line() -> None:
    got = frames(room(("a", 0), ("a", 1), ("a", 12 * 60 - 1), ("a", 12 * 60 + 1)))
    assert [one.day is not None for one in got] == [True, False, False, True]
    assert got[3].head
    today = datetime.date(2026, 11, 20)
    assert separator(got[0], today) == "Thursday 19 November"
    assert separator(got[0], datetime.date(2027, 1, 1)) == "Thursday 19 November 2026"
    assert separator(got[1], today) == ""


def test_since_you_left_stands_before_the_first_unread_line() -> None:
    timeline = room(("a", 0), ("a", 1), ("a", 2), since=2)
    got = frames(timeline)
    assert [one.since for one in got] == [False, True, False]
    assert got[1].head
    assert separator(got[1], datetime.date(2026, 11, 20)) == "since you left"
    timeline.since = 1
    words = separator(frame(timeline, 0), datetime.date(2026, 11, 20))
    assert words == "Thursday 19 November · since you left"


def test_since_you_left_waits_for_its_place_to_be_loaded() -> None:
    timeline = Timeline("general")
    later = [Record("message", seq, "", "a", "A", NOON, "hi") for seq in (7, 8)]
    timeline.add(later, live=True, following=True)
    timeline.since = 5
    assert not any(one.since for one in frames(timeline))


def test_the_state_stands_under_the_last_of_a_group() -> None:
    timeline = room(("me", 0), ("me", 1), ("a", 1), ("me", 2))
    timeline.queued(1, "one", NOON + 3 * MINUTE)
    timeline.queued(2, "two", NOON + 3 * MINUTE)
    timeline.refused(1, "one", 0, "storage-full", "")
    got = frames(timeline)
    assert [one.state for one in got] == [False, True, False, True, True, True]
    assert [one.head for one in got] == [True, False, True, True, False, False]
    timeline.queued(3, "three", NOON + 3 * MINUTE)
    assert [one.state for one in frames(timeline)][-2:] == [False, True]


def test_what_is_queued_stands_as_it_will_once_it_is_stored() -> None:
    timeline = room(("me", 0))
    timeline.queued(1, "one", NOON + MINUTE)
    timeline.queued(2, "two", NOON + MINUTE)
    assert [one.head for one in frames(timeline)] == [True, False, False]
    assert [one.state for one in frames(timeline)] == [True, False, True]
    timeline.stored(1, 2, "one")
    assert [one.head for one in frames(timeline)] == [True, False, False]
    assert [one.state for one in frames(timeline)] == [False, True, True]
    after_others = room(("a", 0))
    after_others.queued(1, "one", NOON + MINUTE)
    assert [one.head for one in frames(after_others)] == [True, True]
    much_later = room(("me", 0))
    much_later.queued(1, "one", NOON + 5 * MINUTE)
    assert [one.head for one in frames(much_later)] == [True, True]


def test_a_clock_that_runs_late_makes_no_days() -> None:
    timeline = room(("a", 0))
    timeline.changed(Change(NOON - 24 * 60 * MINUTE, "joined", "b"))
    assert [one.day is not None for one in frames(timeline)] == [True, False]


def test_more_than_three_changes_are_counted() -> None:
    few = (
        Change(NOON, "joined", "Noé"),
        Change(NOON, "left", "Tomas"),
        Change(NOON, "nick", "b", "a"),
    )
    assert [line for _ts, line in crowd_lines(Crowd((0, 1), NOON, few, 1, 1, 1))] == [
        "Noé joined the room",
        "Tomas left the room",
        "a is now called b",
    ]
    assert crowd_lines(Crowd((0, 1), NOON, few, 5, 1, 0)) == [
        (NOON, "5 people joined · 1 person left")
    ]
    assert crowd_lines(Crowd((0, 1), NOON, few, 0, 0, 4)) == [(NOON, "4 new nicknames")]


def test_words() -> None:
    assert layout.stored_words(1238) == "no. 1,238 · stored"
    assert layout.new_messages(5) == "5 new messages"
    assert layout.new_messages(1) == "1 new message"
