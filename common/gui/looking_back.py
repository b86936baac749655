"""What is older than all that is loaded: looking for words in it, and a part of it to show.

Owns the pages of history that this takes, and what they become. Pure: pages are asked for by
whoever shows them. What counts as found is `client.finding`'s.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from common.client.events import HistoryReply
from common.client.finding import folded
from common.client.timeline import Timeline
from common.protocol.messages import Record

SEARCHED: Final = 1_000
"""Records of a page that is looked through."""
AROUND: Final = 60
"""Records before and after a message, where the room is shown there."""
PAGE: Final = 100
"""Records by which such a part gets longer."""


class Beyond:
    """A search in what is older than `before`, from there to the beginning of the room: `take` each
    page, `step` until it is looked through, and ask for the next one."""

    def __init__(self, room: Timeline, wanted: str, before: int) -> None:
        """`wanted` is folded already."""
        self.wanted = wanted
        self.before = before
        """Above the next page that is to be asked for."""
        self.found: list[Record] = []
        """The newest first."""
        self.searched = 0
        """How many messages were looked at."""
        self.reached = 0
        """When the oldest of them was said, in milliseconds since 1970; 0 while there is none."""
        self.complete = before <= 1
        """Nothing is left to be asked for."""
        self._ignored = room.ignored
        self._page: deque[Record] = deque()

    @property
    def done(self) -> bool:
        """Whether all of the room was looked through."""
        return self.complete and not self._page

    @property
    def hungry(self) -> bool:
        """Whether the next page is wanted."""
        return not self._page and not self.complete

    def take(self, reply: HistoryReply) -> None:
        """A page that ends before `before`."""
        self._page.extend(reversed(reply.records))
        if reply.records:
            self.before = reply.records[0].seq
        self.complete = not reply.more or not reply.records

    def step(self) -> bool:
        """Look at one more record; whether it was found there."""
        record = self._page.popleft()
        self.reached = record.ts or self.reached
        self.searched += record.type == "message"
        said = record.type == "message" and record.user not in self._ignored
        if said and self.wanted in folded(record.text):
            self.found.append(record)
            return True
        return False

    @property
    def steps(self) -> bool:
        """Whether there is something to look at."""
        return bool(self._page)


class Excerpt:
    """A part of a room, shown by itself. It gets longer at both ends, until it meets the messages
    that are loaded."""

    def __init__(self, room: Timeline, page: HistoryReply) -> None:
        """`page` is around the message that is looked for."""
        self.room = room
        self.shown = Timeline(
            room.name, me=room.me, nick=room.nick, you=room.you, kind=room.kind,
            ignored=room.ignored,
        )  # fmt: skip
        self._records: dict[int, Record] = {}
        self._more = True
        self._end = False
        """Nothing is newer than `last`."""
        self.older_came(page)

    @property
    def first(self) -> int:
        """The oldest number in it, before which the next page upwards ends."""
        return min(self._records, default=1)

    @property
    def last(self) -> int:
        """The newest number in it, behind which the next page downwards begins."""
        return max(self._records, default=0)

    def older_came(self, reply: HistoryReply) -> None:
        """A page that ends before `first`."""
        self._keep(reply.records)
        self._more = reply.more
        self.shown.add_history(reply.records, reply.more)

    def newer_came(self, reply: HistoryReply) -> None:
        """A page behind `last`."""
        self._keep(reply.records)
        self.shown.loading = False
        self.shown.add(reply.records, live=False, following=True)
        self._end = not reply.more

    @property
    def meets(self) -> bool:
        """Whether nothing is missing between it and what is loaded: it can `join` that."""
        return self._end or not self.room.first or self.last >= self.room.first - 1

    def join(self) -> None:
        """Put all of it into the room, which can be shown instead."""
        records = [r for seq, r in sorted(self._records.items()) if seq < self.room.first]
        # It is read: only then does the room hold more than its newest messages.
        self.room.reading = True
        self.room.add_history(records, self._more)

    def _keep(self, records: Iterable[Record]) -> None:
        self._records.update((record.seq, record) for record in records)
