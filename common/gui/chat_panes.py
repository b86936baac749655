"""Where the panes of the chat are: beside the conversation, over it, or folded away.

Owns the packing and placing. Which it is, is decided by `panes.Panes`.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Literal

from common.gui.panes import PEOPLE, ROOMS, ROOMS_FROM, Panes
from common.gui.rule import Rule
from common.gui.theme import theme_of
from common.gui.widgets import Pane


class ChatPanes:
    """Follows the width of `whole`."""

    def __init__(
        self,
        whole: Pane,
        panes: Panes,
        rooms: Pane,
        people: Pane,
        middle: Pane,
        on_change: Callable[[bool, bool], object],
    ) -> None:
        """`on_change` gets whether the window is small, and whether rooms are not beside."""
        self._whole, self._panes, self._middle = whole, panes, middle
        self._sides = {ROOMS: rooms, PEOPLE: people}
        self._rules = {ROOMS: Rule(whole, "upright"), PEOPLE: Rule(whole, "upright")}
        self._on_change = on_change
        self._theme = theme_of(whole)
        self._shown: tuple[object, ...] = ()
        middle.pack(side="left", fill="both", expand=True)
        whole.bind("<Configure>", self._resized, add="+")
        self._theme.on_change(self._again, whole)
        self._arrange()

    def toggle(self, pane: str) -> None:
        """Fold a pane away, or show it."""
        self._panes.toggle(pane)
        self._arrange()
        if self._panes.place(pane):
            self._sides[pane].focus_set()

    def settle(self) -> bool:
        """A pane that lies over the conversation goes; tells whether one was there."""
        was = self._panes.settle()
        if was:
            self._arrange()
        return was

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self._whole:
            self._panes.resize(event.width / self._unit)
            self._arrange()

    @property
    def _unit(self) -> float:
        return self._theme.scale * self._theme.text_percent / 100

    def _again(self) -> None:
        self._panes.resize(self._whole.winfo_width() / self._unit)
        self._arrange()

    def _arrange(self) -> None:
        places = {pane: self._panes.place(pane) for pane in self._sides}
        small = self._panes.width < ROOMS_FROM
        shown = (places[ROOMS], places[PEOPLE], small)
        if shown == self._shown:
            return
        self._shown = shown
        for pane, side in self._sides.items():
            rule = self._rules[pane]
            edge: Literal["left", "right"] = "left" if pane == ROOMS else "right"
            side.pack_forget()
            side.place_forget()
            rule.pack_forget()
            rule.place_forget()
            if places[pane] == "beside":
                side.pack(side=edge, fill="y", before=self._middle)
                rule.pack(side=edge, fill="y", before=self._middle)
            elif places[pane] == "over":
                wide = side.winfo_reqwidth()
                if pane == ROOMS:
                    side.place(x=0, y=0, relheight=1.0)
                    rule.place(x=wide, y=0, relheight=1.0)
                else:
                    side.place(relx=1.0, x=0, y=0, relheight=1.0, anchor="ne")
                    rule.place(relx=1.0, x=-wide, y=0, relheight=1.0, anchor="ne")
                side.lift()
                rule.lift()
        self._on_change(small, places[ROOMS] != "beside")
