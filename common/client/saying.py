"""What a session says, from the program's call to the outcome: pure.

Owns the outbox, and which of the program's requests each number answers; knows no link and no room.
"""

from collections.abc import Callable
from typing import Any

from common.client import effects as e
from common.client import events as ev
from common.client.outbox import Outbox
from common.client.places import is_nick, place
from common.protocol import messages as m
from common.protocol.names import BadName


class Saying:
    """The messages of one stream."""

    def __init__(self, outbox: Outbox, out: e.Outlet, new_id: Callable[[int], str]) -> None:
        """`new_id(digits)` makes random hexadecimal digits."""
        self.outbox = outbox
        self._out = out
        self._new_id = new_id
        self._refs: dict[int, int] = {}

    def tell_queued(self) -> None:
        """What an earlier run left behind is waiting."""
        for item in self.outbox.items.values():
            self._progress(item.n, item.room, item.text, "queued")

    def say(self, ref: int, room: str, text: str, me: bool, limit: int) -> None:
        """Queues a message of at most `limit` bytes; resolved when its outcome is known.

        Said to `@NICK`, its outcome names the room that it went to.
        """
        try:
            name = place(room)
        except BadName as fault:
            self._out.resolve(ref, ev.Refused(fault.code, str(fault), {"value": room}))
            return
        text = text.encode("utf-8", "replace").decode()
        size = len(text.encode())
        if not 1 <= size <= limit:
            words = f"a text of {size} bytes; 1 to {limit} are allowed"
            values: dict[str, str | int | float] = {"size": size, "limit": limit}
            code = "too-large" if size else "bad-request"
            self._out.resolve(ref, ev.Refused(code, words, values))
            return
        item = self.outbox.add(name, text, me)
        self._refs[item.n] = ref
        self._out.do(e.Keep(item.n, name, text, me))
        self._progress(item.n, name, text, "queued")

    def not_kept(self, numbers: list[int], reason: str) -> None:
        """These newest messages could not be put on disk: they are refused, and never sent."""
        for n in sorted(numbers, reverse=True):
            item = self.outbox.withdraw(n)
            self._progress(n, item.room, item.text, "refused", code="disk-full", reason=reason)
            self._out.resolve(self._refs.pop(n, -1), ev.Refused("disk-full", reason))

    def drop(self) -> list[int]:
        """Forgets what is queued; their numbers. The stream has a hole then: it is only closed."""
        numbers = list(self.outbox.items)
        self.outbox.items.clear()
        self.outbox.rewind()
        return numbers

    def begin_stream(self) -> None:
        """The stream is given up; what waits goes into a new one."""
        refs = [self._refs.get(n, -1) for n in self.outbox.items]
        items = self.outbox.renumber(self._new_id(16))
        self._refs = {item.n: ref for item, ref in zip(items, refs, strict=True)}
        self._out.do(e.KeepStream(self.outbox.stream))

    def said(self, record: m.Record, room: str) -> None:
        """A record of this stream was shown: that is its acknowledgement."""
        n = record.id[17:]
        if n.isdecimal():
            self.stored(int(n), room, record.seq, record.ts, record.id)

    def stored(self, n: int, room: str, seq: int, ts: int, id: str) -> None:
        """Number `n` became record `seq`."""
        item = self.outbox.settle(n)
        if item is not None:
            self._out.do(e.Settle(n))
            self._progress(n, room, item.text, "stored", seq=seq, ts=ts, id=id)
            reply = ev.StoredReply(room=room, seq=seq, ts=ts, id=id)
            self._out.resolve(self._refs.pop(n, -1), reply)

    def refused(self, n: int, code: str, text: str, values: ev.Values) -> None:
        """Number `n` was refused for good."""
        item = self.outbox.settle(n)
        if item is not None:
            self._out.do(e.Settle(n))
            nick = {"nick": item.room[1:]} if is_nick(item.room) else {"room": item.room}
            values = {**nick, **values}
            self._progress(
                n, item.room, item.text, "refused", code=code, reason=text, values=values
            )
            self._out.resolve(self._refs.pop(n, -1), ev.Refused(code, text, values))

    def _progress(self, n: int, room: str, text: str, state: str, **more: Any) -> None:
        self._out.emit(ev.Progress(n=n, room=room, text=text, state=state, **more))
