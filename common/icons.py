"""The icons and the mark of Causette as geometry, for the window and for the page.

Owns one table of primitives on a grid of 24 by 24 (y downwards), drawn in one colour with a stroke
of 2 and round ends, and the outlines of the mark on its grid of 32. Must not know who draws them.
Pure.

An icon is never the only sign of anything: where it stands alone, it has a tooltip and a name.
"""

from dataclasses import dataclass
from math import cos, radians, sin
from typing import Final

GRID: Final = 24
STROKE: Final = 2.0

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """A stroke from point to point; `closed` joins the last one to the first."""

    points: tuple[Point, ...]
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Circle:
    """A ring around (x, y), or a disc: then without stroke."""

    x: float
    y: float
    radius: float
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Arc:
    """Part of a ring, from `start` over `sweep` degrees, clockwise from three o'clock."""

    x: float
    y: float
    radius: float
    start: float
    sweep: float

    def at(self, degrees: float) -> Point:
        """The point of the ring at that angle."""
        angle = radians(degrees)
        return self.x + self.radius * cos(angle), self.y + self.radius * sin(angle)


@dataclass(frozen=True, slots=True)
class Box:
    """The outline of a box with rounded corners."""

    left: float
    top: float
    right: float
    bottom: float
    radius: float = 2


Shape = Line | Circle | Arc | Box


def _line(*numbers: float, closed: bool = False) -> Line:
    return Line(tuple(zip(numbers[::2], numbers[1::2], strict=True)), closed)


def _dot(x: float, y: float, radius: float = 1.25) -> Circle:
    return Circle(x, y, radius, filled=True)


_RING = Circle(12, 12, 9)
_BELL = (
    _line(6, 10, 6, 14, 4, 17, 20, 17, 18, 14, 18, 10),
    Arc(12, 10, 6, 180, 180),
    _line(10.5, 20.5, 13.5, 20.5),
)

ICONS: Final[dict[str, tuple[Shape, ...]]] = {
    # Of places and people.
    "hash": (
        _line(4, 9, 20, 9), _line(4, 15, 20, 15), _line(10, 4, 8, 20), _line(16, 4, 14, 20),
    ),
    "lock": (
        Box(5, 10.5, 19, 20), Arc(12, 8, 4, 180, 180), _line(8, 8, 8, 10.5), _line(16, 8, 16, 10.5),
    ),
    "person": (Circle(12, 8, 4), Arc(12, 21, 8, 180, 180)),
    "people": (
        Circle(9, 8, 3.5), Arc(9, 20, 6, 180, 180), Arc(15, 8, 3.5, 290, 140),
        Arc(15, 20, 6, 295, 65),
    ),
    "person-plus": (
        Circle(9, 8, 3.5), Arc(9, 20, 6, 180, 180), _line(19, 8, 19, 14), _line(16, 11, 22, 11),
    ),
    "home": (_line(3, 12, 12, 4, 21, 12), _line(5.5, 10, 5.5, 20, 18.5, 20, 18.5, 10)),
    "server": (Box(4, 4, 20, 10.5), Box(4, 13.5, 20, 20), _dot(8, 7.25, 1), _dot(8, 16.75, 1)),
    "device": (Box(5, 5, 19, 15), _line(2, 19, 22, 19)),
    # Of rights.
    "crown": (_line(4, 18, 3, 8, 8, 12, 12, 5, 16, 12, 21, 8, 20, 18, closed=True),),
    "shield": (
        _line(12, 3, 19, 5.5, 19, 11.5, 17, 16.5, 12, 21, 7, 16.5, 5, 11.5, 5, 5.5, closed=True),
    ),
    "key": (Circle(8, 16, 4), _line(10.9, 13.1, 20, 4), _line(16.5, 7.5, 19.5, 10.5)),
    "ban": (_RING, _line(5.7, 5.7, 18.3, 18.3)),
    "bell": _BELL,
    "bell-off": (*_BELL, _line(3.5, 3.5, 20.5, 20.5)),
    # Of what one does.
    "search": (Circle(10.5, 10.5, 6.5), _line(15.3, 15.3, 20, 20)),
    "save": (
        _line(12, 4, 12, 15), _line(7, 10, 12, 15, 17, 10), _line(4, 16, 4, 20, 20, 20, 20, 16),
    ),
    "smile": (_RING, _dot(9, 9.8), _dot(15, 9.8), Arc(12, 12.4, 4.2, 20, 140)),
    "plus": (_line(12, 5, 12, 19), _line(5, 12, 19, 12)),
    "send": (_line(4, 12, 20, 12), _line(13, 5, 20, 12, 13, 19)),
    "reload": (
        Arc(12, 12, 8.5, 0, 315), _line(18, 6, 20.5, 8.5), _line(20.5, 3.5, 20.5, 8.5, 15.5, 8.5),
    ),
    "copy": (Box(9, 9, 20, 20), _line(5, 15, 4, 15, 4, 4, 15, 4, 15, 5)),
    "link": (
        _line(9, 12, 15, 12), Arc(7, 12, 4, 90, 180), Arc(17, 12, 4, 270, 180),
        _line(7, 8, 9.5, 8), _line(7, 16, 9.5, 16), _line(14.5, 8, 17, 8), _line(14.5, 16, 17, 16),
    ),
    "edit": (
        _line(4, 20, 4.8, 16, 16, 4.8, 19.2, 8, 8, 19.2, closed=True), _line(13.5, 7.3, 16.7, 10.5),
    ),
    "trash": (
        _line(4, 7, 20, 7), _line(6, 7, 7, 20, 17, 20, 18, 7), _line(9, 7, 9, 4, 15, 4, 15, 7),
    ),
    "reply": (
        _line(9, 6, 4, 11, 9, 16), _line(4, 11, 15, 11), Arc(15, 16, 5, 270, 90),
        _line(20, 16, 20, 18.5),
    ),
    "play": (_line(7, 5, 18, 12, 7, 19, closed=True),),
    "stop": (Box(6, 6, 18, 18),),
    "close": (_line(6, 6, 18, 18), _line(18, 6, 6, 18)),
    "leave": (_line(9, 4, 4, 4, 4, 20, 9, 20), _line(9, 12, 20, 12), _line(15, 7, 20, 12, 15, 17)),
    "settings": (
        _line(3, 7, 12.5, 7), Circle(15, 7, 2.5), _line(17.5, 7, 21, 7),
        _line(3, 17, 6.5, 17), Circle(9, 17, 2.5), _line(11.5, 17, 21, 17),
    ),
    # Of how one finds one's way.
    "menu": (_line(4, 6, 20, 6), _line(4, 12, 20, 12), _line(4, 18, 20, 18)),
    "more": (_dot(5, 12, 1.6), _dot(12, 12, 1.6), _dot(19, 12, 1.6)),
    "back": (_line(14.5, 5, 7.5, 12, 14.5, 19),),
    "forward": (_line(9.5, 5, 16.5, 12, 9.5, 19),),
    "down": (_line(5, 8.5, 12, 15.5, 19, 8.5),),
    "up": (_line(5, 15.5, 12, 8.5, 19, 15.5),),
    # Of states.
    "check": (_line(5, 12.5, 10, 17.5, 19.5, 7),),
    "checks": (_line(2, 12, 7, 17, 17, 6), _line(12, 16.5, 13, 17.5, 22.5, 8)),
    "clock": (_RING, _line(12, 7, 12, 12, 15.5, 14)),
    "warning": (_line(12, 4, 21, 20, 3, 20, closed=True), _line(12, 10, 12, 14), _dot(12, 17)),
    "alert": (_RING, _line(12, 7.5, 12, 12.5), _dot(12, 16.3)),
    "info": (_RING, _line(12, 11.5, 12, 16.5), _dot(12, 7.7)),
    "help": (_RING, Arc(12, 9.8, 2.8, 190, 215), _line(13.98, 11.78, 12, 13.4), _dot(12, 16.7)),
}  # fmt: skip
"""Name to primitives, in the order in which they are drawn."""

MARK_GRID: Final = 32
MARK_STROKE: Final = 6.0
MARK_LETTER: Final = Arc(13.858, 15, 10, 45.235, 269.53)
"""The C, stroked with `MARK_STROKE`."""
MARK_TAIL: Final = "M3.2 17.6 2.1 28.6A1.3 1.3 0 0 0 3.9 29.9L14.5 27.4Z"
MARK_ANSWER: Final = (
    "M25.6 11.2a3.8 3.8 0 0 1 3.6 5l.8 2.3a.7.7 0 0 1-.9.9l-2.3-.9a3.8 3.8 0 1 1-1.2-7.4Z"
)
"""Filled outlines, as the `d` of an SVG path; docs/look/logo.svg has the same."""
MARK_TEAL: Final = "#12897F"
MARK_APRICOT: Final = "#D9731F"


def svg(name: str) -> str:
    """An icon as an `<svg>` element in the colour of the text around it. Raises KeyError."""
    inner = "".join(_element(shape) for shape in ICONS[name])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {GRID} {GRID}" fill="none" '
        f'stroke="currentColor" stroke-width="{STROKE:g}" stroke-linecap="round" '
        f'stroke-linejoin="round" aria-hidden="true">{inner}</svg>'
    )


def _element(shape: Shape) -> str:
    """One primitive as an SVG element."""
    match shape:
        case Line(points, closed):
            tag = "polygon" if closed else "polyline"
            places = " ".join(f"{x:g},{y:g}" for x, y in points)
            return f'<{tag} points="{places}"/>'
        case Circle(x, y, radius, filled):
            fill = ' fill="currentColor" stroke="none"' if filled else ""
            return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}"{fill}/>'
        case Arc(_, _, radius, start, sweep):
            (x0, y0), (x1, y1) = shape.at(start), shape.at(start + sweep)
            turn = f"{radius:g} {radius:g} 0 {int(sweep > 180)} 1"
            return f'<path d="M{x0:.2f} {y0:.2f}A{turn} {x1:.2f} {y1:.2f}"/>'
        case Box(left, top, right, bottom, radius):
            return (
                f'<rect x="{left:g}" y="{top:g}" width="{right - left:g}" '
                f'height="{bottom - top:g}" rx="{radius:g}"/>'
            )
