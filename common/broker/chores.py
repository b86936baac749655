"""What the broker does by the clock: drop what is not to be kept, and tell how its file grows.

Owns when. What is dropped is the store's to know, for how long something is kept the rooms' rules'
and the operator's. Knows no socket and no session.
"""

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from common.broker.retention import Dropped, Keep

FIRST: Final = 60.0
"""Seconds after the start at which old messages are dropped for the first time: whoever set the
wrong time has that long to think again."""
EVERY: Final = 600.0
"""Seconds between two times."""
HOUR: Final = 3_600.0
MB: Final = 1_000_000

Policies = Mapping[int, Keep]
"""By room number; rooms that keep everything are left out."""


class File(Protocol):
    """The store, as far as it is needed here."""

    @property
    def records(self) -> int: ...

    def size(self) -> int: ...

    def retain(self, policies: Policies, wall: int) -> Dropped: ...


class Chores:
    """`now` is monotonic seconds, `wall` milliseconds since 1970."""

    def __init__(
        self,
        store: File,
        now: float,
        policies: Callable[[], Policies],
        note: Callable[[str, str], None],
    ) -> None:
        """`note` writes a line of the operator's log, of a level."""
        self._store = store
        self._policies = policies
        self._note = note
        self._drop_at = now + FIRST
        self._tell_at = now + HOUR
        self._size = store.size()
        self._records = self._bytes = 0

    @property
    def due(self) -> float:
        """When to `tick`."""
        return min(self._drop_at, self._tell_at)

    def tick(self, now: float, wall: int) -> None:
        """Does what is due, a little at a time: people wait for the loop meanwhile. Raises
        `StorageFailed`."""
        if now >= self._drop_at:
            self._drop_at = now if self._drop(wall) else now + EVERY
        if now >= self._tell_at:
            self._tell_at = now + HOUR
            size = self._store.size()
            self._note(
                "info",
                f"the database has {size / MB:.1f} MB; {(size - self._size) / MB:.1f} MB more than"
                f" an hour ago; {self._store.records} records",
            )
            self._size = size

    def _drop(self, wall: int) -> bool:
        """Whether there is more to drop."""
        policies = self._policies()
        dropped = self._store.retain(policies, wall) if policies else Dropped(0, 0, more=False)
        if dropped.trouble:
            self._note("error", f"nothing old was dropped: {dropped.trouble}")
        self._records += dropped.records
        self._bytes += dropped.bytes
        if self._records and not dropped.more:
            words = f"dropped {self._records} old records, {self._bytes / MB:.1f} MB"
            self._note("info", f"{words}: they were not to be kept any longer")
            self._records = self._bytes = 0
        return dropped.more
