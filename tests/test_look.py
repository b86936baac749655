"""The contrasts that the tokens promise, recomputed; and the stability of people's colours."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.look import (
    DARK,
    LIGHT,
    NICK_NAMES,
    THEMES,
    Theme,
    contrast,
    luminance,
    nick_index,
)

# token: its grounds, the contrasts claimed in light, those claimed in dark (rounded down)
CLAIMS: dict[str, tuple[str, str, str]] = {
    "edge": ("bg surface", "3.53 3.24", "4.56 4.20"),
    "text": (
        "bg surface raised mention_bg selection",
        "16.57 15.21 13.95 14.56 11.97",
        "14.63 13.48 11.20 11.75 9.00",
    ),
    "muted": (
        "bg surface raised mention_bg selection",
        "6.54 6.00 5.50 5.74 4.72",
        "7.80 7.19 5.97 6.26 4.80",
    ),
    "accent": (
        "bg surface raised mention_bg warning_bg",
        "6.36 5.83 5.35 5.58 5.66",
        "8.63 7.95 6.61 6.93 6.93",
    ),
    "accent_hover": ("bg", "8.07", "10.31"),
    "on_accent": ("accent accent_hover", "6.36 8.07", "8.21 9.81"),
    "success": ("bg surface", "6.05 5.56", "9.22 8.50"),
    "warning": ("bg surface warning_bg", "6.46 5.93 5.76", "9.73 8.96 7.82"),
    "danger": ("bg surface danger_bg", "6.53 5.99 5.66", "8.21 7.56 6.97"),
    "warning_bg": ("text", "14.77", "11.76"),
    "danger_bg": ("text", "14.36", "12.43"),
    "mention_bg": ("text", "14.56", "11.75"),
    "selection": ("text", "11.97", "9.00"),
    "mention": ("bg surface mention_bg", "6.81 6.25 5.98", "10.45 9.63 8.39"),
    "you": ("bg", "3.26", "8.11"),
    "on_you": ("you", "5.42", "8.11"),
}

# bg / raised / mention_bg, light then dark, in the order of the palette
NICK_CLAIMS: list[tuple[str, str]] = [
    ("6.49 5.46 5.70", "9.79 7.49 7.86"),
    ("7.44 6.26 6.54", "7.94 6.08 6.38"),
    ("6.12 5.15 5.38", "10.04 7.69 8.06"),
    ("6.99 5.89 6.14", "8.43 6.45 6.77"),
    ("5.62 4.73 4.94", "10.64 8.15 8.54"),
    ("6.78 5.71 5.96", "8.70 6.66 6.98"),
    ("5.72 4.82 5.03", "10.69 8.19 8.58"),
    ("7.03 5.92 6.18", "8.39 6.43 6.74"),
    ("6.17 5.19 5.42", "10.12 7.75 8.12"),
    ("7.62 6.42 6.70", "7.94 6.08 6.37"),
    ("6.50 5.47 5.71", "9.67 7.41 7.76"),
    ("7.76 6.53 6.81", "7.79 5.97 6.26"),
]
NOT_TEXT = {"edge", "you"}


def _down(ratio: float) -> float:
    return math.floor(ratio * 100) / 100


@pytest.mark.parametrize("token", CLAIMS)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_claimed_contrast_is_the_real_one(theme: Theme, token: str) -> None:
    tokens = theme.tokens()
    grounds, light, dark = CLAIMS[token]
    claims = (light if theme is LIGHT else dark).split()
    ratios = [_down(contrast(tokens[token], tokens[ground])) for ground in grounds.split()]
    assert ratios == [float(claim) for claim in claims]
    assert min(ratios) >= (3.0 if token in NOT_TEXT else 4.5)


@pytest.mark.parametrize("number", range(12))
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_nicknames_can_be_read_wherever_they_stand(theme: Theme, number: int) -> None:
    colour = theme.nicks[number]
    claims = NICK_CLAIMS[number][theme is DARK].split()
    grounds = (theme.bg, theme.raised, theme.mention_bg)
    assert [_down(contrast(colour, ground)) for ground in grounds] == [float(c) for c in claims]
    assert contrast(colour, theme.surface) >= 4.5


def test_both_themes_are_whole() -> None:
    assert THEMES == {"light": LIGHT, "dark": DARK}
    assert LIGHT.tokens().keys() == DARK.tokens().keys()
    for theme in THEMES.values():
        assert len(theme.nicks) == len(set(theme.nicks)) == len(NICK_NAMES) == 12
        for colour in (*theme.tokens().values(), *theme.nicks):
            assert 0.0 <= luminance(colour) <= 1.0
        assert set(theme.tokens()) - {"bg", "surface", "raised", "border"} == set(CLAIMS)


def test_known_contrasts() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#123456", "#123456") == 1
    with pytest.raises(ValueError):
        luminance("teal")


@given(st.text())
def test_anything_has_a_colour(user: str) -> None:
    assert 0 <= nick_index(user) < 12
    assert LIGHT.nick(user) == LIGHT.nicks[nick_index(user)]


def test_a_persons_colour_never_changes() -> None:
    """Written down: another version must give the same, or everybody changes colour."""
    assert [nick_index(user * 64) for user in "0123456789ab"] == WRITTEN_DOWN


def test_the_colours_are_spread_over_the_palette() -> None:
    taken = [nick_index(f"{number:064x}") for number in range(12_000)]
    counts = [taken.count(index) for index in range(12)]
    assert min(counts) > 850
    assert max(counts) < 1_150


WRITTEN_DOWN = [3, 9, 11, 0, 6, 2, 10, 8, 7, 3, 0, 11]
