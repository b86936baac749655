"""One room as a session holds it: each number once, in order, whatever arrives."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.broker.presence import HEAD_REPEATS
from common.client.events import Gap, People, Presence
from common.client.roomview import BUFFER, DOUBTED, FETCH_AGAIN, STALLED, RoomView
from common.protocol.messages import Person, Record, RoomLine

ME = "me"


def record(seq: int, id: str = "") -> Record:
    return Record("message", seq, id or f"a-{seq}", "u", "n", seq, f"text {seq}")


def records(seqs: Iterable[int]) -> list[Record]:
    return [record(seq) for seq in seqs]


def view_at(cursor: int | None, head: int, id: str = "") -> RoomView:
    view = RoomView("salon", cursor, id)
    assert view.welcomed(b"room/1/", head, 0.0)
    return view


def taken(view: RoomView, seqs: Iterable[int], *, page: bool = False) -> list[int]:
    return [record.seq for record in view.take(records(seqs), page=page)]


def test_a_room_without_a_cursor_begins_at_the_head() -> None:
    view = view_at(None, 7)
    assert view.whole
    assert taken(view, [8]) == [8]


def test_row_20_what_was_shown_is_not_shown_again() -> None:
    view = view_at(5, 8)
    assert taken(view, range(6, 9), page=True) == [6, 7, 8]
    assert taken(view, range(6, 10)) == [9]
    assert taken(view, [9]) == []


def test_row_13_behind_a_hole_nothing_is_shown_until_it_is_filled() -> None:
    view = view_at(5, 5)
    assert taken(view, [8, 9]) == []
    assert view.wanted(1.0) == 5
    assert taken(view, [6]) == [6]
    assert taken(view, [7]) == [7, 8, 9]
    assert view.whole


def test_a_page_and_what_was_held_back_join_without_a_seam() -> None:
    view = view_at(0, 0)
    assert taken(view, [4, 5, 7]) == []
    view.page(records([1, 2, 3]), 1.0)
    assert taken(view, [1, 2, 3], page=True) == [1, 2, 3, 4, 5]
    assert view.behind == 2


def test_what_is_held_back_is_bounded() -> None:
    view = view_at(0, 0)
    taken(view, range(2, BUFFER + 100))
    assert len(view._held) == BUFFER
    assert view.wanted(1.0) == 0
    assert taken(view, range(1, 1_001), page=True)[-1] == BUFFER + 1
    assert view.behind  # what did not fit is fetched


def test_row_14_the_last_record_is_missed_when_the_head_is_repeated() -> None:
    view = view_at(5, 5)
    view.news(RoomLine(type="head", head=6, people=1, rev=1), ME)
    assert view.wanted(1.0) == 5


def test_row_21_a_page_is_asked_for_again_but_not_before_its_time() -> None:
    view = view_at(0, 9)
    assert view.wanted(1.0) == 0
    assert view.wanted(1.0 + FETCH_AGAIN - 0.1) is None
    assert view.next_time() <= 1.0 + FETCH_AGAIN
    assert view.wanted(1.0 + FETCH_AGAIN) == 0


def test_a_page_that_brings_nothing_is_not_asked_for_again_at_once() -> None:
    view = view_at(0, 9)
    view.wanted(1.0)
    view.page([], 1.1)
    assert view.wanted(1.2) is None
    assert view.wanted(1.1 + STALLED) == 0


def test_row_22_a_head_below_the_cursor_is_another_history() -> None:
    view = RoomView("salon", 9, "a-9")
    assert not view.welcomed(b"room/1/", 8, 0.0)


def test_row_22_another_record_at_the_cursor_is_another_history() -> None:
    view = view_at(9, 12, "a-9")
    assert not view.whole
    assert view.wanted(0.0) == 8
    assert not view.page([record(9, "b-9"), record(10)], 1.0)
    same = view_at(9, 12, "a-9")
    assert same.page(records(range(9, 13)), 1.0)
    assert taken(same, range(9, 13), page=True) == [10, 11, 12]


def test_what_is_not_to_be_had_is_passed_over_and_verifies_nothing() -> None:
    view = view_at(9, 20, "a-9")
    assert not view.page(records([12]), 1.0, 8)
    view = view_at(9, 20, "a-9")
    assert view.page(records([12, 13]), 1.0, 11)
    assert taken(view, [12, 13], page=True) == [12, 13]
    assert view.gaps == [Gap(room="salon", first=10, last=11)]
    assert view.page([], 1.0, 13)
    assert len(view.gaps) == 1


def test_a_hole_within_a_page_is_a_gap_too() -> None:
    view = view_at(3, 9)
    assert taken(view, [4, 7, 8], page=True) == [4, 7, 8]
    assert view.gaps == [Gap(room="salon", first=5, last=6)]


def test_another_topic_is_no_other_history() -> None:
    view = view_at(5, 5, "a-5")
    view.page(records([5]), 0.5)
    view.heard(1.0)
    taken(view, [6, 8])
    view.moved(b"room/2/", 7, 2.0)
    assert not view.granted
    assert (view.cursor, view.head) == (6, 8)
    assert taken(view, [7]) == [7, 8]
    assert view.whole


def test_nothing_is_shown_before_the_last_record_is_verified() -> None:
    view = view_at(9, 9, "a-9")
    assert taken(view, [10]) == []
    view.page(records([9]), 1.0)
    assert taken(view, [9], page=True) == [10]


def test_a_page_that_was_asked_for_before_the_room_began_anew_is_of_no_use() -> None:
    view = view_at(9, 12, "a-9")
    assert view.follows(8)
    assert not view.follows(9)
    view.start_over()
    assert not view.follows(8)
    assert view.follows(0)


def test_a_topic_that_went_silent_is_doubted() -> None:
    view = view_at(0, 0)
    view.heard(10.0)
    assert view.doubt(10.0 + DOUBTED - 1) == 10.0 + DOUBTED
    assert view.granted
    view.doubt(10.0 + DOUBTED)
    assert not view.granted
    assert view.next_time() == 10.0 + DOUBTED


def test_heads_are_repeated_before_a_grant_is_doubted() -> None:
    assert HEAD_REPEATS[-1] + 10 < DOUBTED


def test_nobody_is_told_of_oneself() -> None:
    view = view_at(0, 0)
    events = view.news(RoomLine(type="joined", user=ME, nick="I", people=1, rev=1), ME)
    assert events == [People(room="salon", people=1)]
    events = view.news(RoomLine(type="joined", user="bob", nick="Bob", people=2, rev=2), ME)
    assert [type(event) for event in events] == [Presence, People]


def test_a_roster_tells_who_came_and_went_unseen() -> None:
    view = view_at(0, 0)
    view.attended(2, 10)
    view.roster_came([Person("ada", "Ada"), Person("bob", "Bob")], 10, ME)
    view.attended(2, 12)
    assert view.roster_due
    events = view.roster_came([Person("bob", "Bob"), Person("eve", "Eve")], 12, ME)
    assert [(e.kind, e.user) for e in events if isinstance(e, Presence)] == [
        ("left", "ada"),
        ("joined", "eve"),
    ]


def test_a_roster_from_before_the_last_news_is_asked_for_again() -> None:
    view = view_at(0, 0)
    view.roster_due = False
    view.attended(1, 10)
    view.roster_due = False
    view.news(RoomLine(type="left", user="ada", nick="Ada", people=0, rev=11), ME)
    assert view.roster_came([Person("ada", "Ada")], 10, ME) == []
    assert view.roster_due
    assert view.roster is None


@pytest.mark.parametrize("start", [None, 0, 3])
@given(data=st.data())
def test_in_any_order_each_is_shown_once_and_in_order(
    start: int | None, data: st.DataObject
) -> None:
    head = data.draw(st.integers(3, 12))
    view = view_at(start, 3)
    first = 3 if start is None else start
    shown: list[int] = []
    for _ in range(data.draw(st.integers(0, 15))):
        low = data.draw(st.integers(1, head))
        high = data.draw(st.integers(low, head))
        shown += taken(view, range(low, high + 1))
    after = view.cursor or 0
    shown += taken(view, range(after + 1, head + 1), page=True)
    assert shown == list(range(first + 1, head + 1))
