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
from common.client.joining import JOIN_TIMEOUT, rooms_of
from common.explain import explain
from common.i18n import _
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
    reader = reading.start(run, rooms, start, keep=True, roster=True, timeout=JOIN_TIMEOUT)
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
    told: dict[str, int] = field(default_factory=dict)
    """The number, in the session's stream, of the last own message of each room that was answered:
    a record may come later than its answer, or once more after a restored backup."""
    lost: list[str] = field(default_factory=list)
    """Messages that were read and not stored, as people are told of them."""
    down: bool = False

    def serve(self) -> int:
        ready = self.reader.session.ready
        self._print(
            {
                "type": "ready",
                "user": ready.user,
                "nick": ready.nick,
                "rooms": list(self.joined),
                "server": ready.server,
                "encrypted": ready.encrypted,
            }
        )
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
        else:
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
            self.says.setdefault(request.room, deque()).append(asked)
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
        return client.rooms()

    # --- what became of it ------------------------------------------------------------------------

    def _answered(self, asked: _Asked) -> None:
        if asked not in self.open:
            return
        try:
            reply = asked.future.result(0)
        except e.Refused as refused:
            self._settle(asked, wire.error(refused.code, refused.text))
            return
        if isinstance(reply, e.StoredReply) and reply.room in self.joined:
            asked.stored_at = time.monotonic()
            return
        self._settle(asked, self._shape(asked.request, reply))

    def _shape(self, request: AnyRequest, reply: e.Reply) -> Object:
        if isinstance(reply, e.StoredReply):
            self.told[reply.room] = _number(reply.id)
            return wire.stored(reply)
        if isinstance(reply, e.JoinedReply):
            if reply.room not in self.joined:
                self.joined.append(reply.room)
            return {"type": "done"}
        if isinstance(reply, e.HistoryReply):
            messages = [wire.message(reply.room, r, reply.raw.get(r.seq)) for r in reply.records]
            return {
                "type": "history",
                "room": reply.room,
                "messages": messages,
                "more": reply.more,
            }
        if isinstance(reply, e.PeopleReply):
            people = [{"user": person.user, "nick": person.nick} for person in reply.people]
            return {"type": "who", "room": reply.room, "people": people}
        if isinstance(reply, e.RoomsReply):
            rooms = [{"room": r.room, "people": r.people, "head": r.head} for r in reply.rooms]
            return {"type": "rooms", "rooms": rooms}
        if isinstance(request, requests.Leave) and request.room in self.joined:
            self.joined.remove(request.room)
        return {"type": "done"}

    def _settle(self, asked: _Asked, answer: Object) -> None:
        """Print the answer, once for each line that asked."""
        self.open.discard(asked)
        if isinstance(asked.request, requests.Say):
            waiting = self.says[asked.request.room]
            waiting.remove(asked)
            if not waiting:
                del self.says[asked.request.room]
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

    def _news(self, event: Item) -> None:
        if isinstance(event, e.Presence):
            line: Object = {
                "type": event.kind,
                "room": event.room,
                "user": event.user,
                "nick": event.nick,
            }
            if event.kind == "nick":
                line["old"] = event.old
            self._print(line)
        elif isinstance(event, e.LinkDown):
            if not self.down:
                self.down = True
                state = {"state": "down", "code": event.code, "reason": event.reason}
                self._print({"type": "link", **state})
        elif isinstance(event, e.LinkUp):
            if self.down:
                self.down = False
                self._print({"type": "link", "state": "up"})
        elif isinstance(event, e.RolledBack):
            numbers = {"had": event.had, "head": event.head}
            self._print({"type": "rolled-back", "room": event.room, **numbers})
        elif isinstance(event, e.Skipped):
            numbers = {"first": event.first, "last": event.last}
            self._print({"type": "skipped", "room": event.room, **numbers})

    def _print(self, line: Object) -> None:
        self.out.data(wire.dump(line))


def _number(id: str) -> int:
    """The number in a record's id, `STREAM-NUMBER`; 0 where there is none."""
    digits = id.rpartition("-")[2]
    return int(digits) if digits.isascii() and digits.isdigit() else 0
