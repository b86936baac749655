"""Emoji in Tk: which characters they are, the font that has them in colour, and what stands for
them where this Tk may draw none.

Owns that alone. Must not know where they are shown.
"""

from __future__ import annotations

import re
import tkinter as tk
import unicodedata
from collections.abc import Iterator
from tkinter import font as tkfont
from typing import Final
from weakref import WeakKeyDictionary

from common.client.emoji import EMOJI
from common.gui.theme import Theme
from common.look import WINDOW_TYPE

_FAMILIES: Final = ("Noto Color Emoji", "Apple Color Emoji", "Segoe UI Emoji", "Twemoji")
_NAMES: Final = {character: name for name, character in EMOJI.items()}
# Those that are pictures by themselves; other symbols are letters unless one asks for a picture.
_PICTURES: Final = (
    "\U0001f004\U0001f0cf\U0001f18e\U0001f191-\U0001f19a\U0001f1e6-\U0001f1ff\U0001f201"
    "\U0001f300-\U0001faff\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615"
    "\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea"
    "\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e\u2753-\u2755\u2757"
    "\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55"
)
_RUN: Final = re.compile(f"((?:[{_PICTURES}][\ufe0f\u200d]*|[\u2190-\u2bff]\ufe0f\u200d?)+)")
_COLOURED: Final = re.compile(
    "[\U0001f000-\U0001faff\u231a-\u23ff\u2600-\u27bf\u2b00-\u2bff\ufe0f]"
)

_FONTS: WeakKeyDictionary[Theme, dict[int, tkfont.Font]] = WeakKeyDictionary()


def runs_of_emoji(text: str) -> Iterator[tuple[str, bool]]:
    """The text in parts, each with whether it is made of emoji."""
    for place, part in enumerate(_RUN.split(text)):
        if part:
            yield part, place % 2 == 1


def without_emoji(text: str) -> str:
    """Each emoji as `:name:`, for a Tk that a colour emoji would end."""
    return _COLOURED.sub(_named, text)


def _named(found: re.Match[str]) -> str:
    character = found[0]
    if character == "\ufe0f":
        return ""
    name = _NAMES.get(character) or unicodedata.name(character, f"u{ord(character):x}") or ""
    return f":{name.lower().replace(' ', '_')}:"


def emoji_font(theme: Theme, size: int = WINDOW_TYPE["body"]) -> tkfont.Font:
    """The font for emoji of `size` pixels at 96 dpi, for the text size of now; ask again after a
    change. Without a font of colour, it is that of other words."""
    fonts = _FONTS.setdefault(theme, {})
    font = fonts.get(size)
    if font is None:
        font = fonts[size] = tkfont.Font(theme.root, family=_family(theme.root, theme.family))
    font.configure(size=-theme.px(size))
    return font


def _family(root: tk.Misc, otherwise: str) -> str:
    present = set(tkfont.families(root))
    return next((name for name in _FAMILIES if name in present), otherwise)
