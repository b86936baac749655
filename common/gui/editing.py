"""How one edits text in the window: select, cut, copy, paste clean, undo, and a menu of these.

Owns what every tk.Text that people type into has in common, of one line or of several. Must not
know what is typed. `Entry` is used nowhere: it damages emoji that are typed into it.
"""

from __future__ import annotations

import tkinter as tk
from tkinter import font as tkfont

from common.gui.cutting import shortened
from common.gui.menu import popup_menu
from common.gui.theme import theme_of
from common.i18n import _

_BREAK = "break"


def clean(text: str, *, one_line: bool) -> str:
    """What may be put into a text: no half characters, no NUL; one line if so asked."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
    if one_line:
        text = " ".join(text.strip("\n").split("\n")).replace("\t", " ")
    return text


def content(text: tk.Text) -> str:
    """All that is in a text, without the newline that Tk keeps at its end."""
    return clean(text.get("1.0", "end-1c"), one_line=False)


def make_editable(text: tk.Text, *, one_line: bool) -> None:
    """Give a text the habits of the desktop. Enter and Tab are left to whoever owns it."""

    def selected() -> str:
        return text.get("sel.first", "sel.last") if text.tag_ranges("sel") else ""

    def locked() -> bool:
        return str(text.cget("state")) == "disabled"

    def select_all(_event: object = None) -> str:
        text.tag_add("sel", "1.0", "end-1c")
        text.mark_set("insert", "end-1c")
        return _BREAK

    def put(words: str) -> None:
        if locked() or not words:
            return
        # One step to undo, not two.
        text.edit_separator()
        text.configure(autoseparators=False)
        if text.tag_ranges("sel"):
            text.delete("sel.first", "sel.last")
        text.insert("insert", clean(words, one_line=one_line))
        text.configure(autoseparators=True)
        text.edit_separator()
        text.see("insert")

    def clipboard(which: str) -> str:
        for kind in ("UTF8_STRING", "STRING"):
            try:
                return str(text.tk.call("selection", "get", "-selection", which, "-type", kind))
            except tk.TclError:
                continue
        return ""

    def paste(_event: object = None) -> str:
        put(clipboard("CLIPBOARD"))
        return _BREAK

    def paste_primary(event: tk.Event[tk.Misc]) -> str:
        words = clipboard("PRIMARY")
        text.mark_set("insert", f"@{event.x},{event.y}")
        text.tag_remove("sel", "1.0", "end")
        text.focus_set()
        put(words)
        return _BREAK

    def copy() -> None:
        words = selected()
        if words:
            text.clipboard_clear()
            text.clipboard_append(words)

    def cut() -> None:
        copy()
        if selected() and not locked():
            text.edit_separator()
            text.delete("sel.first", "sel.last")

    def menu(event: tk.Event[tk.Misc]) -> str:
        text.focus_set()
        some, free = bool(selected()), not locked()
        entries = popup_menu(text)
        entries.entry(_("Cut"), cut, able=some and free)
        entries.entry(_("Copy"), copy, able=some)
        entries.entry(_("Paste"), paste, able=free and bool(clipboard("CLIPBOARD")))
        entries.line()
        entries.entry(_("Select all"), select_all)
        entries.show(event)
        return _BREAK

    for sequence in ("<Control-a>", "<Control-A>", "<<SelectAll>>"):
        text.bind(sequence, select_all)
    text.bind("<<Paste>>", paste)
    text.bind("<<PasteSelection>>", paste_primary)
    # Tk's habit of Emacs: it opens a line.
    text.bind("<Control-o>", lambda _event: _BREAK)
    for sequence in ("<Button-3>", "<Menu>", "<Shift-F10>", "<Control-Button-1>"):
        if sequence != "<Control-Button-1>" or text.tk.call("tk", "windowingsystem") == "aqua":
            text.bind(sequence, menu)


class Placeholder:
    """What stands in a text while it is empty, in muted; a click on it is one on the text."""

    def __init__(self, text: tk.Text, words: str = "", *, ground: str = "field") -> None:
        self._text = text
        self._theme = theme_of(text)
        self._ground = ground
        self._words = words
        self._label = tk.Label(text, anchor="w", borderwidth=0, padx=0, pady=0, cursor="xterm")
        self._label.bind("<ButtonPress>", lambda _event: text.focus_set())
        text.bind("<Configure>", lambda _event: self.refresh(), add="+")
        self._dress()
        self._theme.on_change(self._dress, text)

    def say(self, words: str) -> None:
        """Change the words."""
        self._words = words
        self.refresh()

    def refresh(self) -> None:
        """Show or hide it: the text, or its width, has changed."""
        empty = self._text.compare("end-1c", "==", "1.0")
        if empty and self._words:
            # Beside the caret, which must be seen in an empty text.
            left, room = self._theme.px(3), self._text.winfo_width()
            font = tkfont.nametofont(str(self._text.cget("font")), self._text)
            words = shortened(self._words, font, room - left) if room > 1 else self._words
            self._label.configure(text=words)
            self._label.place(x=left, y=0)
        else:
            self._label.place_forget()

    def _dress(self) -> None:
        colour = self._theme.color
        self._label.configure(
            font=self._text.cget("font"),
            foreground=colour["muted"],
            background=colour[self._ground],
        )
        self.refresh()


def dress_text(text: tk.Text, *, ground: str = "field", font: str = "body") -> None:
    """The colours, the caret and the font of a text that is typed into, kept in step."""
    theme = theme_of(text)

    def apply() -> None:
        colour = theme.color
        text.configure(
            background=colour[ground],
            foreground=colour["text"],
            insertbackground=colour["accent"],
            insertwidth=theme.px(2),
            selectbackground=colour["selection"],
            selectforeground=colour["text"],
            inactiveselectbackground=colour["selection"],
        )

    text.configure(
        borderwidth=0, highlightthickness=0, padx=0, pady=0, relief="flat", font=theme.font(font)
    )
    apply()
    theme.on_change(apply, text)
