"""The signs that a terminal can show, and the shape of its columns. Pure data and arithmetic."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Signs:
    """Single signs; words stand beside them, so that none of them carries a meaning alone."""

    stored: str
    queued: str
    alert: str
    bar: str
    rule: str
    dash: str
    prompt: str
    dot: str
    ellipsis: str
    up: str
    private: str
    """Behind the name of a room that only its members see."""
    emoji: bool


_TYPOGRAPHY: Final = str.maketrans(
    {"·": "-", "…": "..", "—": "-", "–": "-", "’": "'", "“": '"', "”": '"', "«": '"', "»": '"'}
    | dict.fromkeys("\u00a0\u202f", " ")
)


def spelt(text: str, signs: Signs) -> str:
    """`text` without typography that this locale cannot show."""
    return text if signs.emoji or text.isascii() else text.translate(_TYPOGRAPHY)


FULL: Final = Signs("✓", "…", "!", "│", "─", "—", "›", "·", "…", "▲", "⌂", True)
ASCII: Final = Signs("ok", "..", "!", "|", "-", "-", ">", "-", "..", "^", "*", False)


def signs(env: Mapping[str, str], platform: str = sys.platform) -> Signs:
    """What the locale of `env` can show: everything under UTF-8, ASCII elsewhere."""
    if platform == "win32":
        return FULL
    locale = env.get("LC_ALL") or env.get("LC_CTYPE") or env.get("LANG") or ""
    if not locale:
        return FULL if platform == "darwin" else ASCII
    return FULL if "utf8" in locale.lower().replace("-", "") else ASCII


@dataclass(frozen=True, slots=True)
class Columns:
    """Where things stand in a conversation of `width` cells."""

    width: int
    name: int
    """Cells for names; 0 where the name stands above the text."""
    text: int
    """Where the text begins, counted from 0."""

    @property
    def room(self) -> int:
        """Cells for the text."""
        return max(self.width - self.text - 1, 8)


TIME: Final = 5
_WIDE: Final = 120
_MIDDLE: Final = 72
_NARROW: Final = 56


def columns(width: int) -> Columns:
    """The columns for a terminal of this width; they change with it alone, so nothing moves."""
    if width < _NARROW:
        return Columns(width, 0, 1 if width < 30 else 3)
    name = 14 if width >= _WIDE else 10 if width >= _MIDDLE else 8
    return Columns(width, name, 1 + TIME + 2 + name + 1)
