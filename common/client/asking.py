"""Requests that wait for an answer, other than messages: pure. Owns their ids and repeats.

Nearly all of them may be asked twice without harm, so whatever is not answered is asked again:
after a while, and on the next link. What would make two of something is not (`ONCE`). Lists are
collected page by page. Knows no socket and no room's state.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from common.client import events as ev
from common.client.causes import values_of, waited_out
from common.client.events import HistoryReply, PeopleReply, Refused, Reply, RoomsReply
from common.protocol import deeds
from common.protocol import messages as m
from common.protocol.codec import DECODER, Decoder, decode_log, raw_lines

AGAIN: Final = 4.0
"""Seconds without an answer after which a request is repeated."""
ONCE: Final = (deeds.MakeInvitation, deeds.MakeDeviceCode)
"""Requests that are never repeated."""
PATIENCE: Final = 10.0
"""Seconds after which nobody waits for the answer to one of those any more."""
_NAMED: Final = ("room", "nick", "key", "name", "seq")
"""What a refusal repeats of its request."""

Resolve = Callable[[int, Reply | Refused], None]


class _Pending:
    __slots__ = ("collected", "due", "ref", "request", "sent")

    def __init__(self, ref: int, request: Any, due: float) -> None:
        self.ref = ref
        self.request = request
        self.due = due
        self.sent = 0
        """How often it was asked and not refused for a while."""
        self.collected: list[Any] = []

    @property
    def once(self) -> bool:
        return isinstance(self.request, ONCE)


class Asking:
    """The requests under way. `ref` is the program's own number for one; -1: nobody waits."""

    def __init__(
        self,
        linked: Callable[[], bool],
        push: Callable[[m.Request], None],
        resolve: Resolve,
        wall: Callable[[], float],
        decoder: Decoder = DECODER,
    ) -> None:
        """`wall` is the broker's clock, in milliseconds."""
        self._linked = linked
        self._push_out = push
        self._resolve = resolve
        self._wall = wall
        self._decoder = decoder
        self._count = 0
        self._pending: dict[str, _Pending] = {}

    def ask(self, ref: int, request: m.Request, now: float) -> None:
        """Sends a request, now or as soon as there is a link."""
        self._count += 1
        id = f"q{self._count}"
        pending = _Pending(ref, msgspec.structs.replace(request, id=id), float("inf"))
        self._pending[id] = pending
        if self._linked():
            self._push(pending, now)

    @property
    def waiting(self) -> bool:
        """Whether anything is not answered."""
        return bool(self._pending)

    def link_lost(self) -> None:
        """What may not be asked twice, and was asked, has an outcome that nobody knows."""
        for id, pending in list(self._pending.items()):
            if pending.once and pending.sent:
                self._time_out(id)

    def again(self, now: float) -> None:
        """A new link: whatever is not answered is asked there."""
        for pending in self._pending.values():
            self._push(pending, now)

    def tick(self, now: float) -> float:
        """Repeats what is overdue; answers when the next is. For a link that is up."""
        for id, pending in list(self._pending.items()):
            if now < pending.due:
                continue
            if pending.once and pending.sent:
                self._time_out(id)
            else:
                self._push(pending, now)
        return min((pending.due for pending in self._pending.values()), default=float("inf"))

    def request(self, id: str) -> m.Request | None:
        """What was asked under this id."""
        pending = self._pending.get(id)
        return pending.request if pending else None

    def moving(self, room: str) -> bool:
        """Whether joining or leaving this room was asked for, and is not answered."""
        return any(
            isinstance(pending.request, m.Join | m.Leave) and pending.request.room == room
            for pending in self._pending.values()
        )

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

    def finish(self, id: str, reply: Reply | Refused) -> None:
        """The answer is whole."""
        pending = self._pending.pop(id, None)
        if pending is not None:
            self._resolve(pending.ref, reply)

    def refused(self, error: m.Error, now: float) -> None:
        """An error: waited out where it says how long, else the answer."""
        pending = self._pending.get(error.id)
        if pending is None:
            return
        if waited_out(error):
            pending.due = now + error.retry
            pending.sent -= 1
            return
        values: ev.Values = {
            field: value for field in _NAMED if (value := getattr(pending.request, field, None))
        }
        values |= values_of(error, self._wall())
        self.finish(error.id, Refused(error.code, error.text, values))

    # --- answers -------------------------------------------------------------------------------

    def page(self, page: m.Page, rest: bytes) -> None:
        """A page of history, or of the server's log, for the program."""
        if isinstance(self.request(page.id), deeds.Audit):
            entries = decode_log(rest)
            self.finish(page.id, ev.AuditReply(entries=entries, more=page.more, head=page.head))
            return
        records = self._decoder.records(rest)
        self.finish(
            page.id,
            HistoryReply(
                room=page.room,
                records=records,
                more=page.more,
                head=page.head,
                raw=raw_lines(rest, records),
                skipped=page.skipped,
            ),
        )

    def people(self, answer: m.People, now: float) -> list[m.Person] | None:
        """A page of people; the whole list once the last page is here."""
        last = answer.people[-1].user if answer.people else ""
        people = self._collect(answer.id, answer.people, last if answer.more else "", now)
        if people is not None:
            by_nick = sorted(people, key=lambda person: person.nick.casefold())
            reply = PeopleReply(room=answer.room, people=by_nick, rev=answer.rev)
            self.finish(answer.id, reply)
        return people

    def room_list(self, answer: m.RoomList, now: float) -> None:
        """A page of rooms."""
        last = answer.rooms[-1].room if answer.rooms else ""
        rooms = self._collect(answer.id, answer.rooms, last if answer.more else "", now)
        if rooms is not None:
            self.finish(answer.id, RoomsReply(rooms=rooms))

    def listed(self, answer: deeds.Listed, now: float) -> None:
        """A page of any other list."""
        last = answer.entries[-1].name if answer.entries else ""
        entries = self._collect(answer.id, answer.entries, last if answer.more else "", now)
        if entries is not None:
            reply = ev.ListReply(what=answer.what, room=answer.room, entries=entries)
            self.finish(answer.id, reply)

    def code(self, answer: deeds.Code) -> None:
        """What an invitation or a device code came to."""
        reply = ev.CodeReply(
            code=answer.code, name=answer.name, uses=answer.uses, expires=answer.expires
        )
        self.finish(answer.id, reply)

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
        self._push(pending, now)
        return None

    def _push(self, pending: _Pending, now: float) -> None:
        pending.sent += 1
        pending.due = now + (PATIENCE if pending.once else AGAIN)
        self._push_out(pending.request)

    def _time_out(self, id: str) -> None:
        words = f"no answer within {PATIENCE:g} s"
        self.finish(id, Refused("timeout", words, {"seconds": PATIENCE}))
