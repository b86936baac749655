"""The bar under the header: the link is cut and when it is tried again, or what was caught up.

Owns how it looks and that it counts down. Its words are `common.talk.words`'.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from common.gui.rule import Rule
from common.gui.theme import theme_of
from common.gui.widgets import Pane, button, label, picture
from common.i18n import _
from common.talk.words import LinkWords


class Banner(Pane):
    """Packed by itself where there is something to say; `after` is what it stands under."""

    def __init__(self, parent: tk.Misc, after: tk.Widget, *, on_try: Callable[[], object]) -> None:
        super().__init__(parent, "warning_bg")
        self._theme = theme_of(parent)
        self._after = after
        self._shown: LinkWords | None = None
        self._line = Pane(self, padding=(0, 2))
        self._line.pack(fill="x")
        self._icon = picture(self._line)
        self._icon.pack(side="left")
        self._theme.pad(self._icon, padx=(16, 10), pady=(6, 6))
        self.again = button(self._line, _("Try now"), "link", command=on_try, font="small-link")
        self._words = label(self._line, font="small")
        self._words.pack(side="left", fill="x", expand=True)
        Rule(self).pack(fill="x")
        self.bind("<Configure>", self._fit)

    @property
    def words(self) -> str:
        """What it says now, "" while it is not there."""
        return str(self._words.cget("text")) if self._shown is not None else ""

    def say(self, words: LinkWords | None) -> None:
        """Show these words, or nothing."""
        if words == self._shown:
            return
        self._shown = words
        if words is None:
            self.pack_forget()
            return
        good = words.state == "back"
        icon = self._theme.image("check" if good else "warning", "success" if good else "warning")
        self._icon.configure(image=icon)
        text = " ".join(part for part in (words.first, words.then, words.waits) if part)
        self._words.configure(text=text)
        trying = words.state in ("down", "joining")
        if trying and not self.again.winfo_manager():
            self.again.pack(side="right", before=self._words)
            self._theme.pad(self.again, padx=(8, 12))
        elif not trying:
            self.again.pack_forget()
        if not self.winfo_manager():
            self.pack(fill="x", after=self._after)

    @property
    def why(self) -> str:
        """What cut the link, for the tooltip."""
        return self._shown.why if self._shown is not None else ""

    def _fit(self, event: tk.Event[tk.Misc]) -> None:
        beside = self._icon.winfo_reqwidth() + self.again.winfo_reqwidth() + self._theme.px(50)
        self._words.configure(wraplength=max(self._theme.px(120), event.width - beside))
