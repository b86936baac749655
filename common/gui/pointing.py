"""The pointer and the keys on a conversation: what is under it, what a click or a key is about.

Owns the hand over links, the time in the margin, and the entry that was chosen by keyboard. Must
not know what is done about any of it.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from common.client.timeline import Entry, Key, Mine, Said
from common.gui.drawing import ACTIONS
from common.gui.drawn import Drawn, line_of
from common.gui.tags import Tags
from common.gui.theme import Theme
from common.safe import one_line

_DOING: Final = (*ACTIONS, "author", "stored")
_BREAK: Final = "break"


@dataclass(frozen=True, slots=True)
class Spot:
    """What a menu is asked for: an entry, or the conversation itself where `entry` is None."""

    entry: Entry | None
    link: str
    """The link under the pointer, "" if there is none."""
    selected: str
    """What is selected, as `copy` would give it."""
    x: int
    y: int
    """Where, on the screen."""


class Pointing:
    """What one conversation's text is asked by mouse and keyboard."""

    def __init__(
        self,
        text: tk.Text,
        theme: Theme,
        drawn: Drawn,
        tags: Tags,
        *,
        on_link: Callable[[str], object],
        on_action: Callable[[str, Entry], object],
        on_context: Callable[[Spot], object],
        on_step: Callable[[Key], object],
        selected: Callable[[], str],
    ) -> None:
        """`on_step` has the entry that was chosen by keyboard on the screen."""
        self._text, self._theme, self._drawn, self._tags = text, theme, drawn, tags
        self._on_link, self._on_action = on_link, on_action
        self._on_context, self._on_step, self._selected = on_context, on_step, selected
        self._chosen: Key | None = None
        self._pressed = ""
        self._clock = tk.Label(text, borderwidth=0, padx=0, pady=0, anchor="e")
        text.bind("<Motion>", self._hover)
        text.bind("<Leave>", lambda _event: self._clock.place_forget())
        text.bind("<Button-1>", self._down, add="+")
        text.bind("<ButtonRelease-1>", self._click, add="+")
        for sequence in ("<Button-3>", "<Control-Button-1>"):
            if sequence == "<Button-3>" or text.tk.call("tk", "windowingsystem") == "aqua":
                text.bind(sequence, self._menu)
        if text.tk.call("tk", "windowingsystem") == "aqua":
            text.bind("<Button-2>", self._menu)
        for sequence in ("<Menu>", "<Shift-F10>", "<App>", "<Return>", "<space>"):
            try:
                text.bind(sequence, self._menu_by_key)
            except tk.TclError:
                continue  # Not every system knows the key.
        text.bind("<Up>", lambda _event: self._walk(-1))
        text.bind("<Down>", lambda _event: self._walk(1))
        text.bind("<Escape>", self._escape)
        text.bind("<FocusIn>", self._focused)
        text.bind("<FocusOut>", lambda _event: self.choose(None))

    # --- the entry that keys are about ---------------------------------------------------------

    def choose(self, key: Key | None) -> None:
        """Mark that entry alone."""
        self._chosen = key
        self._text.tag_remove("chosen", "1.0", "end")
        at = self._drawn.find(key) if key is not None else None
        if at is not None:
            first, last = self._drawn.line(at), self._drawn.line(at + 1)
            self._text.tag_add("chosen", f"{first}.0", f"{last}.0")

    def chosen_text(self) -> str:
        """What the chosen message says, as it was written."""
        entry = self._entry(self._drawn.find(self._chosen)) if self._chosen else None
        return entry.text if isinstance(entry, Said | Mine) else ""

    def forget(self) -> None:
        """Another room is shown."""
        self.choose(None)
        self.away()

    def away(self) -> None:
        """What is under the pointer has changed."""
        self._clock.place_forget()

    def _entry(self, at: int | None) -> Entry | None:
        return self._drawn.entries[at] if at is not None and 0 <= at < len(self._drawn) else None

    def _walk(self, by: int) -> str:
        """Choose the next message in that direction."""
        at = self._drawn.find(self._chosen) if self._chosen is not None else None
        if at is None:
            at = self._drawn.under(0, max(self._text.winfo_height() - 1, 0)) + (by < 0)
        at += by
        while 0 <= at < len(self._drawn):
            if isinstance(self._drawn.entries[at], Said | Mine):
                key = self._drawn.keys[at]
                self._on_step(key)
                self.choose(key)
                break
            at += by
        return _BREAK

    def _focused(self, _event: tk.Event[tk.Misc]) -> None:
        if self._theme.by_keyboard and self._chosen is None and self._drawn.keys:
            self._walk(-1)

    def _escape(self, _event: tk.Event[tk.Misc]) -> str | None:
        if self._chosen is None and not self._text.tag_ranges("sel"):
            return None
        self._text.tag_remove("sel", "1.0", "end")
        self.choose(None)
        return _BREAK

    def _menu_by_key(self, _event: tk.Event[tk.Misc]) -> str:
        at = self._drawn.find(self._chosen) if self._chosen is not None else None
        line = self._drawn.line(at) if at is not None else 0
        row = self._text.dlineinfo(f"{line}.0") if at is not None else None
        x = self._text.winfo_rootx() + self._tags.gutter
        y = self._text.winfo_rooty() + (row[1] + row[3] if row else self._theme.px(24))
        link = ""
        if at is not None:
            found = self._text.tag_nextrange("link", f"{line}.0", f"{self._drawn.line(at + 1)}.0")
            link = self._text.get(*found) if found else ""
        self._on_context(Spot(self._entry(at), link, self._selected(), x, y))
        return _BREAK

    # --- the pointer ---------------------------------------------------------------------------

    def _index(self, event: tk.Event[tk.Misc]) -> str | None:
        """The character under the pointer, None beside the words."""
        index = self._text.index(f"@{event.x},{event.y}")
        box = self._text.bbox(index)
        if not box:
            return None
        inside = box[0] <= event.x <= box[0] + box[2] and box[1] <= event.y <= box[1] + box[3]
        return index if inside else None

    def _what(self, index: str | None) -> str:
        """The tag that says what a click there does, "" for nothing."""
        names = self._text.tag_names(index) if index is not None else ()
        return next((name for name in (*_DOING, "link", "quoted") if name in names), "")

    def _link_at(self, index: str | None) -> str:
        if index is None or "link" not in self._text.tag_names(index):
            return ""
        found = self._text.tag_prevrange("link", f"{index} + 1 indices")
        return self._text.get(*found) if found else ""

    def _hover(self, event: tk.Event[tk.Misc]) -> None:
        what = self._what(self._index(event))
        cursor = "hand2" if what else "xterm"
        if str(self._text.cget("cursor")) != cursor:
            self._text.configure(cursor=cursor)
        at = self._drawn.under(event.x, event.y)
        block = self._drawn.blocks[at] if 0 <= at < len(self._drawn) else None
        if block is None or not block.clock:
            self.away()
            return
        line = self._drawn.line(at) + next(
            (place for place, role in enumerate(block.roles) if role == "body"), 0
        )
        row = self._text.dlineinfo(f"{line}.0")
        if row is None:
            self.away()
            return
        colour = self._theme.color
        entry = self._drawn.entries[at]
        ground = "mention_bg" if isinstance(entry, Said) and entry.mention else "bg"
        self._clock.configure(
            text=block.clock,
            font=self._theme.font("caption"),
            foreground=colour["muted"],
            background=colour[ground],
        )
        right = self._tags.gutter - self._theme.px(6)
        self._clock.place(x=right, y=row[1] + row[3] // 2, anchor="e")

    def _down(self, event: tk.Event[tk.Misc]) -> None:
        self._pressed = self._index(event) or ""
        self.choose(None)

    def _click(self, event: tk.Event[tk.Misc]) -> None:
        """A click counts where it was pressed, and not as the end of a selection."""
        index = self._index(event)
        if index is None or not self._pressed or self._text.tag_ranges("sel"):
            return
        what = self._what(index)
        if not what or what != self._what(self._pressed):
            return
        at = self._drawn.at(line_of(index))
        entry = self._entry(at)
        if what == "link":
            self._on_link(self._link_at(index))
        elif what == "quoted":
            self._to_quoted(at, self._text.get(*self._text.tag_prevrange(what, f"{index} + 1c")))
        elif entry is not None:
            self._on_action(what.removeprefix("do-"), entry)

    def _to_quoted(self, at: int, shown: str) -> None:
        """Go to the message that a quoted line is from, if it is among those that are drawn."""
        quoted = one_line(shown).strip().removesuffix("…")
        for place in range(at - 1, -1, -1):
            entry = self._drawn.entries[place]
            if not isinstance(entry, Said):
                continue
            # A quotation may begin with its author's name.
            author, colon, words = quoted.partition(":")
            named = colon and author.strip() == entry.nick
            if (words.strip() if named else quoted) in one_line(entry.text):
                key = self._drawn.keys[place]
                self._on_step(key)
                self.choose(key)
                return

    def _menu(self, event: tk.Event[tk.Misc]) -> str:
        self._text.focus_set()
        index = self._index(event)
        at = self._drawn.under(event.x, event.y)
        link, words = self._link_at(index), self._selected()
        self._on_context(Spot(self._entry(at), link, words, event.x_root, event.y_root))
        return _BREAK
