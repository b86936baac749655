"""Pages of history, cut out of the stored bytes, which are the published ones.

Owns which records a page holds, given what its reader may read and what is still kept. No record is
decoded on the way, but for the audit of the server's own log. Every row is checked against its
checksum and the numbering before anybody gets to see it. Knows no thread, and not who may read
what.
"""

import sqlite3
from collections.abc import Generator, Iterable
from itertools import accumulate, pairwise
from typing import Final
from zlib import crc32

import msgspec

from common.broker.batch import PageRead
from common.broker.database import decode_origin
from common.broker.migrations import NUMBERS, SHIFT, checksum
from common.protocol.codec import encode
from common.protocol.limits import WIRE
from common.protocol.messages import Page

FRAME: Final = WIRE.frame - 64
"""Bytes of a page at most; CURVE lowers what a receiver takes by 33."""

# The floor comes along, since each further step of SQLite may cost the wait below.
_EXTENT: Final = (
    "SELECT (SELECT floor FROM room WHERE room = :room), (SELECT id + count - 1 FROM log"
    " WHERE id > :base AND id < :ceiling ORDER BY id DESC LIMIT 1)"
)
_ROW_OF: Final = (
    "SELECT id, count, crc, body FROM log WHERE id > :base AND id <= :id ORDER BY id DESC LIMIT 1"
)
_START: Final = (
    "SELECT min(id) FROM (SELECT id FROM log"
    " WHERE id > :base AND id <= :id ORDER BY id DESC LIMIT :rows)"
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

Row = tuple[int, int, int, bytes]


class Damaged(Exception):
    """A row is not what was written there, or is missing."""


class _Deed(msgspec.Struct):
    """What the audit must know of a record of the server's log."""

    type: str
    seq: int
    room: str = ""


_deed: Final = msgspec.json.Decoder(_Deed)


class Pages:
    """Reads from one connection, for one thread. Methods raise `Damaged`, sqlite3.Error."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._row_size = 1_024

    def page(self, read: PageRead) -> Generator[None, None, bytes]:
        """One frame: the header, then the records, ascending. A step for each piece of the server's
        log that holds nothing to show."""
        floor, head = self.extent(read.room)
        top = head if read.before is None else max(min(head, read.before - 1), 0)
        spans = _readable(read.spans, floor, head)
        limit = max(0, min(read.limit, WIRE.page))
        gaps = read.audit or floor or read.spans is not None
        widest = Page(
            id=read.id,
            room=read.name,
            count=limit,
            more=False,
            head=NUMBERS,
            skipped=NUMBERS if gaps else 0,
        )
        space = FRAME - len(encode(widest))
        parts: list[bytes] = []
        skipped = count = 0
        more = False
        if read.after is None and read.since is None:
            while span := _below(spans, top):
                parts, count = self._newest(read.room, span, limit, space)
                bottom = span[1] - count
                more = _below(spans, bottom) is not None
                if not read.audit or not count:
                    break
                parts, count = _audited(parts)
                if count:
                    break
                top = bottom
                yield
        else:
            after = max(read.after or 0, 0)
            if read.since is not None:
                after = max(after, self._number_at(read.room, read.since, floor, head) - 1)
            while span := _above(spans, after, top):
                if span[0] - 1 > after:
                    skipped = span[0] - 1
                parts, count = self._upwards(read.room, span, limit, space)
                last = span[0] - 1 + count
                more = _above(spans, last, top) is not None
                if not read.audit or not count:
                    break
                parts, count = _audited(parts)
                if count:
                    break
                skipped = after = last
                yield
            else:
                skipped = top if after < top else skipped
        header = Page(
            id=read.id, room=read.name, count=count, more=more, head=head, skipped=skipped
        )
        return b"\n".join((encode(header), *parts))

    def extent(self, room: int) -> tuple[int, int]:
        """Up to which number a room's records were dropped, and its newest number."""
        bounds = {"room": room, "base": room << SHIFT, "ceiling": (room + 1) << SHIFT}
        floor, last = self._connection.execute(_EXTENT, bounds).fetchone()
        floor = floor or 0
        return floor, floor if last is None else max(floor, last & NUMBERS)

    def line(self, room: int, seq: int) -> bytes | None:
        """A record line; None where there is none, or where it is not kept."""
        floor, head = self.extent(room)
        if not floor < seq <= head:
            return None
        id, count, _crc, body = self._row_of(room, seq)
        return lines_of(body, count)[seq - (id & NUMBERS)]

    def _upwards(
        self, room: int, span: tuple[int, int], limit: int, space: int
    ) -> tuple[list[bytes], int]:
        """Up to `limit` records and `space` bytes of a span, from its first on."""
        parts: list[bytes] = []
        base = room << SHIFT
        begin = want = base + span[0]
        stop = min(base + span[1] + 1, begin + limit)
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

    def _newest(
        self, room: int, span: tuple[int, int], limit: int, space: int
    ) -> tuple[list[bytes], int]:
        """Up to `limit` records and `space` bytes of a span, from its last downwards; in ascending
        order."""
        parts: list[bytes] = []
        base = room << SHIFT
        begin = want = base + span[1]
        stop = max(base + span[0] - 1, begin - limit)
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
        bounds = {"base": base, "id": want, "rows": rows}
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

    def _number_at(self, room: int, since: int, floor: int, head: int) -> int:
        """The first record above `floor` with `ts` >= `since` (ms), or head + 1: a search by
        halves, since time never runs back in a room."""
        low, high = floor + 1, head + 1
        while low < high:
            row = self._row_of(room, (low + high) // 2)
            first = row[0] & NUMBERS
            lines = lines_of(row[3], row[1])
            if decode_origin(lines[0]).ts >= since:
                high = first
            elif decode_origin(lines[-1]).ts < since:
                low = first + row[1]
            else:
                before = sum(decode_origin(line).ts < since for line in lines)
                return first + before
        return low

    def _row_of(self, room: int, number: int) -> Row:
        """The row that holds a record."""
        wanted = room << SHIFT | number
        bounds = {"base": room << SHIFT, "id": wanted}
        row: Row | None = self._connection.execute(_ROW_OF, bounds).fetchone()
        if row is None or checksum(row[0], row[3]) != row[2] or row[0] + row[1] <= wanted:
            raise _missing(wanted)
        return row


def lines_of(body: bytes, count: int) -> list[bytes]:
    """The records of a row. Raises `Damaged` where they are not `count`."""
    lines = body.split(b"\n")
    if len(lines) != count:
        raise Damaged(f"a row holds {len(lines)} records, not {count}")
    return lines


def _missing(id: int) -> Damaged:
    return Damaged(f"record {id & NUMBERS} of room {id >> SHIFT} is missing or damaged")


def _readable(
    spans: tuple[tuple[int, int | None], ...] | None, floor: int, head: int
) -> list[tuple[int, int]]:
    """What is kept of `spans`, ascending; None: of everything."""
    if spans is None:
        return [(floor + 1, head)] if floor < head else []
    kept = [
        (max(first, floor + 1), head if last is None else min(last, head)) for first, last in spans
    ]
    return [(first, last) for first, last in kept if first <= last]


def _above(spans: list[tuple[int, int]], after: int, top: int) -> tuple[int, int] | None:
    """What to read upwards: the part of the first of `spans` that is above `after`, up to `top`."""
    for first, last in spans:
        if last > after:
            part = max(first, after + 1), min(last, top)
            return part if part[0] <= part[1] else None
    return None


def _below(spans: list[tuple[int, int]], top: int) -> tuple[int, int] | None:
    """What to read downwards: the part of the last of `spans` that is not above `top`."""
    for first, last in reversed(spans):
        if first <= top:
            return first, min(last, top)
    return None


def _audited(parts: list[bytes]) -> tuple[list[bytes], int]:
    """Records of the server's log without those that belong to direct conversations."""
    kept = []
    for line in b"\n".join(parts).split(b"\n"):
        deed = _deed.decode(line)
        if deed.type != "direct-created" and not deed.room.startswith("@"):
            kept.append(line)
    return kept, len(kept)
