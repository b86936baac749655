"""What was said and is not known to be stored: pure. Owns the stream's numbers and the window.

Numbers are dense, so the broker can tell a repeat from a hole; several frames may be under way,
since it takes them in no other order. Knows no socket and no disk: what must be kept is the
session's to say.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from common.protocol import messages as m
from common.protocol.codec import encode

WINDOW: Final = 512
"""Lines under way at most."""
CAREFUL: Final = 25
"""The same after the broker asked to wait: all that it will not take yet is sent in vain."""
WINDOW_BYTES: Final = 256_000
"""Their bytes at most, beyond the first line."""
FRAME_BYTES: Final = 48_000
FIRST_TIMEOUT: Final = 2.0
LAST_TIMEOUT: Final = 10.0
"""Seconds without an outcome after which lines are sent again; doubled from first to last."""


@dataclass(slots=True)
class Item:
    """One message: its number, and the line that carries it."""

    n: int
    room: str
    text: str
    me: bool
    line: bytes


class Outbox:
    """The items of one stream, oldest first."""

    def __init__(self, stream: str, next_n: int, saved: Iterable[tuple[int, str, str, bool]]):
        self.stream = stream
        self.next_n = next_n
        self.items: dict[int, Item] = {}
        self._sent = 0
        self._under_way = 0
        self._bytes = 0
        self._paused_until = 0.0
        self._window = WINDOW
        self._settled = 0
        self._timeout = FIRST_TIMEOUT
        self._deadline = float("inf")
        for n, room, text, me in saved:
            self.items[n] = self._item(n, room, text, me)

    def add(self, room: str, text: str, me: bool) -> Item:
        """Numbers a message. It is sent by `due` when its turn comes."""
        item = self._item(self.next_n, room, text, me)
        self.items[item.n] = item
        self.next_n += 1
        return item

    def settle(self, n: int) -> Item | None:
        """The outcome of `n` is known; None where it was known before."""
        item = self.items.pop(n, None)
        if item is not None:
            if n <= self._sent:
                self._under_way -= 1
                self._bytes -= len(item.line)
            self._timeout = FIRST_TIMEOUT
            self._deadline = float("inf")  # `due` sets it anew
            self._settled += 1
            if self._settled >= 2 * self._window:  # it went well for a while
                self._settled = 0
                self._window = min(2 * self._window, WINDOW)
        return item

    def withdraw(self, n: int) -> Item:
        """Takes back the newest message, which was not sent yet."""
        assert n == self.next_n - 1 > self._sent
        self.next_n = n
        return self.items.pop(n)

    def rewind(self, before: int = 0) -> None:
        """Everything unsettled from number `before` on is to be sent again."""
        self._sent = max(before - 1, 0)
        sent = [item for item in self.items.values() if item.n <= self._sent]
        self._under_way = len(sent)
        self._bytes = sum(len(item.line) for item in sent)
        self._deadline = float("inf")

    def pause(self, n: int, until: float) -> None:
        """The broker asked to wait (monotonic seconds) and took nothing from `n` on."""
        self.rewind(n)
        self._paused_until = until
        self._window = CAREFUL
        self._settled = 0

    def due(self, now: float) -> list[bytes]:
        """The bodies to send now, each of one or more lines."""
        if now >= self._deadline:
            self._timeout = min(self._timeout * 2, LAST_TIMEOUT)
            self.rewind()
        if now < self._paused_until:
            return []
        self._paused_until = 0.0
        bodies: list[bytes] = []
        if len(self.items) > self._under_way:
            bodies = self._next()
        if self._under_way and self._deadline == float("inf"):
            self._deadline = now + self._timeout
        return bodies

    def next_time(self) -> float:
        """When `due` has something to do by itself."""
        if self._paused_until and len(self.items) > self._under_way:
            return min(self._deadline, self._paused_until)
        return self._deadline

    @property
    def first(self) -> int:
        """The first number whose outcome is not known; the next one where there is none."""
        return next(iter(self.items), self.next_n)

    def mismatch(self, last: int) -> bool:
        """Whether the broker has lost numbers of this stream that were settled here.

        Then it stands before a hole that can never be filled: the stream must be given up.
        """
        return last < self.first - 1

    def renumber(self, stream: str) -> list[Item]:
        """Begins a new stream with what is unsettled. For `mismatch` alone."""
        items = [
            self._item(n, old.room, old.text, old.me)
            for n, old in enumerate(self.items.values(), start=1)
        ]
        self.stream = stream
        self.items = {item.n: item for item in items}
        self.next_n = len(items) + 1
        self.rewind()
        return items

    def _next(self) -> list[bytes]:
        bodies: list[bytes] = []
        lines: list[bytes] = []
        size = 0
        for item in self._unsent():
            length = len(item.line)
            if self._under_way >= self._window or (
                self._under_way and self._bytes + length > WINDOW_BYTES
            ):
                break
            if lines and size + length > FRAME_BYTES:
                bodies.append(b"\n".join(lines))
                lines, size = [], 0
            lines.append(item.line)
            size += length + 1
            self._sent = item.n
            self._under_way += 1
            self._bytes += length
        if lines:
            bodies.append(b"\n".join(lines))
        return bodies

    def _unsent(self) -> Iterable[Item]:
        n = self._sent + 1
        first = next(iter(self.items), n)
        for number in range(max(n, first), self.next_n):
            item = self.items.get(number)
            if item is not None:
                yield item

    @staticmethod
    def _item(n: int, room: str, text: str, me: bool) -> Item:
        return Item(n, room, text, me, encode(m.Say(n, room, text, me)))
