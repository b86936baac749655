"""The bar that finds words in the conversation, at its upper right corner.

Owns what is typed there, which of the messages found is shown, how far back was searched, and the
marks in the text. Must not know how pages are fetched. What counts as found:
common.client.finding; what is older than the loaded messages: looking_back.py.
"""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable
from functools import partial
from typing import Final

from common.client.events import HistoryReply
from common.client.finding import Search, spans
from common.client.timeline import Key, Timeline
from common.gui.conversation_view import ConversationView
from common.gui.desk import Failed
from common.gui.field import Field
from common.gui.looking_back import Beyond
from common.gui.reading import consumed
from common.gui.theme import Theme
from common.gui.widgets import Card, Pane, button, label
from common.i18n import _, day, local, n_, number

_SLICE: Final = 0.008
"""Seconds of looking at once."""
_PAUSE: Final = 4
"""Milliseconds between two slices, in which keys have their turn."""

Came = Callable[[HistoryReply], object]


class SearchBar(Card):
    """Opened by `open`; its owner calls `refresh` after older messages came.

    `room()`: the open one. `fetch(before, came, failed)` asks for a page of it. `on_far(key, then)`
    has a message on the screen, loaded or not. `on_close()` takes the focus back.
    """

    def __init__(
        self,
        view: ConversationView,
        theme: Theme,
        *,
        room: Callable[[], Timeline | None],
        fetch: Callable[[int, Came, Failed], object],
        on_far: Callable[[Key, Callable[[], object]], object],
        on_close: Callable[[], object],
    ) -> None:
        super().__init__(view, padding=6)
        self._view = view
        self._theme = theme
        self._room, self._fetch, self._on_far = room, fetch, on_far
        self._on_close = on_close
        self._search: Search | None = None
        self._beyond: Beyond | None = None
        """The search in what is not loaded, once it was asked for."""
        self._going_on = False
        """It goes on by itself, until something is found or it is stopped."""
        self._asked: Beyond | None = None
        """The one for which a page is under way."""
        self._at = 0
        """Which of those found is shown, 0 being the newest."""
        self._shown: Key | None = None
        self._loaded = (0, 0)
        """How many entries, and the last, when it was searched."""
        self._waiting: str | None = None
        self._make()
        self._bind_keys()
        self._dress()
        theme.on_change(self._dress, self)
        view.bind("<<Drawn>>", lambda _event: self._drawn(), add="+")

    def _make(self) -> None:
        theme = self._theme
        row = self._row = tk.Frame(self, borderwidth=0)
        row.pack(fill="x")
        self.field = Field(
            row, placeholder=_("Find in the conversation"), width=22, on_edit=self._edited
        )
        self._counted = label(row, "", font="small", tone="muted")
        older = button(row, kind="icon", icon="up", name=_("Older (Enter)"), command=self.older)
        newer = button(
            row, kind="icon", icon="down", name=_("Newer (Shift+Enter)"), command=self.newer
        )
        close = button(row, kind="icon", icon="close", name=_("Close (Escape)"), command=self.close)
        self.field.pack(side="left", fill="x", expand=True)
        self._counted.pack(side="left", padx=theme.px(8))
        for each in (older, newer, close):
            each.pack(side="left")
        self._said = label(self, "", font="small", tone="muted", wrap=True)
        self._foot = Pane(self)
        self._more = button(
            self._foot, _("Search older messages"), "link", command=self.go_on, font="small-link"
        )
        self._stop = button(self._foot, _("Stop"), "link", command=self.stop, font="small-link")

    def _bind_keys(self) -> None:
        text = self.field.text
        for key in ("Return", "KP_Enter", "F3"):
            text.bind(f"<{key}>", consumed(self.older))
            text.bind(f"<Shift-{key}>", consumed(self.newer))
        text.bind("<Up>", consumed(self.older))
        text.bind("<Down>", consumed(self.newer))
        text.bind("<Prior>", consumed(self._view.page_up))
        text.bind("<Next>", consumed(self._view.page_down))
        for widget in (text, self, *self._row.winfo_children(), self._more, self._stop):
            widget.bind("<Escape>", consumed(self.close))

    # --- what is asked of it -------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether it is on the screen."""
        return bool(self.winfo_manager())

    @property
    def says(self) -> str:
        """What stands under the field, "" for nothing."""
        return str(self._said.cget("text")) if self._said.winfo_manager() else ""

    def open(self) -> None:
        """Show it with what was looked for last, and put the focus there."""
        self.place(relx=1.0, x=-self._theme.px(20), y=self._theme.px(8), anchor="ne")
        self.lift()
        self.field.focus_set()
        self.field.select_all()
        self._begin()

    def close(self) -> None:
        """Take it and its marks away."""
        if not self.is_open:
            return
        self.place_forget()
        self._cancel()
        self._search = self._beyond = None
        self._shown = None
        self._unmark()
        self._on_close()

    def refresh(self) -> None:
        """Something came into the room, or another one is shown: look again."""
        if self.is_open:
            self._begin(stay=True)

    def older(self) -> None:
        """Go to the next message found, upwards; after the oldest of those that are loaded, look
        further back; after the oldest of all comes the newest."""
        found = self._found
        if self._at >= len(found) - 1 and not self._everywhere:
            self.go_on()
        elif found:
            self._show_at((self._at + 1) % len(found))

    def newer(self) -> None:
        """Go to the one below it."""
        if found := self._found:
            self._show_at((self._at - 1) % len(found))

    def go_on(self) -> None:
        """Look in what is not loaded, from where it ended on, until something is found."""
        search = self._search
        if search is None or not search.wanted or not search.done or self._everywhere:
            return
        if self._beyond is None:
            room = search.room
            before = room.first or max(room.last[0], room.head) + 1
            self._beyond = Beyond(room, search.wanted, before)
        self._going_on = True
        self.field.focus_set()
        self._look_beyond()

    def stop(self) -> None:
        """Look no further back for now."""
        self._going_on = False
        self.field.focus_set()
        self._tell()

    # --- looking -------------------------------------------------------------------------------

    @property
    def _found(self) -> list[Key]:
        """All that was found, the newest first."""
        found = list(self._search.found) if self._search is not None else []
        if self._beyond is not None:
            first = self._search.room.first if self._search is not None else 0
            found += [(one.seq, 0) for one in self._beyond.found if one.seq < first]
        return found

    @property
    def _everywhere(self) -> bool:
        """Whether all of the room was looked through."""
        search = self._search
        if search is None:
            return True
        return search.room.complete or (self._beyond is not None and self._beyond.done)

    def _edited(self) -> None:
        if self.is_open:
            self._begin()

    def _begin(self, *, stay: bool = False) -> None:
        """Look for what is typed; `stay`: where the person is, rather than at the newest found."""
        room = self._room()
        self._cancel()
        if room is None:
            return
        if self._search is None or self._search.room is not room:
            self._search = Search(room)
            self._beyond, self._shown, self._going_on = None, None, False
        if not stay:
            self._shown = None
        self._search.find(self.field.value)
        beyond = self._beyond
        if beyond is not None and beyond.wanted != self._search.wanted:
            self._beyond, self._going_on = None, False
        self._loaded = (room.size, room.last[0])
        self._at = 0
        self._look()

    def _look(self) -> None:
        """A slice of the search in what is loaded."""
        self._waiting = None
        search = self._search
        if search is None:
            return
        deadline = time.monotonic() + _SLICE
        while not search.done and time.monotonic() < deadline:
            search.step()
        found = self._found
        if self._shown is not None and self._shown in found:
            self._at = found.index(self._shown)
        elif self._shown is None and search.found:
            self._show_at(0)
        self._tell()
        self._mark()
        if not search.done:
            self._waiting = self.after(_PAUSE, self._look)
        elif self._going_on:
            self._look_beyond()

    def _look_beyond(self) -> None:
        """A slice of the search in what is not, or the next page of it."""
        self._waiting = None
        beyond = self._beyond
        if beyond is None or not self._going_on:
            return
        deadline = time.monotonic() + _SLICE
        found = False
        while beyond.steps and not found and time.monotonic() < deadline:
            found = beyond.step()
        if found:
            self._going_on = False
            self._show_at(len(self._found) - 1)
        elif beyond.done:
            self._going_on = False
        elif not beyond.hungry:
            self._waiting = self.after(_PAUSE, self._look_beyond)
        elif self._asked is not beyond:
            self._asked = beyond
            self._fetch(beyond.before, partial(self._page_came, beyond), self._no_page)
        self._tell()

    def _page_came(self, beyond: Beyond, reply: HistoryReply) -> None:
        if self._beyond is beyond and self.winfo_exists():
            self._asked = None
            beyond.take(reply)
            self._look_beyond()

    def _no_page(self, why: str) -> None:
        if self.winfo_exists():
            self._asked = None
            self._going_on = False
            self._tell(why)

    def _cancel(self) -> None:
        if self._waiting is not None:
            self.after_cancel(self._waiting)
            self._waiting = None

    def _show_at(self, at: int) -> None:
        self._at = at
        self._shown = self._found[at]
        self._on_far(self._shown, self._mark)
        self._tell()

    # --- words ---------------------------------------------------------------------------------

    def _tell(self, trouble: str = "") -> None:
        search, found = self._search, self._found
        wanted = search is not None and bool(search.wanted)
        searching = self._going_on or (search is not None and not search.done)
        nothing = wanted and not found and not searching
        words = ""
        if wanted and found:
            words = _("{at} of {count}").format(at=number(self._at + 1), count=number(len(found)))
        elif nothing:
            words = _("nothing found")
        self._counted.configure(text=words)
        self.field.wrong(nothing)
        further = wanted and not searching and not self._everywhere
        last = nothing or self._at >= len(found) - 1
        self._say(trouble or (self._about(nothing) if wanted and last else ""))
        self._offer(further and last)

    def _about(self, nothing: bool) -> str:
        """How far back was searched, and what to do."""
        beyond, parts = self._beyond, []
        if nothing:
            here = _("Nothing for “{words}” here. Try a shorter word.")
            whole = _("Nothing for “{words}” in this room, from its beginning on.")
            words = whole if self._everywhere else here
            parts.append(words.format(words=self.field.value.strip()))
        elif self._everywhere and not self._going_on and beyond is not None:
            parts.append(_("The whole room was searched."))
        if beyond is not None and beyond.reached and not self._everywhere:
            text = n_(
                "{n} older message searched, back to {day}.",
                "{n} older messages searched, back to {day}.",
                beyond.searched,
            )
            date = day(local(beyond.reached).date(), weekday=False)
            parts.append(text.format(n=number(beyond.searched), day=date))
        elif self._going_on:
            parts.append(_("Searching older messages…"))
        return " ".join(parts)

    def _say(self, words: str) -> None:
        margin = self._theme.px(6)
        self._said.configure(text=words)
        if words:
            self._said.pack(fill="x", padx=margin, pady=(margin, 0), after=self._row)
        else:
            self._said.pack_forget()

    def _offer(self, further: bool) -> None:
        """The link to look further back, or the one to stop that."""
        shown = self._stop if self._going_on else self._more if further else None
        for each in (self._more, self._stop):
            if each is not shown:
                each.pack_forget()
        if shown is None:
            self._foot.pack_forget()
            return
        margin = self._theme.px(6)
        shown.pack(side="left")
        self._foot.pack(fill="x", padx=margin, pady=(margin, 0))

    # --- the marks in the text -----------------------------------------------------------------

    def _drawn(self) -> None:
        """Blocks came into the text, or messages into the room."""
        room = self._room()
        if not self.is_open or room is None:
            return
        other = self._search is None or self._search.room is not room
        if other or self._loaded != (room.size, room.last[0]):
            self._begin(stay=True)
        else:
            self._mark()

    def _unmark(self) -> None:
        for tag in ("found", "found-now"):
            self._view.text.tag_remove(tag, "1.0", "end")

    def _mark(self) -> None:
        self._unmark()
        search = self._search
        if search is None or not search.wanted:
            return
        drawn = self._view.drawn
        found = set(self._found)
        for at, key in enumerate(drawn.keys):
            if key in found:
                tag = "found-now" if key == self._shown else "found"
                first = drawn.line(at)
                # What somebody does stands in the line of their name.
                me = getattr(drawn.entries[at], "me", False)
                roles = ("body", "more", "head") if me else ("body", "more")
                for place, role in enumerate(drawn.blocks[at].roles):
                    if role in roles:
                        self._mark_line(first + place, search.wanted, tag)

    def _mark_line(self, line: int, wanted: str, tag: str) -> None:
        text = self._view.text
        start, end = f"{line}.0", f"{line}.end"
        for words in spans(text.get(start, end), wanted):
            length = tk.IntVar(text)
            place = text.search(words, start, end, exact=True, count=length)
            if not place:
                return
            start = f"{place} + {length.get()} indices"
            text.tag_add(tag, place, start)

    def _dress(self) -> None:
        self._row.configure(background=self._theme.color["card"])
