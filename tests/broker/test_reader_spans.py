"""Pages for those who may read only some numbers, and of rooms that do not keep everything."""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.broker.batch import Append, Batch, DeleteRead, Erasure, PageRead
from common.broker.migrations import NUMBERS
from common.protocol.codec import encode
from common.protocol.deeds import LogEntry
from common.protocol.messages import Error, Record, Stored
from tests.broker.test_reader import SESSION, Log, answer, ask, opened, page, repeat, results
from tests.broker.test_store import ADA, BOB, line

Spans = tuple[tuple[int, int | None], ...]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with opened(tmp_path) as log:
        yield log


def told(log: Log, read: PageRead) -> tuple[list[int], bool, int]:
    """The numbers of a page, whether there is more, and what was skipped."""
    header, records = page(log.reader, read)
    assert records == [log.lines[n - 1] for n in numbers(records)]
    assert header.head == len(log.lines)
    return numbers(records), header.more, header.skipped


def numbers(records: list[bytes]) -> list[int]:
    return [msgspec.json.decode(record, type=Record).seq for record in records]


def drop(log: Log, upto: int) -> None:
    """Drops the rows that end at or below a number, by their age."""
    wall = 1_700_000_000_000 + upto + 1_001
    assert not log.store.retain({1: (1, 0)}, wall).more


class TestSpans:
    spans: Spans = ((3, 5), (8, 9), (12, None))

    @pytest.fixture(autouse=True)
    def _written(self, log: Log) -> None:
        log.write([line(n) for n in range(1, 8)], [line(n) for n in range(8, 16)])

    @pytest.mark.parametrize(
        ("after", "expected"),
        [
            (0, ([3, 4, 5], True, 2)),
            (2, ([3, 4, 5], True, 0)),
            (4, ([5], True, 0)),
            (5, ([8, 9], True, 7)),
            (9, ([12, 13, 14, 15], False, 11)),
            (15, ([], False, 0)),
            (1 << 50, ([], False, 0)),
        ],
    )
    def test_upwards_it_jumps_to_what_may_be_read(
        self, log: Log, after: int, expected: tuple[list[int], bool, int]
    ) -> None:
        assert told(log, replace(ask(after=after), spans=self.spans)) == expected

    def test_a_reader_who_may_read_nothing_more_is_led_to_the_head(self, log: Log) -> None:
        ended = ((3, 5),)
        assert told(log, replace(ask(after=5), spans=ended)) == ([], False, 15)
        assert told(log, replace(ask(after=0), spans=((16, None),))) == ([], False, 15)
        assert told(log, replace(ask(after=0), spans=())) == ([], False, 15)
        assert told(log, replace(ask(), spans=())) == ([], False, 0)

    def test_downwards_only_what_may_be_read_is_there(self, log: Log) -> None:
        assert told(log, replace(ask(), spans=self.spans)) == ([12, 13, 14, 15], True, 0)
        assert told(log, replace(ask(before=12), spans=self.spans)) == ([8, 9], True, 0)
        assert told(log, replace(ask(before=8), spans=self.spans)) == ([3, 4, 5], False, 0)
        assert told(log, replace(ask(before=3), spans=self.spans)) == ([], False, 0)

    def test_a_time_leads_to_the_first_readable_record(self, log: Log) -> None:
        since = 1_700_000_000_000 + 6
        assert told(log, replace(ask(since=since), spans=self.spans)) == ([8, 9], True, 7)


class TestFloor:
    @pytest.fixture(autouse=True)
    def _dropped(self, log: Log) -> None:
        log.write(*([line(n, ADA if n % 2 else BOB) for n in (k, k + 1)] for k in range(1, 20, 2)))
        drop(log, 7)

    def test_upwards_it_jumps_over_what_was_dropped(self, log: Log) -> None:
        assert told(log, ask(after=0, limit=2)) == ([7, 8], True, 6)
        assert told(log, ask(after=6, limit=2)) == ([7, 8], True, 0)
        assert told(log, ask(since=0, limit=2)) == ([7, 8], True, 0)
        assert told(log, replace(ask(after=0), spans=((2, 8),))) == ([7, 8], False, 6)

    def test_downwards_it_ends_there(self, log: Log) -> None:
        assert told(log, ask(before=9)) == ([7, 8], False, 0)
        assert told(log, ask(before=7)) == ([], False, 0)

    def test_a_room_of_which_nothing_is_left_keeps_its_head(self, log: Log) -> None:
        drop(log, 20)
        assert told(log, ask(after=0)) == ([], False, 20)
        assert told(log, ask(after=20)) == ([], False, 0)
        assert told(log, ask()) == ([], False, 0)
        assert told(log, ask(since=0)) == ([], False, 0)
        log.write([line(21)])
        assert told(log, ask(after=4)) == ([21], False, 20)

    def test_62_a_repeat_of_what_was_dropped_is_not_called_a_conflict(self, log: Log) -> None:
        error = msgspec.json.decode(answer(log.reader, repeat(1)), type=Error)
        assert (error.code, error.n) == ("not-kept", 1)
        error = msgspec.json.decode(answer(log.reader, repeat(8)), type=Error)
        assert error.code == "id-conflict"
        assert msgspec.json.decode(answer(log.reader, repeat(9)), type=Stored).seq == 9
        error = msgspec.json.decode(answer(log.reader, repeat(9, text="other")), type=Error)
        assert error.code == "id-conflict"

    def test_dropping_between_two_looks_is_no_damage(self, log: Log) -> None:
        pages = log.reader._pages
        look = pages.extent
        floors = iter((8, 12))

        def extent(room: int) -> tuple[int, int]:
            found = look(room)
            if floor := next(floors, 0):
                with contextlib.closing(sqlite3.connect(log.store.path)) as other, other:
                    other.execute("DELETE FROM log WHERE id <= (1 << 40 | ?)", (floor,))
                    other.execute("UPDATE room SET floor = ? WHERE room = 1", (floor,))
            return found

        pages.extent = extent  # type: ignore[method-assign]
        assert told(log, ask(after=0, limit=2)) == ([9, 10], True, 8)


class TestDeletion:
    def who(self, log: Log, seq: int, room: int = 1) -> tuple[str, str]:
        read = DeleteRead(SESSION, "u", "7", room, "general", seq, "why")
        log.reader.submit(read)
        (result,) = results(log.reader)
        assert (result.lines, result.read, result.trouble) == (b"", read, "")
        return result.origin

    def test_a_look_tells_whose_a_record_is(self, log: Log) -> None:
        log.write([line(1), line(2, BOB)], [line(3)])
        assert self.who(log, 2) == ("message", f"u-{BOB}")
        assert self.who(log, 3) == ("message", f"u-{ADA}")
        for seq in (0, 4, 1 << 40):
            assert self.who(log, seq) == ("", "")
        assert self.who(log, 1, room=9) == ("", "")
        drop(log, 3)
        assert self.who(log, 2) == ("", "")

    def test_what_is_deleted_is_read_as_such(self, log: Log) -> None:
        log.write([line(1), line(2, BOB), line(3)])
        log.store.commit(Batch(erasures=[Erasure(1, 2)]))
        trace = Record("deleted", 2, f"{BOB}-2", f"u-{BOB}", "ada", 1_700_000_000_002)
        log.lines[1] = encode(trace)
        assert told(log, ask()) == ([1, 2, 3], False, 0)
        assert self.who(log, 2) == ("deleted", f"u-{BOB}")

    def test_62_a_repeat_of_a_deleted_message_is_stored(self, log: Log) -> None:
        log.write([line(1), line(2, BOB), line(3)])
        log.store.commit(Batch(erasures=[Erasure(1, 2)]))
        found = msgspec.json.decode(answer(log.reader, repeat(2, "hello", BOB)), type=Stored)
        assert (found.seq, found.n) == (2, 2)

    def test_28_a_look_at_damage_is_told_to_whoever_asks(self, log: Log) -> None:
        log.write([line(1)])
        log.store._connection.execute("UPDATE log SET crc = crc + 1")
        log.reader.submit(DeleteRead(SESSION, "u", "7", 1, "general", 1, "why"))
        (result,) = results(log.reader)
        error = msgspec.json.decode(result.lines, type=Error)
        assert (error.code, error.id) == ("storage-damaged", "7")
        assert "record 1" in result.trouble


class TestAudit:
    @staticmethod
    def entry(seq: int, type: str = "role", room: str = "") -> bytes:
        return encode(LogEntry(type, seq, f"server-{seq}", "u", "ada", seq, "", room=room))

    def write(self, log: Log, shown: list[bool]) -> None:
        lines = []
        for seq, open in enumerate(shown, 1):
            hidden = ("direct-created", "@a-b") if seq % 2 else ("message-deleted", "@a-b")
            lines.append(self.entry(seq, *(("role", "tea") if open else hidden)))
        for k in range(0, len(lines), 3):
            row = lines[k : k + 3]
            log.store.commit(Batch(appends={0: Append(0, k + 1, row, b"")}))

    def test_what_belongs_to_direct_conversations_is_left_out(self, log: Log) -> None:
        self.write(log, [True, False, False, True, True, False])
        read = replace(ask(room=0), name="", audit=True)
        header, records = page(log.reader, replace(read, after=0))
        assert numbers(records) == [1, 4, 5]
        assert (header.head, header.skipped, header.more) == (6, 0, False)
        assert numbers(page(log.reader, read)[1]) == [1, 4, 5]
        assert page(log.reader, replace(read, after=5))[0].skipped == 6

    @pytest.mark.parametrize("limit", [1, 2, 1_000])
    def test_no_run_of_them_holds_anybody_up(self, log: Log, limit: int) -> None:
        shown = [seq % 50 == 7 for seq in range(1, 200)]
        self.write(log, shown)
        wanted = [seq for seq in range(1, 200) if shown[seq - 1]]
        read = replace(ask(room=0, limit=limit), name="", audit=True)
        upwards: list[int] = []
        after, more = 0, True
        while more:
            header, records = page(log.reader, replace(read, after=after))
            upwards += numbers(records)
            assert max([header.skipped, *numbers(records)]) > after
            after, more = max([header.skipped, *numbers(records)]), header.more
        assert upwards == wanted
        downwards: list[int] = []
        before, more = None, True
        while more:
            header, records = page(log.reader, replace(read, before=before))
            downwards = numbers(records) + downwards
            before, more = min(numbers(records), default=0), header.more
        assert downwards == wanted


@st.composite
def spans_of(draw: st.DrawFn, head: int) -> Spans | None:
    edges = sorted(draw(st.sets(st.integers(1, head + 3), max_size=8)))
    spans: list[tuple[int, int | None]] = [
        (first, last - draw(st.integers(0, 1)))
        for first, last in zip(edges[::2], edges[1::2], strict=False)
    ]
    spans = [(first, last) for first, last in spans if last is None or first <= last]
    if len(edges) % 2:
        spans.append((edges[-1], None))
    return draw(st.sampled_from([None, tuple(spans)]))


class TestModel:
    @settings(
        max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
    )
    @given(data=st.data())
    def test_every_page_is_what_a_plain_list_gives(
        self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
    ) -> None:
        rows = data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=10))
        with opened(tmp_path_factory.mktemp("log")) as log:
            for size in rows:
                first = len(log.lines) + 1
                texts = data.draw(st.sampled_from([5, 200, 15_000]))
                log.write([line(n, text="x" * texts) for n in range(first, first + size)])
            head = len(log.lines)
            found = log.store._connection.execute("SELECT id, count FROM log").fetchall()
            ends = [(id & NUMBERS) + count - 1 for id, count in found]
            upto = data.draw(st.integers(0, head))
            if upto:
                drop(log, upto)
            floor = max([end for end in ends if end <= upto], default=0)
            numbers = st.none() | st.integers(0, head + 2) | st.just(1 << 53)
            for _ in range(6):
                spans = data.draw(spans_of(head))
                since = data.draw(st.none() | st.integers(-1, head + 2))
                read = replace(
                    ask(
                        after=data.draw(numbers),
                        before=data.draw(numbers),
                        since=None if since is None else 1_700_000_000_000 + since,
                        limit=data.draw(st.sampled_from([1, 2, 7, 1_000])),
                    ),
                    spans=spans,
                )
                self.compare(log, read, floor)

    @staticmethod
    def compare(log: Log, read: PageRead, floor: int) -> None:
        head = len(log.lines)
        seen, more, skipped = told(log, read)
        top = head if read.before is None else min(head, read.before - 1)
        spans = ((1, None),) if read.spans is None else read.spans
        span_of = {
            n: index
            for index, (first, last) in enumerate(spans)
            for n in range(max(first, floor + 1), (head if last is None else min(last, head)) + 1)
        }
        start = read.after or 0
        if read.since is not None:
            first = read.since - 1_700_000_000_000
            start = max(start, floor, first - 1) if first <= head else max(start, head)
        wanted = [n for n in sorted(span_of) if n <= top]
        upwards = read.after is not None or read.since is not None
        if upwards:
            wanted = [n for n in wanted if n > start]
        ordered = wanted if upwards else wanted[::-1]
        got = seen if upwards else seen[::-1]
        assert got == ordered[: len(got)]
        assert more == (len(got) < len(ordered))
        if wanted:
            assert seen
            assert len({span_of[n] for n in seen}) == 1
        if not upwards:
            assert skipped == 0
        elif not seen:
            assert skipped == (top if start < top else 0)
        else:
            assert skipped == (seen[0] - 1 if seen[0] - 1 > start else 0)
