"""The look of Causette as data: colours of both themes, nickname colours, spaces and sizes.

Owns: every colour that the window, the page, the terminal and the exports use, and which colour a
person gets. Must not know any toolkit. Pure.

Two colours carry meaning: teal (`accent`) is what you can do, apricot (`mention`, `you`) is what
concerns you. Text has a WCAG 2 contrast of at least 4.5 on the grounds it is meant for, everything
else that must be seen at least 3; `tests/test_look.py` recomputes both. Colour is never the only
sign of anything: a word, an icon or bold type goes with it.
"""

from dataclasses import dataclass, fields
from hashlib import blake2b
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Theme:
    """The tokens of one theme, as `#RRGGBB`."""

    name: str
    bg: str
    """The conversation; cards in light."""
    surface: str
    """Side panes; cards in dark."""
    raised: str
    """Code, plain buttons; fields in dark."""
    border: str
    """Hairlines, decoration only: no contrast is promised."""
    edge: str
    """The outline of fields."""
    text: str
    muted: str
    """Times, states, hints, queued text."""
    accent: str
    """Links, send, focus, the unread badge."""
    accent_hover: str
    on_accent: str
    """Text on `accent`."""
    success: str
    warning: str
    danger: str
    warning_bg: str
    danger_bg: str
    mention_bg: str
    """The ground of a row that names you."""
    selection: str
    mention: str
    """Your name, "since you left"."""
    you: str
    """The mention badge: not for text."""
    on_you: str
    """Text on the mention badge."""
    nicks: tuple[str, ...]
    """Twelve colours for names; they hold on `bg`, `surface`, `raised` and `mention_bg`."""

    def nick(self, user: str) -> str:
        """The colour of the person whose identity (not nickname) is `user`."""
        return self.nicks[nick_index(user)]

    def tokens(self) -> dict[str, str]:
        """Name to colour, without the nicknames' colours."""
        names = (field.name for field in fields(self))
        return {name: getattr(self, name) for name in names if name not in ("name", "nicks")}


NICK_NAMES: Final = (
    "brick",
    "rust",
    "ochre",
    "olive",
    "green",
    "fir",
    "teal",
    "sea",
    "indigo",
    "violet",
    "plum",
    "raspberry",
)

LIGHT: Final = Theme(
    name="light",
    bg="#FFFFFF",
    surface="#F2F6F5",
    raised="#E6EDEB",
    border="#CBD6D3",
    edge="#7B8C88",
    text="#14211F",
    muted="#50615D",
    accent="#0B6B64",
    accent_hover="#095A54",
    on_accent="#FFFFFF",
    success="#1B7138",
    warning="#845400",
    danger="#B3261E",
    warning_bg="#FBF1DC",
    danger_bg="#FCEBE9",
    mention_bg="#FDEEDD",
    selection="#BCE3DD",
    mention="#954300",
    you="#D9731F",
    on_you="#14191A",
    nicks=(
        "#A83630",
        "#894101",
        "#835A01",
        "#5A5D00",
        "#107823",
        "#04684E",
        "#057274",
        "#045E8C",
        "#3F5BB8",
        "#643F9F",
        "#8F3D8E",
        "#962751",
    ),
)

DARK: Final = Theme(
    name="dark",
    bg="#14191A",
    surface="#1A2122",
    raised="#253031",
    border="#34403F",
    edge="#738582",
    text="#E3EBE9",
    muted="#9DB0AC",
    accent="#52C7B8",
    accent_hover="#74D6C9",
    on_accent="#06211E",
    success="#71CE8E",
    warning="#E8B95B",
    danger="#FF9288",
    warning_bg="#33291A",
    danger_bg="#38201E",
    mention_bg="#362819",
    selection="#1A4341",
    mention="#FFB877",
    you="#F59A4C",
    on_you="#14191A",
    nicks=(
        "#FFABA1",
        "#EF9963",
        "#F0BA5F",
        "#B3B954",
        "#8FDA91",
        "#4FCAA2",
        "#42DDE1",
        "#5EBBF8",
        "#ABC3FF",
        "#BB9FF6",
        "#F0A7ED",
        "#F28EAB",
    ),
)

THEMES: Final = {"light": LIGHT, "dark": DARK}

SPACES: Final = (2, 4, 8, 12, 16, 20, 24)
"""Pixels at 96 dpi, times the scale."""
RADIUS: Final = 8
FOCUS_RING: Final = 2
WINDOW_TYPE: Final = {
    "caption": 11,
    "small": 12,
    "body": 13,
    "title": 16,
    "number": 20,
    "display": 26,
}
"""Pixels at 96 dpi; title, number and display are bold."""
PAGE_TYPE: Final = (12, 13, 15, 19, 28)
GROUPING_MINUTES: Final = 5
"""One author's messages that follow each other faster stand under one name."""


def nick_index(user: str) -> int:
    """0 to 11: the place of an identity in `Theme.nicks`, the same in every client and language."""
    digest = blake2b(user.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % len(NICK_NAMES)


def luminance(colour: str) -> float:
    """Relative luminance of `#RRGGBB` by WCAG 2, 0.0 (black) to 1.0 (white). Raises ValueError."""
    if len(colour) != 7 or colour[0] != "#":
        raise ValueError(f"not a colour of the form #RRGGBB: {colour!r}")
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast of two colours by WCAG 2, 1.0 to 21.0, whichever is the lighter."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
