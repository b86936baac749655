"""What is asked or told on a card in the form's place: to trust a server, whom to host for, help.

Owns the words and the buttons of each. What an answer does is its asker's.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Literal

from common.client.joining import NewBroker
from common.gui.hosting import Reach
from common.gui.theme import theme_of
from common.gui.widgets import Button, Card, Pane, button, label
from common.i18n import _
from common.safe import one_line

Kind = Literal["primary", "plain", "danger"]


class Question(Card):
    """A title with a sign, words, facts to compare, and buttons; Escape presses the last one."""

    def __init__(self, parent: tk.Misc, title: str, sign: str, tone: str = "accent") -> None:
        super().__init__(parent, padding=20)
        theme = self._theme = theme_of(parent)
        head = Pane(self)
        head.pack(fill="x")
        shown = label(head, image=theme.image(sign, tone, 22))
        shown.pack(side="left", anchor="n")
        theme.pad(shown, padx=(0, 10))
        label(head, title, font="title", wrap=True).pack(side="left", fill="x", expand=True)
        self._body = Pane(self)
        self._body.pack(fill="x")
        self._foot = Pane(self)
        self._foot.pack(fill="x")
        theme.pad(self._foot, pady=(18, 0))
        self._foot.bind("<Configure>", lambda _event: self._arrange())
        self.buttons: list[Button] = []

    def words(self, text: str, tone: str = "text") -> None:
        """A paragraph."""
        made = label(self._body, text, tone=tone, wrap=True)
        made.pack(fill="x")
        self._theme.pad(made, pady=(10, 0))

    def fact(self, name: str, value: str) -> None:
        """Something to compare, in letters that can be told apart."""
        heading = label(self._body, name, font="caption-bold", tone="muted")
        heading.pack(anchor="w")
        self._theme.pad(heading, pady=(12, 0))
        made = label(self._body, one_line(value), font="mono", wrap=True)
        made.pack(fill="x")
        self._theme.pad(made, pady=(3, 0))

    def answer(self, words: str, command: Callable[[], object], kind: Kind = "plain") -> None:
        """A button; the last one is what Escape means."""
        made = button(self._foot, words, kind, command=command)
        made.bind("<Escape>", lambda _event: command())
        for earlier in self.buttons:
            earlier.bind("<Escape>", lambda _event: command())
        self.buttons.append(made)
        self._arrange()

    def _arrange(self) -> None:
        """The buttons in a row, or where that is too long one under the other."""
        gap = self._theme.px(8)
        wanted = sum(one.winfo_reqwidth() + gap for one in self.buttons) - gap
        upright = self._foot.winfo_width() > 1 and wanted > self._foot.winfo_width()
        for place, one in enumerate(self.buttons):
            if upright:
                one.pack(side="top", fill="x", padx=0, pady=(gap if place else 0, 0))
            else:
                one.pack(side="left", fill="none", padx=(0, gap), pady=0)


def unknown_server(
    parent: tk.Misc, broker: NewBroker, answer: Callable[[bool], object]
) -> Question:
    """Whether to trust a server whose key was never seen; the focus belongs on the last button."""
    name = broker.name or broker.label
    card = Question(parent, _("Do you trust this server?"), "shield")
    card.words(_("This is the first time that you connect to {name}.").format(name=one_line(name)))
    card.fact(_("Address"), broker.label)
    if broker.fingerprint:
        card.fact(_("Fingerprint of its key"), broker.fingerprint)
        card.words(
            _(
                "Compare the fingerprint with whoever runs the server. From then on, any other"
                " server that answers at this address is refused."
            ),
            "muted",
        )
    else:
        card.words(_("It does not encrypt: whoever is on the network can read along."), "danger")
    card.answer(_("Trust and connect"), lambda: answer(True), "primary")
    card.answer(_("Do not connect"), lambda: answer(False))
    return card


def changed_key(
    parent: tk.Misc, host: str, shown: str, expected: str, back: Callable[[], object]
) -> Question:
    """That a server is not the one that was trusted. There is no button to go on."""
    card = Question(parent, _("This server's key has changed"), "warning", "danger")
    card.words(
        _(
            "Somebody else may be answering in its place. If it was reinstalled, ask for a new"
            " link; if not, stay out. Nothing was sent to it."
        ),
        "danger",
    )
    card.fact(_("Address"), host)
    card.fact(_("The key that was trusted"), expected or _("no key"))
    card.fact(_("The key that it shows now"), shown or _("no key"))
    card.answer(_("Back"), back)
    return card


def host_here(
    parent: tk.Misc, answer: Callable[[Reach], object], back: Callable[[], object]
) -> Question:
    """Who is to reach the server that is about to be started."""
    card = Question(parent, _("Host a server on this machine"), "server")
    card.words(_("Messages stay on this machine, and what travels is encrypted. Who can connect?"))
    card.answer(_("Everyone on this network"), lambda: answer("network"), "primary")
    card.answer(_("This machine only"), lambda: answer("machine"))
    card.answer(_("Cancel"), back)
    return card


def here_alone(
    parent: tk.Misc,
    join: Callable[[], object],
    again: Callable[[], object] | None,
    back: Callable[[], object],
) -> Question:
    """That the server of this machine is for this machine alone. `again` starts it anew for the
    network; None where this window did not start it."""
    card = Question(parent, _("A server runs on this machine already"), "server")
    card.words(_("It listens on this machine alone, so nobody else can join."))
    if again is not None:
        card.words(_("Opened to this network it starts again. The messages stay."))
        card.answer(_("Open it to this network"), again, "primary")
        card.answer(_("Join it as it is"), join)
    else:
        words = _("Whoever started it can open it to this network, with: {command}")
        card.words(words.format(command="broker.py --lan"))
        card.answer(_("Join it as it is"), join, "primary")
    card.answer(_("Cancel"), back)
    return card


def form_help(parent: tk.Misc, back: Callable[[], object]) -> Question:
    """How to come in, in a few lines."""
    card = Question(parent, _("How to come in"), "help")
    for words in (
        _("Somebody gave you a link: paste it into the first field, type a nickname, connect."),
        _("Somebody gave you an address, such as 192.168.1.20: type it there."),
        _("Nobody hosts yet: host here, then give the others the link that the chat shows you."),
    ):
        card.words(words)
    card.words(
        _("Enter: connect · Tab: next field · Ctrl +, Ctrl −, Ctrl 0: text size · Ctrl Q: quit"),
        "muted",
    )
    card.answer(_("Back"), back, "primary")
    return card
