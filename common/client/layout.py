"""How an entry stands among its neighbours: day lines, "since you left", grouping, states. Pure.

Owns: the rules; knows no width and no toolkit. Every client that shows a conversation asks `frame`
for each entry it draws.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from common.client.timeline import Change, Crowd, Entry, Mine, Said, Timeline
from common.i18n import _, day, local, n_, number
from common.look import GROUPING_MINUTES

_GROUPING: Final = GROUPING_MINUTES * 60_000
FOLD_ABOVE: Final = 3
"""More changes in a row than this are told as a count."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What goes with an entry besides itself."""

    day: datetime.date | None
    """A line with this day stands before it."""
    since: bool
    """The line "since you left" stands before it; with `day`, one line says both."""
    head: bool
    """Its author's name is shown."""
    clock: bool
    """Its time is shown: with the name, and where the minute is another one."""
    state: bool
    """The state of an own message stands under it."""


def frame(room: Timeline, place: int) -> Frame:
    """The frame of the entry at `place`. Raises IndexError."""
    entry = room.entry(place)
    before = room.entry(place - 1) if place else None
    after = room.entry(place + 1) if place + 1 < room.size else None
    new_day = _new_day(before, entry)
    since = _since(room, place, entry)
    joined = before is not None and not since and new_day is None and _grouped(before, entry)
    own = isinstance(entry, Mine) or (isinstance(entry, Said) and entry.own)
    last = (
        after is None
        or not _grouped(entry, after)
        or not _in_one_state(entry, after)
        or _new_day(entry, after) is not None
        or (isinstance(after, Said) and after.seq == room.since)
    )
    state = own and last
    clock = not joined or before is None or before.ts // 60_000 != entry.ts // 60_000
    return Frame(new_day, since, not joined, clock, state)


def _new_day(before: Entry | None, entry: Entry) -> datetime.date | None:
    date = local(entry.ts).date()
    if before is None:
        return date
    former = local(before.ts).date()
    # The broker's clock stamps records, this machine's the rest: a day that comes back is no day.
    both = isinstance(before, Said) and isinstance(entry, Said)
    return date if date > former or (both and date != former) else None


def _since(room: Timeline, place: int, entry: Entry) -> bool:
    if not room.since or not isinstance(entry, Said) or entry.seq < room.since:
        return False
    for earlier in range(place - 1, -1, -1):
        before = room.entry(earlier)
        if isinstance(before, Said):
            return before.seq < room.since
    # What is above is not loaded: the line stands here only if this is the place for sure.
    return room.complete or entry.seq == room.since


def _grouped(before: Entry, entry: Entry) -> bool:
    """Whether the second needs no name: the same author, soon after. What is queued has none above
    a record of its author either: none would be there once it is stored."""
    if isinstance(before, Mine) and isinstance(entry, Mine):
        alike = True
    elif isinstance(before, Said) and isinstance(entry, Said):
        alike = before.user == entry.user and before.nick == entry.nick
    elif isinstance(before, Said) and isinstance(entry, Mine):
        alike = before.own
    else:
        return False
    return alike and not before.me and not entry.me and 0 <= entry.ts - before.ts < _GROUPING


def _in_one_state(before: Entry, entry: Entry) -> bool:
    """Whether the state of the second tells that of the first too. Each refused one has its own."""
    states = [one.state if isinstance(one, Mine) else "stored" for one in (before, entry)]
    return states[0] == states[1] != "refused"


def separator(frame: Frame, today: datetime.date) -> str:
    """The words of the line before an entry; "" where there is none."""
    parts = []
    if frame.day is not None:
        parts.append(day(frame.day, year=frame.day.year != today.year))
    if frame.since:
        parts.append(_("since you left"))
    return " · ".join(parts)


def crowd_lines(crowd: Crowd) -> list[tuple[int, str]]:
    """What people did, as lines with their times: each by name, or counted where they are many."""
    total = crowd.joined + crowd.left + crowd.renamed
    if total <= FOLD_ABOVE:
        return change_lines(crowd.changes)
    parts = []
    if crowd.joined:
        text = n_("{n} person joined", "{n} people joined", crowd.joined)
        parts.append(text.format(n=number(crowd.joined)))
    if crowd.left:
        text = n_("{n} person left", "{n} people left", crowd.left)
        parts.append(text.format(n=number(crowd.left)))
    if crowd.renamed:
        text = n_("{n} new nickname", "{n} new nicknames", crowd.renamed)
        parts.append(text.format(n=number(crowd.renamed)))
    return [(crowd.ts, " · ".join(parts))]


def change_lines(changes: Iterable[Change]) -> list[tuple[int, str]]:
    """Each change as a line with its time."""
    return [(one.ts, _change(one.kind, one.nick, one.old)) for one in changes]


def _change(kind: str, nick: str, old: str) -> str:
    if kind == "joined":
        return _("{nick} joined the room").format(nick=nick)
    if kind == "left":
        return _("{nick} left the room").format(nick=nick)
    return _("{old} is now called {nick}").format(old=old, nick=nick)


def stored_words(seq: int) -> str:
    """`no. 1,238 · stored`"""
    return _("no. {seq} · stored").format(seq=number(seq))


def new_messages(count: int) -> str:
    """`5 new messages`"""
    return n_("{n} new message", "{n} new messages", count).format(n=number(count))
