"""The broker's disk in memory: the contract of `store` and of `reader`, without SQLite.

Owns what is committed. A commit happens whole or not at all; a page or a look-up sees whatever is
committed at its time, and is never older than the request.
"""

from collections.abc import Callable
from dataclasses import replace

from common.broker.batch import (
    Batch,
    DeleteRead,
    PageRead,
    Read,
    RefusalRow,
    RepeatRead,
    RoomRow,
    StreamRow,
)
from common.broker.batch import UserRow as User
from common.protocol.codec import decode_records, encode
from common.protocol.limits import WIRE
from common.protocol.messages import Error, Page, Record, Stored


class DiskFull(Exception):
    """Nothing of the batch was stored."""


class Disk:
    """Everything that survives the broker's death."""

    def __init__(self, page_cap: int, committed: Callable[[str, Record], None]) -> None:
        """Pages hold `page_cap` records at most; `committed(room, record)` hears of each record."""
        self.full = False
        self.epoch = "epoch-1"
        self._page_cap = page_cap
        self._committed = committed
        self._rooms: dict[int, RoomRow] = {0: RoomRow(0, "", "", 0)}
        self._users: dict[str, User] = {}
        self._streams: dict[str, StreamRow] = {}
        self._refusals: dict[tuple[str, int], RefusalRow] = {}
        self._facts: dict[tuple[str, str], bytes] = {}
        self._lines: dict[int, list[bytes]] = {0: []}
        self._records: dict[str, list[Record]] = {"": []}

    def room(self, name: str) -> list[Record]:
        """A room's records, from number 1."""
        return self._records.get(name, [])

    def rooms(self) -> list[str]:
        """The names of all rooms."""
        return list(self._records)

    def commit(self, batch: Batch) -> None:
        """Stores the durable part. Raises `DiskFull` with nothing stored."""
        if self.full:
            raise DiskFull
        for row in batch.rooms:
            assert row.room not in self._rooms, f"room {row.room} made twice"
            assert row.name not in self._records, f"room {row.name!r} made twice"
            self._rooms[row.room] = row
            self._lines[row.room] = []
            self._records[row.name] = []
        self._users |= {user.user: user for user in batch.users}
        for stream in batch.streams.values():
            self._streams[stream.stream] = replace(stream, committed=stream.last)
        for refusal in batch.refusals:
            self._refusals[refusal.stream, refusal.n] = refusal
        for append in batch.appends.values():
            name = self._rooms[append.room].name
            assert append.first == len(self._lines[append.room]) + 1, f"a hole in {name!r}"
            self._lines[append.room] += append.lines
            records = decode_records(b"\n".join(append.lines))
            self._records[name] += records
            for record in records:
                self._committed(name, record)
        for fact in batch.facts:
            self._facts.pop((fact.kind, fact.key), None)
            if fact.value is not None:
                self._facts[fact.kind, fact.key] = fact.value
        for gone in batch.erasures:
            records = self._records[self._rooms[gone.room].name]
            former = records[gone.seq - 1]
            trace = Record("deleted", gone.seq, former.id, former.user, former.nick, former.ts)
            records[gone.seq - 1] = trace
            self._lines[gone.room][gone.seq - 1] = encode(trace)

    def load(self) -> tuple[list[tuple[RoomRow, int, int]], list[User]]:
        """What a broker starts from: rooms with head and its time, and people."""
        rooms = []
        for row in self._rooms.values():
            records = self._records[row.name]
            rooms.append((row, len(records), records[-1].ts if records else 0))
        return rooms, list(self._users.values())

    def facts(self) -> list[tuple[str, str, bytes]]:
        """Kind, key and value of each fact."""
        return [(kind, key, value) for (kind, key), value in self._facts.items()]

    def origin(self, read: DeleteRead) -> tuple[str, str]:
        """Type and author of the record that somebody wants deleted."""
        records = self._records[read.name]
        if read.seq > len(records):
            return "", ""
        return records[read.seq - 1].type, records[read.seq - 1].user

    def stream(self, stream: str) -> StreamRow | None:
        """How far a stream was taken."""
        row = self._streams.get(stream)
        return replace(row) if row else None

    def answer(self, read: Read) -> bytes:
        """What the reader puts into the asker's inbox."""
        if isinstance(read, PageRead):
            return self._page(read)
        assert isinstance(read, RepeatRead)
        return self._repeat(read)

    def save(self) -> Callable[[], None]:
        """A backup: calling it brings this moment back, under a new epoch."""
        rooms, users, streams = dict(self._rooms), dict(self._users), dict(self._streams)
        refusals, facts = dict(self._refusals), dict(self._facts)
        lines = {room: list(some) for room, some in self._lines.items()}
        records = {name: list(some) for name, some in self._records.items()}

        def restore() -> None:
            self._rooms, self._users, self._streams = rooms, users, streams
            self._refusals, self._lines, self._records = refusals, lines, records
            self._facts = facts
            self.epoch += "+"

        return restore

    def _page(self, read: PageRead) -> bytes:
        records = self._records[read.name]
        head = len(records)
        top = head if read.before is None else min(head, read.before - 1)
        limit = min(read.limit, WIRE.page, self._page_cap)
        mine = [seq for seq in range(1, top + 1) if _readable(read, seq)]
        skipped = 0
        if read.after is None and read.since is None:
            chosen = _row(mine[::-1])[:limit][::-1]
            more = bool(mine) and (chosen or mine)[0] > mine[0]
        else:
            after = read.after or 0
            if read.since is not None:
                times = [record.ts >= read.since for record in records]
                after = max(after, times.index(True) if True in times else head)
            mine = [seq for seq in mine if seq > after]
            chosen = _row(mine)[:limit]
            more = len(mine) > len(chosen)
            begin = mine[0] - 1 if mine else top
            skipped = begin if begin > after else 0
        lines = [self._lines[read.room][seq - 1] for seq in chosen]
        header = Page(
            id=read.id, room=read.name, count=len(lines), more=more, head=head, skipped=skipped
        )
        return b"\n".join((encode(header), *lines))

    def _repeat(self, read: RepeatRead) -> bytes:
        refusal = self._refusals.get((read.stream, read.n))
        if refusal is not None:
            return encode(Error(code=refusal.code, text=refusal.text, n=read.n))
        id = f"{read.stream}-{read.n}"
        for record in self._records.get(read.name, []) if read.room >= 0 else []:
            same = record.type == "deleted" or (record.text, record.me) == (read.text, read.me)
            if record.id == id and same:
                seq, ts = record.seq, record.ts
                return encode(Stored(n=read.n, room=read.name, seq=seq, ts=ts, id=id))
        return encode(Error(code="id-conflict", text="something else was taken", n=read.n))


def _readable(read: PageRead, seq: int) -> bool:
    return read.spans is None or any(
        first <= seq and (last is None or seq <= last) for first, last in read.spans
    )


def _row(numbers: list[int]) -> list[int]:
    """As many from the first on as follow one another, upwards or downwards."""
    count = 1
    while count < len(numbers) and abs(numbers[count] - numbers[count - 1]) == 1:
        count += 1
    return numbers[:count]
