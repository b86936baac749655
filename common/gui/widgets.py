"""The small parts that every screen is made of: panes, cards, words, buttons, checks, scrollbars.

Owns how they behave (keyboard, focus ring, names); how they look is the theme's. The larger parts
are in files of their own and can be imported from here. Must not know what they are used for.

Each part finds the theme by its parent and the ground it stands on by `ground_of`; none needs
anything done when theme or text size change.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Literal

from common.gui.styles import Kind
from common.gui.theme import Theme, theme_of

__all__ = [
    "Button",
    "Card",
    "Check",
    "Pane",
    "Scrollbar",
    "button",
    "ground_of",
    "label",
    "theme_of",
    "words_follow_width",
]

Padding = float | tuple[float, ...]


def ground_of(widget: tk.Misc) -> str:
    """The token of the ground that children of `widget` stand on."""
    place: tk.Misc | None = widget
    while place is not None:
        ground = getattr(place, "ground", None)
        if isinstance(ground, str):
            return ground
        place = place.master
    return "bg"


def _padded(widget: ttk.Frame, theme: Theme, padding: Padding) -> None:
    """Keep a frame's padding in step with the text size; pixels at 96 dpi, as ttk orders them."""
    parts = padding if isinstance(padding, tuple) else (padding,)

    def apply() -> None:
        widget.configure(padding=" ".join(str(theme.px(part)) for part in parts))

    apply()
    theme.on_change(apply, widget)


class Pane(ttk.Frame):
    """An area of one ground, which everything in it stands on."""

    def __init__(self, parent: tk.Misc, ground: str | None = None, *, padding: Padding = 0) -> None:
        theme = theme_of(parent)
        self.ground = ground or ground_of(parent)
        super().__init__(parent, style=theme.styles.pane(self.ground))
        _padded(self, theme, padding)


class Card(ttk.Frame):
    """An area with a rounded hairline around it."""

    ground = "card"

    def __init__(self, parent: tk.Misc, *, padding: Padding = 16) -> None:
        theme = theme_of(parent)
        super().__init__(parent, style=theme.styles.card(ground_of(parent)))
        _padded(self, theme, padding)


def label(
    parent: tk.Misc,
    text: str = "",
    *,
    font: str = "body",
    tone: str = "text",
    image: tk.PhotoImage | None = None,
    justify: Literal["left", "center", "right"] = "left",
    wrap: bool = False,
) -> ttk.Label:
    """Words (or a picture before them) in a token's colour; `wrap`: broken to the width it has."""
    theme = theme_of(parent)
    made = ttk.Label(
        parent,
        text=text,
        font=theme.font(font),
        style=theme.styles.label(ground_of(parent), tone),
        image=image or "",
        # Beside words there is a gap; a picture alone needs none.
        compound="left" if text or not image else "image",
        justify=justify,
        anchor="center" if justify == "center" else "w",
    )
    if wrap:
        words_follow_width(made)
    return made


def picture(parent: tk.Misc) -> ttk.Label:
    """A place for a picture alone, which comes later: without the gap that words would get."""
    made = label(parent)
    made.configure(compound="image")
    return made


def words_follow_width(words: ttk.Label) -> None:
    """Break the words of a label that is stretched by its manager to the width that it gets."""
    words.bind("<Configure>", lambda event: words.configure(wraplength=event.width), add="+")


# --- buttons -----------------------------------------------------------------------------------


def ring_by_keyboard(widget: ttk.Widget) -> None:
    """Show the ring of the focus (the state user1) when the keyboard brought the focus here."""
    theme = theme_of(widget)

    def gained(_event: tk.Event[tk.Misc]) -> None:
        widget.state(["user1" if theme.by_keyboard else "!user1"])

    def key(_event: tk.Event[tk.Misc]) -> None:
        widget.state(["user1"])

    widget.bind("<FocusIn>", gained, add="+")
    widget.bind("<KeyPress>", key, add="+")
    widget.bind("<FocusOut>", lambda _event: widget.state(["!user1"]), add="+")


def _leave_the_caret(widget: tk.Misc) -> None:
    """A click on a button does not take the caret from where one writes: only Tab leads there."""
    script = str(widget.tk.call("bind", "TButton", "<Button-1>"))
    if "clickToFocus" in script:
        calm = script.replace("ttk::clickToFocus %W", "")
        widget.tk.call("bind", "TButton", "<Button-1>", calm)


class Button(ttk.Button):
    """A button; Space and Enter press it where the focus is."""

    def __init__(
        self,
        parent: tk.Misc,
        text: str = "",
        kind: Kind = "plain",
        *,
        icon: str = "",
        name: str = "",
        command: Callable[[], object] | None = None,
        font: str = "",
    ) -> None:
        """`name` says what a button without words does: it is its tooltip."""
        self._theme = theme_of(parent)
        self._kind: Kind = kind
        self._ground = ground_of(parent)
        self._font = font
        super().__init__(
            parent,
            text=text,
            style=self._style(),
            compound="left" if text else "image",
            command=command or (lambda: None),
            cursor="hand2",
        )
        self.show_icon(icon)
        ring_by_keyboard(self)
        _leave_the_caret(self)
        for key in ("<Return>", "<KP_Enter>"):
            self.bind(key, self._pressed)
        self.words = name or text
        """What it does, in words: its text or its tooltip."""
        if name:
            # Deferred: the tooltip is itself made of these parts.
            from common.gui.tooltip import tooltip

            tooltip(self, lambda: self.words)

    def show_icon(self, icon: str, tone: str = "") -> None:
        """Show another icon before the words, none for ""; in the colour of the words."""
        if not icon:
            self.configure(image="")
            return
        tones = {"primary": "on_accent", "plain": "text", "danger": "danger", "link": "accent"}
        size = 18 if self._kind == "icon" else 16
        gap = 4 if self.cget("text") else 0
        image = self._theme.images.icon
        normal = image(icon, tone or tones.get(self._kind, "muted"), size, gap)
        shown: list[object] = [normal, "disabled", image(icon, "edge", size, gap)]
        if self._kind == "icon":
            shown += ["active", image(icon, tone or "text", size, gap)]
        # Not through typeshed's idea of an image: ttk takes one for each state.
        self.tk.call(str(self), "configure", "-image", tuple(str(part) for part in shown))
        if self.cget("text"):
            self.configure(compound="left")

    def rename(self, words: str) -> None:
        """Change its text, or its tooltip where it has no text."""
        if self.cget("text"):
            self.configure(text=words)
        self.words = words

    def enable(self, able: bool = True) -> None:
        """Let it be pressed, or outline it as what cannot be used now."""
        self.state(["!disabled" if able else "disabled"])
        self.configure(cursor="hand2" if able else "")

    @property
    def enabled(self) -> bool:
        """Whether it can be pressed."""
        return not self.instate(["disabled"])

    def _style(self) -> str:
        return self._theme.styles.button(self._kind, self._ground, self._font)

    def _pressed(self, _event: tk.Event[tk.Misc]) -> str:
        self.invoke()
        return "break"


def button(
    parent: tk.Misc,
    text: str = "",
    kind: Kind = "plain",
    *,
    icon: str = "",
    name: str = "",
    command: Callable[[], object] | None = None,
    font: str = "",
) -> Button:
    """A button of a kind: primary, plain, danger, link or icon (`icon` and `name`, no text).

    `font`: another role for its words, such as "small-link" for a link among small words.
    """
    return Button(parent, text, kind, icon=icon, name=name, command=command, font=font)


class Check(ttk.Checkbutton):
    """A box to tick with its words; Space ticks it. `command` gets whether it is ticked."""

    def __init__(
        self,
        parent: tk.Misc,
        text: str,
        value: bool = False,
        *,
        command: Callable[[bool], object] | None = None,
    ) -> None:
        self._ticked = tk.BooleanVar(parent, value)
        super().__init__(
            parent,
            text=text,
            style=theme_of(parent).styles.check(ground_of(parent)),
            variable=self._ticked,
            command=(lambda: command(self.value)) if command else "",
            cursor="hand2",
        )
        ring_by_keyboard(self)

    @property
    def value(self) -> bool:
        """Whether it is ticked; setting it does not call `command`."""
        return self._ticked.get()

    @value.setter
    def value(self, ticked: bool) -> None:
        self._ticked.set(ticked)

    def enable(self, able: bool = True) -> None:
        """Let it be ticked, or not."""
        self.state(["!disabled" if able else "disabled"])


class Scrollbar(ttk.Scrollbar):
    """A thin bar for a tk.Text or a tk.Canvas, which it follows; it hides what it cannot do."""

    def __init__(self, parent: tk.Misc, view: tk.Text | tk.Canvas | None = None) -> None:
        super().__init__(
            parent,
            orient="vertical",
            style=theme_of(parent).styles.scrollbar(ground_of(parent)),
            takefocus=False,
        )
        if view is not None:
            self.configure(command=view.yview)
            view.configure(yscrollcommand=self.set)
