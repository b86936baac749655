"""Which rows of the log are not to be kept any longer, and their removal.

Owns how large each room is and what was dropped of it (`room.floor`: the records up to there).
Begins and ends no transaction. Must not know why a room keeps what it keeps.
"""

import contextlib
import sqlite3
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from common.broker.database import decode_origin
from common.broker.migrations import NUMBERS, SHIFT, checksum

ROWS: Final = 1_000
SIZE: Final = 1 << 20
"""What is dropped at once, so that nobody waits for long: 5 to 15 ms."""
COUNTED: Final = 4_000
"""Rows that are counted at once, where it is not known yet how large a room is."""

_OLDEST: Final = "SELECT id, count, crc, body FROM log WHERE id > ? AND id < ? ORDER BY id LIMIT ?"
_COUNT: Final = (
    "SELECT max(id), total(size), count(*) FROM (SELECT id, length(body) AS size FROM log"
    " WHERE id > ? AND id < ? ORDER BY id LIMIT ?)"
)
_DROP: Final = "DELETE FROM log WHERE id > ? AND id <= ?"
_RAISE: Final = "UPDATE room SET floor = ?, floor_ts = max(floor_ts, ?) WHERE room = ?"

Keep = tuple[float, int]
"""For how many seconds a room's records are kept, and how many bytes of them; 0: all."""


class Dropped(NamedTuple):
    """What a call of `Store.retain` has dropped."""

    records: int
    bytes: int
    more: bool
    """Call again: it stopped so that others get their turn."""
    trouble: str = ""
    """Why nothing could be dropped, where the file is damaged."""


class Plan(NamedTuple):
    """The rows of one room that go, from the oldest to the one at `id`."""

    room: int
    id: int
    floor: int
    """The number of the newest record that goes."""
    ts: int
    """The time (ms) of the newest that is legible."""
    rows: int
    records: int
    size: int


class _Size:
    """The bytes of a room's rows as far as `upto` (an id); of all of them where `whole`."""

    __slots__ = ("bytes", "upto", "whole")

    def __init__(self, room: int) -> None:
        self.bytes = 0
        self.upto = room << SHIFT
        self.whole = False


class Retention:
    """See the module. Raises sqlite3.Error."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._sizes: dict[int, _Size] = {}

    def appended(self, room: int, size: int) -> None:
        """Rows of `size` bytes were committed."""
        known = self._sizes.get(room)
        if known is not None and known.whole:
            known.bytes += size

    def shortened(self, id: int, size: int) -> None:
        """A row became so many bytes shorter, and that was committed."""
        known = self._sizes.get(id >> SHIFT)
        if known is not None and (known.whole or id <= known.upto):
            known.bytes -= size

    def plan(self, policies: Mapping[int, Keep], wall: int) -> tuple[list[Plan], bool]:
        """What to drop now, at `wall` (ms), and whether that is not all."""
        plans, more = [], False
        rows, size = ROWS, SIZE
        for room, (seconds, most) in policies.items():
            excess = 0
            if most:
                known = self._counted(room)
                more = more or not known.whole
                excess = known.bytes - most if known.whole else 0
            until = wall - int(seconds * 1_000) if seconds else 0
            plan, over = self._oldest(room, until, excess, rows, size)
            if plan is not None:
                plans.append(plan)
                rows -= plan.rows
                size -= plan.size
            if over:
                return plans, True
        return plans, more

    def carry_out(self, plans: list[Plan]) -> None:
        """Within a transaction."""
        for plan in plans:
            self._connection.execute(_DROP, (plan.room << SHIFT, plan.id))
            self._connection.execute(_RAISE, (plan.floor, plan.ts, plan.room))

    def carried_out(self, plans: list[Plan]) -> None:
        """It was committed."""
        for plan in plans:
            known = self._sizes.get(plan.room)
            if known is not None and known.whole:
                known.bytes -= plan.size
            else:
                self._sizes.pop(plan.room, None)

    def _counted(self, room: int) -> _Size:
        """A room's size, counted a little further where it is not known."""
        known = self._sizes.setdefault(room, _Size(room))
        if not known.whole:
            bounds = (known.upto, (room + 1) << SHIFT, COUNTED)
            upto, size, rows = self._connection.execute(_COUNT, bounds).fetchone()
            known.bytes += int(size)
            known.upto = known.upto if upto is None else upto
            known.whole = rows < COUNTED
        return known

    def _oldest(
        self, room: int, until: int, excess: int, rows: int, size: int
    ) -> tuple[Plan | None, bool]:
        """The oldest rows of a room that were all made before `until`, or that are `excess` bytes
        too many, up to so many rows and about so many bytes; and whether there may be more.

        A damaged row goes with the rows that come after it: time never runs back in a room.
        """
        plan: Plan | None = None
        records = taken = count = ts = 0
        bounds = (room << SHIFT, (room + 1) << SHIFT, rows)
        with contextlib.closing(self._connection.execute(_OLDEST, bounds)) as found:
            for id, held, crc, body in found:
                time = _time_of(body) if checksum(id, body) == crc else None
                goes = taken < excess or (time is not None and time < until)
                if not goes and time is not None:
                    return plan, False
                ts = time or ts
                count += 1
                records += held
                taken += len(body)
                if goes:
                    last = (id & NUMBERS) + held - 1
                    plan = Plan(room, id, last, ts, count, records, taken)
                if taken >= size:
                    return plan, True
        return plan, count == rows


def _time_of(body: bytes) -> int | None:
    """When the newest record of a row was made (ms); None where that cannot be read."""
    try:
        return decode_origin(body[body.rfind(b"\n") + 1 :]).ts
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
