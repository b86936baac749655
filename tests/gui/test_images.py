"""Pictures: every icon is seen, the mark is the logo's, initials, and one picture for one thing."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path
from xml.etree import ElementTree

import pytest

from common import icons, look
from common.gui import lettering, shapes
from common.gui.theme import Theme

LOGO = Path(__file__).resolve().parents[2] / "docs" / "look" / "logo.svg"


@pytest.mark.parametrize("name", icons.ICONS)
def test_an_icon_is_drawn_within_its_grid_and_leaves_its_edges_free(name: str) -> None:
    picture = shapes.icon(name, 48, "#14211F")
    alpha = picture.getchannel("A")
    box = alpha.getbbox()
    assert box is not None
    assert box[0] >= 0
    assert box[2] - box[0] >= 20 or box[3] - box[1] >= 20
    assert alpha.getextrema()[1] == 255
    # A stroke of 2 on 24 is 4 on 48: more ink than that of the fullest icon would be a blot.
    ink = sum(alpha.tobytes()) / 255 / 48 / 48
    assert 0.02 < ink < 0.4


@pytest.mark.parametrize("name", icons.ICONS)
def test_an_icon_as_svg_is_well_formed_and_takes_the_texts_colour(name: str) -> None:
    element = ElementTree.fromstring(icons.svg(name))
    assert element.get("stroke") == "currentColor"
    assert len(element) == len(icons.ICONS[name])


def test_the_mark_is_the_logos() -> None:
    drawn = LOGO.read_text("utf-8")
    assert f'd="{icons.MARK_TAIL}"' in drawn
    assert f'd="{icons.MARK_ANSWER}"' in drawn
    assert f'stroke-width="{icons.MARK_STROKE:g}"' in drawn
    assert icons.MARK_TEAL in drawn
    assert icons.MARK_APRICOT in drawn
    letter = icons.MARK_LETTER
    start, end = letter.at(letter.start + letter.sweep), letter.at(letter.start)
    assert start == pytest.approx((20.9, 7.9), abs=0.01)
    assert end == pytest.approx((20.9, 22.1), abs=0.01)
    assert "M20.9 7.9A10 10 0 1 0 20.9 22.1" in drawn


def test_the_marks_outlines_are_round_where_the_logos_are() -> None:
    tail = shapes.outline(icons.MARK_TAIL)
    assert tail[0] == (3.2, 17.6)
    assert tail[-1] == (14.5, 27.4)
    # The corner at the foot bulges to the lower left of the straight line between its ends.
    assert max(y for _, y in tail) > 29.9
    assert min(x for x, _ in tail) < 2.15
    answer = shapes.outline(icons.MARK_ANSWER)
    xs, ys = [x for x, _ in answer], [y for _, y in answer]
    assert 7.4 < max(xs) - min(xs) < 9
    assert 7.4 < max(ys) - min(ys) < 9.5


@pytest.mark.parametrize(
    ("nick", "letter"),
    [("Léa", "L"), ("élise", "é"), ("😀 bob", "b"), ("_7", "7"), ("😀", ""), ("", "")],
)
def test_the_initial_of_a_name(nick: str, letter: str) -> None:
    assert lettering.initial(nick, "DejaVu Sans") == letter


def test_a_character_that_no_font_has_leaves_a_plain_disc(root: tk.Tk, theme: Theme) -> None:
    image = theme.avatar("someone", "\U000e0041\U0001f600", 26)
    assert (image.width(), image.height()) == (26, 26)


def test_an_avatar_has_the_persons_colour_and_a_bots_is_square(root: tk.Tk, theme: Theme) -> None:
    person, bot = theme.avatar("u1", "", 26), theme.avatar("u1", "", 26, bot=True)
    colour = look.LIGHT.nick("u1")
    for image in (person, bot):
        assert "#{:02X}{:02X}{:02X}".format(*image.get(13, 13)) == colour
    assert person.transparency_get(2, 2)
    assert not bot.transparency_get(2, 2)


def test_a_count_is_as_wide_as_its_text(root: tk.Tk, theme: Theme) -> None:
    one, many = theme.pill("1"), theme.pill("99+")
    assert one.height() == many.height() == 19
    assert one.width() < many.width() < 50


def test_the_same_thing_is_the_same_picture_and_changes_in_place(root: tk.Tk, theme: Theme) -> None:
    icon = theme.image("hash", "accent", 18)
    assert theme.image("hash", "accent", 18) is icon
    assert theme.image("hash", "muted", 18) is not icon
    shown = tk.Label(root, image=icon)
    shown.pack()
    theme.switch("dark")
    assert theme.image("hash", "accent", 18) is icon
    seen = {icon.get(x, y) for x in range(18) for y in range(18)}
    assert any("#{:02X}{:02X}{:02X}".format(*rgb) == look.DARK.accent for rgb in seen)


def test_a_hairline_is_as_long_as_told_and_follows_the_theme(root: tk.Tk, theme: Theme) -> None:
    line = theme.hairline("you")
    line.resize(120)
    assert (line.photo.width(), line.photo.height()) == (120, 1)
    theme.switch("dark")
    theme.zoom(200)
    assert (line.photo.width(), line.photo.height()) == (120, 2)
    assert "#{:02X}{:02X}{:02X}".format(*line.photo.get(119, 1)) == look.DARK.you
