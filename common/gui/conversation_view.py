"""The conversation: what was said in a room, as a text to read, select and scroll.

Owns when it is drawn, and what clicks and keys in the text ask for; where somebody reads is
whereabouts.py's. Must not know the session nor the other panes: its owner gives it a room, tells it
when something happened, and is told what the person wants.

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
from common.gui.drawn import Drawn
from common.gui.filling import MARGIN, MOST, Filling
from common.gui.pointing import Pointing, Spot
from common.gui.reading import bind_wheel, consumed, reading_text
from common.gui.scrolling import RoomScrollbar
from common.gui.tags import BAR, Tags
from common.gui.theme import Theme
from common.gui.whereabouts import SLICE, Stay, Whereabouts
from common.gui.widgets import Pane

__all__ = ["ConversationView", "Spot", "Stay"]

_PAUSE: Final = 4
"""Milliseconds between two steps: keys and the mouse have their turn."""
_CALM: Final = 12
"""Milliseconds before what happened is drawn: much of it may come at once."""


class ConversationView(Pane):
    """One room at a time. All callbacks are called from Tk's loop.

    `on_older()`: the oldest line that is loaded is near. `on_link(url)`. `on_action(name, entry)`:
    "again", "edit", "delete" of a refused message, "author" and "stored" for a click on the name
    and on the state. `on_context(spot)`: a menu is wanted. `on_view(following)`: whether the newest
    line is in sight has changed, and with it `room.reading` and what is unread. Of a part that is
    open-ended, `on_newer()`: its newest line is near, and `on_newest()`: the newest ones of all are
    wanted.
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
        on_newer: Callable[[], object] = lambda: None,
        on_newest: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(parent, "bg")
        self._theme = theme
        self._on_older, self._on_newer = on_older, on_newer
        self.text = reading_text(self, height=1, width=1, takefocus=True)
        self.text.configure(yscrollcommand=self._moved)
        self._bar = RoomScrollbar(
            self, on_place=self._dragged, on_page=self._paged, on_step=self.scroll
        )
        self.text.pack(fill="both", expand=True)
        self._tags = Tags(self.text, theme)
        self._drawn = Drawn(self.text)
        self._drawer = Drawer(theme, self._tags)
        self._filling = Filling(self._drawn, self._drawer)
        self._where = Whereabouts(
            self.text, theme, self._drawn, self._filling, on_view=on_view,
            on_moved=self._moved_on, on_newest=on_newest,
        )  # fmt: skip
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
        for widget in (text, self._where.pill):
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

    @property
    def following(self) -> bool:
        """The newest line is in sight, and stays there as others arrive."""
        return self._where.following

    @property
    def stay(self) -> Stay | None:
        """Where the person reads, for `show` to come back to; None at the end."""
        return self._where.stay

    def show(
        self, room: Timeline | None, stay: Stay | None = None, *, open_ended: bool = False
    ) -> None:
        """Show that room, from its newest line on or where somebody was in it; None: nothing.

        `open_ended`: it is a part of a room, and what is newer is not in it; it is shown from its
        end on, which nobody follows.
        """
        self._filling.show(room)
        self._pointing.forget()
        self._asked_at = None
        self._where.begin(stay, open_ended=open_ended)
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
        self._where.scroll(pixels)

    def page_up(self) -> None:
        """Go up by what is on the screen, but for some rows that stay."""
        self._where.page(-1)

    def page_down(self) -> None:
        """Go down by as much."""
        self._where.page(1)

    def to_start(self) -> None:
        """Go to the oldest line that is loaded, and ask for older ones."""
        # Asked for again, older lines may come now although they did not before.
        self._asked_at = None
        self._where.to_start()

    def to_end(self) -> None:
        """Go to the newest line and follow what comes."""
        self._where.to_end()

    def to_since(self) -> bool:
        """Go to the line "since you left", or to the end where both are in sight; False where there
        is none, or it is not loaded."""
        return self._where.to_since()

    def reveal(self, key: Key) -> bool:
        """Have that entry on the screen; False where the room does not hold it."""
        self._asked_at = None
        return self._where.reveal(key)

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
        return self._where.pill.count

    @property
    def drawn(self) -> Drawn:
        """What is in the text, for the search to mark."""
        return self._drawn

    # --- drawing in steps ----------------------------------------------------------------------

    def _later(self) -> None:
        if self._pending is None:
            self._pending = self.after(_PAUSE, self._step)

    def _step(self) -> None:
        """One step: what changed, then what is missing around the screen, then what is too much."""
        if self._pending is not None:
            self.after_cancel(self._pending)
            self._pending = None
        deadline = time.monotonic() + SLICE
        where = self._where
        top = where.top()
        done = self._filling.sync(deadline, following=where.following)
        done = done and self._filling.refit(deadline, where.on_screen()[1])
        where.keep(top)
        if done:
            done = self._widen(deadline)
        if done:
            where.settle()
        if not self._drawn.keys:
            # Tk tells nothing of a text that was emptied.
            self._bar.set(0, 1)
        where.count()
        self.event_generate("<<Drawn>>")
        if not done:
            self._later()

    def _widen(self, deadline: float) -> bool:
        """Draw around the screen, let go of what is far from it; False if more is to be done."""
        filling, drawn = self._filling, self._drawn
        if not drawn.keys:
            return True
        first, last = self._where.on_screen()
        self._want_older(first)
        if self._where.open_ended and filling.to_end and len(drawn) - 1 - last < MARGIN:
            self._on_newer()
        before = self._where.top()
        done = True
        if first < MARGIN and filling.before:
            filling.up(deadline)
            done = False
        elif len(drawn) - 1 - last < MARGIN and not filling.to_end:
            filling.down(deadline)
            done = False
        elif len(drawn) <= MOST or not filling.trim(first, last):
            return True
        self._where.keep(before)
        return done

    def _want_older(self, first: int) -> None:
        room = self.room
        if room is None or room.complete or room.loading or self._filling.before + first > MARGIN:
            return
        loaded = (room.first, room.size)
        if loaded != self._asked_at:
            self._asked_at = loaded
            self._on_older()

    def _moved_on(self) -> None:
        """Something else is on the screen."""
        self._pointing.away()
        self._later()

    # --- what Tk tells -------------------------------------------------------------------------

    def _moved(self, first: float, last: float) -> None:
        """Tk has other rows on the screen: the bar is about the room, not about the text."""
        room = self.room
        size = room.size if room is not None else 0
        window = self._filling.before, len(self._drawn)
        self._bar.tell(window, size, float(first), float(last), self.following)
        if self._held:
            self._where.went()
        else:
            self._where.moved()

    def _dragged(self, part: float) -> None:
        """The scrollbar was moved to that part of the room."""
        self._asked_at = None
        self._where.drag(part)

    def _paged(self, by: int) -> None:
        self._where.page(by)

    def _hold(self, held: bool) -> None:
        self._held = held

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        wide = event.width - self._theme.px(BAR)
        if wide != self._tags.width:
            top = self._where.top()
            moved = self._tags.resize(wide)
            self._filling.outdate(*(("aside",) if moved else ()))
            self._filling.refit(time.monotonic() + SLICE, self._where.on_screen()[1])
            self._where.keep(top)
        else:
            self._where.keep(None)
        self._later()

    def _look_changed(self) -> None:
        top = self._where.top()
        self._tags.apply()
        if self._percent != self._theme.text_percent:
            self._percent = self._theme.text_percent
            self._filling.outdate("rule")
            self._filling.refit(time.monotonic() + SLICE, self._where.on_screen()[1])
        self._where.keep(top)
        self._later()

    def _gone(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self and self._pending is not None:
            self.after_cancel(self._pending)
            self._pending = None
