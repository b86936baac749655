"""A choice among a few: looks like a field, opens a menu.

Owns the choice. Must not know what it decides.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk

from common.gui.menu import popup_menu
from common.gui.theme import theme_of
from common.gui.widgets import ground_of, ring_by_keyboard


class Dropdown(ttk.Menubutton):
    """Shows the words of the chosen one; Space, Enter, Down or a click open the others."""

    def __init__(
        self,
        parent: tk.Misc,
        choices: Sequence[tuple[str, str]],
        value: str = "",
        *,
        width: int = 0,
        command: Callable[[str], object] | None = None,
    ) -> None:
        """`choices`: value and words of each; `command` gets the value a person chose.

        `width` in characters; 0: as wide as the longest words.
        """
        self._choices = list(choices)
        self._value = value or (self._choices[0][0] if self._choices else "")
        self._command = command
        self._fixed = width
        self._theme = theme_of(parent)
        super().__init__(
            parent,
            style=self._theme.styles.dropdown(ground_of(parent)),
            takefocus=True,
            cursor="hand2",
        )
        ring_by_keyboard(self)
        for keys in ("<ButtonPress-1>", "<space>", "<Return>", "<KP_Enter>", "<Down>", "<Up>"):
            self.bind(keys, self._open)
        self.offer(self._choices)
        self._theme.on_change(self._fit, self)

    @property
    def value(self) -> str:
        """The value of the chosen one; setting it does not call `command`."""
        return self._value

    @value.setter
    def value(self, value: str) -> None:
        self._value = value
        self.configure(text=dict(self._choices).get(value, value))

    def offer(self, choices: Sequence[tuple[str, str]]) -> None:
        """Change what can be chosen; the value stays, even where it is no more offered."""
        self._choices = list(choices)
        self._fit()
        self.value = self._value

    def _fit(self) -> None:
        """As wide as the longest words: ttk counts in figures, which are not as wide as letters."""
        font = self._theme.font("body")
        longest = max((font.measure(words) for _, words in self._choices), default=0)
        self.configure(width=self._fixed or -(-longest // font.measure("0")) + 1)

    def on_choice(self, command: Callable[[str], object]) -> None:
        """From now on `command` gets the value that a person chose."""
        self._command = command

    def enable(self, able: bool = True) -> None:
        """Let it be changed, or not."""
        self.state(["!disabled" if able else "disabled"])

    def _open(self, _event: tk.Event[tk.Misc]) -> str:
        if self.instate(["!disabled"]):
            self.focus_set()
            menu = popup_menu(self)
            for value, words in self._choices:
                menu.entry(
                    words,
                    partial(self._chosen, value),
                    icon="check" if value == self._value else "",
                    gap=True,
                    current=value == self._value,
                )
            menu.show_at(self.winfo_rootx(), self.winfo_rooty() + self.winfo_height())
        return "break"

    def _chosen(self, value: str) -> None:
        self.value = value
        if self._command is not None:
            self._command(value)
