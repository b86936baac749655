"""The window's pictures: each is made once, kept, and drawn anew in place when the look changes.

Owns the cache of Tk images by what they show. A picture keeps its name for life and changes its
content, so whoever shows one (a label, a line of text, a button) has nothing to do on a change of
theme or size. How things are drawn: shapes.py. Which colours and sizes: the theme.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Hashable
from io import BytesIO
from typing import Literal, Protocol

from common.gui import lettering, shapes
from common.gui.shapes import Picture
from common.look import nick_index

PillTone = Literal["accent", "you", "raised"]

_PILL_INKS = {"accent": "on_accent", "you": "on_you", "raised": "muted"}
_MENU_LINE = 26
_MENU_EDGE = 6
_LETTERS = 8
"""Letters in images are made eight times their size: shapes.py reduces them."""


class Look(Protocol):
    """What pictures must know of the theme."""

    @property
    def color(self) -> dict[str, str]:
        """Token to `#RRGGBB`."""

    @property
    def nicks(self) -> tuple[str, ...]:
        """Colours of people."""

    @property
    def family(self) -> str:
        """The family of the window's font."""

    def px(self, size: float) -> int:
        """Pixels of this screen for pixels at 96 dpi."""


def png(picture: Picture) -> bytes:
    """A picture in the form in which Tk takes it, with its alpha."""
    data = BytesIO()
    picture.save(data, "PNG", compress_level=1)
    return data.getvalue()


class Images:
    """All pictures of one root, by what they show; sizes are pixels at 96 dpi."""

    def __init__(self, root: tk.Misc, look: Look) -> None:
        self._root = root
        self._look = look
        self._kept: dict[Hashable, tuple[tk.PhotoImage, Callable[[], Picture]]] = {}

    def keep(self, key: Hashable, draw: Callable[[], Picture]) -> tk.PhotoImage:
        """The picture of that key, drawn by `draw` now if it is new, and again on each change."""
        kept = self._kept.get(key)
        if kept is None:
            photo = tk.PhotoImage(master=self._root, data=png(draw()), format="png")
            kept = self._kept[key] = (photo, draw)
        return kept[0]

    def redraw(self) -> None:
        """The look has changed: every picture shows the same in the new one."""
        for photo, draw in self._kept.values():
            photo.configure(data=png(draw()), format="png")

    def icon(self, name: str, tone: str, size: float, gap: float = 0) -> tk.PhotoImage:
        """An icon of common.icons in the colour of a token. Raises KeyError.

        `gap`: free pixels at its right, where words follow in a widget that knows no space.
        """
        look = self._look

        def draw() -> Picture:
            picture = shapes.icon(name, look.px(size), look.color[tone])
            return shapes.widened(picture, look.px(gap)) if gap else picture

        return self.keep(("icon", name, tone, size, gap), draw)

    def for_menu(self, name: str, tone: str, *, wide: bool | None = True) -> tk.PhotoImage:
        """An icon, "" for none, in the height of a menu's line and away from its edge: Tk pads
        lines by a border alone, which it draws in relief. Not `wide`: no room is left for the icon
        that is none; `None`: nor for the edge."""
        look = self._look

        def draw() -> Picture:
            size, tall, edge = look.px(16), look.px(_MENU_LINE), look.px(_MENU_EDGE)
            width = 1 if wide is None else edge + (size if wide else 0)
            picture = shapes.nothing(width, tall)
            if name:
                icon = shapes.icon(name, size, look.color[tone])
                picture.alpha_composite(icon, (edge, (tall - size) // 2))
            return picture

        return self.keep(("menu", name, tone, wide), draw)

    def mark(self, size: float) -> tk.PhotoImage:
        """The mark of Causette, the same in both themes."""
        return self.keep(("mark", size), lambda: shapes.mark(self._look.px(size)))

    def window_icon(self, pixels: int) -> tk.PhotoImage:
        """The mark for the window manager, which wants device pixels."""
        return self.keep(("window-icon", pixels), lambda: shapes.mark(pixels))

    def blank(self, width: float, height: float) -> tk.PhotoImage:
        """Nothing, of that size: keeps text in line beside rows that have an icon."""
        look = self._look
        return self.keep(
            ("blank", width, height),
            lambda: shapes.nothing(look.px(width), look.px(height)),
        )

    def avatar(self, user: str, nick: str, size: float, *, bot: bool) -> tk.PhotoImage:
        """The disc of a person, a rounded square for a bot, with the initial of the nickname."""
        look = self._look
        place = nick_index(user)
        letter = lettering.initial(nick, look.family)

        def draw() -> Picture:
            side = look.px(size)
            radius = round(side * 0.28) if bot else side // 2 + 1
            ground = shapes.box((side, side), radius, look.nicks[place])
            letters = round(side * 0.5 * _LETTERS)
            face = lettering.face(look.family, letters, letter) if letter else None
            if face is None:
                return ground
            return shapes.letter_on(ground, letter, face, look.color["bg"])

        return self.keep(("avatar", place, letter, size, bot), draw)

    def pill(self, text: str, tone: PillTone, height: float) -> tk.PhotoImage:
        """A count or a short word on a pill (`raised`: a box), as wide as its text."""
        look = self._look
        ink = _PILL_INKS[tone]

        def draw() -> Picture:
            tall = look.px(height)
            size = round(tall * (0.5 if tone == "raised" else 0.6) * _LETTERS)
            face = lettering.face(look.family, size, text[:1] or "0")
            radius = look.px(4) if tone == "raised" else tall
            colours = look.color[tone], look.color[ink]
            if face is None:
                return shapes.box((tall, tall), radius, colours[0])
            return shapes.words_on_pill(
                text, face, tall, look.px(5 if tone == "raised" else 6), radius, *colours
            )

        return self.keep(("pill", text, tone, height), draw)

    def dot(self, tone: str, size: float, *, hollow: bool) -> tk.PhotoImage:
        """The dot of presence."""
        look = self._look
        return self.keep(
            ("dot", tone, size, hollow),
            lambda: shapes.dot(look.px(size), look.color[tone], hollow=hollow, line=look.px(1.6)),
        )

    def box(
        self,
        size: tuple[float, float],
        fill: str | None,
        edge: str | None = None,
        line: float = 1,
        radius: float = 8,
    ) -> tk.PhotoImage:
        """A rounded box of tokens; no `fill`: only its outline."""
        look = self._look

        def draw() -> Picture:
            wide, tall = look.px(size[0]), look.px(size[1])
            return shapes.box(
                (wide, tall),
                look.px(radius),
                look.color[fill] if fill else None,
                look.color[edge] if edge else None,
                look.px(line),
            )

        return self.keep(("box", size, fill, edge, line, radius), draw)

    def fresh_box(self, size: tuple[int, int], fill: str, edge: str) -> tk.PhotoImage:
        """A rounded box of device pixels and colours, "" for none, that its user has to keep."""
        px = self._look.px
        picture = shapes.box(size, px(8), fill or None, edge or None, px(2))
        return tk.PhotoImage(master=self._root, data=png(picture), format="png")


class Hairline:
    """A line of one token, one pixel of 96 dpi high and as long as its owner says.

    It is one image for as many places as it is shown in; `resize` changes them all.
    """

    def __init__(self, root: tk.Misc, look: Look, tone: str, thickness: float = 1) -> None:
        self._look = look
        self._tone = tone
        self._thickness = thickness
        self._width = 1
        self.photo = tk.PhotoImage(master=root, width=1, height=1)
        self.redraw()

    def resize(self, width: int) -> None:
        """Make it `width` device pixels long, at least 1."""
        if width != self._width:
            self._width = max(1, width)
            self.redraw()

    def redraw(self) -> None:
        """Draw it in the colours and the scale of now."""
        height = max(1, self._look.px(self._thickness))
        self.photo.configure(width=self._width, height=height)
        self.photo.put(self._look.color[self._tone], to=(0, 0, self._width, height))
