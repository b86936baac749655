"""What was said before, for a page that looks back: pages of history past the room's timeline.

Owns the asking for them and what the answers become. A page's own memory holds them then: the
session keeps nothing of it. Must not know sockets.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Final, Protocol, TypeVar

from common.client.events import HistoryReply, Refused
from common.client.timeline import Bounds, Entry, Timeline
from common.protocol.messages import Record
from common.talk.setup import AnyClient
from common.web.talking import WebConversation
from common.web.view import View

T = TypeVar("T")

PAGE: Final = 100
"""Records of a page upwards or downwards."""
AROUND: Final = 50
"""Records at most before, and after, the number that is looked for."""
UNDER_WAY: Final = 4
"""Questions about the past that one page may have open; what it asks beyond is not answered."""
TRACES: Final = 3
"""Deleted messages that are asked about for one batch of records."""
_ALL: Final = Bounds(keep=5_000, people=0)


class Asker(Protocol):
    """The controller, as far as it asks."""

    client: AnyClient

    def ask(
        self,
        future: Future[T],
        done: Callable[[T], None],
        failed: Callable[[Refused], None] | None = None,
    ) -> None: ...


class Past:
    """The looking back of one page."""

    def __init__(self, chat: Asker, conversation: WebConversation, view: View) -> None:
        self._chat = chat
        self._talk = conversation
        self._view = view
        self._open = 0
        self._turn = 0
        """Counts the moves to another part of a room: an answer to a former one is of no use."""

    def older(self, before: int) -> None:
        """What was said before that number."""
        room = self._talk.room
        if room is not None and self._may():
            self._ask(room, self._older_came, before=before, limit=PAGE, at=before)

    def newer(self, after: int) -> None:
        """What was said after it; at the end, the page follows the room again."""
        room = self._talk.room
        if room is not None and self._view.away and self._may():
            self._ask(room, self._newer_came, after=after, limit=PAGE, at=after)

    def around(self, seq: int) -> None:
        """Show the room where that number is."""
        room = self._talk.room
        if room is None or not self._may():
            return
        self._turn += 1
        if not self._view.away and room.get((seq, 0)) is not None:
            self._view.past(room, (), {"at": seq})
            return
        self._ask(room, self._around_came, before=seq + AROUND, limit=2 * AROUND, at=seq)

    def newest(self) -> None:
        """Back to the end."""
        self._turn += 1
        self._view.newest()

    def heard(self, records: Sequence[Record], here: Container[str]) -> None:
        """These came in the open room, where those users are `here`: what of it the page may not
        learn by the timeline alone."""
        traces = 0
        for record in records:
            if record.user not in here:
                self._view.people.spoke(record.user, record.nick)
            if record.type == "delete" and traces < TRACES and self._only_there(record.of):
                traces += 1
                self._trace(record.of)

    def _only_there(self, seq: int) -> bool:
        """Whether the page may hold a message that the timeline does not."""
        room = self._talk.room
        return room is not None and (self._view.away or room.get((seq, 0)) is None)

    def _trace(self, seq: int) -> None:
        """The text of a message is gone that only the page holds."""
        room = self._talk.room
        if room is not None and self._may():
            self._ask(room, self._trace_came, before=seq + 1, limit=1, at=seq)

    # --- how it is done ------------------------------------------------------------------------

    def _may(self) -> bool:
        return self._open < UNDER_WAY

    def _ask(
        self,
        room: Timeline,
        came: Callable[[Timeline, HistoryReply, int], None],
        *,
        at: int,
        limit: int,
        before: int | None = None,
        after: int | None = None,
    ) -> None:
        self._open += 1
        turn = self._turn

        def done(reply: HistoryReply) -> None:
            self._open -= 1
            if self._talk.room is room and turn == self._turn:
                came(room, reply, at)

        def failed(_error: Refused) -> None:
            self._open -= 1
            if self._talk.room is room:
                self._view.past(room, (), {"loading": False})

        future = self._chat.client.history(room.name, before=before, after=after, limit=limit)
        self._chat.ask(future, done, failed)

    def _scratch(self, room: Timeline, first: int) -> Timeline:
        """A timeline for one page, read as the room is; it ends before the number `first`."""
        return Timeline(
            room.name,
            me=room.me,
            nick=room.nick,
            you=room.you,
            kind=room.kind,
            ignored=room.ignored,
            first=first,
            bounds=_ALL,
            said=room.said,
        )

    def _older_came(self, room: Timeline, reply: HistoryReply, before: int) -> None:
        page = self._scratch(room, before)
        page.add_history(reply.records, reply.more)
        changed = {"complete": page.complete, "loading": False}
        self._view.past(room, _dated(page, room), changed)

    def _newer_came(self, room: Timeline, reply: HistoryReply, after: int) -> None:
        page = self._upwards(room, reply.records, after)
        last = reply.records[-1].seq if reply.records else after
        if reply.skipped > last:
            page.gap(last + 1, reply.skipped, reply.records[-1].ts if reply.records else 0)
            last = reply.skipped
        if reply.more and last < room.first:
            self._view.past(room, _dated(page, room), {})
        else:
            self._turn += 1
            self._view.joined(_dated(page, room), last)

    def _upwards(self, room: Timeline, records: list[Record], after: int) -> Timeline:
        page = self._scratch(room, 0)
        for record in records:
            if record.seq > after + 1:
                page.gap(after + 1, record.seq - 1, record.ts)
            after = record.seq
        page.add(records, live=False, following=True)
        return page

    def _around_came(self, room: Timeline, reply: HistoryReply, seq: int) -> None:
        self._turn += 1
        page = self._scratch(room, 0)
        page.add_history(reply.records, reply.more)
        self._view.look_away(_dated(page, room), page.complete, seq)

    def _trace_came(self, room: Timeline, reply: HistoryReply, seq: int) -> None:
        page = self._scratch(room, 0)
        page.add(reply.records, live=False, following=True)
        entry = page.get((seq, 0))
        if entry is not None:
            self._view.trace(room, entry)


def _dated(page: Timeline, room: Timeline) -> list[Entry]:
    """The entries; numbers that are not to be had have a time of their neighbours'."""
    near = next((one.ts for one in (*page.entries(), *room.entries()) if one.ts), 0)
    return [one if one.ts else replace(one, ts=near) for one in page.entries()]
