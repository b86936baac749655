"""The conversation: what was said in a room, as a text to read, select and scroll.

Owns who follows what arrives and where somebody reads, and what clicks and keys in the text ask
for. Must not know the session nor the other panes: its owner gives it a room, tells it when
something happened, and is told what the person wants.

Only some hundreds of the room's entries are in the text (filling.py); older and newer ones come in
on scrolling, and no row that is on the screen ever moves because of it.
"""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Collection
from typing import Final

from common.client.timeline import Entry, Key, Timeline
from common.gui.copying import selected_words
from common.gui.drawing import Drawer
from common.gui.drawn import Drawn, Place
from common.gui.filling import MARGIN, MOST, Filling, newer
from common.gui.pill import NewPill
from common.gui.pointing import Pointing, Spot
from common.gui.reading import bind_wheel, consumed, reading_text
from common.gui.scrolling import RoomScrollbar
from common.gui.tags import Tags
from common.gui.theme import Theme
from common.gui.widgets import Pane

__all__ = ["ConversationView", "Spot"]

SLICE: Final = 0.008
"""Seconds that one step of drawing may take, save for the last entry of it."""
_PAUSE: Final = 4
"""Milliseconds between two steps: keys and the mouse have their turn."""
_CALM: Final = 12
"""Milliseconds before what happened is drawn: much of it may come at once."""


class ConversationView(Pane):
    """One room at a time. All callbacks are called from Tk's loop.

    `on_older()`: the oldest line that is loaded is near. `on_link(url)`. `on_action(name, entry)`:
    "again", "edit", "delete" of a refused message, "author" and "stored" for a click on the name
    and on the state. `on_context(spot)`: a menu is wanted. `on_view(following)`: whether the newest
    line is in sight has changed, and with it `room.reading` and what is unread.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        on_older: Callable[[], object],
        on_link: Callable[[str], object],
        on_action: Callable[[str, Entry], object],
        on_context: Callable[[Spot], object],
        on_view: Callable[[bool], object],
    ) -> None:
        super().__init__(parent, "bg")
        self._theme = theme
        self._on_older, self._on_view = on_older, on_view
        self.text = reading_text(self, height=1, width=1, takefocus=True)
        self.text.configure(yscrollcommand=self._moved)
        self._bar = RoomScrollbar(
            self, on_place=self._dragged, on_page=self._page, on_step=self.scroll
        )
        self._bar.pack(side="right", fill="y")
        self.text.pack(side="left", fill="both", expand=True)
        self._tags = Tags(self.text, theme)
        self._drawn = Drawn(self.text)
        self._drawer = Drawer(theme, self._tags)
        self._filling = Filling(self._drawn, self._drawer)
        self._pill = NewPill(self, self.to_end)
        self.following = True
        """The newest line is in sight, and stays there as others arrive."""
        self._left_at: Key = (0, 0)
        """The last entry when the end was left: what is behind it is new."""
        self._asked_at: tuple[int, int] | None = None
        """What was loaded when older lines were asked for: not again before that changes."""
        self._pending: str | None = None
        self._held = False
        self._percent = theme.text_percent
        self._pointing = Pointing(
            self.text, theme, self._drawn, self._tags,
            on_link=on_link, on_action=on_action, on_context=on_context, on_step=self.reveal,
            selected=self.selected,
        )  # fmt: skip
        self._bind_all_here()
        theme.on_change(self._look_changed, self)

    def _bind_all_here(self) -> None:
        text = self.text
        for widget in (text, self._pill):
            bind_wheel(widget, self.scroll)
        for sequence, go in (
            ("<Prior>", self.page_up), ("<Next>", self.page_down),
            ("<Home>", self.to_start), ("<End>", self.to_end),
        ):  # fmt: skip
            text.bind(sequence, consumed(go))
        text.bind("<<Copy>>", consumed(self.copy))
        text.bind("<Configure>", self._resized)
        text.bind("<ButtonPress-1>", lambda _event: self._hold(True), add="+")
        text.bind("<ButtonRelease-1>", lambda _event: self._hold(False), add="+")
        self.bind("<Destroy>", self._gone, add="+")

    # --- what is asked of it -------------------------------------------------------------------

    @property
    def room(self) -> Timeline | None:
        """The room that is shown."""
        return self._filling.room

    def show(self, room: Timeline | None) -> None:
        """Show that room from its newest line on; None: nothing."""
        self._filling.show(room)
        self._pointing.forget()
        self._asked_at = None
        self.following = True
        self._step()

    def refresh(
        self, *, link_down: bool | None = None, bots: Collection[str] | None = None
    ) -> None:
        """Something happened in the room: it is drawn soon, together with what happens until then.

        `link_down`: own messages wait for the link. `bots`: users that are programs.
        """
        if link_down is not None:
            self._drawer.link_down = link_down
        if bots is not None:
            self._drawer.bots = bots
        if self._pending is None:
            self._pending = self.after(_CALM, self._step)

    def scroll(self, pixels: float) -> None:
        """Move by that much at 96 dpi, downwards, as the wheel does."""
        self._reach(up=pixels < 0)
        self.text.yview_scroll(self._theme.px(pixels), "pixels")
        self._scrolled()

    def page_up(self) -> None:
        """Go up by what is on the screen, but for some rows that stay."""
        self._page(-1)

    def page_down(self) -> None:
        """Go down by as much."""
        self._page(1)

    def to_start(self) -> None:
        """Go to the oldest line that is loaded, and ask for older ones."""
        self._jump(0, top=True)

    def to_end(self) -> None:
        """Go to the newest line and follow what comes."""
        if not self._filling.to_end:
            self._drawn.clear()
            self._filling.begin(1 << 62, self._deadline())
        self._see_end()
        self._follow(True)
        self._later()

    def to_unread(self) -> bool:
        """Go to the line "since you left"; False where there is none, or it is not loaded."""
        room = self.room
        if room is None or not room.since:
            return False
        place = room.place((room.since, 0))
        if place >= room.size:
            return False
        self._jump(place, top=True)
        return True

    def reveal(self, key: Key) -> bool:
        """Have that entry on the screen; False where the room does not hold it."""
        room = self.room
        if room is None or room.get(key) is None:
            return False
        at = self._drawn.find(key)
        if at is None:
            self._jump(room.place(key))
        else:
            first, last = self._drawn.line(at), self._drawn.line(at + 1) - 1
            seen = self.text.dlineinfo(f"{first}.0"), self.text.dlineinfo(f"{last}.0")
            if None in seen:
                self._to_third(at)
                self._scrolled()
        return True

    def choose(self, key: Key | None) -> None:
        """Mark an entry as the one that keys are about."""
        self._pointing.choose(key)

    def copy(self) -> str:
        """Put what is selected, or the chosen message, on the clipboard; returns it."""
        words = self.selected() or self._pointing.chosen_text()
        if words:
            self.clipboard_clear()
            self.clipboard_append(words)
        return words

    def selected(self) -> str:
        """What is selected, with names and times in a form to read; "" where nothing is."""
        return selected_words(self.text, self._drawn)

    @property
    def settled(self) -> bool:
        """Whether all that happened is drawn."""
        return self._pending is None

    @property
    def new(self) -> int:
        """Messages that came below while the person read further up."""
        return self._pill.count

    @property
    def drawn(self) -> Drawn:
        """What is in the text, for the search to mark."""
        return self._drawn

    # --- drawing in steps ----------------------------------------------------------------------

    @staticmethod
    def _deadline() -> float:
        return time.monotonic() + SLICE

    def _later(self) -> None:
        if self._pending is None:
            self._pending = self.after(_PAUSE, self._step)

    def _step(self) -> None:
        """One step: what changed, then what is missing around the screen, then what is too much."""
        if self._pending is not None:
            self.after_cancel(self._pending)
            self._pending = None
        deadline = self._deadline()
        top = None if self.following else self._drawn.top()
        done = self._filling.sync(deadline, following=self.following)
        done = done and self._filling.refit(deadline, self._on_screen()[1])
        self._keep(top)
        if done:
            done = self._widen(deadline)
        self._count()
        self.event_generate("<<Drawn>>")
        if not done:
            self._later()

    def _keep(self, top: Place | None) -> None:
        """Have the same rows on the screen as before a change."""
        if self.following:
            self._see_end()
        elif top is not None:
            self._drawn.put_top(top)

    def _widen(self, deadline: float) -> bool:
        """Draw around the screen, let go of what is far from it; False if more is to be done."""
        filling, drawn = self._filling, self._drawn
        if not drawn.keys:
            return True
        first, last = self._on_screen()
        self._want_older(first)
        before = self._place()
        done = True
        if first < MARGIN and filling.before:
            filling.up(deadline)
            done = False
        elif len(drawn) - 1 - last < MARGIN and not filling.to_end:
            filling.down(deadline)
            done = False
        elif len(drawn) <= MOST or not filling.trim(first, last):
            return True
        self._keep(before)
        return done

    def _place(self) -> Place | None:
        return None if self.following else self._drawn.top()

    def _on_screen(self) -> tuple[int, int]:
        """The first and the last block in sight."""
        last = self._drawn.under(0, max(self.text.winfo_height() - 1, 0))
        if self.following:
            # Rows of the end may have no height yet; nothing is behind them in any case.
            last = len(self._drawn) - 1
        return max(0, self._drawn.under(0, 0)), max(0, last)

    def _want_older(self, first: int) -> None:
        room = self.room
        if room is None or room.complete or room.loading or self._filling.before + first > MARGIN:
            return
        loaded = (room.first, room.size)
        if loaded != self._asked_at:
            self._asked_at = loaded
            self._on_older()

    # --- where somebody reads ------------------------------------------------------------------

    def _see_end(self) -> None:
        self.text.yview("end")

    def _at_end(self) -> bool:
        return self._filling.to_end and self.text.dlineinfo("end-1c") is not None

    def _page(self, by: int) -> None:
        self._reach(up=by < 0)
        self.text.yview_scroll(by, "pages")
        self._scrolled()

    def _reach(self, *, up: bool) -> None:
        """Draw a screenful more where the text is about to end before the room does."""
        first, last = self._on_screen()
        if up and first < MARGIN // 3 and self._filling.before:
            top = self._drawn.top()
            self._filling.up(self._deadline(), MARGIN // 2)
            if top is not None:
                self._drawn.put_top(top)
        elif not up and len(self._drawn) - 1 - last < MARGIN // 3:
            self._filling.down(self._deadline(), MARGIN // 2)

    def _jump(self, place: int, *, top: bool = False) -> None:
        """Go to the entry at that place of the room; `top`: to the first row of the screen."""
        room = self.room
        if room is None or not room.size:
            return
        key = room.entry(place).key
        at = self._drawn.find(key)
        if at is None:
            # A screenful at once; what is around it comes in steps.
            deadline = self._deadline()
            self._drawn.clear()
            self._filling.begin(place + 1, deadline, 1)
            self._filling.down(deadline, MARGIN // 2)
            if not top:
                self._filling.up(deadline + SLICE / 2, MARGIN // 6)
            at = self._drawn.find(key) or 0
        if top:
            self.text.yview(f"{self._drawn.line(at)}.0")
        else:
            self._to_third(at)
        # Asked for again, older lines may come now although they did not before.
        self._asked_at = None
        self._scrolled()

    def _to_third(self, at: int) -> None:
        self.text.yview(f"{self._drawn.line(at)}.0")
        self.text.yview_scroll(-self.text.winfo_height() // 3, "pixels")

    def _scrolled(self) -> None:
        """The person went somewhere."""
        self._follow(self._at_end())
        self._pointing.away()
        self._later()

    def _follow(self, following: bool) -> None:
        room = self.room
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
        self._count()
        self._on_view(following)

    def _count(self) -> None:
        """The pill about what came while somebody reads further up."""
        room = self.room
        first, second = self._left_at
        new = 0
        if not self.following and room is not None:
            new = newer(room, room.place((first, second + 1)))
        self._pill.tell(new)

    # --- what Tk tells -------------------------------------------------------------------------

    def _moved(self, first: float, last: float) -> None:
        """Tk has other rows on the screen: the bar is about the room, not about the text."""
        room = self.room
        size = room.size if room is not None else 0
        window = self._filling.before, len(self._drawn)
        self._bar.tell(window, size, float(first), float(last), self.following)
        if self._held:
            self._scrolled()
        elif self.following and not self._at_end():
            self._see_end()

    def _dragged(self, part: float) -> None:
        """The scrollbar was moved to that part of the room."""
        room = self.room
        if room is None or not room.size:
            return
        place = min(max(part, 0.0) * room.size, room.size - 0.001)
        at = place - self._filling.before
        if 0 <= at < len(self._drawn):
            line = self._drawn.line(int(at))
            lines = len(self._drawn.blocks[int(at)].roles)
            self.text.yview(f"{line + int(at % 1 * lines)}.0")
            self._scrolled()
        else:
            self._jump(int(place), top=True)

    def _hold(self, held: bool) -> None:
        self._held = held

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        if event.width != self._tags.width:
            top = self._place()
            moved = self._tags.resize(event.width)
            self._filling.outdate(*(("aside",) if moved else ()))
            self._filling.refit(self._deadline(), self._on_screen()[1])
            self._keep(top)
        elif self.following:
            self._see_end()
        self._later()

    def _look_changed(self) -> None:
        top = self._place()
        self._tags.apply()
        if self._percent != self._theme.text_percent:
            self._percent = self._theme.text_percent
            self._filling.outdate("rule")
            self._filling.refit(self._deadline(), self._on_screen()[1])
        self._keep(top)
        self._later()

    def _gone(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self and self._pending is not None:
            self.after_cancel(self._pending)
            self._pending = None
