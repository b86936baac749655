"""What the server's window is about: messages that pass, people who are here, bounded lists.

Owns shapes alone. Pure.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from common.i18n import _, number

MOST_LINES: Final = 1_000
"""Lines that are kept of the messages, and of each list of the log."""

T = TypeVar("T")


class Tail(Generic[T]):
    """The last lines of something endless, numbered from 0, so that a view can follow it."""

    def __init__(self, most: int = MOST_LINES) -> None:
        self._lines: deque[T] = deque(maxlen=most)
        self.total = 0
        """The number of the next line."""
        self.edition = 0
        """Raised where a line that was there has changed, or all are gone: look again at all."""

    @property
    def first(self) -> int:
        """The number of the oldest line that is kept."""
        return self.total - len(self._lines)

    def add(self, line: T) -> None:
        """One more line; the oldest goes where there are too many."""
        self._lines.append(line)
        self.total += 1

    def since(self, seen: int, most: int) -> list[T]:
        """At most so many lines from number `seen` on (or from the oldest that is kept)."""
        start = max(seen - self.first, 0)
        return [self._lines[place] for place in range(start, min(start + most, len(self._lines)))]

    def lines(self) -> list[T]:
        """All that are kept."""
        return list(self._lines)

    def change(self, place: int, line: T) -> None:
        """Put another line at a place of `lines`."""
        self._lines[place] = line
        self.edition += 1

    def clear(self) -> None:
        """Forget all of them."""
        self._lines.clear()
        self.edition += 1


@dataclass(frozen=True, slots=True)
class Passed:
    """A message as it passes."""

    ts: int
    """Milliseconds since 1970 by the server's clock."""
    room: str
    seq: int
    user: str
    nick: str
    text: str
    me: bool = False
    deleted: bool = False


@dataclass(kw_only=True)
class Heard:
    """What the listener heard since the last time."""

    passed: list[Passed] = field(default_factory=list)
    """The newest of them."""
    count: int = 0
    """How many there were."""
    deleted: list[tuple[str, int]] = field(default_factory=list)
    """Room and number of messages whose text is gone."""
    people: dict[str, str] | None = None
    """Everybody who is seen in a public room, user to nickname; `None` where nothing changed."""
    stored: int | None = None
    """Messages of the public rooms so far; `None` where that was not asked."""
    trouble: str = ""
    """Why nothing can be heard, for people."""

    @property
    def anything(self) -> bool:
        """Whether there is something in it."""
        told = self.people is not None or self.stored is not None
        return bool(told or self.passed or self.deleted or self.trouble)


@dataclass(frozen=True, slots=True)
class Counter:
    """A number, what it is a number of, and what it counts in a sentence."""

    amount: str
    words: str
    about: str


@dataclass(frozen=True, slots=True)
class Here:
    """Somebody who is here."""

    user: str
    nick: str
    bot: bool
    note: str
    """The program and the address, as far as the log told them."""


def size_words(size: int) -> str:
    """`38 MB`: bytes, in the unit that fits."""
    units = (_("kB"), _("MB"), _("GB"), _("TB"))
    amount, place = size / 1_000, 0
    while amount >= 999.5 and place < len(units) - 1:
        amount, place = amount / 1_000, place + 1
    digits = 1 if place and amount < 9.95 else 0
    return f"{number(amount, digits)} {units[place]}"
