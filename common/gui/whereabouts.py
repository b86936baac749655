"""Where somebody reads in a conversation: at its end, which they follow, or further up.

Owns going from one place to another, the pill about what came below, and the place to come back
to when another room was shown meanwhile. Must not know how entries are drawn, nor when.
"""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from common.client.timeline import Key
from common.gui.drawn import Drawn, Place
from common.gui.filling import MARGIN, Filling, newer
from common.gui.pill import NewPill
from common.gui.theme import Theme
from common.i18n import _

SLICE: Final = 0.008
"""Seconds that one step of drawing may take, save for the last entry of it."""
_SCREENFUL: Final = 40
"""Times that more is drawn below a place until the screen is full: bounds a loop."""


@dataclass(frozen=True, slots=True)
class Stay:
    """Where somebody was who read further up, to go on there later."""

    place: Place
    left_at: Key
    """The last entry when the end was left: what is behind it is new."""


class Whereabouts:
    """Of the room that `filling` has. `on_view(following)`: whether the newest line is in sight has
    changed. `on_moved()`: something else is on the screen. `on_newest()`: of a part of a room, that
    its newest messages are wanted."""

    def __init__(
        self,
        text: tk.Text,
        theme: Theme,
        drawn: Drawn,
        filling: Filling,
        *,
        on_view: Callable[[bool], object],
        on_moved: Callable[[], object],
        on_newest: Callable[[], object],
    ) -> None:
        self._text, self._theme = text, theme
        self._drawn, self._filling = drawn, filling
        self._on_view, self._on_moved, self._on_newest = on_view, on_moved, on_newest
        self.pill = NewPill(text.master, self.to_end)
        self.following = True
        """The newest line is in sight, and stays there as others arrive."""
        self.open_ended = False
        """It is a part of a room: what is newer is not in it, and its end is never followed."""
        self._left_at: Key = (0, 0)

    # --- another room --------------------------------------------------------------------------

    def begin(self, stay: Stay | None = None, *, open_ended: bool = False) -> None:
        """Another room is shown, of which nothing is drawn: from its end, or from where somebody
        was."""
        self.open_ended = open_ended
        self.following = not open_ended
        room = self._filling.room
        if stay is None or room is None or not room.size:
            return
        self.following, self._left_at = False, stay.left_at
        room.reading = True
        # What was there may be gone: then what followed on it.
        self._draw_around(min(room.place(stay.place.key), room.size - 1), above=True)
        self._drawn.put_top(stay.place)

    @property
    def stay(self) -> Stay | None:
        """What to come back to; None at the end."""
        top = None if self.following else self._drawn.top()
        return Stay(top, self._left_at) if top is not None else None

    # --- while things are drawn ----------------------------------------------------------------

    def top(self) -> Place | None:
        """The row that must stay first whatever is drawn; None where the end must stay in sight."""
        return None if self.following else self._drawn.top()

    def keep(self, top: Place | None) -> None:
        """Have the same rows on the screen as before a change; `top` as it was before it."""
        if self.following:
            self._see_end()
        elif top is not None:
            self._drawn.put_top(top)

    def on_screen(self) -> tuple[int, int]:
        """The first and the last block in sight."""
        last = self._drawn.under(0, max(self._text.winfo_height() - 1, 0))
        if self.following:
            # Rows of the end may have no height yet; nothing is behind them in any case.
            last = len(self._drawn) - 1
        return max(0, self._drawn.under(0, 0)), max(0, last)

    def count(self) -> None:
        """Bring the pill up to date."""
        if self.open_ended:
            self.pill.count = 0
            self.pill.say(_("To the newest messages"))
            return
        room = self._filling.room
        first, second = self._left_at
        new = 0
        if not self.following and room is not None:
            new = newer(room, room.place((first, second + 1)))
        self.pill.tell(new)

    def moved(self) -> None:
        """Rows got other heights: the end stays in sight."""
        if self.following and not self._at_end():
            self._see_end()

    def settle(self) -> None:
        """All is drawn: where the end has come in sight, it is followed."""
        if not self.following and self._at_end():
            self._follow(True)

    # --- going ---------------------------------------------------------------------------------

    def scroll(self, pixels: float) -> None:
        """Move by that much at 96 dpi, downwards."""
        self._reach(up=pixels < 0)
        self._text.yview_scroll(self._theme.px(pixels), "pixels")
        self.went()

    def page(self, by: int) -> None:
        """Go by what is on the screen, but for some rows that stay."""
        self._reach(up=by < 0)
        self._text.yview_scroll(by, "pages")
        self.went()

    def to_start(self) -> None:
        """Go to the oldest line that is loaded."""
        self.jump(0, top=True)

    def to_end(self) -> None:
        """Go to the newest line and follow what comes."""
        if self.open_ended:
            self._on_newest()
            return
        if not self._filling.to_end:
            self._drawn.clear()
            self._filling.begin(1 << 62, _deadline())
        self._see_end()
        self._follow(True)
        self._on_moved()

    def to_since(self) -> bool:
        """Go to the line "since you left", or to the end where both are in sight; False where there
        is none, or it is not loaded."""
        room = self._filling.room
        if room is None or not room.since:
            return False
        place = room.place((room.since, 0))
        if place >= room.size:
            return False
        self.jump(place)
        if self.following:
            self._see_end()
        else:
            # All that is behind the line is new, however much of it is in sight already.
            self._left_at = (room.since, -1)
            self.count()
        return True

    def reveal(self, key: Key) -> bool:
        """Have that entry on the screen; False where the room does not hold it."""
        room = self._filling.room
        if room is None or room.get(key) is None:
            return False
        at = self._drawn.find(key)
        if at is None:
            self.jump(room.place(key))
        else:
            first, last = self._drawn.line(at), self._drawn.line(at + 1) - 1
            seen = self._text.dlineinfo(f"{first}.0"), self._text.dlineinfo(f"{last}.0")
            if None in seen:
                self._to_third(at)
                self.went()
        return True

    def drag(self, part: float) -> None:
        """Go to that part of the room, from 0.0 to 1.0."""
        room = self._filling.room
        if room is None or not room.size:
            return
        place = min(max(part, 0.0) * room.size, room.size - 0.001)
        at = place - self._filling.before
        if 0 <= at < len(self._drawn):
            line = self._drawn.line(int(at))
            lines = len(self._drawn.blocks[int(at)].roles)
            self._text.yview(f"{line + int(at % 1 * lines)}.0")
            self.went()
        else:
            self.jump(int(place), top=True)

    def jump(self, place: int, *, top: bool = False) -> None:
        """Go to the entry at that place of the room: a third down the screen, or with `top` to its
        first row."""
        room = self._filling.room
        if room is None or not room.size:
            return
        key = room.entry(place).key
        if self._drawn.find(key) is None:
            self._draw_around(place, above=not top)
        at = self._drawn.find(key) or 0
        if top:
            self._text.yview(f"{self._drawn.line(at)}.0")
        else:
            self._to_third(at)
        self.went()

    def went(self) -> None:
        """The person went somewhere."""
        self._follow(self._at_end())
        self._on_moved()

    # --- how it is done ------------------------------------------------------------------------

    def _see_end(self) -> None:
        self._text.yview("end")

    def _at_end(self) -> bool:
        if self.open_ended:
            return False
        return self._filling.to_end and self._text.dlineinfo("end-1c") is not None

    def _draw_around(self, place: int, *, above: bool) -> None:
        """Draw a screenful at once; what is further away comes in steps."""
        deadline = _deadline()
        self._drawn.clear()
        self._filling.begin(place + 1, deadline, 1)
        self._filling.down(deadline, MARGIN // 2)
        if above:
            self._filling.up(deadline + SLICE / 2, MARGIN // 6)

    def _reach(self, *, up: bool) -> None:
        """Draw a screenful more where the text is about to end before the room does."""
        first, last = self.on_screen()
        if up and first < MARGIN // 3 and self._filling.before:
            top = self._drawn.top()
            self._filling.up(_deadline(), MARGIN // 2)
            if top is not None:
                self._drawn.put_top(top)
        elif not up and len(self._drawn) - 1 - last < MARGIN // 3:
            self._filling.down(_deadline(), MARGIN // 2)

    def _to_third(self, at: int) -> None:
        """Have a block a third down the screen, which is full unless the room ends."""
        self._text.yview(f"{self._drawn.line(at)}.0")
        self._text.yview_scroll(-self._text.winfo_height() // 3, "pixels")
        for _each in range(_SCREENFUL):
            ends = self._text.dlineinfo("end-1c") is not None
            if not ends or not self._filling.down(_deadline(), MARGIN // 6):
                break

    def _follow(self, following: bool) -> None:
        room = self._filling.room
        if following == self.following or room is None:
            return
        self.following = following
        room.reading = not following
        if following:
            room.read()
        elif room.size:
            self._left_at = room.entry(room.size - 1).key
            # What is queued is no record yet: those stand before it.
            pending = [one.key for one in room.own_pending()]
            if self._left_at in pending:
                self._left_at = (max(room.last[0], room.head), 0)
        self.count()
        self._on_view(following)


def _deadline() -> float:
    return time.monotonic() + SLICE
