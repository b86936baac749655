"""A card with fields, a line that says why not, and the button that does it.

Owns how a dialog waits for its answer and what it says meanwhile. Must not know what it asks.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from common.gui.dialogs.rows import framed_rows
from common.gui.dropdown import Dropdown
from common.gui.field import Field
from common.gui.rowlist import OnRow, RowList
from common.gui.sheet import Sheet
from common.gui.theme import theme_of
from common.gui.widgets import Button, Check, label
from common.i18n import N_, _

SPANS: tuple[tuple[int, str], ...] = (
    (0, N_("for good")),
    (600, N_("10 minutes")),
    (3_600, N_("1 hour")),
    (86_400, N_("1 day")),
    (604_800, N_("1 week")),
    (2_592_000, N_("30 days")),
)
"""Seconds and words of the times that are offered."""


class Asking(Sheet):
    """Add parts, then `answer` with the words of the button; `failed` shows why not."""

    def __init__(self, parent: tk.Misc, title: str, *, width: int = 380) -> None:
        super().__init__(parent, title, width=width)
        self._look = theme_of(parent)
        self._inside = width
        self._error = self.paragraph("", "danger", font="small")
        self._error.pack_forget()
        self._main: Button | None = None
        self._command: Callable[[], object] | None = None
        self._busy = False
        self._parts = 0

    # --- parts ---------------------------------------------------------------------------------

    def words(self, text: str, tone: str = "muted") -> None:
        """A paragraph."""
        made = self.paragraph(text, tone)
        self._look.pad(made, pady=(10 if self._parts else 0, 8))
        self._parts += 1

    def caption(self, words: str) -> None:
        """What the next part is."""
        made = label(self.body, words, font="small", tone="muted")
        made.pack(fill="x")
        # The first one follows the title.
        self._look.pad(made, pady=(10 if self._parts else 2, 4))
        self._parts += 1

    def field(self, name: str, value: str = "", *, placeholder: str = "") -> Field:
        """A line to type; Enter answers."""
        self.caption(name)
        made = Field(
            self.body, value, placeholder=placeholder, width=30, on_enter=self._go,
            on_edit=self._edited,
        )  # fmt: skip
        made.pack(fill="x")
        return made

    def choice(self, name: str, choices: Sequence[tuple[str, str]], value: str = "") -> Dropdown:
        """One of a few."""
        self.caption(name)
        made = Dropdown(self.body, choices, value)
        made.pack(fill="x")
        return made

    def span(self, name: str, seconds: int = 0, *, good: str = "", least: int = 0) -> Dropdown:
        """A time; `good` are the words for 0. `least`: how many of the first are left out."""
        choices = [(str(one), _(words)) for one, words in SPANS[least:]]
        if good:
            choices[0] = ("0", good)
        if str(seconds) not in dict(choices):
            from common import when

            choices.append((str(seconds), when.span(seconds)))
        return self.choice(name, choices, str(seconds))

    def check(self, words: str, value: bool = False) -> Check:
        """A box to tick."""
        made = Check(self.body, words, value)
        made.pack(anchor="w")
        self._look.pad(made, pady=(10 if self._parts else 0, 0))
        self._parts += 1
        return made

    def rows(self, tall: int, on_open: OnRow, name: str = "") -> RowList:
        """A list in a frame, `tall` pixels at 96 dpi high."""
        if name:
            self.caption(name)
        box, made = framed_rows(self.body, tall, on_open=on_open, width=self._inside - 20)
        if not name:
            self._look.pad(box, pady=(10, 0))
        return made

    # --- answering -----------------------------------------------------------------------------

    def answer(self, words: str, command: Callable[[], object], *, danger: bool = False) -> Button:
        """The button that does it, and one that does not; after all parts."""
        self._command = command
        self._main = self.act(words, self._go, primary=not danger, danger=danger)
        self.act(_("Cancel"))
        return self._main

    def _go(self) -> None:
        if self._busy or self._command is None:
            return
        self._error.pack_forget()
        self._command()

    def _edited(self) -> None:
        if not self._busy:
            self._error.pack_forget()

    def wait(self) -> None:
        """The broker is asked: nothing is asked twice."""
        self._busy = True
        if self._main is not None:
            self._main.enable(False)

    def failed(self, why: str, field: Field | None = None) -> None:
        """It was not done; what was typed stays."""
        if not self.winfo_exists():
            return
        self._busy = False
        if self._main is not None:
            self._main.enable()
        self._error.configure(text=why)
        self._error.pack(fill="x")
        self._look.pad(self._error, pady=(10, 0))
        if field is not None:
            field.wrong()
            field.focus_set()

    @property
    def reason(self) -> str:
        """Why it was not done, "" while nothing is said."""
        return str(self._error.cget("text")) if self._error.winfo_manager() else ""

    def done(self) -> None:
        """It was done."""
        if self.winfo_exists():
            self.close()
