"""Which entries of a room are in the text: some hundreds around what is read, in small steps.

Owns the window on the timeline: bringing it up to date, making it longer at either end, letting go
of what is far away. Must not know pixels, the mouse, nor who follows what arrives.

Every step ends at a deadline (of `time.monotonic`) and the next one goes on from what is there, so
that ten thousand messages at once never hold up a key. Each call draws at least one entry.
"""

from __future__ import annotations

import operator
import time
from typing import Final

from common.client.timeline import Key, Said, Timeline
from common.gui.drawing import Drawer
from common.gui.drawn import Drawn

MOST: Final = 400
"""Entries in the text at most, save for one step."""
MARGIN: Final = 60
"""Entries that should be there before and after those on the screen."""
FLOOD: Final = 80
"""More new entries than this at once: whoever is at the end is shown the last ones alone."""
LINES: Final = 3_000
"""Lines in the text at most, since an entry can have thousands of its own."""


class Filling:
    """The entries of one room that are in `drawn`."""

    def __init__(self, drawn: Drawn, drawer: Drawer) -> None:
        self._drawn = drawn
        self._drawer = drawer
        self.room: Timeline | None = None
        self.to_end = False
        """What follows the last drawn entry belongs into the text too."""
        self._known: set[str] = set()
        self._basis: object = None
        self._outdated: set[Key] = set()

    def show(self, room: Timeline | None) -> None:
        """Begin anew with that room: nothing is drawn yet."""
        self.room = room
        self.to_end = True
        self._drawn.clear()
        self._basis = None

    # --- bringing it up to date ----------------------------------------------------------------

    def sync(self, deadline: float, *, following: bool) -> bool:
        """Draw what changed since; False where the deadline came first. Where `following` and
        much is new, only the last entries stay."""
        room, drawn = self.room, self._drawn
        if room is None:
            return True
        self._known = room.known()
        if not drawn.keys:
            return not room.size or self.begin(room.size, deadline)
        low = room.place(drawn.keys[0])
        if self.to_end and room.size - low - len(drawn) > FLOOD:
            if following:
                drawn.clear()
                return self.begin(room.size, deadline)
            self.to_end = False
            # What is queued stays the last of all: it comes back with the end.
            drawn.delete(sum(not _is_queued(key) for key in drawn.keys), len(drawn))
        high = room.size if self.to_end else self.behind
        basis = self._basis_of(room)
        wanted = [room.entry(place) for place in range(low, high)]
        unchanged = len(wanted) == len(drawn) and all(map(operator.is_, wanted, drawn.entries))
        if unchanged and basis == self._basis:
            return True
        done = self._merge(room, low, high, deadline, everything=basis != self._basis)
        if not drawn.keys:
            # All that was drawn was queued, and stands further up in the room by now.
            return self.begin(room.size, deadline)
        if done:
            self._basis = basis
        return done

    def _merge(
        self, room: Timeline, low: int, high: int, deadline: float, *, everything: bool
    ) -> bool:
        """Make blocks and entries the same, key by key."""
        drawn = self._drawn
        at, fresh = 0, True
        # An entry's frame depends on its neighbours: whoever has a new one is looked at again.
        for place in range(low, high):
            entry = room.entry(place)
            gone = at
            while gone < len(drawn) and drawn.keys[gone] < entry.key:
                gone += 1
            changed = gone > at
            drawn.delete(at, gone)
            new = at >= len(drawn) or drawn.keys[at] != entry.key
            changed = changed or new or drawn.entries[at] is not entry
            if changed and not fresh and at:
                self._again(room, place - 1, at - 1)
            drew = new
            if new:
                self._draw(room, place, at)
            elif changed or fresh or everything:
                drew = self._again(room, place, at)
            fresh = changed
            at += 1
            if drew and time.monotonic() > deadline:
                return False
        if at < len(drawn):
            drawn.delete(at, len(drawn))
            if at:
                self._again(room, high - 1, at - 1)
        return True

    def _basis_of(self, room: Timeline) -> object:
        """What the frames of all entries depend on."""
        down = self._drawer.link_down
        return room.since, room.complete, room.you, room.me, room.nick, down

    def _draw(self, room: Timeline, place: int, at: int) -> None:
        sign = self._drawer.sign(room, place)
        block = self._drawer.block(room, place, sign, self._known)
        self._drawn.insert(at, room.entry(place), sign, block)

    def _again(self, room: Timeline, place: int, at: int) -> bool:
        """Draw an entry anew if it or its frame is another one now; returns whether it was."""
        entry, sign = room.entry(place), self._drawer.sign(room, place)
        if self._drawn.entries[at] is entry and self._drawn.signs[at] == sign:
            return False
        self._drawn.replace(at, entry, sign, self._drawer.block(room, place, sign, self._known))
        return True

    def outdate(self, *roles: str) -> None:
        """The width or the size of letters is another: what was cut to it is out of date, and
        blocks with lines of these roles."""
        for key, block in zip(self._drawn.keys, self._drawn.blocks, strict=True):
            if block.fitted or not set(roles).isdisjoint(block.roles):
                self._outdated.add(key)

    def refit(self, deadline: float, near: int) -> bool:
        """Draw anew what is out of date, beginning at the block at `near`; False where the
        deadline came first."""
        drawn, room = self._drawn, self.room
        places = [
            (abs(at - near), at) for key in self._outdated if (at := drawn.find(key)) is not None
        ]
        for _distance, at in sorted(places):
            key = drawn.keys[at]
            if room is not None and room.get(key) is not None:
                place = room.place(key)
                sign = self._drawer.sign(room, place)
                block = self._drawer.block(room, place, sign, self._known)
                drawn.replace(at, room.entry(place), sign, block)
            self._outdated.discard(key)
            if time.monotonic() > deadline:
                return False
        self._outdated.clear()
        return True

    # --- moving it -----------------------------------------------------------------------------

    def begin(self, place: int, deadline: float, count: int = 30) -> bool:
        """Draw some entries before `place`, which may be the room's size; nothing is drawn yet."""
        room = self.room
        if room is None or not room.size:
            return True
        self._known = room.known()
        place = max(1, min(place, room.size))
        self.to_end = place == room.size
        self._basis = self._basis_of(room)
        for each in range(place - 1, max(-1, place - 1 - count), -1):
            self._draw(room, each, 0)
            if time.monotonic() > deadline:
                return False
        return True

    def up(self, deadline: float, count: int = MARGIN) -> int:
        """Draw entries before the first one; returns how many."""
        room, drawn = self.room, self._drawn
        if room is None or not drawn.keys:
            return 0
        low = room.place(drawn.keys[0])
        added = 0
        for place in range(low - 1, max(-1, low - 1 - count), -1):
            self._draw(room, place, 0)
            added += 1
            if time.monotonic() > deadline:
                break
        return added

    def down(self, deadline: float, count: int = MARGIN) -> int:
        """Draw entries behind the last one; returns how many."""
        room, drawn = self.room, self._drawn
        if room is None or not drawn.keys or self.to_end:
            return 0
        high = self.behind
        added = 0
        for place in range(high, min(room.size, high + count)):
            self._draw(room, place, len(drawn))
            added += 1
            if time.monotonic() > deadline:
                break
        self.to_end = high + added >= room.size
        return added

    @property
    def before(self) -> int:
        """How many entries of the room stand before the first drawn one."""
        room = self.room
        return room.place(self._drawn.keys[0]) if room and self._drawn.keys else 0

    @property
    def behind(self) -> int:
        """The place in the room behind the last drawn entry."""
        if self.room is None or not self._drawn.keys:
            return 0
        first, second = self._drawn.keys[-1]
        return self.room.place((first, second + 1))

    def trim(self, first: int, last: int) -> bool:
        """Let go of blocks if there are too many, those far from `first` to `last`, which are on
        the screen; returns whether some before them went."""
        drawn = self._drawn
        spare = len(drawn) - MOST
        if drawn.line(len(drawn)) > LINES:
            spare = max(spare, len(drawn) - (last - first + 1) - 2 * MARGIN, 0)
        if spare <= 0:
            return False
        below = max(0, min(spare, len(drawn) - 1 - last - MARGIN))
        above = max(0, min(spare, first - MARGIN))
        if first >= len(drawn) - 1 - last:
            below = min(below, spare - above)
        else:
            above = min(above, spare - below)
        if below:
            drawn.delete(len(drawn) - below, len(drawn))
            self.to_end = False
        drawn.delete(0, above)
        return above > 0


def _is_queued(key: Key) -> bool:
    return key >= (1 << 62, 0)


def newer(room: Timeline, place: int) -> int:
    """How many messages of others stand at `place` and behind."""
    entries = (room.entry(each) for each in range(place, room.size))
    return sum(isinstance(one, Said) and not one.own for one in entries)
