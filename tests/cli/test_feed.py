"""The one queue: lines of a real pipe, answers of real futures, and the brake."""

import os
import queue
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from common.cli.feed import LONGEST_LINE, Answered, Brake, Closed, End, Feed, Item, Line
from common.client.events import Event, People
from tests.support import scaled, wait_until

PATIENCE = scaled(10)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for descriptor in (reading, writing):
        try:
            os.close(descriptor)
        except OSError:
            continue


def until_the_end(feed: Feed) -> list[Item]:
    items: list[Item] = []
    while not items or not isinstance(items[-1], End):
        items.append(feed.get(PATIENCE))
        if isinstance(items[-1], Line):
            feed.brake.passed()
    return items


def lines_of(*chunks: bytes, pipe: tuple[int, int]) -> list[Item]:
    feed = Feed()
    feed.follow_stdin(pipe[0])
    for chunk in chunks:
        os.write(pipe[1], chunk)
    os.close(pipe[1])
    return until_the_end(feed)


def test_lines_whatever_their_ends(pipe: tuple[int, int]) -> None:
    items = lines_of(b"one\ntw", b"o\r\n\nfour", pipe=pipe)
    assert items == [Line(1, b"one"), Line(2, b"two"), Line(3, b""), Line(4, b"four"), End()]


def test_nothing_at_all(pipe: tuple[int, int]) -> None:
    assert lines_of(pipe=pipe) == [End()]


def test_a_line_without_end_is_cut_and_costs_no_memory(pipe: tuple[int, int]) -> None:
    feed = Feed()
    feed.follow_stdin(pipe[0])
    for _part in range(3 * LONGEST_LINE // 32_768):
        os.write(pipe[1], b"x" * 32_768)
    os.write(pipe[1], b"\nnext\n")
    os.close(pipe[1])
    items = until_the_end(feed)
    assert items == [Line(1, b"x" * LONGEST_LINE, cut=True), Line(2, b"next"), End()]


def test_what_cannot_be_read_is_told(pipe: tuple[int, int]) -> None:
    feed = Feed()
    feed.follow_stdin(pipe[1])
    item = feed.get(PATIENCE)
    assert isinstance(item, End)
    assert item.error


def test_reading_stops_while_the_window_is_full(pipe: tuple[int, int]) -> None:
    feed = Feed()
    feed.brake = Brake(window=2)
    feed.follow_stdin(pipe[0])
    os.write(pipe[1], b"1\n2\n3\n")
    assert [feed.get(PATIENCE), feed.get(PATIENCE)] == [Line(1, b"1"), Line(2, b"2")]
    with pytest.raises(queue.Empty):
        feed.get(0.05)
    feed.brake.passed()
    assert feed.get(PATIENCE) == Line(3, b"3")
    os.close(pipe[1])
    assert feed.get(PATIENCE) == End()


def test_reading_stops_for_a_pause(pipe: tuple[int, int]) -> None:
    feed = Feed()
    feed.brake.pause(60)
    feed.follow_stdin(pipe[0])
    os.write(pipe[1], b"1\n")
    with pytest.raises(queue.Empty):
        feed.get(0.05)
    feed.brake.stop()
    assert feed.get(PATIENCE) == End()


def test_answers_and_events_come_out_of_the_same_queue() -> None:
    feed = Feed()
    given: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
    event = People(room="general", people=2)
    given.put(event)
    given.put(None)
    feed.follow_events(given.get)
    assert [feed.get(PATIENCE), feed.get(PATIENCE)] == [event, Closed()]
    future: Future[int] = Future()
    feed.watch(future, "key")
    future.set_result(7)
    item = feed.get(PATIENCE)
    assert isinstance(item, Answered)
    assert (item.key, item.future.result()) == ("key", 7)


def test_a_stopped_brake_lets_nobody_wait() -> None:
    brake = Brake(window=1)
    assert brake.wait()
    brake.stop()
    assert wait_until(lambda: not brake.wait(), "the brake lets go")
