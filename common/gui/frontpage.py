"""The page around the form: the mark and the name above it, language, theme and help below it.

Owns these. What stands in the middle is its user's.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial

from common.gui.page import Page
from common.gui.settings import Remembered
from common.gui.theme import theme_of
from common.gui.widgets import Pane, button, label
from common.i18n import _, current

_LOW = 480
"""Pixels at 96 dpi: a window that is not as high has a smaller head."""


class FrontPage(Page):
    """Fill `middle`. `on_speak` gets the language that was chosen."""

    def __init__(
        self,
        parent: tk.Misc,
        remembered: Remembered,
        *,
        on_speak: Callable[[str], object],
        on_theme: Callable[[], object],
        on_help: Callable[[], object],
    ) -> None:
        super().__init__(parent)
        self._theme = theme_of(parent)
        self._remembered = remembered
        self._on_theme = on_theme
        self._make_head()
        self.middle = Pane(self.column)
        self.middle.pack(fill="x")
        self._make_foot(on_speak, on_help)

    def _make_head(self) -> None:
        theme = self._theme
        head = Pane(self.column)
        head.pack(fill="x")
        theme.pad(head, pady=(0, 20))
        mark = label(head, image=theme.mark(54))
        mark.pack(side="left")
        theme.pad(mark, padx=(0, 16))
        words = Pane(head)
        words.pack(side="left", fill="x", expand=True)
        name = label(words, "Causette", font="display")
        name.pack(anchor="w")
        motto = label(
            words, _("The chat of your network, without the internet."), tone="muted", wrap=True
        )
        motto.pack(fill="x")
        was_low = False

        def fit(_event: object = None) -> None:
            """In a low window the form has the room: the name alone stands above it."""
            nonlocal was_low
            low = 1 < self.winfo_height() < theme.px(_LOW)
            if low == was_low:
                return
            was_low = low
            mark.configure(image=theme.mark(28 if low else 54))
            name.configure(font=theme.font("title" if low else "display"))
            if low:
                motto.pack_forget()
            else:
                motto.pack(fill="x")

        self.bind("<Configure>", fit, add="+")
        theme.on_change(fit, head)

    def _make_foot(self, on_speak: Callable[[str], object], on_help: Callable[[], object]) -> None:
        foot = Pane(self.column)
        foot.pack(fill="x")
        self._theme.pad(foot, pady=(12, 0))
        self.languages: dict[str, tk.Widget] = {}
        for lang, name in (("fr", "Français"), ("en", "English")):
            if self.languages:
                label(foot, " · ", font="small", tone="muted").pack(side="left")
            if lang == current().lang:
                shown: tk.Widget = label(foot, name, font="small", tone="muted")
            else:
                command = partial(on_speak, lang)
                shown = button(foot, name, "link", font="small-link", command=command)
            shown.pack(side="left")
            self.languages[lang] = shown
        helps = button(foot, _("F1: help"), "link", font="small-link", command=on_help)
        helps.pack(side="right")
        label(foot, " · ", font="small", tone="muted").pack(side="right")
        self.theme_link = button(
            foot, self._theme_words(), "link", font="small-link", command=self._cycle_theme
        )
        self.theme_link.pack(side="right")

    def _cycle_theme(self) -> None:
        self._on_theme()
        self.theme_link.rename(self._theme_words())

    def _theme_words(self) -> str:
        name = {"light": _("light"), "dark": _("dark")}.get(
            self._remembered.theme, _("the system's")
        )
        return _("Theme: {name}").format(name=name)
