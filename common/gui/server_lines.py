"""Lines that pass: messages and log of the server's window, in columns, with the end in view.

Owns how they are drawn and that at most so many are in the widget; whoever scrolls up is not moved.
Must not know where lines come from.
"""

from __future__ import annotations

import tkinter as tk
from abc import abstractmethod
from typing import Final, Generic, TypeVar

from common.client.markup import Span, parse
from common.gui.cutting import shortened
from common.gui.editing import make_editable
from common.gui.emoji_font import without_emoji
from common.gui.server_log import Logged
from common.gui.server_shapes import Passed, Tail
from common.gui.theme import theme_of
from common.gui.widgets import Card, Pane, Scrollbar, label
from common.i18n import _, local
from common.look import NICK_NAMES, nick_index
from common.safe import one_line

T = TypeVar("T")

AT_ONCE: Final = 150
"""Lines that one refresh puts in: the window must have time for its keyboard."""
_TIME: Final = 62
_BETWEEN: Final = 10
"""Between a column's words and the next column, at least."""
_MARKED: Final = {"bold": "strong", "code": "mono"}
_WIDE: Final = 560
"""Pixels at 96 dpi from which the columns have all their room."""


class Lines(Card, Generic[T]):
    """The lines of a `Tail`, each on one line that wraps under its last column."""

    def __init__(self, parent: tk.Misc, *, empty: str = "") -> None:
        """`empty` stands there while there is no line."""
        super().__init__(parent, padding=(2, 6, 2, 6))
        theme = self._theme = theme_of(parent)
        self._next = 0
        """The number of the next line to put in."""
        self._first = 0
        """The number of the line at the top of the widget."""
        self._tail: Tail[T] | None = None
        self._edition = 0
        self._columns = self.columns(_WIDE)
        self.text = tk.Text(
            self,
            wrap="word",
            state="disabled",
            width=1,
            height=1,
            borderwidth=0,
            highlightthickness=0,
            relief="flat",
            cursor="arrow",
            takefocus=True,
        )
        make_editable(self.text, one_line=False)
        self._bar = Scrollbar(self, self.text)
        self.text.configure(yscrollcommand=self._scrolled)
        self._at_end = True
        self._tall = 0
        self.text.bind("<Tab>", self._leave)
        self._bar.pack(side="right", fill="y")
        self.text.pack(side="left", fill="both", expand=True)
        self._empty = label(self, empty, font="small", tone="muted", justify="center", wrap=True)
        self.text.bind("<Configure>", self._resized, add="+")
        self._dress()
        theme.on_change(self._dress, self)

    # --- what is asked of it -------------------------------------------------------------------

    def show(self, tail: Tail[T], empty: str | None = None) -> bool:
        """Show what is new in it, or all of another one; whether there is more to put in."""
        if tail is not self._tail or tail.edition != self._edition:
            self._tail, self._edition = tail, tail.edition
            self._clear(tail.first)
        if empty is not None and str(self._empty.cget("text")) != empty:
            self._empty.configure(text=empty)
        if tail.first > self._next:
            self._clear(tail.first)  # so much passed that nothing shown is left
        new = tail.since(self._next, AT_ONCE)
        gone = tail.first - self._first
        if new or gone > 0:
            self._put(new, max(0, gone))
        self._place_empty()
        return self._next < tail.total

    @property
    def content(self) -> str:
        """What is in it."""
        return self.text.get("1.0", "end-1c")

    # --- for each kind of lines ----------------------------------------------------------------

    @abstractmethod
    def draw(self, line: T) -> None:
        """Insert one line at the end, without its newline, by `self.put`."""

    def columns(self, width: float) -> tuple[int, int]:
        """Where the second and the last column end, in pixels at 96 dpi, for a width in these."""
        return _TIME, _TIME

    def put(self, words: str, *tags: str) -> None:
        """Words at the end."""
        if not self._theme.emoji_safe and not words.isascii():
            words = without_emoji(words)
        self.text.insert("end", words, tags)

    def fitted(self, words: str, font: str, room: float) -> str:
        """The words, shortened to so many pixels at 96 dpi."""
        return shortened(words, self._theme.font(font), self._theme.px(room))

    # --- how it is done ------------------------------------------------------------------------

    def _put(self, new: list[T], gone: int) -> None:
        text = self.text
        follows = self._at_end
        text.configure(state="normal")
        if gone:
            text.delete("1.0", f"{gone + 1}.0")
            self._first += gone
        for line in new:
            if self._next > self._first:
                text.insert("end", "\n")
            self.draw(line)
            self._next += 1
        text.configure(state="disabled")
        self._at_end = follows
        if follows:
            text.see("end")

    def _clear(self, first: int) -> None:
        self.text.configure(state="normal")
        self.text.delete("1.0", "end")
        self.text.configure(state="disabled")
        self._first = self._next = first

    def _place_empty(self) -> None:
        if self._next > self._first:
            self._empty.place_forget()
        elif not self._empty.winfo_manager():
            self._empty.place(relx=0.5, rely=0.5, anchor="center", relwidth=0.9)

    def _scrolled(self, first: float, last: float) -> None:
        self._bar.set(first, last)
        if self.text.winfo_height() == self._tall:  # else it was not a person who moved it
            self._at_end = float(last) >= 0.999

    def _leave(self, _event: tk.Event[tk.Misc]) -> str:
        following = self.text.tk_focusNext()
        if following is not None:
            following.focus_set()
        return "break"

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        self._tall = event.height
        if self._at_end:
            self.text.see("end")
        columns = self.columns(event.width / self._theme.px(1000) * 1000)
        if columns != self._columns:
            self._columns = columns
            self._set_columns()
            self._edition = -1  # names are cut to the width of their column

    def _set_columns(self) -> None:
        px = self._theme.px
        stops = tuple(sorted({px(_TIME), *map(px, self._columns)}))
        self.text.configure(tabs=stops)
        self.text.tag_configure("line", lmargin2=stops[-1])

    def _dress(self) -> None:
        theme, px = self._theme, self._theme.px
        colour, text = theme.color, self.text
        text.configure(
            background=colour["card"],
            foreground=colour["text"],
            font=theme.font("body"),
            selectbackground=colour["selection"],
            selectforeground=colour["text"],
            inactiveselectbackground=colour["selection"],
            padx=px(10),
            pady=px(2),
        )
        text.tag_configure("line", spacing1=px(2), spacing3=px(2))
        for name, font, tone in (
            ("caption", "caption", "muted"),
            ("small", "small", "text"),
            ("muted", "small", "muted"),
            ("warning", "small", "warning"),
            ("error", "small", "danger"),
        ):
            text.tag_configure(name, font=theme.font(font), foreground=colour[tone])
        for place, name in enumerate(NICK_NAMES):
            text.tag_configure(name, font=theme.font("bold"), foreground=theme.nicks[place])
        text.tag_configure("me", font=theme.font("body"))
        text.tag_configure("strong", font=theme.font("bold"))
        # Its ground would fill the margin of a line that wraps.
        text.tag_configure(
            "mono",
            font=theme.font("mono"),
            background=colour["raised"],
            lmargincolor=colour["card"],
        )
        text.tag_raise("sel")
        self._set_columns()
        self._edition = -1


class PassingLines(Lines[Passed]):
    """Messages: when, where, by whom, what."""

    def columns(self, width: float) -> tuple[int, int]:
        share = min(1.0, max(0.55, width / _WIDE))
        room = _TIME + round(4 + 110 * share)
        return room, room + round(4 + 90 * share)

    def draw(self, line: Passed) -> None:
        room, text = self._columns
        self.put(local(line.ts).strftime("%H:%M:%S"), "caption", "line")
        self.put("\t", "line")
        name = self.fitted(f"#{one_line(line.room)}", "caption", room - _TIME - _BETWEEN)
        self.put(name, "caption", "line")
        self.put("\t", "line")
        nick = self.fitted(one_line(line.nick), "bold", text - room - _BETWEEN)
        self.put(nick, NICK_NAMES[nick_index(line.user)], "line")
        self.put("\t", "line")
        if line.deleted:
            self.put(_("message deleted"), "muted", "line")
        elif line.me:
            self.put(f"{one_line(line.nick)} {one_line(line.text)}", "muted", "line")
        else:
            for span in _spans(one_line(line.text)):
                self.put(span.text, _MARKED.get(span.style, "me"), "line")


def _spans(words: str) -> tuple[Span, ...]:
    """What is bold or code in a message; a quote and a block need lines of their own."""
    lines = parse(words)
    if len(lines) == 1 and lines[0].block == "text":
        return lines[0].spans
    return (Span("text", words),)


class LogLines(Lines[Logged]):
    """The log: when, and what happened."""

    def draw(self, line: Logged) -> None:
        self.put(line.time, "caption", "line")
        self.put("\t", "line")
        self.put(line.words, "small" if line.level == "info" else line.level, "line")


def headed(parent: tk.Misc, title: str) -> tuple[Pane, Pane]:
    """A part with its title: the pane of all, and the pane of the row that the title begins."""
    whole = Pane(parent)
    row = Pane(whole)
    row.pack(fill="x")
    theme_of(parent).pad(row, pady=(0, 4))
    label(row, title, font="caption-bold", tone="muted").pack(side="left")
    return whole, row
