"""Counts of people, revisions, and when heads are repeated."""

from msgspec import json

from common.broker.presence import HEAD_REPEATS, NEWCOMERS, Attendance, HeadTimes


def test_a_person_is_there_while_any_of_their_sessions_is() -> None:
    there = Attendance()
    assert there.enter("ada")
    assert not there.enter("ada")
    assert there.enter("bob")
    assert not there.exit("ada")
    assert there.exit("ada")
    assert not there.exit("ada")
    assert list(there.people) == ["bob"]


def test_each_change_raises_the_revision_by_one() -> None:
    there = Attendance(40)
    revisions = []
    for change in (there.enter, there.enter, there.exit, there.exit, there.exit):
        change("ada")
        revisions.append(there.rev)
    assert revisions == [41, 41, 41, 42, 42]
    line = json.decode(there.line("left", "ada", "Ada"))
    assert line == {"type": "left", "user": "ada", "nick": "Ada", "rev": 42}


def test_row_14_a_head_is_repeated_ever_more_rarely_but_for_ever() -> None:
    heads = HeadTimes()
    heads.spoke("salon", 100.0)
    now, gaps = 100.0, []
    for _ in range(len(HEAD_REPEATS) + 2):
        assert heads.due(heads.next() - 0.001) == []
        gaps.append(round(heads.next() - now, 3))
        now = heads.next()
        assert heads.due(now) == ["salon"]
    assert tuple(gaps) == (*HEAD_REPEATS, HEAD_REPEATS[-1], HEAD_REPEATS[-1])


def test_a_record_begins_the_repeats_anew() -> None:
    heads = HeadTimes()
    heads.spoke("salon", 0.0)
    heads.due(heads.next())
    heads.due(heads.next())
    heads.spoke("salon", 50.0)
    assert heads.next() <= 50.0 + HEAD_REPEATS[0]


def test_newcomers_of_one_moment_share_a_head() -> None:
    heads = HeadTimes()
    for late in range(5):
        heads.newcomer("salon", 10.0 + late / 100)
    assert heads.due(10.0 + NEWCOMERS) == ["salon"]
    assert heads.due(10.0 + 2 * NEWCOMERS) == []


def test_a_newcomer_does_not_delay_a_head() -> None:
    heads = HeadTimes()
    heads.newcomer("salon", 10.0)
    heads.newcomer("salon", 10.04)
    assert heads.due(10.05) == ["salon"]


def test_a_room_that_nobody_hears_is_forgotten() -> None:
    heads = HeadTimes()
    heads.spoke("salon", 0.0)
    heads.forget("salon")
    assert heads.due(1_000.0) == []
    assert heads.next() == float("inf")
