"""The servers to choose, above the fields of the form: those found on the network, those known.

Owns the rows, and that they follow what is found while somebody looks at them. What choosing one
does is its user's.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from common.client.nearby import Standing
from common.client.target import DEFAULT_PORT
from common.gui.cutting import CutLabel
from common.gui.servers import Offer
from common.gui.theme import theme_of
from common.gui.widgets import Button, Card, Pane, button, label
from common.i18n import _, n_, number
from common.safe import one_line

FEW: Final = 3
"""Servers that are shown before somebody asks for all of them, of each kind."""


class OfferList(Pane):
    """Shows nothing, and takes no room, until there is something to choose."""

    def __init__(self, parent: tk.Misc, choose: Callable[[Offer], object]) -> None:
        super().__init__(parent)
        self._theme = theme_of(parent)
        self._choose = choose
        self._known: list[Offer] = []
        self._found: list[Offer] = []
        self._most: dict[str, int] = {}
        self._picks: dict[str, Button] = {}

    def show(self, known: Sequence[Offer], found: Sequence[Offer] = ()) -> None:
        """Show these in place of what was shown; one of `known` that is found is shown as found."""
        there = {one.place for one in found} | {one.key for one in found if one.key}
        self._found = list(found)
        self._known = [
            one for one in known if one.here or not ({one.place, one.key or one.place} & there)
        ]
        self._draw()

    @property
    def shown(self) -> list[Offer]:
        """All that there is to choose, in order."""
        return [*self._found, *self._known]

    def _draw(self) -> None:
        focus = self.focus_get()
        held = next((name for name, one in self._picks.items() if one is focus), "")
        for child in self.winfo_children():
            child.destroy()
        self._picks.clear()
        if not self.shown:
            # A pane that was emptied keeps its height.
            self.configure(height=1)
        self._section("found", _("On this network"), self._found)
        self._section("known", _("Known servers"), self._known)
        if rows := self.winfo_children():
            assert isinstance(rows[-1], tk.Widget)
            self._theme.pad(rows[-1], pady=(6, 18))
        if held in self._picks:
            self._picks[held].focus_set()

    def _section(self, name: str, words: str, offers: Sequence[Offer]) -> None:
        if not offers:
            return
        heading = label(self, words, font="caption-bold", tone="muted")
        heading.pack(anchor="w")
        if name == "known" and self._found:
            self._theme.pad(heading, pady=(14, 0))
        most = self._most.get(name, FEW)
        for offer in offers[:most]:
            row = OfferRow(self, offer, partial(self._choose, offer))
            row.pack(fill="x")
            self._theme.pad(row, pady=(6, 0))
            self._picks[offer.server or "."] = row.pick
        more = len(offers) - most
        if more > 0:
            link = button(
                self,
                n_("{n} more", "{n} more", more).format(n=number(more)),
                "link",
                font="small-link",
                command=lambda: self._show_all(name),
            )
            link.pack(anchor="w")
            self._theme.pad(link, pady=(6, 0))

    def _show_all(self, name: str) -> None:
        self._most[name] = 1_000
        self._draw()


class OfferRow(Card):
    """A server to choose: by a click anywhere on it, or by its link."""

    def __init__(self, parent: tk.Misc, offer: Offer, choose: Callable[[], object]) -> None:
        super().__init__(parent, padding=(12, 7, 12, 7))
        theme = theme_of(parent)
        sign = label(self, image=theme.image("server", "muted", 18))
        sign.pack(side="left")
        theme.pad(sign, padx=(0, 10))
        self.pick = button(self, _("Choose"), "link", font="small-link", command=choose)
        self.pick.pack(side="right")
        words = Pane(self)
        words.pack(side="left", fill="x", expand=True)
        parts: list[tk.Widget] = [
            CutLabel(words, one_line(offer.name), font="bold"),
            CutLabel(words, _describe(offer), font="caption", tone="muted"),
        ]
        if offer.found is not None and offer.found.fingerprint:
            parts.append(CutLabel(words, offer.found.fingerprint, font="caption", tone="muted"))
        if offer.standing is Standing.CHANGED:
            warning = _("Not the server that you know: its key is another.")
            parts.append(label(words, warning, font="caption", tone="danger", wrap=True))
        for part in parts:
            part.pack(anchor="w", fill="x")
        for widget in (self, sign, words, *parts):
            widget.bind("<ButtonPress-1>", lambda _event: choose())
            widget["cursor"] = "hand2"


def _describe(offer: Offer) -> str:
    parts = [_("on this machine") if offer.here else offer.place.removesuffix(f":{DEFAULT_PORT}")]
    parts.append(_("encrypted") if offer.encrypted else _("not encrypted"))
    if offer.found is not None and offer.found.access == "invite":
        parts.append(_("by invitation"))
    if offer.standing is Standing.KNOWN:
        parts.append(_("known"))
    if offer.nick:
        parts.append(_("as {nick}").format(nick=offer.nick))
    return one_line(" · ".join(parts))
