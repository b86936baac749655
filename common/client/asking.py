"""Requests that wait for an answer, other than messages: pure. Owns their ids and repeats.

All of them may be asked twice without harm, so whatever is not answered is asked again: after a
while, and on the next link. Lists are collected page by page. Knows no socket and no room's state.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from common.client.events import HistoryReply, PeopleReply, Refused, Reply, RoomsReply
from common.protocol import messages as m
from common.protocol.codec import decode_records, raw_lines

AGAIN: Final = 4.0
"""Seconds without an answer after which a request is repeated."""

Resolve = Callable[[int, Reply | Refused], None]


class _Pending:
    __slots__ = ("collected", "due", "ref", "request")

    def __init__(self, ref: int, request: Any, due: float) -> None:
        self.ref = ref
        self.request = request
        self.due = due
        self.collected: list[Any] = []


class Asking:
    """The requests under way. `ref` is the program's own number for one; -1: nobody waits."""

    def __init__(self, linked: Callable[[], bool], push: Callable[[m.Request], None]) -> None:
        self._linked = linked
        self._push = push
        self._count = 0
        self._pending: dict[str, _Pending] = {}

    def ask(self, ref: int, request: m.Request, now: float) -> None:
        """Sends a request, now or as soon as there is a link."""
        self._count += 1
        id = f"q{self._count}"
        pending = _Pending(ref, msgspec.structs.replace(request, id=id), now + AGAIN)
        self._pending[id] = pending
        if self._linked():
            self._push(pending.request)

    def again(self, now: float) -> None:
        """A new link: whatever is not answered is asked there."""
        for pending in self._pending.values():
            pending.due = now + AGAIN
            self._push(pending.request)

    def tick(self, now: float) -> float:
        """Repeats what is overdue; answers when the next is. For a link that is up."""
        for pending in self._pending.values():
            if now >= pending.due:
                pending.due = now + AGAIN
                self._push(pending.request)
        return min((pending.due for pending in self._pending.values()), default=float("inf"))

    def request(self, id: str) -> m.Request | None:
        """What was asked under this id."""
        pending = self._pending.get(id)
        return pending.request if pending else None

    def take_back(self, kind: type[m.Join] | type[m.Leave], room: str) -> list[int]:
        """Forgets requests of this kind for a room, so that they are not repeated; their refs."""
        found = {
            id: pending.ref
            for id, pending in self._pending.items()
            if isinstance(pending.request, kind) and pending.request.room == room
        }
        for id in found:
            del self._pending[id]
        return list(found.values())

    def finish(self, id: str, reply: Reply | Refused, resolve: Resolve) -> None:
        """The answer is whole."""
        pending = self._pending.pop(id, None)
        if pending is not None:
            resolve(pending.ref, reply)

    def refused(self, error: m.Error, now: float, resolve: Resolve) -> None:
        """An error: waited out where it says how long, else the answer."""
        pending = self._pending.get(error.id)
        if pending is not None and error.retry:
            pending.due = now + error.retry
            return
        values = {
            field: value
            for field in ("room", "nick")
            if pending is not None and (value := getattr(pending.request, field, None))
        }
        self.finish(error.id, Refused(error.code, error.text, values), resolve)

    def page(self, page: m.Page, rest: bytes, resolve: Resolve) -> None:
        """A page of history for the program."""
        records = decode_records(rest)
        raw = raw_lines(rest, records)
        reply = HistoryReply(
            room=page.room, records=records, more=page.more, head=page.head, raw=raw
        )
        self.finish(page.id, reply, resolve)

    def people(self, answer: m.People, now: float, resolve: Resolve) -> list[m.Person] | None:
        """A page of people; the whole list once the last page is here."""
        last = answer.people[-1].user if answer.people else ""
        people = self._collect(answer.id, answer.people, last if answer.more else "", now)
        if people is not None:
            by_nick = sorted(people, key=lambda person: person.nick.casefold())
            self.finish(answer.id, PeopleReply(room=answer.room, people=by_nick), resolve)
        return people

    def room_list(self, answer: m.RoomList, now: float, resolve: Resolve) -> None:
        """A page of rooms."""
        last = answer.rooms[-1].room if answer.rooms else ""
        rooms = self._collect(answer.id, answer.rooms, last if answer.more else "", now)
        if rooms is not None:
            self.finish(answer.id, RoomsReply(rooms=rooms), resolve)

    def _collect(self, id: str, part: list[Any], after: str, now: float) -> list[Any] | None:
        """Adds a page, asking for the next behind `after`; the whole where there is none."""
        pending = self._pending.get(id)
        if pending is None:
            return None
        if part and part[0] in pending.collected:
            return None  # a page that was asked for twice
        pending.collected.extend(part)
        if not after:
            return pending.collected
        pending.request = msgspec.structs.replace(pending.request, after=after)
        pending.due = now + AGAIN
        self._push(pending.request)
        return None
