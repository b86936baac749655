"""A field of one line: a rounded frame around a tk.Text of one line.

Owns its states (empty, focused, wrong, locked) and its keys. Must not know what is asked for.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from common.gui.editing import Placeholder, clean, content, dress_text, make_editable
from common.gui.theme import theme_of
from common.gui.widgets import ground_of

_BREAK = "break"


class Field(ttk.Frame):
    """A place to type one line; Tab leaves it, Enter calls `on_enter`."""

    ground = "field"

    def __init__(
        self,
        parent: tk.Misc,
        text: str = "",
        *,
        placeholder: str = "",
        width: int = 20,
        font: str = "body",
        on_enter: Callable[[], object] | None = None,
        on_edit: Callable[[], object] | None = None,
    ) -> None:
        """`width` in characters; `on_edit` is called after each change, by hand or by program."""
        theme = self._theme = theme_of(parent)
        super().__init__(parent, style=theme.styles.field(ground_of(parent)))
        self._on_enter = on_enter
        self._on_edit = on_edit
        self.text = tk.Text(self, height=1, width=width, wrap="none", undo=True, maxundo=200)
        dress_text(self.text, font=font)
        make_editable(self.text, one_line=True)
        self.text.pack(fill="x", expand=True)
        theme.pad(self.text, padx=(10, 10), pady=(8, 8))
        self._placeholder = Placeholder(self.text, placeholder)
        self._bind_keys()
        theme.on_change(self._dress, self)
        if text:
            self.value = text
            self.text.edit_reset()

    def _bind_keys(self) -> None:
        text = self.text
        for keys in ("<Return>", "<KP_Enter>", "<Shift-Return>", "<Control-Return>"):
            text.bind(keys, self._entered)
        text.bind("<Tab>", lambda _event: self._move(text.tk_focusNext()))
        for keys in ("<Shift-Tab>", "<ISO_Left_Tab>"):
            if keys == "<Shift-Tab>" or text.tk.call("tk", "windowingsystem") == "x11":
                text.bind(keys, lambda _event: self._move(text.tk_focusPrev()))
        text.bind("<Control-Tab>", lambda _event: _BREAK)
        text.bind("<<Modified>>", self._modified)
        text.bind("<FocusIn>", self._focused)
        text.bind("<FocusOut>", lambda _event: self.state(["!focus"]))
        self.bind("<ButtonPress>", lambda _event: text.focus_set())

    # --- what is asked of it -------------------------------------------------------------------

    @property
    def value(self) -> str:
        """What is typed, on one line, without half characters."""
        return clean(content(self.text), one_line=True)

    @value.setter
    def value(self, words: str) -> None:
        state = self.text.cget("state")
        self.text.configure(state="normal")
        self.text.delete("1.0", "end")
        self.text.insert("1.0", clean(words, one_line=True))
        self.text.configure(state=state)
        self._placeholder.refresh()

    def placeholder(self, words: str) -> None:
        """Change what stands in it while it is empty."""
        self._placeholder.say(words)

    def wrong(self, wrong: bool = True) -> None:
        """Outline it as what is at fault, or no longer; the words of why are the caller's."""
        self.state(["invalid" if wrong else "!invalid"])

    @property
    def is_wrong(self) -> bool:
        """Whether it is outlined as what is at fault."""
        return self.instate(["invalid"])

    def lock(self, locked: bool = True) -> None:
        """Let its text be read and copied only."""
        self.state(["disabled" if locked else "!disabled"])
        self.text.configure(state="disabled" if locked else "normal")
        self._dress()

    def _dress(self) -> None:
        locked = self.instate(["disabled"])
        ground = ground_of(self.master) if locked else "field"
        self.text.configure(
            foreground=self._theme.color["muted" if locked else "text"],
            background=self._theme.color[ground],
        )

    def focus_set(self) -> None:
        """Put the caret into it."""
        self.text.focus_set()

    def select_all(self) -> None:
        """Select what is in it, so that typing replaces it."""
        self.text.tag_add("sel", "1.0", "end-1c")
        self.text.mark_set("insert", "end-1c")

    # --- keys ----------------------------------------------------------------------------------

    def _entered(self, _event: tk.Event[tk.Misc]) -> str:
        if self._on_enter is not None:
            self._on_enter()
        return _BREAK

    def _move(self, to: tk.Misc | None) -> str:
        if to is not None:
            to.focus_set()
        return _BREAK

    def _focused(self, _event: tk.Event[tk.Misc]) -> None:
        self.state(["focus"])

    def _modified(self, _event: tk.Event[tk.Misc]) -> None:
        if not self.text.edit_modified():
            return
        self.text.edit_modified(False)
        if self.text.compare("end-1c", ">", "2.0 - 1c"):
            self.value = content(self.text)
        self._placeholder.refresh()
        if self._on_edit is not None:
            self._on_edit()
