"""The outbox: dense numbers, a window, and when lines are sent again."""

import msgspec
import pytest

from common.client.outbox import FIRST_TIMEOUT, FRAME_BYTES, LAST_TIMEOUT, WINDOW, WINDOW_BYTES
from common.client.outbox import Outbox as Box

STREAM = "a" * 16


def numbers(bodies: list[bytes]) -> list[int]:
    lines = [line for body in bodies for line in body.split(b"\n")]
    return [msgspec.json.decode(line)["n"] for line in lines]


def box_of(count: int = 0, text: str = "x") -> Box:
    box = Box(STREAM, 1, [])
    for _ in range(count):
        box.add("general", text, False)
    return box


def test_numbers_go_on_from_what_was_saved() -> None:
    box = Box(STREAM, 8, [(5, "general", "a", False), (7, "general", "b", True)])
    assert box.add("general", "c", False).n == 8
    assert numbers(box.due(0.0)) == [5, 7, 8]


def test_what_is_under_way_is_not_sent_twice() -> None:
    box = box_of(2)
    assert numbers(box.due(0.0)) == [1, 2]
    assert box.due(0.1) == []
    box.add("general", "x", False)
    assert numbers(box.due(0.2)) == [3]


def test_without_an_outcome_everything_is_sent_again_ever_more_rarely() -> None:
    box, now, gaps = box_of(2), 0.0, []
    box.due(now)
    for _ in range(5):
        gaps.append(box.next_time() - now)
        now = box.next_time()
        assert box.due(now - 0.01) == []
        assert numbers(box.due(now)) == [1, 2]
    assert gaps == [FIRST_TIMEOUT, 2 * FIRST_TIMEOUT, 4 * FIRST_TIMEOUT, LAST_TIMEOUT, LAST_TIMEOUT]


def test_an_outcome_begins_the_time_limit_anew() -> None:
    box = box_of(3)
    box.due(0.0)
    box.due(FIRST_TIMEOUT)
    box.settle(1)
    box.due(3.0)
    assert box.next_time() == 3.0 + FIRST_TIMEOUT


def test_new_messages_do_not_put_off_the_time_limit_of_old_ones() -> None:
    box = box_of(1)
    box.due(0.0)
    now = 0.0
    while now < FIRST_TIMEOUT:
        now += 0.5
        box.add("general", "x", False)
        sent = numbers(box.due(now))
    assert 1 in sent


def test_the_window_is_counted_in_lines() -> None:
    box = box_of(WINDOW + 10)
    assert numbers(box.due(0.0)) == list(range(1, WINDOW + 1))
    box.settle(1)
    box.settle(2)
    assert numbers(box.due(0.1)) == [WINDOW + 1, WINDOW + 2]


def test_the_window_is_counted_in_bytes_and_frames_are_small() -> None:
    box = box_of(40, "x" * 15_000)
    bodies = box.due(0.0)
    sent = sum(len(line) for body in bodies for line in body.split(b"\n"))
    assert WINDOW_BYTES - 15_100 < sent <= WINDOW_BYTES
    assert all(len(body) <= FRAME_BYTES for body in bodies)


def test_row_61_a_hole_is_filled_from_where_the_broker_says() -> None:
    box = box_of(5)
    box.due(0.0)
    box.settle(1)
    box.rewind(3)
    assert numbers(box.due(0.1)) == [3, 4, 5]


def test_a_pause_is_kept_and_ends() -> None:
    box = box_of(3)
    box.due(0.0)
    box.settle(1)
    box.pause(2, 5.0)
    assert box.due(4.9) == []
    assert box.next_time() == 5.0
    assert numbers(box.due(5.0)) == [2, 3]


def test_a_pause_that_is_over_wakes_nobody() -> None:
    box = box_of(WINDOW + 5)
    box.due(0.0)
    box.pause(1, 1.0)
    box.due(1.0)
    assert box.next_time() == 1.0 + FIRST_TIMEOUT


def test_an_empty_outbox_waits_for_nothing() -> None:
    box = box_of(1)
    box.due(0.0)
    assert box.settle(1) is not None
    assert box.settle(1) is None
    assert box.due(100.0) == []
    assert box.next_time() == float("inf")


def test_row_29_the_newest_can_be_taken_back() -> None:
    box = box_of(2)
    box.due(0.0)
    box.add("general", "y", False)
    assert box.withdraw(3).text == "y"
    assert box.add("general", "z", False).n == 3
    assert numbers(box.due(0.1)) == [3]


@pytest.mark.parametrize(
    ("saved", "next_n", "last", "lost"),
    [
        ([], 1, 0, False),
        ([], 5, 4, False),
        ([], 5, 3, True),
        ([4], 5, 3, False),
        ([4], 5, 4, False),
        ([4], 5, 9, False),
        ([4], 5, 2, True),
    ],
)
def test_row_22_a_broker_that_lost_numbers_is_found_out(
    saved: list[int], next_n: int, last: int, lost: bool
) -> None:
    box = Box(STREAM, next_n, [(n, "general", "x", False) for n in saved])
    assert box.mismatch(last) is lost


def test_a_new_stream_begins_at_one_and_keeps_the_order() -> None:
    box = Box(STREAM, 9, [(5, "general", "a", False), (8, "general", "b", False)])
    box.due(0.0)
    items = box.renumber("b" * 16)
    assert [(item.n, item.text) for item in items] == [(1, "a"), (2, "b")]
    assert numbers(box.due(0.1)) == [1, 2]
    assert box.add("general", "c", False).n == 3
