"""How ttk's parts are drawn: each button, field, check, card and scrollbar, as nine-slice images.

Owns the styles' names and their layouts. A style is made when it is first asked for, for the ground
that it stands on (its corners show that), and made again for each theme and size. Must not know
ttkbootstrap, nor any widget.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Any, Literal

from PIL import Image

from common.gui import shapes
from common.gui.images import Images, Look
from common.gui.shapes import Picture

Kind = Literal["primary", "plain", "danger", "link", "icon"]

_LEAST = 22
_SIDE = 86
_CARD_SIDE = 406
"""Width and height of the boxes that are cut in nine, and the least that is asked for one. Their
corners end at `_CORNER`; ttk fills the rest with copies of the middle, and for each reads back what
it covers from the screen: with a middle of 2x2 a large card took many seconds."""
_CORNER = 10


class Styles:
    """The ttk styles of one root."""

    def __init__(self, root: tk.Misc, look: Look, images: Images) -> None:
        self._style = ttk.Style(root)
        self._look = look
        self._images = images
        self._made: dict[str, Callable[[str], None]] = {}

    def apply(self) -> None:
        """Make every style that was ever asked for, in the theme and the size of now."""
        colour = self._look.color
        self._style.configure(
            ".",
            background=colour["bg"],
            foreground=colour["text"],
            font="causette-body",
            focuscolor=colour["accent"],
            bordercolor=colour["border"],
        )
        for name, make in self._made.items():
            make(name)

    # --- the styles ----------------------------------------------------------------------------

    def pane(self, ground: str) -> str:
        """A plain area."""

        def make(name: str) -> None:
            self._layout(name, [])
            self._style.configure(name, background=self._look.color[ground])

        return self._get(f"{ground}.Pane.TFrame", make)

    def card(self, ground: str) -> str:
        """A framed area that stands on `ground`; its inside has the ground `card`."""

        def make(name: str) -> None:
            element = self._nine("card", self._box("card", "border", side=_CARD_SIDE))
            self._layout(name, [(element, {"sticky": "nsew"})])
            self._style.configure(name, background=self._look.color[ground])

        return self._get(f"{ground}.Card.TFrame", make)

    def label(self, ground: str, tone: str) -> str:
        """Words of a colour on a ground."""

        def make(name: str) -> None:
            # Without the usual border and padding, words begin where fields and cards do.
            self._layout(name, [("Label.label", {"sticky": "nsew"})])
            self._style.configure(
                name, background=self._look.color[ground], foreground=self._look.color[tone]
            )

        return self._get(f"{ground}.{tone}.TLabel", make)

    def field(self, ground: str) -> str:
        """The frame of a place to type; its states are invalid, focus and disabled."""

        def make(name: str) -> None:
            self._layout(name, [(self._field_element(), {"sticky": "nsew"})])
            self._style.configure(name, background=self._look.color[ground])

        return self._get(f"{ground}.Field.TFrame", make)

    def dropdown(self, ground: str) -> str:
        """A choice that looks like a field."""

        def make(name: str) -> None:
            colour, px = self._look.color, self._look.px
            arrow = f"causette{self._serial}.down.indicator"
            self._element(
                arrow,
                self._images.icon("down", "muted", 16),
                ("disabled", self._images.icon("down", "edge", 16)),
            )
            inside = [
                (arrow, {"side": "right", "sticky": ""}),
                ("Menubutton.label", {"side": "left", "sticky": "w"}),
            ]
            padded = [("Menubutton.padding", {"sticky": "nsew", "children": inside})]
            self._layout(name, [(self._field_element(), {"sticky": "nsew", "children": padded})])
            self._style.configure(
                name,
                background=colour[ground],
                foreground=colour["text"],
                padding=(px(10), px(7), px(8), px(7)),
                font="causette-body",
            )
            self._style.map(name, foreground=[("disabled", colour["muted"])], background=[])

        return self._get(f"{ground}.Dropdown.TMenubutton", make)

    def button(self, kind: Kind, ground: str, font: str = "") -> str:
        """A button; its state user1 says that the keyboard's focus is on it. `font`: a role."""
        makers = {
            "primary": self._make_primary,
            "plain": self._make_plain,
            "danger": self._make_danger,
            "link": self._make_link,
            "icon": self._make_icon,
        }

        def make(name: str) -> None:
            makers[kind](name, ground)
            self._style.configure(name, background=self._look.color[ground], anchor="center")
            if font:
                self._style.configure(name, font=f"causette-{font}")
            self._style.map(name, background=[])

        return self._get(f"{ground}.{kind}{font}.TButton", make)

    def check(self, ground: str) -> str:
        """A box to tick, with its words."""

        def make(name: str) -> None:
            colour, px = self._look.color, self._look.px
            indicator = f"causette{self._serial}.check.indicator"
            self._element(
                indicator,
                self._tick("field", "edge", None),
                ("disabled selected", self._tick("raised", "border", "muted")),
                ("disabled", self._tick(None, "border", None)),
                ("selected user1", self._tick("accent", None, "on_accent", ring=True)),
                ("selected", self._tick("accent", None, "on_accent")),
                ("user1", self._tick("field", "edge", None, ring=True)),
            )
            label = ("Checkbutton.label", {"side": "left", "sticky": ""})
            inside = [(indicator, {"side": "left", "sticky": ""}), label]
            self._layout(name, [("Checkbutton.padding", {"sticky": "nsew", "children": inside})])
            self._style.configure(
                name,
                background=colour[ground],
                foreground=colour["text"],
                padding=(0, px(2), px(4), px(2)),
            )
            self._style.map(name, background=[], foreground=[("disabled", colour["muted"])])

        return self._get(f"{ground}.Check.TCheckbutton", make)

    def scrollbar(self, ground: str) -> str:
        """A thin bar without arrows; it vanishes where there is nothing to scroll."""

        def make(name: str) -> None:
            images = self._images
            thumb = f"causette{self._serial}.thumb"
            trough = f"causette{self._serial}.trough"
            rest, held = (self._bar(tone) for tone in ("border", "edge"))
            self._element(
                thumb,
                rest,
                ("disabled", images.blank(12, 32)),
                ("pressed", held),
                ("active", held),
                border=(0, self._look.px(8)),
                sticky="nsew",
            )
            self._element(trough, images.blank(12, 32), sticky="nsew")
            inside = [(thumb, {"expand": "1", "sticky": "nsew"})]
            self._layout(name, [(trough, {"sticky": "ns", "children": inside})])
            self._style.configure(name, background=self._look.color[ground], borderwidth=0)
            self._style.map(name, background=[])

        return self._get(f"{ground}.Vertical.TScrollbar", make)

    # --- kinds of buttons ----------------------------------------------------------------------

    def _make_primary(self, name: str, _ground: str) -> None:
        rest, hover = self._box("accent"), self._box("accent_hover")
        ring = self._ringed("accent", "on_accent")
        self._boxed(name, "primary", rest, hover, ring)
        self._inks(name, "on_accent", "causette-bold")

    def _make_plain(self, name: str, _ground: str) -> None:
        rest, hover = self._box("raised"), self._box("border")
        self._boxed(name, "plain", rest, hover, self._box("raised", "accent", 2))
        self._inks(name, "text", "causette-body")

    def _make_danger(self, name: str, _ground: str) -> None:
        rest, hover = self._box("danger_bg", "danger"), self._box("danger_bg", "danger", 2)
        self._boxed(name, "danger", rest, hover, self._box("danger_bg", "accent", 2))
        self._inks(name, "danger", "causette-body")

    def _make_link(self, name: str, _ground: str) -> None:
        none = self._images.blank(_SIDE, _SIDE)
        self._boxed(name, "link", none, none, self._box(None, "accent", 2), disabled=none)
        self._inks(name, "accent", "causette-link", hover="accent_hover")
        px = self._look.px
        self._style.configure(name, padding=(px(3), px(2), px(3), px(2)))

    def _make_icon(self, name: str, ground: str) -> None:
        light = ground in ("bg", "surface", "card")
        none = self._images.blank(_SIDE, _SIDE)
        hover = self._box("raised" if light else "border")
        kind = "icon" if light else "icon-deep"
        self._boxed(name, kind, none, hover, self._box(None, "accent", 2), disabled=none)
        self._inks(name, "muted", "causette-body")
        self._style.configure(name, padding=self._look.px(6))

    def _boxed(
        self,
        name: str,
        key: str,
        rest: tk.PhotoImage,
        hover: tk.PhotoImage,
        ring: tk.PhotoImage,
        disabled: tk.PhotoImage | None = None,
    ) -> None:
        """The layout of a button: its box, its padding, its words."""
        element = self._nine(
            key,
            rest,
            ("disabled", disabled or self._box(None, "border")),
            ("user1", ring),
            ("pressed", hover),
            ("active", hover),
        )
        label = [("Button.label", {"sticky": ""})]
        padded = [("Button.padding", {"sticky": "nsew", "children": label})]
        self._layout(name, [(element, {"sticky": "nsew", "children": padded})])
        px = self._look.px
        self._style.configure(name, padding=(px(14), px(7), px(14), px(8)))

    def _inks(self, name: str, tone: str, font: str, hover: str | None = None) -> None:
        colour = self._look.color
        states = [("disabled", colour["muted"])]
        if hover is not None:
            states.append(("active", colour[hover]))
        self._style.configure(name, foreground=colour[tone], font=font)
        self._style.map(name, foreground=states)

    # --- pictures ------------------------------------------------------------------------------

    def _box(
        self, fill: str | None, edge: str | None = None, line: float = 1, side: int = _SIDE
    ) -> tk.PhotoImage:
        return self._images.box((side, side), fill, edge, line)

    def _ringed(self, fill: str, ring: str) -> tk.PhotoImage:
        """A filled box with the ring of the focus inside it."""
        look = self._look

        def draw() -> Picture:
            px = look.px
            side = px(_SIDE)
            image = shapes.box((side, side), px(8), look.color[fill])
            gap = px(2)
            inner = shapes.box(
                (side - 2 * gap, side - 2 * gap), px(6), None, look.color[ring], px(2)
            )
            image.alpha_composite(inner, (gap, gap))
            return image

        return self._images.keep(("ringed", fill, ring), draw)

    def _tick(
        self, fill: str | None, edge: str | None, ink: str | None, *, ring: bool = False
    ) -> tk.PhotoImage:
        """The box to tick, 18 pixels square with room before its words; its ring is within it, so
        that it stands where fields and words begin."""
        look = self._look

        def draw() -> Picture:
            px = look.px
            colour = look.color
            side, above, gap = px(18), px(3), px(3) if ring else 0
            image = Image.new("RGBA", (side + px(8), side + 2 * above), (0, 0, 0, 0))
            core = shapes.box(
                (side - 2 * gap, side - 2 * gap),
                px(2 if ring else 4),
                colour[fill] if fill else None,
                colour[edge] if edge else None,
                px(1),
            )
            image.alpha_composite(core, (gap, above + gap))
            if ink:
                size = px(11 if ring else 14)
                place = (side - size) // 2
                check = shapes.icon("check", size, colour[ink])
                image.alpha_composite(check, (place, above + place))
            if ring:
                outline = shapes.box((side, side), px(5), None, colour["accent"], px(2))
                image.alpha_composite(outline, (0, above))
            return image

        return self._images.keep(("tick", fill, edge, ink, ring), draw)

    def _bar(self, tone: str) -> tk.PhotoImage:
        """The thumb of a scrollbar: 8 pixels wide with 2 free on each side."""
        look = self._look

        def draw() -> Picture:
            px = look.px
            image = Image.new("RGBA", (px(12), px(32)), (0, 0, 0, 0))
            bar = shapes.box((px(8), px(32)), px(4), look.color[tone])
            image.alpha_composite(bar, ((px(12) - px(8)) // 2, 0))
            return image

        return self._images.keep(("bar", tone), draw)

    # --- elements ------------------------------------------------------------------------------

    @property
    def _serial(self) -> int:
        """Tells apart elements of different sizes: an element keeps the size it was made with."""
        return self._look.px(1000)

    def _field_element(self) -> str:
        states = [
            ("invalid", self._box("field", "danger", 2)),
            ("disabled", self._box(None, "border")),
            ("user1", self._box("field", "accent", 2)),
            ("focus", self._box("field", "accent", 2)),
        ]
        return self._nine("field", self._box("field", "edge"), *states)

    def _nine(self, key: str, rest: tk.PhotoImage, *states: tuple[str, tk.PhotoImage]) -> str:
        """An element that keeps its corners and stretches the rest."""
        name = f"causette{self._serial}.{key}.box"
        px, least = self._look.px, self._look.px(_LEAST)
        self._element(
            name, rest, *states, border=px(_CORNER), width=least, height=least, sticky="nsew"
        )
        return name

    def _element(
        self, name: str, rest: tk.PhotoImage, *states: tuple[str, tk.PhotoImage], **options: Any
    ) -> None:
        """Make an element of the theme in use, unless it has it."""
        if name not in self._style.element_names():
            images = [(*words.split(), image) for words, image in states]
            create: Any = self._style.element_create
            create(name, "image", rest, *images, padding=0, **options)

    def _layout(self, name: str, parts: list[tuple[str, dict[str, Any]]]) -> None:
        layout: Any = self._style.layout
        layout(name, parts)

    def _get(self, name: str, make: Callable[[str], None]) -> str:
        if name not in self._made:
            self._made[name] = make
            make(name)
        return name
