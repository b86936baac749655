"""Small parts of the server's window: a row of words to choose from, the counters, the join link.

Owns how they look and behave. Must not know the server.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk
from typing import Final

from common.gui.dropdown import Dropdown
from common.gui.server_place import Way
from common.gui.server_shapes import Counter
from common.gui.theme import theme_of
from common.gui.tooltip import tooltip
from common.gui.widgets import Button, Card, Pane, button, ground_of, label
from common.i18n import _, number

_COPIED: Final = 2_000
"""Milliseconds for which the button says that the link was copied."""


class Choices(Pane):
    """Words in a row, one of which is chosen: bold and without a line under it."""

    def __init__(
        self,
        parent: tk.Misc,
        choices: Sequence[tuple[str, str]],
        command: Callable[[str], object],
        *,
        font: str = "caption",
    ) -> None:
        """`choices`: value and words of each, the first one chosen; `font`: caption or body."""
        super().__init__(parent)
        self._command = command
        self._roles = ("bold", "link") if font == "body" else (f"{font}-bold", f"{font}-link")
        self._theme = theme_of(parent)
        self.buttons: dict[str, Button] = {}
        self.value = choices[0][0]
        for value, words in choices:
            if self.buttons:
                label(self, "·", font=font, tone="muted").pack(side="left")
            made = button(self, words, "link", command=partial(self.choose, value))
            made.pack(side="left")
            self.buttons[value] = made
        self._show()

    def choose(self, value: str) -> None:
        """Choose another, as a press on it does."""
        self.value = value
        self._show()
        self._command(value)

    def _show(self) -> None:
        ground = ground_of(self)
        for value, made in self.buttons.items():
            role = self._roles[value != self.value]
            made.configure(style=self._theme.styles.button("link", ground, role))


class Counters(Pane):
    """Numbers on cards in a row, or in one line where there is no room."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self._cards: list[tuple[Card, ttk.Label, ttk.Label]] = []
        self._line = label(self, font="caption", tone="muted", wrap=True)
        self._compact: bool | None = None
        self.values: list[Counter] = []

    def show(self, values: Sequence[Counter]) -> None:
        """Show these; as many each time."""
        if list(values) == self.values:
            return
        self.values = list(values)
        while len(self._cards) < len(values):
            self._add_card()
        for one, (_card, figure, caption) in zip(values, self._cards, strict=True):
            figure.configure(text=one.amount)
            caption.configure(text=one.words)
        self._line.configure(text=" · ".join(f"{one.amount} {one.words}" for one in values))
        if self._compact is None:
            self.fold(False)

    def fold(self, compact: bool) -> None:
        """One line instead of cards, or cards again."""
        if compact == self._compact:
            return
        self._compact = compact
        theme = theme_of(self)
        if compact:
            for card, *_rest in self._cards:
                card.grid_forget()
            self._line.grid(row=0, column=0, columnspan=len(self._cards) or 1, sticky="ew")
            return
        self._line.grid_forget()
        for place, (card, *_rest) in enumerate(self._cards):
            card.grid(row=0, column=place, sticky="ew")
            theme.pad(card, padx=(10 if place else 0, 0))

    def _add_card(self) -> None:
        card = Card(self, padding=(14, 8, 12, 9))
        figure = label(card, font="number")
        figure.pack(anchor="w")
        caption = label(card, font="caption", tone="muted")
        caption.pack(anchor="w")
        place = len(self._cards)
        for widget in (card, figure, caption):
            tooltip(widget, lambda: self.values[place].about)
        self.columnconfigure(place, weight=1, uniform="cards")
        self._cards.append((card, figure, caption))


class LinkCard(Card):
    """The way in, and a button that copies it; a dropdown where there are several."""

    def __init__(self, parent: tk.Misc, on_invite: Callable[[], object]) -> None:
        """`on_invite`: an invitation is wanted; the button is there where `show` says so."""
        super().__init__(parent, padding=(10, 12, 10, 12))
        theme = theme_of(parent)
        self._ways: list[Way] = []
        self._chosen = 0
        self._back: str | None = None
        self._address = label(self, font="bold", justify="center")
        self._address.pack(fill="x")
        self._hosts = Dropdown(self, [], command=self._choose)
        self._hint = label(self, font="caption", tone="muted", justify="center", wrap=True)
        self._hint.pack(fill="x")
        theme.pad(self._hint, pady=(2, 10))
        self.copy = button(self, _("Copy the join link"), icon="copy", command=self._copy)
        self.copy.pack(fill="x")
        self.invite = button(self, _("Invitation…"), icon="person-plus", command=on_invite)
        self._show_address()
        self.show([], "")

    @property
    def link(self) -> str:
        """What the button copies; empty where there is nothing."""
        return self._ways[self._chosen].link if self._ways else ""

    def show(self, ways: Sequence[Way], hint: str, *, invites: bool = False) -> None:
        """The ways in, the likeliest first, and words about them; `invites`: a way in is not
        enough, an invitation is needed."""
        if list(ways) != self._ways:
            before = self.link
            self._ways = list(ways)
            links = [way.link for way in self._ways]
            self._chosen = links.index(before) if before in links else 0
            self._hosts.offer([(str(place), _name(way)) for place, way in enumerate(ways)])
            self._hosts.value = str(self._chosen)
            self._show_address()
        if str(self._hint.cget("text")) != hint:
            self._hint.configure(text=hint)
        self.copy.enable(bool(self._ways))
        self.invite.enable(bool(self._ways))
        if invites and not self.invite.winfo_manager():
            self.invite.pack(fill="x")
            theme_of(self).pad(self.invite, pady=(8, 0))
        elif not invites:
            self.invite.pack_forget()

    def _show_address(self) -> None:
        self._address.pack_forget()
        self._hosts.pack_forget()
        if len(self._ways) > 1:
            self._hosts.pack(fill="x", before=self._hint)
        elif self._ways:
            self._address.configure(text=_name(self._ways[0]))
            self._address.pack(fill="x", before=self._hint)

    def _choose(self, place: str) -> None:
        self._chosen = int(place)

    def _copy(self) -> None:
        if not self.link:
            return
        self.clipboard_clear()
        self.clipboard_append(self.link)
        self.copy.rename(_("Copied"))
        self.copy.show_icon("check")
        if self._back is not None:
            self.after_cancel(self._back)
        self._back = self.after(_COPIED, self._copied)

    def _copied(self) -> None:
        self._back = None
        self.copy.rename(_("Copy the join link"))
        self.copy.show_icon("copy")

    def destroy(self) -> None:
        """As every widget does."""
        if self._back is not None:
            self.after_cancel(self._back)
            self._back = None
        super().destroy()


def _name(way: Way) -> str:
    return f"[{way.host}]:{way.port}" if ":" in way.host else f"{way.host}:{way.port}"


def here_now(count: int) -> str:
    """The heading over the people."""
    return _("Here now · {n}").format(n=number(count))
