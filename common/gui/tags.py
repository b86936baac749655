"""How each part of a conversation looks in a tk.Text: its tags, in the theme and the size of now.

Owns the tags' names, their colours, fonts and margins, and the hairlines beside centred words. Must
not know what a conversation is.

A message hangs on margins and one tab stop. A tag's ground fills the room above and below its line
too, so that space between messages is a line of its own in a tiny font.
"""

from __future__ import annotations

import tkinter as tk
from typing import Any, Final

from common.gui.emoji_font import emoji_font
from common.gui.images import Hairline
from common.gui.theme import Theme
from common.look import NICK_NAMES

AVATAR: Final = 26
_GAP: Final = 10
_MARGIN: Final = 16
_NARROW_MARGIN: Final = 10
NARROW: Final = 520
"""Pixels at 96 dpi: a conversation that is not as wide has a smaller margin."""
_COLUMN: Final = 240
"""Where the second column of a notice begins, behind the margin of the text."""
BAR: Final = 12
"""What the scrollbar takes of the right margin, which grounds go through."""
INDENT: Final = 12
"""Of code, within its ground."""
_HAIRLINES_KEPT: Final = 200


class Tags:
    """The tags of one conversation; `apply` after each change of theme, size or width."""

    def __init__(self, text: tk.Text, theme: Theme) -> None:
        self._text = text
        self._theme = theme
        self._hairlines: dict[tuple[str, int], Hairline] = {}
        self.width = 0
        """Of the text beside its scrollbar, in device pixels."""
        self._once()
        self.apply()

    # --- sizes ---------------------------------------------------------------------------------

    @property
    def narrow(self) -> bool:
        """Whether there is little room."""
        return 1 < self.width < self._theme.px(NARROW)

    @property
    def left(self) -> int:
        """Where avatars begin, in device pixels."""
        return self._theme.px(_NARROW_MARGIN if self.narrow else _MARGIN)

    @property
    def gutter(self) -> int:
        """Where words begin."""
        return self.left + self._theme.px(AVATAR + _GAP)

    @property
    def right(self) -> int:
        """What stays free at the right."""
        return self._theme.px(_NARROW_MARGIN if self.narrow else _MARGIN)

    @property
    def room(self) -> int:
        """How much is between the gutter and the right margin."""
        return max(self.width - self.gutter - self.right, self._theme.px(60))

    def resize(self, width: int) -> bool:
        """So much is beside the scrollbar now; returns whether margins changed with it."""
        was = self.narrow
        self.width = width
        for (_tone, label), line in self._hairlines.items():
            line.resize(self._hairline_width(label))
        if self.narrow != was:
            self._margins()
            return True
        return False

    def hairline(self, tone: str, words: str) -> tk.PhotoImage:
        """A line that, with another one, fills the row beside centred words."""
        label = self._theme.font("caption-bold").measure(words)
        line = self._hairlines.get((tone, label))
        if line is None:
            if len(self._hairlines) >= _HAIRLINES_KEPT:
                del self._hairlines[next(iter(self._hairlines))]
            line = self._hairlines[tone, label] = Hairline(self._text, self._theme, tone)
            line.resize(self._hairline_width(label))
        return line.photo

    def _hairline_width(self, label: int) -> int:
        free = self.width - 2 * self.left - label - 2 * self._theme.px(12)
        return max(self._theme.px(8), free // 2 - 1)

    # --- the tags ------------------------------------------------------------------------------

    def _once(self) -> None:
        """Makes the tags in the order of their weight: what comes later goes over the others."""
        order = (
            "pad", "block-pad", "rule", "head", "body", "block", "quote", "state", "aside",
            "columns", "mentioned", "raised", "muted", "queued", "time", "name",
            *(f"nick{place}" for place in range(len(NICK_NAMES))),
            "bold", "code", "mention", "you", "link", "refused", "do", "day", "since",
            "warning", "danger", "emoji", "chosen", "found", "found-now",
        )  # fmt: skip
        for name in order:
            self._text.tag_configure(name)
        self._text.tag_raise("sel")

    def apply(self) -> None:
        """The colours, the fonts and the margins of now."""
        theme = self._theme
        colour, font, tag = theme.color, theme.font, self._text.tag_configure
        self._text.configure(
            background=colour["bg"],
            foreground=colour["text"],
            selectbackground=colour["selection"],
            selectforeground=colour["text"],
            inactiveselectbackground=colour["selection"],
            font=font("pad"),
        )
        ground = colour["mention_bg"]
        tag("mentioned", background=ground, lmargincolor=ground, rmargincolor=ground)
        tag("muted", foreground=colour["muted"])
        tag("queued", foreground=colour["muted"])
        tag("time", foreground=colour["muted"], font=font("caption"))
        tag("name", font=font("bold"))
        for place, nick in enumerate(theme.nicks):
            tag(f"nick{place}", foreground=nick)
        tag("bold", font=font("bold"))
        tag("raised", background=colour["raised"])
        tag("code", font=font("mono"), background=colour["raised"])
        tag("mention", font=font("bold"), foreground=colour["accent"])
        tag("you", font=font("bold"), foreground=colour["mention"])
        tag("link", foreground=colour["accent"], underline=True)
        tag("refused", foreground=colour["danger"])
        tag("do", foreground=colour["accent"], font=font("caption-link"))
        tag("day", foreground=colour["muted"], font=font("caption-bold"))
        tag("since", foreground=colour["mention"], font=font("caption-bold"))
        tag("warning", foreground=colour["warning"])
        tag("danger", foreground=colour["danger"])
        tag("emoji", font=emoji_font(theme))
        # Of one colour with the text's selection: both are what a key acts on.
        chosen = colour["selection"]
        tag("chosen", background=chosen, lmargincolor=chosen, rmargincolor=chosen)
        tag("found", background=colour["selection"], foreground=colour["text"], underline=True)
        tag("found-now", background=colour["accent"], foreground=colour["on_accent"])
        for line in self._hairlines.values():
            line.redraw()
        self._margins()

    def _margins(self) -> None:
        px, font, tag = self._theme.px, self._theme.font, self._text.tag_configure
        left, gutter, right = self.left, self.gutter, self.right + px(BAR)
        # The ground of the first letter reaches to the left edge unless the margin has its own.
        ground = self._theme.color["bg"]
        grounds: dict[str, Any] = {"lmargincolor": ground, "rmargincolor": ground}
        tag("pad", font=font("pad"), spacing1=px(2))
        tag(
            "rule",
            font=font("caption-bold"),
            justify="center",
            lmargin1=left,
            lmargin2=left,
            rmargin=right,
            spacing1=px(4),
            spacing3=px(4),
        )
        tag("head", font=font("body"), lmargin1=left, lmargin2=gutter, rmargin=right, **grounds)
        tag("head", tabs=(gutter,))
        text = {"lmargin1": gutter, "lmargin2": gutter, "rmargin": right, **grounds}
        tag("body", font=font("body"), spacing1=px(2), spacing2=px(4), spacing3=px(3), **text)
        tag("block", font=font("mono"), spacing1=px(1), spacing3=px(1), **text)
        tag("block-pad", font=font("pad"), **text)
        tag("quote", font=font("body"), foreground=self._theme.color["muted"], **text)
        tag("state", font=font("caption"), spacing1=px(1), spacing3=px(1), **text)
        tag("aside", font=font("small"), spacing1=px(2), spacing2=px(3), spacing3=px(2), **text)
        column = gutter + px(_COLUMN)
        tag("columns", tabs=(column,), lmargin2=gutter + px(20) if self.narrow else column)
