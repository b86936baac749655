"""Pages and look-ups against a plain list, and what damage does to them (tests 28, 59)."""

import contextlib
import select
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.broker.batch import Append, Batch, PageRead, Read, RefusalRow, RepeatRead, StreamRow
from common.broker.pages import FRAME
from common.broker.reader import STEP, WAITING, Reader, Result
from common.broker.store import Store
from common.protocol.codec import encode
from common.protocol.limits import WIRE
from common.protocol.messages import Error, Page, Record, Stored
from tests.broker.test_store import ADA, BOB, created, line
from tests.support import scaled

SESSION = b"0" * 32


def ask(
    after: int | None = None,
    before: int | None = None,
    since: int | None = None,
    limit: int = 1_000,
    room: int = 1,
    user: str = "u",
    id: str = "7",
) -> PageRead:
    return PageRead(SESSION, user, id, room, "general", 0, after, before, since, limit)


def repeat(
    n: int,
    text: str = "hello",
    stream: str = ADA,
    room: int = 1,
    me: bool = False,
    user: str = "u",
) -> RepeatRead:
    return RepeatRead(SESSION, user, stream, n, room, "general", text, me)


def results(reader: Reader, count: int = 1) -> list[Result]:
    done: list[Result] = []
    while len(done) < count:
        ready, _, _ = select.select([reader], [], [], scaled(10))
        assert ready, f"{len(done)} of {count} results came"
        done += reader.results()
    return done


def answer(reader: Reader, read: Read) -> bytes:
    reader.submit(read)
    (result,) = results(reader)
    assert (result.session, result.user, result.trouble) == (read.session, read.user, "")
    assert len(result.lines) <= FRAME
    return result.lines


def page(reader: Reader, read: PageRead) -> tuple[Page, list[bytes]]:
    first, *records = answer(reader, read).split(b"\n")
    header = msgspec.json.decode(first, type=Page)
    assert header.count == len(records)
    assert (header.id, header.room) == (read.id, read.name)
    return header, records


@dataclass
class Log:
    """A database, and the plain list that it must be like."""

    store: Store
    reader: Reader
    lines: list[bytes]

    def write(self, *rows: list[bytes], room: int = 1) -> None:
        for row in rows:
            self.store.commit(Batch(appends={room: Append(room, len(self.lines) + 1, row, b"")}))
            self.lines += row if room == 1 else []


@contextlib.contextmanager
def opened(directory: Path) -> Iterator[Log]:
    path = directory / "causette.db"
    with contextlib.closing(Store.open(path)) as store:
        store.load()
        store.commit(created("general", "tea"))
        with contextlib.closing(Reader(path)) as reader:
            yield Log(store, reader, [])


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with opened(tmp_path) as log:
        yield log


class TestPages:
    def test_an_empty_room_has_an_empty_page(self, log: Log) -> None:
        for read in (ask(), ask(after=0), ask(after=5), ask(before=9), ask(since=1), ask(room=99)):
            assert page(log.reader, read) == (
                Page(id="7", room="general", count=0, more=False, head=0),
                [],
            )

    def test_pages_after_a_number_lead_to_the_head(self, log: Log) -> None:
        log.write(*([line(n, text="x" * 150)] for n in range(1, 1_501)))
        at, got, pages = 0, [], 0
        while True:
            header, records = page(log.reader, ask(after=at))
            got += records
            at += len(records)
            pages += 1
            assert header.head == 1_500
            if not header.more:
                break
            assert sum(map(len, records)) > FRAME - 1_000 or len(records) == 1_000
        assert got == log.lines
        assert pages < 10

    def test_pages_before_a_number_lead_to_the_beginning(self, log: Log) -> None:
        log.write([line(n, text="x" * 150) for n in range(1, 1_501)])
        before: int | None = None
        got: list[bytes] = []
        while True:
            header, records = page(log.reader, ask(before=before))
            got = records + got
            before = 1_501 - len(got)
            if not header.more:
                break
        assert got == log.lines

    def test_the_longest_records_go_one_by_one(self, log: Log) -> None:
        long = "y" * (WIRE.line - 300)
        log.write(*([line(n, text=long)] for n in range(1, 4)))
        header, records = page(log.reader, ask(after=0))
        assert records == log.lines[:1] or records == log.lines[:2]
        assert header.more
        header, records = page(log.reader, ask())
        assert records[-1] == log.lines[-1]

    def test_what_was_just_committed_is_read(self, log: Log) -> None:
        for number in range(1, 50):
            log.write([line(number)])
            assert page(log.reader, ask(limit=1)) == (
                Page(id="7", room="general", count=1, more=number > 1, head=number),
                log.lines[-1:],
            )

    def test_rooms_do_not_mix(self, log: Log) -> None:
        log.write([line(1, text="mine")])
        log.store.commit(Batch(appends={2: Append(2, 1, [line(1, text="tea")] * 1, b"")}))
        log.store.commit(Batch(appends={0: Append(0, 1, [line(1, text="server")], b"")}))
        for read in (ask(), ask(after=0), ask(since=0), ask(before=9)):
            assert page(log.reader, read)[1] == log.lines

    def test_absurd_numbers_do_no_harm(self, log: Log) -> None:
        log.write([line(1), line(2)])
        huge = 1 << 70
        assert page(log.reader, ask(after=huge))[1] == []
        assert page(log.reader, ask(after=-huge))[1] == log.lines
        assert page(log.reader, ask(before=huge))[1] == log.lines
        assert page(log.reader, ask(before=-huge))[1] == []
        assert page(log.reader, ask(since=huge))[1] == []
        assert page(log.reader, ask(since=-huge))[1] == log.lines
        assert page(log.reader, ask(limit=huge))[1] == log.lines
        assert page(log.reader, ask(limit=-huge))[1] == []
        assert page(log.reader, ask(limit=0))[0].more

    @settings(
        max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
    )
    @given(data=st.data())
    def test_every_page_is_what_a_plain_list_gives(
        self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
    ) -> None:
        rows = data.draw(
            st.lists(
                st.lists(
                    st.tuples(st.integers(0, 3), st.sampled_from([0, 10, 150, 3_000, 16_000])),
                    min_size=1,
                    max_size=12,
                ),
                max_size=12,
            )
        )
        with opened(tmp_path_factory.mktemp("log")) as log:
            times: list[int] = []
            for row in rows:
                lines = []
                for later, size in row:
                    times.append((times[-1] if times else 100) + later)
                    seq = len(times)
                    text = "z" * size
                    lines.append(
                        encode(Record("message", seq, f"{ADA}-{seq}", "u", "a", times[-1], text))
                    )
                log.write(lines)
            head = len(times)
            numbers = st.none() | st.integers(-1, head + 2)
            for _ in range(6):
                read = ask(
                    after=data.draw(numbers),
                    before=data.draw(numbers),
                    since=data.draw(st.none() | st.integers(98, max(times, default=100) + 2)),
                    limit=data.draw(st.sampled_from([1, 2, 7, 1_000])),
                )
                header, records = page(log.reader, read)
                self.compare(read, header, records, log.lines, times)

    @staticmethod
    def compare(
        read: PageRead, header: Page, records: list[bytes], lines: list[bytes], times: list[int]
    ) -> None:
        top = len(lines) if read.before is None else min(len(lines), read.before - 1)
        wanted = list(range(1, top + 1))
        upwards = read.after is not None or read.since is not None
        if read.after is not None:
            wanted = [n for n in wanted if n > read.after]
        if read.since is not None:
            wanted = [n for n in wanted if times[n - 1] >= read.since]
        count = len(records)
        chosen = wanted[:count] if upwards else wanted[len(wanted) - count :]
        assert records == [lines[n - 1] for n in chosen]
        assert header.head == len(lines)
        assert header.more == (count < len(wanted))
        assert count <= read.limit
        if header.more and count < read.limit:
            following = wanted[count] if upwards else wanted[-count - 1]
            used = len(encode(header)) + sum(len(record) + 1 for record in records)
            # The header is reckoned at its widest; `head` alone may be a dozen digits longer.
            assert used + len(lines[following - 1]) + 1 > FRAME - 20


class TestRepeats:
    def test_a_stored_number_is_answered_with_what_it_became(self, log: Log) -> None:
        for number in range(1, 40):
            log.write([line(number, (ADA, BOB)[number % 2], number // 2 + 1)])
        for n in (1, 7, 20):
            found = msgspec.json.decode(answer(log.reader, repeat(n, stream=BOB)), type=Stored)
            assert found == Stored(
                n=n,
                room="general",
                seq=n * 2 - 1,
                ts=1_700_000_000_000 + n * 2 - 1,
                id=f"{BOB}-{n}",
            )

    def test_it_is_found_across_steps_and_in_long_rows(self, log: Log) -> None:
        lines = [line(1, BOB, 1), *(line(n) for n in range(2, 2 * STEP + 50))]
        log.write(lines[:10], lines[10:])
        found = msgspec.json.decode(answer(log.reader, repeat(1, stream=BOB)), type=Stored)
        assert found.seq == 1
        found = msgspec.json.decode(answer(log.reader, repeat(2)), type=Stored)
        assert found.seq == 2

    @pytest.mark.parametrize(
        "read",
        [
            repeat(2, text="other"),
            repeat(2, me=True),
            repeat(2, room=2),
            repeat(2, room=-1),
            repeat(9),
            repeat(1),
            repeat(2, stream=BOB),
        ],
    )
    def test_18_the_same_number_with_other_content_is_an_error(
        self, log: Log, read: RepeatRead
    ) -> None:
        log.write([line(1, ADA, 2), line(2, ADA, 3)])
        error = msgspec.json.decode(answer(log.reader, read), type=Error)
        assert (error.code, error.n) == ("id-conflict", read.n)

    def test_a_refused_number_is_refused_again(self, log: Log) -> None:
        batch = Batch(refusals=[RefusalRow(ADA, 1, "too-long", "words")])
        batch.streams[ADA] = StreamRow(ADA, "u", 1)
        log.store.commit(batch)
        error = msgspec.json.decode(answer(log.reader, repeat(1)), type=Error)
        assert (error.code, error.text, error.n) == ("too-long", "words", 1)

    def test_a_text_that_looks_like_an_id_is_not_one(self, log: Log) -> None:
        fake = f'","id":"{BOB}-1'
        log.write([line(1, text=fake), line(2, BOB, 1, text=fake), line(3, text=f'"id":"{BOB}-1"')])
        found = msgspec.json.decode(answer(log.reader, repeat(1, fake, BOB)), type=Stored)
        assert found.seq == 2


class TestService:
    def test_59_a_flood_of_one_does_not_hold_up_another(self, log: Log) -> None:
        log.write([line(n) for n in range(1, STEP * 4)])
        for _ in range(40):
            log.reader.submit(repeat(1, stream=BOB, user="flood"))
        log.reader.submit(ask(user="patient"))
        order = [result.user for result in results(log.reader, 41)]
        # The thread may have begun before it heard of the second person.
        assert order.index("patient") < 5

    def test_each_person_s_answers_keep_their_order(self, log: Log) -> None:
        log.write([line(n) for n in range(1, 100)])
        for number in range(30):
            log.reader.submit(ask(user=f"u{number % 3}", id=str(number)))
        done = results(log.reader, 30)
        for user in ("u0", "u1", "u2"):
            ids = [
                int(msgspec.json.decode(r.lines.split(b"\n")[0], type=Page).id)
                for r in done
                if r.user == user
            ]
            assert ids == sorted(ids)

    def test_more_results_than_may_wait_all_arrive(self, log: Log) -> None:
        log.write([line(1)])
        for _ in range(WAITING * 3):
            log.reader.submit(ask())
        assert len(results(log.reader, WAITING * 3)) == WAITING * 3

    def test_nothing_done_is_an_empty_list(self, log: Log) -> None:
        assert log.reader.results() == []

    def test_closing_with_work_left_ends_the_thread(self, log: Log) -> None:
        log.write([line(n) for n in range(1, 100)])
        for _ in range(WAITING * 3):
            log.reader.submit(ask())
        log.reader.close()
        log.reader.close()

    def test_the_wal_starts_over_between_pages(self, log: Log) -> None:
        """No cursor is left open: it would keep the WAL growing for ever."""
        wal = Path(f"{log.store.path}-wal")
        size = 0
        for number in range(1, 500):
            log.write([line(number * 40 - 40 + k, text="x" * 200) for k in range(1, 41)])
            log.store.tend()
            page(log.reader, ask(after=0))
            answer(log.reader, repeat(number * 40))
            size = max(size, wal.stat().st_size)
        assert size < 16 << 20


class TestDamage:
    def damaged(self, log: Log, statement: str) -> None:
        log.write(*([line(n) for n in range(k, k + 10)] for k in range(1, 200, 10)))
        with contextlib.closing(sqlite3.connect(log.store.path, isolation_level=None)) as shell:
            shell.execute(statement)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE log SET body = CAST(replace(CAST(body AS TEXT), 'hello', 'jello') AS BLOB)"
            " WHERE id = (1 << 40 | 101)",
            "DELETE FROM log WHERE id = (1 << 40 | 101)",
            "UPDATE log SET count = 9 WHERE id = (1 << 40 | 101)",
        ],
    )
    def test_28_damage_is_told_to_both_and_the_thread_lives_on(
        self, log: Log, statement: str
    ) -> None:
        self.damaged(log, statement)
        reads = [ask(after=95), ask(after=100), ask(after=105), ask(before=120), ask(before=105)]
        for read in reads:
            log.reader.submit(read)
            (result,) = results(log.reader)
            error = msgspec.json.decode(result.lines, type=Error)
            assert (error.code, error.id) == ("storage-damaged", "7")
            assert "general" in result.trouble
        assert page(log.reader, ask(after=0, limit=50))[1] == log.lines[:50]
        assert page(log.reader, ask(after=120))[1] == log.lines[120:]

    def test_28_a_look_up_in_damage_is_told_too(self, log: Log) -> None:
        self.damaged(log, "UPDATE log SET crc = 0 WHERE id = (1 << 40 | 101)")
        log.reader.submit(repeat(104))
        (result,) = results(log.reader)
        error = msgspec.json.decode(result.lines, type=Error)
        assert (error.code, error.n) == ("storage-damaged", 104)

    def test_28_a_corrupt_page_is_told(self, tmp_path: Path) -> None:
        with opened(tmp_path) as log:
            log.write(*([line(n) for n in range(k, k + 10)] for k in range(1, 2_000, 10)))
            lines = log.lines
        path = tmp_path / "causette.db"
        data = bytearray(path.read_bytes())
        at = data.index(b'"seq":1000,') // 16_384 * 16_384
        data[at : at + 16_384] = b"\x5a" * 16_384
        path.write_bytes(data)
        with contextlib.closing(Store.open(path)) as store:
            store.load()
            with contextlib.closing(Reader(path)) as reader:
                reader.submit(ask(after=990))
                (result,) = results(reader)
                assert b"storage-damaged" in result.lines
                assert page(reader, ask(after=0, limit=9))[1] == lines[:9]

    def test_an_unforeseen_failure_ends_one_request_alone(self, log: Log) -> None:
        log.write([line(1)])
        log.reader.submit(repeat(1, stream="\ud800"))
        (result,) = results(log.reader)
        assert b'"internal"' in result.lines
        assert "surrogates" in result.trouble
        assert page(log.reader, ask())[1] == log.lines
