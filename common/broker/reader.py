"""History and look-ups, read beside the loop by one thread.

Owns a read-only connection that never checkpoints, and the order in which people are served: one
step for each person in turn, so that a flood of requests delays its sender alone. Must not know
sockets of the wire, rights or sessions: who may read what was decided before a `Read` came here.

Pages are cut out of the stored bytes, which are the published ones; no record is decoded on the
way. Every row is checked against its checksum and the numbering before anybody gets to see it.
"""

import contextlib
import queue
import socket
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Final
from zlib import crc32

from common.broker.batch import PageRead, Read, RepeatRead
from common.broker.database import StorageError, decode_origin, explaining, open_for_reading
from common.broker.migrations import NUMBERS, SHIFT, checksum
from common.protocol.codec import decode_records, encode
from common.protocol.limits import WIRE
from common.protocol.messages import Error, Page, Stored

FRAME: Final = WIRE.frame - 64
"""Bytes of a page at most; CURVE lowers what a receiver takes by 33."""

STEP: Final = 4_096
"""Numbers that a look-up searches before somebody else's turn: about 2 ms of chat."""

WAITING: Final = 64
"""Results that wait for the loop at most (4 MB); the thread stops until they are fetched."""

_HEAD: Final = (
    "SELECT id, count FROM log WHERE id > :floor AND id < :ceiling ORDER BY id DESC LIMIT 1"
)
_ROW_OF: Final = (
    "SELECT id, count, crc, body FROM log WHERE id > :floor AND id <= :id ORDER BY id DESC LIMIT 1"
)
_START: Final = (
    "SELECT min(id) FROM (SELECT id FROM log"
    " WHERE id > :floor AND id <= :id ORDER BY id DESC LIMIT :rows)"
)
# All rows in one step of SQLite: Python gives up its lock at each step, and a busy loop makes the
# thread wait up to 5 ms to have it back.
_CHUNK: Final = (
    "SELECT group_concat(crc), CAST(group_concat(body, char(10)) AS BLOB) FROM (SELECT crc, body"
    " FROM log WHERE id >= :low AND id <= :high ORDER BY id LIMIT :rows)"
)
_SHAPES: Final = (
    "SELECT group_concat(count), group_concat(length(body)) FROM (SELECT count, body"
    " FROM log WHERE id >= :low AND id <= :high ORDER BY id LIMIT :rows)"
)
_WITH: Final = (
    "SELECT id, count, crc, body FROM log"
    " WHERE id > :floor AND id <= :id AND instr(body, :needle) ORDER BY id DESC"
)

_Row = tuple[int, int, int, bytes]


@dataclass(slots=True, frozen=True)
class Result:
    """The answer to one `Read`: a frame body for the inbox of `session`."""

    session: bytes
    user: str
    lines: bytes
    trouble: str = ""
    """What the operator must hear of, where something is."""


class _Damaged(Exception):
    """A row is not what was written there, or is missing."""


class Reader:
    """See the module. `submit`, `results` and `close` are for the loop's thread alone."""

    def __init__(self, path: Path) -> None:
        """Opens `path`, which a `Store` holds open already; close the reader before the store.

        Raises `StorageError`.
        """
        self._path = path
        self._connection = open_for_reading(path)
        self._reads: queue.SimpleQueue[Read | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self._room = threading.Semaphore(WAITING)
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._woken.setblocking(False)
        self._closing = False
        self._row_size = 1_024
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)
        self._thread.start()

    def fileno(self) -> int:
        """Readable when `results` has something."""
        return self._woken.fileno()

    def submit(self, read: Read) -> None:
        """Takes a request; exactly one result follows, and those of one user keep their order."""
        self._reads.put(read)

    def results(self) -> list[Result]:
        """What is done since the last call."""
        # First the bell, then the queue: a result in between rings again for nothing, the other
        # way round it would wait for the next one.
        with contextlib.suppress(BlockingIOError):
            while len(self._woken.recv(4_096)) == 4_096:
                pass
        done = []
        with contextlib.suppress(queue.Empty):
            while True:
                done.append(self._results.get_nowait())
        if done:
            self._room.release(len(done))
        return done

    def close(self) -> None:
        """Ends the thread after its present step; what is not answered stays so. Twice is once."""
        if self._closing:
            return
        self._closing = True
        self._reads.put(None)
        self._room.release()
        self._thread.join()
        self._connection.close()
        self._wake.close()
        self._woken.close()

    # --- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        jobs: dict[str, deque[tuple[Read, Generator[None, None, bytes]]]] = {}
        turns: deque[str] = deque()
        while not self._closing:
            for read in self._taken(wait=not turns):
                if read.user not in jobs:
                    jobs[read.user] = deque()
                    turns.append(read.user)
                jobs[read.user].append((read, self._answer(read)))
            if not turns:
                continue
            user = turns.popleft()
            if self._step(*jobs[user][0]):
                jobs[user].popleft()
            if jobs[user]:
                turns.append(user)
            else:
                del jobs[user]

    def _taken(self, *, wait: bool) -> Iterator[Read]:
        with contextlib.suppress(queue.Empty):
            read = self._reads.get(block=wait)
            while read is not None:
                yield read
                read = self._reads.get_nowait()

    def _step(self, read: Read, job: Generator[None, None, bytes]) -> bool:
        """Goes on with `job`; tells whether it is answered."""
        trouble = ""
        try:
            with explaining(self._path):
                next(job)
            return False
        except StopIteration as end:
            lines = end.value
        except (_Damaged, StorageError) as error:
            trouble = f"reading {read.name!r}: {error}"
            lines = _refusal(read, "storage-damaged", "the history cannot be read here")
        except Exception as error:  # one bad request must not end everybody's history
            trouble = f"reading {read.name!r}: {error!r}"
            lines = _refusal(read, "internal", "the broker failed at this request")
        self._room.acquire()
        self._results.put(Result(read.session, read.user, lines, trouble))
        with contextlib.suppress(BlockingIOError):  # full: it has been rung often enough
            self._wake.send(b"\0")
        return True

    def _answer(self, read: Read) -> Generator[None, None, bytes]:
        if isinstance(read, PageRead):
            return self._page(read)
        return (yield from self._repeat(read))

    # --- pages ---------------------------------------------------------------------------------

    def _page(self, read: PageRead) -> bytes:
        """One frame: the header, then the records, ascending."""
        head = self._head(read.room)
        top = head if read.before is None else min(head, read.before - 1)
        limit = max(0, min(read.limit, WIRE.page))
        widest = Page(id=read.id, room=read.name, count=limit, more=False, head=NUMBERS)
        space = FRAME - len(encode(widest))
        if read.after is None and read.since is None:
            parts, count = self._newest(read.room, top, limit, space)
            more = count < top
        else:
            after = max(read.after or 0, 0)
            if read.since is not None:
                after = max(after, self._number_at(read.room, read.since, head) - 1)
            parts, count = self._upwards(read.room, after, top, limit, space)
            more = after + count < top
        header = Page(id=read.id, room=read.name, count=count, more=more, head=head)
        return b"\n".join((encode(header), *parts))

    def _upwards(
        self, room: int, after: int, top: int, limit: int, space: int
    ) -> tuple[list[bytes], int]:
        """Up to `limit` records and `space` bytes from `after` + 1 on, none above `top`."""
        parts: list[bytes] = []
        base = room << SHIFT
        begin = want = base + after + 1
        stop = base + min(top, after + limit) + 1
        if want >= stop:
            return parts, 0
        low = self._start(base, want, 1)
        while want < stop:
            count, body = self._chunk(low, stop - 1, self._rows_of(space))
            if low + count <= want:
                raise _missing(want)
            if low < want:
                body = body.split(b"\n", want - low)[want - low]
            low += count
            if low > stop:
                body = b"\n".join(body.split(b"\n", stop - want)[: stop - want])
                low = stop
            if len(body) >= space:
                end = body.rfind(b"\n", 0, space)
                if end > 0:
                    parts.append(body[:end])
                    want = low - body.count(b"\n", end)  # what is left is the shorter part
                break
            parts.append(body)
            space -= len(body) + 1
            want = low
        return parts, want - begin

    def _newest(self, room: int, top: int, limit: int, space: int) -> tuple[list[bytes], int]:
        """Up to `limit` records and `space` bytes downwards from `top`, in ascending order."""
        parts: list[bytes] = []
        base = room << SHIFT
        begin = want = base + top
        stop = base + max(0, top - limit)
        while want > stop:
            rows = self._rows_of(space)
            low = self._start(base, want, rows)
            count, body = self._chunk(low, want, rows)
            behind = low + count - 1 - want
            if behind < 0:
                raise _missing(want)
            if behind:
                body = body.rsplit(b"\n", behind)[0]
            if low <= stop:
                body = body.split(b"\n", stop + 1 - low)[-1]
                low = stop + 1
            if len(body) >= space:
                end = body.find(b"\n", len(body) - space)
                if end > 0:
                    parts.append(body[end + 1 :])
                    want -= parts[-1].count(b"\n") + 1
                break
            parts.append(body)
            space -= len(body) + 1
            want = low - 1
        return parts[::-1], begin - want

    def _rows_of(self, space: int) -> int:
        """How many rows to read at once for `space` bytes, by what rows were like of late."""
        return min(space // self._row_size + 1, WIRE.page)

    def _start(self, base: int, want: int, rows: int) -> int:
        """The first of the `rows` rows of a room that end with the one that holds `want`."""
        bounds = {"floor": base, "id": want, "rows": rows}
        (id,) = self._connection.execute(_START, bounds).fetchone()
        if id is None:
            raise _missing(want)
        return int(id)

    def _chunk(self, low: int, high: int, rows: int) -> tuple[int, bytes]:
        """The records of up to `rows` rows from the one at `low` on, none that begins above `high`:
        their number and their bytes.

        Each row's checksum depends on its place, so that it also proves that none is missing.
        """
        bounds = {"low": low, "high": high, "rows": rows}
        crcs, body = self._connection.execute(_CHUNK, bounds).fetchone()
        if body is None:
            raise _missing(low)
        pieces: list[bytes] | list[memoryview] = body.split(b"\n")
        count = len(pieces)
        rows = crcs.count(",") + 1
        places: Iterable[int] = range(low, low + count)
        if count != rows:
            counts, sizes = self._connection.execute(_SHAPES, bounds).fetchone()
            places = list(accumulate(map(int, counts.split(",")), initial=low))
            ends = accumulate((int(size) + 1 for size in sizes.split(",")), initial=0)
            view = memoryview(body)
            pieces = [view[at : end - 1] for at, end in pairwise(ends)]
            if places.pop() != low + count:
                raise _missing(low)
        # crc32 takes the lower 32 bits of its second argument, as `checksum` does.
        if list(map(crc32, pieces, places)) != list(map(int, crcs.split(","))):
            raise _missing(low)
        self._row_size = max(len(body) // rows, 64)
        return count, body

    def _head(self, room: int) -> int:
        row = self._connection.execute(_HEAD, _bounds(room)).fetchone()
        return 0 if row is None else (row[0] & NUMBERS) + row[1] - 1

    def _number_at(self, room: int, since: int, head: int) -> int:
        """The first record with `ts` >= `since` (ms), or head + 1: a search by halves, since time
        never runs back in a room."""
        low, high = 1, head + 1
        while low < high:
            row = self._row_of(room, (low + high) // 2)
            first = row[0] & NUMBERS
            lines = _lines(row[3], row[1])
            if decode_origin(lines[0]).ts >= since:
                high = first
            elif decode_origin(lines[-1]).ts < since:
                low = first + row[1]
            else:
                before = sum(decode_origin(line).ts < since for line in lines)
                return first + before
        return low

    def _row_of(self, room: int, number: int) -> _Row:
        """The row that holds a record."""
        bounds = _bounds(room) | {"id": room << SHIFT | number}
        row: _Row | None = self._connection.execute(_ROW_OF, bounds).fetchone()
        if row is None or checksum(row[0], row[3]) != row[2] or row[0] + row[1] <= bounds["id"]:
            raise _missing(bounds["id"])
        return row

    # --- repeats -------------------------------------------------------------------------------

    def _repeat(self, read: RepeatRead) -> Generator[None, None, bytes]:
        """What number `n` of a stream became; a step for each few thousand records searched."""
        refused = self._connection.execute(
            "SELECT code, text FROM refusal WHERE stream = ? AND n = ?", (read.stream, read.n)
        ).fetchone()
        if refused is not None:
            return encode(Error(code=refused[0], text=refused[1], n=read.n))
        line = None
        if read.room >= 0:
            line = yield from self._find(read.room, read.stream, read.n)
        if line is not None:
            (record,) = decode_records(line)
            if (record.text, record.me) == (read.text, read.me):
                return encode(
                    Stored(n=read.n, room=read.name, seq=record.seq, ts=record.ts, id=record.id)
                )
        # What it became in some other room would take a search through all of them, and change
        # nothing: this request is not what was taken.
        words = f"number {read.n} of this stream was taken by something else"
        return encode(Error(code="id-conflict", text=words, n=read.n))

    def _find(self, room: int, stream: str, n: int) -> Generator[None, None, bytes | None]:
        """The record line of a room that came from `stream` and `n`, searched newest first.

        A stream's numbers only grow along a room, so a smaller one ends the search. The needle
        holds a quote, which inside any JSON text would have a backslash before it.
        """
        needle = b'"id":"%s-' % stream.encode()
        floor = room << SHIFT
        id = floor + self._head(room)
        while id > floor:
            low = max(floor, id - STEP)
            bounds = {"floor": low, "id": id, "needle": needle}
            with contextlib.closing(self._connection.execute(_WITH, bounds)) as rows:
                for at, count, crc, body in rows:
                    if checksum(at, body) != crc:
                        raise _Damaged(f"records of room {room} from {at & NUMBERS} are damaged")
                    lines = [line for line in _lines(body, count) if needle in line]
                    for line in reversed(lines):
                        origin = decode_origin(line)
                        if origin.stream == stream and origin.n <= n:
                            return line if origin.n == n else None
            id = low
            yield
        return None


def _bounds(room: int) -> dict[str, int]:
    return {"floor": room << SHIFT, "ceiling": (room + 1) << SHIFT}


def _missing(id: int) -> _Damaged:
    return _Damaged(f"record {id & NUMBERS} of room {id >> SHIFT} is missing or damaged")


def _lines(body: bytes, count: int) -> list[bytes]:
    lines = body.split(b"\n")
    if len(lines) != count:
        raise _Damaged(f"a row holds {len(lines)} records, not {count}")
    return lines


def _refusal(read: Read, code: str, text: str) -> bytes:
    if isinstance(read, PageRead):
        return encode(Error(code=code, text=text, id=read.id))
    return encode(Error(code=code, text=text, n=read.n))
