"""Drawing with Pillow: icons, the mark, discs, pills and rounded boxes, as images with alpha.

Owns the geometry of what is drawn, in device pixels. Must not know Tk, the theme or any cache.

Tk's own canvas shapes are jagged on X11, so everything is drawn eight times as large and reduced.
Free shapes are reduced with Lanczos, which keeps strokes sharp. Boxes are reduced by plain area,
because their edges lie on whole pixels: there Lanczos would spill a trace of colour beside each.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import acos, cos, hypot, pi, sin

from PIL import Image, ImageChops, ImageDraw, ImageFont

from common import icons
from common.icons import Arc, Box, Circle, Line, Point

_OVER = 8

Picture = Image.Image
Face = ImageFont.FreeTypeFont | ImageFont.ImageFont


def _tinted(mask: Picture, colour: str) -> Picture:
    """One colour with `mask` as its alpha."""
    image = Image.new("RGB", mask.size, colour).convert("RGBA")
    image.putalpha(mask)
    return image


def _blank(width: int, height: int) -> tuple[Picture, ImageDraw.ImageDraw]:
    mask = Image.new("L", (width * _OVER, height * _OVER), 0)
    return mask, ImageDraw.Draw(mask)


def _reduced(mask: Picture, width: int, height: int) -> Picture:
    return mask.resize((width, height), Image.Resampling.LANCZOS)


def _discs(draw: ImageDraw.ImageDraw, points: list[Point], radius: float) -> None:
    for x, y in points:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)


def _stroke(draw: ImageDraw.ImageDraw, points: list[Point], width: float) -> None:
    """A line with round ends and joints: a disc at each point."""
    draw.line(points, fill=255, width=max(1, round(width)))
    _discs(draw, points, width / 2)


def _bow(draw: ImageDraw.ImageDraw, arc: Arc, unit: float, width: float) -> None:
    """A stroked arc with round ends."""
    x, y, reach = arc.x * unit, arc.y * unit, arc.radius * unit + width / 2
    draw.arc(
        (x - reach, y - reach, x + reach, y + reach),
        arc.start,
        arc.start + arc.sweep,
        fill=255,
        width=max(1, round(width)),
    )
    ends = [arc.at(arc.start), arc.at(arc.start + arc.sweep)]
    _discs(draw, [(x * unit, y * unit) for x, y in ends], width / 2)


@lru_cache(maxsize=256)
def _icon_mask(name: str, size: int) -> Picture:
    mask, draw = _blank(size, size)
    unit = size * _OVER / icons.GRID
    width = icons.STROKE * unit
    half = width / 2
    for shape in icons.ICONS[name]:
        match shape:
            case Line(points, closed):
                places = [(x * unit, y * unit) for x, y in points]
                _stroke(draw, [*places, places[0]] if closed else places, width)
            case Circle(x, y, radius, filled):
                reach = radius * unit + (0 if filled else half)
                box = (x * unit - reach, y * unit - reach, x * unit + reach, y * unit + reach)
                if filled:
                    draw.ellipse(box, fill=255)
                else:
                    draw.ellipse(box, outline=255, width=round(width))
            case Arc():
                _bow(draw, shape, unit, width)
            case Box(left, top, right, bottom, radius):
                edges = (left * unit, top * unit, right * unit, bottom * unit)
                grown = (edges[0] - half, edges[1] - half, edges[2] + half, edges[3] + half)
                draw.rounded_rectangle(grown, radius * unit + half, outline=255, width=round(width))
    return _reduced(mask, size, size)


def icon(name: str, size: int, colour: str) -> Picture:
    """An icon of the table, `size` pixels square. Raises KeyError."""
    return _tinted(_icon_mask(name, size), colour)


# --- the mark ----------------------------------------------------------------------------------


def _turn(start: Point, radius: float, large: bool, clockwise: bool, end: Point) -> list[Point]:
    """Points of a circle's arc between two points, as SVG means it."""
    (x0, y0), (x1, y1) = start, end
    distance = hypot(x1 - x0, y1 - y0)
    radius = max(radius, distance / 2)
    rise = (radius * radius - distance * distance / 4) ** 0.5
    side = 1 if large == clockwise else -1
    cx = (x0 + x1) / 2 + side * rise * (y1 - y0) / distance
    cy = (y0 + y1) / 2 - side * rise * (x1 - x0) / distance
    ax, ay, bx, by = x0 - cx, y0 - cy, x1 - cx, y1 - cy
    angle = acos(max(-1.0, min(1.0, (ax * bx + ay * by) / (radius * radius))))
    if large:
        angle = 2 * pi - angle
    if not clockwise:
        angle = -angle
    steps = 24
    return [
        (
            cx + ax * cos(angle * step / steps) - ay * sin(angle * step / steps),
            cy + ax * sin(angle * step / steps) + ay * cos(angle * step / steps),
        )
        for step in range(1, steps + 1)
    ]


def outline(path: str) -> list[Point]:
    """The polygon of an SVG path made of M, L and A (or m, l, a) with round arcs, then Z."""
    numbers = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")
    points: list[Point] = []
    for letter, rest in re.findall(r"([MLAmla])([^MLAZmlaz]*)", path):
        values = [float(number) for number in numbers.findall(rest)]
        step = 7 if letter in "Aa" else 2
        for place in range(0, len(values), step):
            x, y = values[place + step - 2], values[place + step - 1]
            if letter.islower():
                x, y = x + points[-1][0], y + points[-1][1]
            if letter in "Aa":
                radius, _, _, large, clockwise = values[place : place + 5]
                points += _turn(points[-1], radius, bool(large), bool(clockwise), (x, y))
            else:
                points.append((x, y))
    return points


@lru_cache(maxsize=32)
def _mark_masks(size: int) -> tuple[Picture, Picture]:
    """The letter with its tail, and the answer."""
    unit = size * _OVER / icons.MARK_GRID
    letter, draw = _blank(size, size)
    _bow(draw, icons.MARK_LETTER, unit, icons.MARK_STROKE * unit)
    draw.polygon([(x * unit, y * unit) for x, y in outline(icons.MARK_TAIL)], fill=255)
    answer, draw = _blank(size, size)
    draw.polygon([(x * unit, y * unit) for x, y in outline(icons.MARK_ANSWER)], fill=255)
    return _reduced(letter, size, size), _reduced(answer, size, size)


def mark(size: int, teal: str = icons.MARK_TEAL, apricot: str = icons.MARK_APRICOT) -> Picture:
    """The mark, `size` pixels square; one colour for both parts makes the plain one."""
    letter, answer = _mark_masks(size)
    image = _tinted(letter, teal)
    image.alpha_composite(_tinted(answer, apricot))
    return image


# --- boxes, discs and pills --------------------------------------------------------------------


def box(
    size: tuple[int, int], radius: int, fill: str | None, edge: str | None = None, line: int = 0
) -> Picture:
    """A rounded box: `line` pixels of `edge` inside its border; no `fill`: only the outline."""
    width, height = size
    outer, draw = _blank(width, height)
    corner = min(radius, width / 2, height / 2) * _OVER
    last = (width * _OVER - 1, height * _OVER - 1)
    draw.rounded_rectangle((0, 0, *last), corner, fill=255)
    inner, draw = _blank(width, height)
    inset = (line if edge else 0) * _OVER
    draw.rounded_rectangle(
        (inset, inset, last[0] - inset, last[1] - inset), max(0, corner - inset), fill=255
    )
    whole = outer.reduce(_OVER)
    core = inner.reduce(_OVER)
    if fill is None:
        return _tinted(ImageChops.subtract(whole, core), edge or "#000000")
    if edge is None:
        return _tinted(whole, fill)
    image = Image.composite(
        Image.new("RGB", size, fill), Image.new("RGB", size, edge), core
    ).convert("RGBA")
    image.putalpha(whole)
    return image


def nothing(width: int, height: int) -> Picture:
    """A transparent picture."""
    return Image.new("RGBA", (width, height), (0, 0, 0, 0))


def widened(picture: Picture, gap: int) -> Picture:
    """A picture with free pixels at its right."""
    image = nothing(picture.width + gap, picture.height)
    image.alpha_composite(picture)
    return image


def dot(size: int, colour: str, *, hollow: bool = False, line: int = 2) -> Picture:
    """A small disc of presence; hollow where it is not known or not so."""
    mask, draw = _blank(size, size)
    last = size * _OVER - 1
    if hollow:
        draw.ellipse((0, 0, last, last), outline=255, width=line * _OVER)
    else:
        draw.ellipse((0, 0, last, last), fill=255)
    return _tinted(_reduced(mask, size, size), colour)


def letter_on(ground: Picture, letter: str, face: Face, colour: str) -> Picture:
    """`ground` with one letter in its middle, by its own height and not by that of its line."""
    if not letter:
        return ground
    width, height = ground.size
    mask, draw = _blank(width, height)
    # Accents stand above what is centred: the letter would sink otherwise.
    _, top, _, bottom = draw.textbbox((0, 0), "x" if letter.islower() else "H", face, anchor="ls")
    draw.text(
        (width * _OVER / 2, height * _OVER / 2 - (top + bottom) / 2),
        letter,
        fill=255,
        font=face,
        anchor="ms",
    )
    image = ground.copy()
    image.alpha_composite(_tinted(_reduced(mask, width, height), colour))
    return image


def words_on_pill(
    text: str, face: Face, height: int, padding: int, radius: int, fill: str, colour: str
) -> Picture:
    """A box as wide as its text, which is made with a face eight times its size."""
    probe = ImageDraw.Draw(Image.new("L", (1, 1)))
    wide = probe.textlength(text, face) / _OVER
    width = max(height, round(wide) + 2 * padding)
    image = box((width, height), radius, fill)
    mask, draw = _blank(width, height)
    _, top, _, bottom = draw.textbbox((0, 0), "H", face, anchor="ls")
    draw.text(
        (width * _OVER / 2, height * _OVER / 2 - (top + bottom) / 2),
        text,
        fill=255,
        font=face,
        anchor="ms",
    )
    image.alpha_composite(_tinted(_reduced(mask, width, height), colour))
    return image
