"""The bar that finds words in the conversation, at its upper right corner.

Owns what is typed there, which of the messages found is shown, and the marks in the text. Must not
know how older messages are fetched. What counts as found: common.client.finding.
"""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable
from typing import Final

from common.client.finding import Search, spans
from common.client.timeline import Key
from common.gui.conversation_view import ConversationView
from common.gui.field import Field
from common.gui.reading import consumed
from common.gui.theme import Theme
from common.gui.widgets import Card, button, label
from common.i18n import _, number

_SLICE: Final = 0.008
"""Seconds of looking at once."""


class SearchBar(Card):
    """Opened by `open`; its owner calls `refresh` after older messages came.

    `on_older()` fetches older messages; `on_close()` takes the focus back.
    """

    def __init__(
        self,
        view: ConversationView,
        theme: Theme,
        *,
        on_older: Callable[[], object],
        on_close: Callable[[], object],
    ) -> None:
        super().__init__(view, padding=6)
        self._view = view
        self._theme = theme
        self._on_older, self._on_close = on_older, on_close
        self._search: Search | None = None
        self._at = 0
        """Which of those found is shown, 0 being the newest."""
        self._shown: Key | None = None
        self._loaded = (0, 0)
        """How many entries, and the last, when it was searched."""
        self._waiting: str | None = None
        row = tk.Frame(self, borderwidth=0)
        row.pack(fill="x")
        self._row = row
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
        self._nothing = label(self, "", font="small", tone="muted", wrap=True)
        self._more = button(
            self, _("Search older messages"), "link", command=self._load, font="small-link"
        )
        self._bind_keys()
        self._dress()
        theme.on_change(self._dress, self)
        view.bind("<<Drawn>>", lambda _event: self._drawn(), add="+")

    def _bind_keys(self) -> None:
        text = self.field.text
        for key in ("Return", "KP_Enter", "F3"):
            text.bind(f"<{key}>", consumed(self.older))
            text.bind(f"<Shift-{key}>", consumed(self.newer))
        text.bind("<Up>", consumed(self.older))
        text.bind("<Down>", consumed(self.newer))
        text.bind("<Prior>", consumed(self._view.page_up))
        text.bind("<Next>", consumed(self._view.page_down))
        for widget in (text, self, *self._row.winfo_children()):
            widget.bind("<Escape>", consumed(self.close))

    # --- what is asked of it -------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether it is on the screen."""
        return bool(self.winfo_manager())

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
        self._search = None
        self._shown = None
        self._unmark()
        self._on_close()

    def refresh(self) -> None:
        """Something came into the room, or another one is shown: look again."""
        if self.is_open:
            self._begin(stay=True)

    def older(self) -> None:
        """Go to the next message found, upwards; after the oldest comes the newest."""
        self._go(1)

    def newer(self) -> None:
        """Go to the one below it."""
        self._go(-1)

    # --- looking -------------------------------------------------------------------------------

    def _edited(self) -> None:
        if self.is_open:
            self._begin()

    def _begin(self, *, stay: bool = False) -> None:
        """Look for what is typed; `stay`: where the person is, rather than at the newest found."""
        room = self._view.room
        self._cancel()
        if room is None:
            return
        if self._search is None or self._search.room is not room:
            self._search = Search(room)
            self._shown = None
        if not stay:
            self._shown = None
        self._search.find(self.field.value)
        self._loaded = (room.size, room.last[0])
        self._at = 0
        self._look()

    def _look(self) -> None:
        """A slice of the search."""
        self._waiting = None
        search = self._search
        if search is None:
            return
        deadline = time.monotonic() + _SLICE
        while not search.done and time.monotonic() < deadline:
            search.step()
        if self._shown is not None and self._shown in search.found:
            self._at = search.found.index(self._shown)
        elif self._shown is None and search.found:
            self._show_at(0)
        self._tell()
        self._mark()
        if not search.done:
            self._waiting = self.after(4, self._look)

    def _cancel(self) -> None:
        if self._waiting is not None:
            self.after_cancel(self._waiting)
            self._waiting = None

    def _go(self, by: int) -> None:
        found = self._search.found if self._search is not None else []
        if found:
            self._show_at((self._at + by) % len(found))
            self._tell()

    def _show_at(self, at: int) -> None:
        if self._search is None:
            return
        self._at = at
        self._shown = self._search.found[at]
        self._view.reveal(self._shown)
        self._mark()

    def _tell(self) -> None:
        search = self._search
        words = ""
        nothing = False
        if search is not None and search.wanted:
            if search.found:
                words = _("{at} of {count}").format(
                    at=number(self._at + 1), count=number(len(search.found))
                )
            elif search.done:
                words, nothing = _("nothing found"), True
                shorter = _("Nothing for “{words}” here. Try a shorter word.")
                self._nothing.configure(text=shorter.format(words=self.field.value.strip()))
        self._counted.configure(text=words)
        self.field.wrong(nothing)
        margin = self._theme.px(6)
        if nothing:
            self._nothing.pack(fill="x", padx=margin, pady=(margin, 0))
        else:
            self._nothing.pack_forget()
        if nothing and search is not None and not search.room.complete:
            self._more.pack(anchor="w", padx=margin, pady=(margin, 0))
        else:
            self._more.pack_forget()

    def _load(self) -> None:
        self._on_older()
        self.field.focus_set()

    # --- the marks in the text -----------------------------------------------------------------

    def _drawn(self) -> None:
        """Blocks came into the text, or messages into the room."""
        room = self._view.room
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
        found = set(search.found)
        for at, key in enumerate(drawn.keys):
            if key in found:
                tag = "found-now" if key == self._shown else "found"
                first = drawn.line(at)
                # What somebody does stands in the line of their name.
                roles = ("body", "head") if getattr(drawn.entries[at], "me", False) else ("body",)
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
