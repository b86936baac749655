"""The verb `bot`: JSON lines on stdin and stdout, for programs in any language.

Owns the order of what is printed and the rules of `docs/bots.md`. The shapes of requests are in
`requests`, those of answers in `wire`. stdout carries data only; words for people go to stderr.

A message of one's own is answered (`stored`) at its place among the room's records, so that a
program that counts `seq` sees no hole; only where its record does not come this way (a room that
was not joined) is it answered as soon as it is known.
"""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from queue import Empty
from typing import Any, Final

from common.cli import reading, requests, since, wire
from common.cli.feed import Answered, Closed, End, Feed, Item, Line
from common.cli.joining import Run
from common.cli.output import Output, Stop
from common.cli.requests import AnyRequest, BadLine, Claim, Ids
from common.cli.wire import Object
from common.client import events as e
from common.client.client import Client
from common.client.joining import JOIN_TIMEOUT, rooms_of
from common.client.places import is_nick
from common.explain import explain
from common.i18n import _
from common.protocol import deeds
from common.protocol.names import nick_key
from common.safe import one_line

END_TIMEOUT: Final = 10.0
_TICK: Final = 0.5
_RECORD_DUE: Final = 2.0
"""Seconds that the record of a stored message may take to come by itself."""
_RESOLVING: Final = 5.0
_NAMED_AT_MOST: Final = 20


def run(run: Run) -> int:
    """Serve stdin until its end. Raises as `reading.start`, and Stop where the session fails."""
    rooms = rooms_of(run.settings)
    start = since.of(run.settings)
    seconds = run.settings["timeout"]
    patience = END_TIMEOUT if seconds is None else float(seconds)
    reader = reading.start(
        run, rooms, start, keep=True, roster=True, timeout=JOIN_TIMEOUT, direct=True
    )
    try:
        echo = run.settings.switch("echo")
        return _Bot(run.out, reader, rooms, echo, patience).serve()
    finally:
        reader.close()


@dataclass(eq=False)
class _Asked:
    """A request that the library works on."""

    request: AnyRequest
    line: int
    future: Future[Any]
    place: str = ""
    """The room in which the record of a message will come."""
    stored_at: float = 0.0
    """When (monotonic) it was known to be stored, its record not seen yet."""

    @property
    def name(self) -> str:
        """How people are told of it."""
        if self.request.id is not None:
            return one_line(str(self.request.id))
        return _("line {number}").format(number=self.line)


@dataclass
class _Bot:
    out: Output
    reader: reading.Reader
    joined: list[str]
    echo: bool
    patience: float
    feed: Feed = field(default_factory=Feed)
    ids: Ids = field(default_factory=Ids)
    open: set[_Asked] = field(default_factory=set)
    says: dict[str, deque[_Asked]] = field(default_factory=dict)
    """Messages under way, by room: there their records come back in the order of the requests."""
    directs: dict[str, str] = field(default_factory=dict)
    """Direct conversations: `@NICK`, folded, to the lasting name."""
    special: set[str] = field(default_factory=set)
    """Rooms of which more was told than that they are there."""
    told: dict[str, int] = field(default_factory=dict)
    """The number, in the session's stream, of the last own message of each room that was answered:
    a record may come later than its answer, or once more after a restored backup."""
    lost: list[str] = field(default_factory=list)
    """Messages that were read and not stored, as people are told of them."""
    down: bool = False

    def serve(self) -> int:
        ready = self.reader.session.ready
        line = {
            "type": "ready",
            "user": ready.user,
            "nick": ready.nick,
            "rooms": list(self.joined),
            "server": ready.server,
            "encrypted": ready.encrypted,
        }
        self._print(line | ({"role": ready.role} if ready.role else {}))
        self.joined += [room for room in ready.rooms if room not in self.joined]
        self.feed.follow_events(self.reader.session.get)
        self.feed.follow_stdin()
        deadline: float | None = None
        while deadline is None or (self.open and time.monotonic() < deadline):
            item = self._next(deadline)
            if isinstance(item, End):
                deadline = time.monotonic() + self.patience
                if item.error:
                    self.out.note(f"stdin: {item.error}")
            elif item is not None:
                self._react(item)
                if deadline is not None and isinstance(item, Answered):
                    # While answers come, only their rate is limited: that is no failure.
                    deadline = time.monotonic() + self.patience
            self._print_overdue()
        self._give_up_on_the_rest("timeout", f"no answer within {self.patience:g} s")
        return self._verdict()

    def _next(self, deadline: float | None) -> Item | None:
        wait = _TICK if deadline is None else min(_TICK, deadline - time.monotonic())
        try:
            return self.feed.get(wait)
        except Empty:
            return None

    def _react(self, item: Item) -> None:
        if isinstance(item, Line):
            self._line(item)
        elif isinstance(item, Answered):
            self._answered(item.key)
        elif isinstance(item, e.Messages):
            self._messages(item)
        elif isinstance(item, e.Paused):
            self.feed.brake.pause(item.seconds)
        elif isinstance(item, e.Failed):
            self._give_up_on_the_rest(item.code, item.text)
            self._verdict()
            raise self.reader.session.failed(item)
        elif isinstance(item, Closed):
            raise Stop(1, explain("no-answer"))
        elif isinstance(item, e.Event):
            self._news(item)

    def _verdict(self) -> int:
        if not self.lost:
            return 0
        named = ", ".join(self.lost[:_NAMED_AT_MOST])
        more = ", …" if len(self.lost) > _NAMED_AT_MOST else ""
        self.out.note(_("not stored: {names}").format(names=named + more))
        return 1

    # --- what the program asks --------------------------------------------------------------------

    def _line(self, line: Line) -> None:
        if not line.text.strip():
            self.feed.brake.passed()
            return
        try:
            if line.cut:
                raise BadLine("too-large", "a line of more than 1 MiB")
            request = requests.decode(line.text)
            claim, answer = self.ids.claim(request)
        except BadLine as bad:
            self._refuse_line(bad, line.number)
            return
        if claim is Claim.AGAIN and answer is not None:
            self._print(answer)
        if claim is not Claim.ASK:
            self.feed.brake.passed()
            return
        asked = _Asked(request, line.number, self._ask(request))
        self.open.add(asked)
        if isinstance(request, requests.Say):
            asked.place = self.directs.get(_folded(request.room), request.room)
            self.says.setdefault(asked.place, deque()).append(asked)
        self.feed.watch(asked.future, asked)

    def _refuse_line(self, bad: BadLine, number: int) -> None:
        fields = {} if bad.id is None else {"id": bad.id}
        self._print(wire.error(bad.code, bad.text, **fields, line=number))
        if bad.say:
            name = one_line(str(bad.id)) if bad.id is not None else None
            self._lose(name or _("line {number}").format(number=number), bad.code)
        self.feed.brake.passed()

    def _ask(self, request: AnyRequest) -> Future[Any]:
        client = self.reader.session.client
        if isinstance(request, requests.Say):
            return client.say(request.room, request.text, me=request.me)
        if isinstance(request, requests.Join):
            return client.join(request.room, after=request.after)
        if isinstance(request, requests.Leave):
            return client.leave(request.room)
        if isinstance(request, requests.History):
            return client.history(
                request.room, after=request.after, before=request.before, limit=request.limit
            )
        if isinstance(request, requests.Who):
            return client.who(request.room)
        if isinstance(request, requests.List):
            return client.list(request.what, request.room)
        if isinstance(request, requests.Do):
            return _do(client, request.deed)
        return client.rooms()

    # --- what became of it ------------------------------------------------------------------------

    def _answered(self, asked: _Asked) -> None:
        if asked not in self.open:
            return
        try:
            reply = asked.future.result(0)
        except e.Refused as refused:
            self._settle(asked, wire.refusal(refused))
            return
        if isinstance(reply, e.StoredReply) and reply.room in self.joined:
            asked.stored_at = time.monotonic()
            return
        self._settle(asked, self._shape(asked.request, reply))

    def _shape(self, request: AnyRequest, reply: e.Reply) -> Object:
        if isinstance(reply, e.StoredReply):
            self.told[reply.room] = _number(reply.id)
        elif isinstance(reply, e.JoinedReply):
            if reply.room not in self.joined:
                self.joined.append(reply.room)
        elif isinstance(request, requests.Leave):
            self._out_of(self.directs.get(_folded(request.room), request.room))
        return wire.answer(reply)

    def _out_of(self, room: str) -> bool:
        """This session is in a room no more; False where it was not."""
        if room not in self.joined:
            return False
        self.joined.remove(room)
        return True

    def _settle(self, asked: _Asked, answer: Object) -> None:
        """Print the answer, once for each line that asked."""
        self.open.discard(asked)
        if isinstance(asked.request, requests.Say):
            waiting = self.says[asked.place]
            waiting.remove(asked)
            if not waiting:
                del self.says[asked.place]
            if answer["type"] == "error":
                self._lose(asked.name, answer["code"])
        if asked.request.id is not None:
            answer = {"type": answer["type"], "id": asked.request.id, **answer}
        for _again in range(self.ids.answered(asked.request, answer)):
            self._print(answer)
        self.feed.brake.passed()

    def _lose(self, name: str, code: str) -> None:
        if len(self.lost) <= _NAMED_AT_MOST:
            self.lost.append(f"{name} ({code})")

    def _print_overdue(self) -> None:
        now = time.monotonic()
        for asked in [a for a in self.open if a.stored_at]:
            room = asked.future.result(0).room
            if now - asked.stored_at > _RECORD_DUE or room not in self.joined:
                self._settle(asked, self._shape(asked.request, asked.future.result(0)))

    def _give_up_on_the_rest(self, code: str, text: str) -> None:
        for asked in sorted(self.open, key=lambda asked: asked.line):
            if asked.stored_at:
                answer = self._shape(asked.request, asked.future.result(0))
            else:
                answer = wire.error(code, text)
            self._settle(asked, answer)

    # --- what happens -----------------------------------------------------------------------------

    def _messages(self, event: e.Messages) -> None:
        for record in event.records:
            if not record.id.startswith(f"{event.own}-"):
                self._print(wire.message(event.room, record, event.raw.get(record.seq)))
                continue
            self._own(event.room, record.id)
            if self.echo:
                self._print(wire.message(event.room, record, event.raw.get(record.seq)))
        if event.records:
            last = event.records[-1]
            self.reader.seen(event.room, last.seq, last.id)

    def _own(self, room: str, id: str) -> None:
        """The record of an own message came: answer the request that it came from, and any before
        it that was refused."""
        if _number(id) <= self.told.get(room, 0):
            return
        for asked in list(self.says.get(room, ())):
            try:
                reply = asked.future.result(_RESOLVING)
            except e.Refused:
                self._answered(asked)
                continue
            except NotYet:
                return
            self._settle(asked, self._shape(asked.request, reply))
            if reply.id == id:
                return

    def _news(self, event: e.Event) -> None:
        if isinstance(event, e.LinkDown):
            if not self.down:
                self.down = True
                state = {"state": "down", "code": event.code, "reason": event.reason}
                self._print({"type": "link", **state})
        elif isinstance(event, e.LinkUp):
            if self.down:
                self.down = False
                self._print({"type": "link", "state": "up"})
        elif isinstance(event, e.Left):
            leaves = any(
                isinstance(asked.request, requests.Leave) and asked.request.room == event.room
                for asked in self.open
            )
            if not leaves and self._out_of(event.room):
                self._print({"type": "out", "room": event.room})
        else:
            if isinstance(event, e.RoomChanged) and event.peer is not None:
                self._direct(event.room, event.peer.nick)
            elif isinstance(event, e.Notice) and event.what in ("removed", "kicked"):
                self._out_of(event.room)
            line = wire.event(event)
            if line is not None and not (isinstance(event, e.RoomChanged) and self._plain(event)):
                self._print(line)

    def _plain(self, room: e.RoomChanged) -> bool:
        """Whether this is a room like any other, of which nothing else was told before."""
        told = room.private or room.readonly or room.slow or room.room in self.special
        if told:
            self.special.add(room.room)
        return not told

    def _direct(self, room: str, nick: str) -> None:
        """A direct conversation has its lasting name: what is under way to that nickname will come
        back there."""
        if room not in self.joined:
            self.joined.append(room)
        known = self.directs[_folded(f"@{nick}")] = room
        for place in [place for place in self.says if _folded(place) == _folded(f"@{nick}")]:
            moved = self.says.pop(place)
            for asked in moved:
                asked.place = known
            self.says.setdefault(known, deque()).extend(moved)

    def _print(self, line: Object) -> None:
        self.out.data(wire.dump(line))


def _number(id: str) -> int:
    """The number in a record's id, `STREAM-NUMBER`; 0 where there is none."""
    digits = id.rpartition("-")[2]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _do(client: Client, deed: deeds.Deed) -> Future[Any]:
    if isinstance(deed, deeds.MakeInvitation | deeds.MakeDeviceCode):
        return client.make_code(deed)
    if isinstance(deed, deeds.Audit):
        return client.audit(after=deed.after, before=deed.before, limit=deed.limit)
    return client.do(deed)


def _folded(place: str) -> str:
    """A room by name; `@NICK` however it is written."""
    return f"@{nick_key(place[1:])}" if is_nick(place) else place
