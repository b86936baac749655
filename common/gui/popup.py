"""The list of what the word being typed may become, above the composer.

Owns how candidates are shown and which one is chosen. Must not know how they were found, nor what
choosing one does to the text: the focus stays where one types, which calls `move` and `close`.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Final

from common.client.completion import Candidate
from common.gui.drawn import line_of
from common.gui.emoji_font import emoji_font, runs_of_emoji, without_emoji
from common.gui.reading import bind_wheel
from common.gui.theme import Theme
from common.gui.widgets import Card

_ROWS: Final = 8
_WIDTH: Final = 440
_ABOUT_AT: Final = 150


class Popup:
    """A card over the window, its lower left corner on that of `above`'s upper edge."""

    def __init__(
        self, above: tk.Misc, theme: Theme, on_choose: Callable[[Candidate], object]
    ) -> None:
        self._above = above
        self._theme = theme
        self._on_choose = on_choose
        self._candidates: Sequence[Candidate] = ()
        self._place = 0
        self._card = Card(above.winfo_toplevel(), padding=(2, 6, 2, 6))
        self._text = tk.Text(
            self._card, height=1, width=1, wrap="none", takefocus=False, cursor="hand2",
            borderwidth=0, highlightthickness=0, padx=0, pady=0, insertwidth=0, insertontime=0,
        )  # fmt: skip
        self._text.pack(fill="both", expand=True)
        # It is looked at and clicked, never written into or selected.
        self._text.bindtags((str(self._text), str(above.winfo_toplevel()), "all"))
        self._text.bind("<Motion>", self._hover)
        self._text.bind("<Button-1>", self._click)
        bind_wheel(self._text, lambda pixels: self.move(1 if pixels > 0 else -1, around=False))
        for tag in ("row", "about", "emoji", "chosen"):
            self._text.tag_configure(tag)
        self._dress()
        theme.on_change(self._dress, self._card)
        # It is the window's, which outlives the composer.
        above.bind("<Destroy>", self._above_gone, add="+")
        above.bind("<Configure>", lambda _event: self._lay_out() if self.open else None, add="+")

    @property
    def open(self) -> bool:
        """Whether it is on the screen."""
        return bool(self._candidates)

    @property
    def chosen(self) -> Candidate | None:
        """The candidate that Enter and Tab take."""
        return self._candidates[self._place] if self._candidates else None

    def show(self, candidates: Sequence[Candidate]) -> None:
        """Show these, the first one chosen; nothing is shown where there are none."""
        if not candidates:
            self.close()
            return
        self._candidates = candidates
        text = self._text
        text.delete("1.0", "end")
        for number, one in enumerate(candidates):
            shown, about = (self._safe(words) for words in (one.shown, one.about))
            gap = "\t" if about else ""
            if number:
                text.insert("end", "\n")
            for part, is_emoji in runs_of_emoji(shown):
                text.insert("end", part, ("row", "emoji") if is_emoji else ("row",))
            text.insert("end", gap, ("row",))
            text.insert("end", about.replace("\n", " "), ("row", "about"))
        self._lay_out()
        self._choose(0)

    def move(self, by: int, *, around: bool = True) -> None:
        """Choose the next one in that direction; `around`: the first one follows the last."""
        if self._candidates:
            place = self._place + by
            last = len(self._candidates) - 1
            self._choose(place % (last + 1) if around else min(max(place, 0), last))

    def close(self) -> None:
        """Take it off the screen."""
        self._candidates = ()
        self._card.place_forget()

    # --- how it is done ------------------------------------------------------------------------

    def _above_gone(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self._above and self._card.winfo_exists():
            self._candidates = ()
            self._card.destroy()

    def _safe(self, words: str) -> str:
        return words if self._theme.emoji_safe else without_emoji(words)

    def _choose(self, place: int) -> None:
        self._place = place
        self._text.tag_remove("chosen", "1.0", "end")
        self._text.tag_add("chosen", f"{place + 1}.0", f"{place + 2}.0")
        self._text.see(f"{place + 1}.0")

    def _row(self, event: tk.Event[tk.Misc]) -> int:
        line = line_of(self._text.index(f"@{event.x},{event.y}"))
        return min(line, len(self._candidates)) - 1

    def _hover(self, event: tk.Event[tk.Misc]) -> None:
        place = self._row(event)
        if place >= 0 and place != self._place:
            self._choose(place)

    def _click(self, event: tk.Event[tk.Misc]) -> str:
        place = self._row(event)
        if place >= 0:
            self._on_choose(self._candidates[place])
        return "break"

    def _lay_out(self) -> None:
        px = self._theme.px
        window, above = self._above.winfo_toplevel(), self._above
        x = above.winfo_rootx() - window.winfo_rootx()
        y = above.winfo_rooty() - window.winfo_rooty()
        row = self._theme.font("body").metrics("linespace") + px(8)
        rows = min(_ROWS, len(self._candidates), max(1, (y - px(24)) // row))
        self._card.place(
            x=x,
            y=y - px(4),
            anchor="sw",
            width=min(px(_WIDTH), above.winfo_width()),
            height=rows * row + px(14),
        )
        self._card.lift()

    def _dress(self) -> None:
        px, colour, font = self._theme.px, self._theme.color, self._theme.font
        self._text.configure(background=colour["card"], font=font("body"))
        margin = px(12)
        self._text.tag_configure(
            "row", lmargin1=margin, rmargin=margin, spacing1=px(4), spacing3=px(4),
            foreground=colour["text"], tabs=(px(_ABOUT_AT),),
        )  # fmt: skip
        self._text.tag_configure("about", foreground=colour["muted"], font=font("small"))
        self._text.tag_configure("emoji", font=emoji_font(self._theme))
        ground = colour["selection"]
        self._text.tag_configure(
            "chosen", background=ground, lmargincolor=ground, rmargincolor=ground
        )
        if self._candidates:
            self._lay_out()
