"""A dialog: a small window over its parent with a title, a body and its buttons.

Owns where it stands, that the focus stays in it, and how it is left. Must not know what it asks.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from common.gui.styles import Kind
from common.gui.theme import theme_of
from common.gui.viewport import Viewport
from common.gui.widgets import Button, Pane, button, label


class Sheet(tk.Toplevel):
    """Fill `body`, add buttons with `act`, then `present`. Escape and the window's cross leave."""

    ground = "card"

    def __init__(
        self,
        parent: tk.Misc,
        title: str,
        *,
        width: int = 420,
        on_close: Callable[[], object] | None = None,
    ) -> None:
        """`width` in pixels at 96 dpi, for long words to be broken at."""
        self._theme = theme_of(parent)
        self._over = parent.winfo_toplevel()
        # Another window may have the focus now: then what has it in ours as soon as that has it.
        self._before = self._over.focus_get() or self._over.focus_lastfor()
        self._on_close = on_close
        self._closed = False
        super().__init__(self._over)
        self.withdraw()
        self.title(title)
        self.transient(self._over)
        self._whole = Pane(self, "card", padding=20)
        self._whole.pack(fill="both", expand=True)
        # Not by the width it gets: a card is as wide as what is in it, and would never rest.
        self._heading = label(self._whole, title, font="title")
        self._heading.pack(fill="x")
        self._view = Viewport(self._whole)
        self._view.pack(fill="both", expand=True)
        self._theme.pad(self._view, pady=(12, 0))
        self.body = self._view.body
        self._actions: Pane | None = None
        self._right: list[Button] = []
        self._width = Pane(self._whole)
        self._width.pack()
        self._wide = width
        # Tk tells of these bounds, but keeps to them only when they are set.
        self._most = self.maxsize()
        self.maxsize(*self._most)
        self._size = (0, 0)
        self.bind("<Configure>", self._resized)
        self.bind("<Escape>", self._escaped)
        self.bind("<Destroy>", self._destroyed, add="+")
        self.protocol("WM_DELETE_WINDOW", self.close)
        self._dress()
        self._theme.on_change(self._dress, self)

    def act(
        self,
        text: str,
        command: Callable[[], object] | None = None,
        *,
        primary: bool = False,
        danger: bool = False,
        left: bool = False,
    ) -> Button:
        """A button in the row at the foot, from the right; without `command` it closes.

        `left`: from the left, and before the others for the keyboard: it does not end the dialog.
        """
        if self._actions is None:
            self._actions = Pane(self._whole)
            # Before the body: it is the body that scrolls on a screen which is too small.
            self._actions.pack(side="bottom", fill="x", before=self._view)
            self._theme.pad(self._actions, pady=(20, 0))
        kind: Kind = "primary" if primary else "danger" if danger else "plain"
        made = button(self._actions, text, kind, command=command or self.close)
        if left:
            if self._right:
                made.lower(self._right[0])
            made.pack(side="left")
            self._theme.pad(made, padx=(0, 8))
        else:
            self._right.append(made)
            made.pack(side="right")
            self._theme.pad(made, padx=(8, 0))
        return made

    def paragraph(
        self, text: str, tone: str = "text", *, font: str = "body", width: int = 0
    ) -> ttk.Label:
        """Words in the body, broken at the sheet's width, or at another."""
        made = label(self.body, text, tone=tone, font=font)
        made.pack(fill="x")

        # Not by the width it gets: a card is as wide as what is in it, and would never rest.
        def fit() -> None:
            made.configure(wraplength=self._theme.px(width or self._wide))

        fit()
        self._theme.on_change(fit, made)
        return made

    def present(self, focus: tk.Misc | None = None) -> None:
        """Show it over its parent and keep the focus in it: on `focus`, or on its first part."""
        self.update_idletasks()
        over = self._over
        wide = min(self.winfo_reqwidth(), self._most[0])
        tall = min(self.winfo_reqheight(), self._most[1])
        x = over.winfo_rootx() + (over.winfo_width() - wide) // 2
        y = over.winfo_rooty() + (over.winfo_height() - tall) // 3
        x = max(0, min(x, self.winfo_screenwidth() - wide))
        y = max(0, min(y, self.winfo_screenheight() - tall))
        self.geometry(f"+{x}+{y}")
        self.deiconify()
        self.wait_visibility()
        if self._closed:
            return
        self.grab_set()
        # Only what is on the screen can have the focus.
        self.update_idletasks()
        target = focus or self.tk_focusNext()
        (target or self).focus_force()

    def close(self) -> None:
        """Leave it; the focus goes back to where it was."""
        if not self._closed:
            self.destroy()

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        """What has grown, with the text for instance, does not leave the screen."""
        size = (event.width, event.height)
        if event.widget is not self or size == self._size:
            return
        self._size = size
        room = self.winfo_screenwidth(), self.winfo_screenheight()
        corner = self.winfo_rootx(), self.winfo_rooty()
        over = [max(0, corner[way] + size[way] - room[way]) for way in (0, 1)]
        if any(over):
            x, y = self.winfo_x() - over[0], self.winfo_y() - over[1]
            self.geometry(f"+{max(0, x)}+{max(0, y)}")

    def _escaped(self, _event: tk.Event[tk.Misc]) -> str:
        self.close()
        return "break"

    def _destroyed(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is not self or self._closed:
            return
        self._closed = True
        self.grab_release()
        if self._before is not None and self._before.winfo_exists():
            self._before.focus_set()
        if self._on_close is not None:
            self._on_close()

    def _dress(self) -> None:
        colour = self._theme.color
        # Not every desktop frames a dialog.
        self.configure(
            background=colour["card"],
            highlightthickness=self._theme.px(1),
            highlightbackground=colour["edge"],
            highlightcolor=colour["edge"],
        )
        self._heading.configure(wraplength=self._theme.px(self._wide))
        self._width.configure(width=self._theme.px(self._wide), height=1)
