"""Where one writes: a text of one to six lines, with what sends it, completes it and adds to it.

Owns the keys of writing, what was sent before (Up), the draft and the words under it. Must not know
what a line means: `on_send` says what is wrong with one, `complete` what a word may become.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import Final

from common.client.completion import Candidate
from common.client.emoji import EMOJI
from common.client.timeline import Draft
from common.client.vocabulary import fold
from common.gui.editing import Placeholder, clean, content, dress_text, make_editable
from common.gui.emoji_font import emoji_font, runs_of_emoji, without_emoji
from common.gui.emoji_picker import EmojiPicker
from common.gui.popup import Popup
from common.gui.theme import Theme
from common.gui.widgets import Button, Pane, button, label, words_follow_width
from common.i18n import _, number
from common.protocol.limits import WIRE

_LINES: Final = 6
_NEAR: Final = 0.9
"""How full a message is when its size is told."""
_PASTE_MOST: Final = 4 * WIRE.text
"""Bytes that may be pasted at once: far more than can be sent; a text can still lay them out."""
_BREAK: Final = "break"


class Composer(Pane):
    """The place to write in a room. All callbacks are called from Tk's loop.

    `on_send(text)` sends, or returns what is wrong: then the text stays, and that stands under it.
    `complete(before, asked)` as in common.client.completion. `on_menu(button)` opens what "+" adds.
    `on_edit_last()`: Ctrl+Up. `on_edit()`: the text has changed.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        on_send: Callable[[str], str | None],
        complete: Callable[[str, bool], Sequence[Candidate]],
        on_menu: Callable[[tk.Widget], object] | None = None,
        on_edit_last: Callable[[], object] | None = None,
        on_edit: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(parent, "bg", padding=(16, 8, 16, 8))
        self._theme = theme
        self._on_send, self._complete = on_send, complete
        self._on_edit_last, self._on_edit = on_edit_last, on_edit
        self.history: Sequence[str] = ()
        """What was sent here, the latest last; its owner keeps it."""
        self._at: int | None = None
        """Which of them is shown."""
        self._kept = ""
        """What was typed before one went back to them."""
        self._typed = False
        self._recalling = False
        self._lines = 1
        self._frame = ttk.Frame(self, style=theme.styles.field("bg"))
        self._frame.ground = "field"  # type: ignore[attr-defined]
        self._frame.pack(fill="x")
        self.text = tk.Text(
            self._frame, height=1, width=1, wrap="word", undo=True, maxundo=500, autoseparators=True
        )
        dress_text(self.text)
        make_editable(self.text, one_line=False)
        self._placeholder = Placeholder(self.text)
        self._foot = Pane(self)
        self._under = label(self._foot, "", font="caption", tone="muted")
        words_follow_width(self._under)
        self._count = label(self._foot, "", font="caption", tone="muted")
        self._buttons(on_menu)
        self._popup = Popup(self._frame, theme, self._take)
        self._compact = False
        self._lay_out()
        self._bind_keys()
        self.text.bind("<Configure>", lambda _event: self._grow())
        theme.on_change(self._dress, self)
        self._say("")

    def _buttons(self, on_menu: Callable[[tk.Widget], object] | None) -> None:
        frame = self._frame
        self.plus: Button | None = None
        """None where its owner has nothing to add."""
        if on_menu is not None:
            plus = button(
                frame, kind="icon", icon="plus", name=_("Add"), command=lambda: on_menu(plus)
            )
            self.plus = plus
        self._smile = button(frame, kind="icon", icon="smile", name=_("Emoji"))
        self._picker = EmojiPicker(
            self._smile, self._theme, on_pick=self.insert, on_close=self.text.focus_set
        )
        self._smile.configure(command=self._picker.toggle)
        self._send_words = button(frame, _("Send"), "primary", command=self.submit)
        self._send_icon = button(
            frame, kind="primary", icon="send", name=_("Send"), command=self.submit
        )

    def _lay_out(self) -> None:
        pad = self._theme.pad
        self._frame.columnconfigure(1, weight=1)
        if self.plus is not None:
            self.plus.grid(row=0, column=0, sticky="s")
            pad(self.plus, padx=(4, 2), pady=(4, 5))
        self.text.grid(row=0, column=1, sticky="ew")
        pad(self.text, padx=(2 if self.plus is not None else 12, 6), pady=(11, 11))
        self._smile.grid(row=0, column=2, sticky="s")
        pad(self._smile, padx=(2, 4), pady=(4, 5))
        for each in (self._send_words, self._send_icon):
            each.grid(row=0, column=3, sticky="s")
            pad(each, padx=(0, 4), pady=(4, 4))
        self._send_icon.grid_remove()
        self._foot.pack(fill="x")
        self._count.pack(side="right")
        self._under.pack(side="left", fill="x", expand=True)
        pad(self._under, padx=(2, 0), pady=(4, 0))
        pad(self._count, padx=(8, 2), pady=(4, 0))

    def _bind_keys(self) -> None:
        text = self.text
        for key in ("Return", "KP_Enter"):
            text.bind(f"<{key}>", lambda _event: self._entered())
            for modifier in ("Shift", "Control", "Alt"):
                text.bind(f"<{modifier}-{key}>", lambda _event: self._break_line())
        text.bind("<Up>", lambda _event: self._up())
        text.bind("<Down>", lambda _event: self._down())
        text.bind("<Control-Up>", lambda _event: self._edit_last())
        text.bind("<Tab>", lambda _event: self._tab())
        for key in ("<Shift-Tab>", "<ISO_Left_Tab>"):
            if key == "<Shift-Tab>" or text.tk.call("tk", "windowingsystem") == "x11":
                text.bind(key, lambda _event: self._leave(text.tk_focusPrev()))
        text.bind("<Escape>", lambda _event: self._escape())
        text.bind("<KeyPress>", self._key)
        text.bind("<KeyRelease>", lambda _event: self._moved())
        text.bind("<ButtonRelease-1>", lambda _event: self._popup.close(), add="+")
        text.bind("<<Paste>>", lambda _event: self._paste())
        text.bind("<<Modified>>", self._modified)
        text.bind("<FocusIn>", lambda _event: self._frame.state(["focus"]))
        text.bind("<FocusOut>", self._focus_left)
        self._frame.bind("<ButtonPress-1>", lambda _event: text.focus_set())

    # --- what is asked of it -------------------------------------------------------------------

    @property
    def draft(self) -> Draft:
        """What is typed, and before which character the caret is; setting it forgets undo."""
        before = clean(self.text.get("1.0", "insert"), one_line=False)
        return Draft(self._meant(content(self.text)), len(self._meant(before)))

    @draft.setter
    def draft(self, draft: Draft) -> None:
        # In two parts: a Tcl index counts some characters twice, and some versions not always.
        self._put(draft.text[: draft.cursor])
        place = self.text.index("insert")
        self.text.insert("end", self._shown(draft.text[draft.cursor :]))
        self.text.mark_set("insert", place)
        self.text.edit_reset()
        self._at = None
        self._say("")

    @property
    def value(self) -> str:
        """What is typed, as it would be sent."""
        return self._meant(content(self.text))

    def place_in(self, title: str) -> None:
        """Say which room this is: `#room` or `@somebody`; "" for none."""
        self._placeholder.say(_("Write in {room}").format(room=title) if title else "")

    def insert(self, words: str) -> None:
        """Put words at the caret in place of what is selected, and the focus there."""
        self.text.edit_separator()
        if self.text.tag_ranges("sel"):
            self.text.delete("sel.first", "sel.last")
        self.text.insert("insert", self._shown(words))
        self.text.edit_separator()
        self.text.see("insert")
        self.text.focus_set()

    def focus_set(self) -> None:
        """Put the caret here."""
        self.text.focus_set()

    def wrong(self, words: str) -> None:
        """Say under it what is wrong, until the text is changed."""
        self._frame.state(["invalid"])
        self._say(words, wrong=True)

    def compact(self, small: bool) -> None:
        """Whether the window is small: an arrow sends, and no keys are explained."""
        if small == self._compact:
            return
        self._compact = small
        shown, hidden = (
            (self._send_icon, self._send_words) if small else (self._send_words, self._send_icon)
        )
        hidden.grid_remove()
        shown.grid()
        self._dress()
        self._say("")

    def submit(self) -> None:
        """Send what is typed, or say what is wrong with it."""
        self._popup.close()
        words = self.value
        self.text.focus_set()
        if not words.strip():
            return
        problem = self._on_send(words)
        if problem:
            self.wrong(problem)
            return
        self._put("")
        self.text.edit_reset()
        self._at = None
        self._say("")

    # --- what Tk is given, and what is meant -----------------------------------------------------

    def _shown(self, words: str) -> str:
        words = clean(words, one_line=False)
        return words if self._theme.emoji_safe or words.isascii() else without_emoji(words)

    def _meant(self, words: str) -> str:
        """Where no emoji can be drawn, `:name:` is how one is written."""
        if not self._theme.emoji_safe and ":" in words:
            for name, character in EMOJI.items():
                words = words.replace(f":{name}:", character)
        return words

    def _put(self, words: str) -> None:
        self._recalling = True
        self.text.edit_separator()
        self.text.delete("1.0", "end")
        self.text.insert("1.0", self._shown(words))
        self.text.edit_separator()
        self.text.see("insert")

    # --- keys ----------------------------------------------------------------------------------

    def _key(self, event: tk.Event[tk.Misc]) -> str | None:
        if not event.char or not event.char.isprintable():
            return None
        self._typed = True
        if not self._theme.emoji_safe and (safe := self._shown(event.char)) != event.char:
            self.insert(safe)
            return _BREAK
        return None

    def _entered(self) -> str:
        chosen = self._popup.chosen
        if chosen is not None:
            typed = self._before()[-chosen.replaced :] if chosen.replaced else ""
            whole = chosen.insert.rstrip()
            # A command's words are understood without their accents: they need no completing.
            if whole != typed and not (
                self.value.startswith("/") and fold(whole) == fold(typed.strip())
            ):
                self._take(chosen)
                return _BREAK
        self.submit()
        return _BREAK

    def _break_line(self) -> str:
        self.insert("\n")
        return _BREAK

    def _tab(self) -> str | None:
        chosen = self._popup.chosen
        if chosen is not None:
            self._take(chosen)
            return _BREAK
        found = list(self._complete(self._before(), True)) if self.value else []
        if len(found) == 1:
            self._take(found[0])
        elif found:
            self._popup.show(found)
        elif not self.value:
            return self._leave(self.text.tk_focusNext())
        return _BREAK

    def _leave(self, to: tk.Misc | None) -> str:
        if to is not None:
            to.focus_set()
        return _BREAK

    def _escape(self) -> str | None:
        if self._popup.open:
            self._popup.close()
            return _BREAK
        return None

    def _up(self) -> str | None:
        if self._popup.open:
            self._popup.move(-1)
            return _BREAK
        if self.text.compare("insert display linestart", "!=", "1.0") or not self.history:
            return None
        if self._at is None:
            self._kept = content(self.text)
            self._at = len(self.history)
        if self._at > 0:
            self._recall(self._at - 1)
        return _BREAK

    def _down(self) -> str | None:
        if self._popup.open:
            self._popup.move(1)
            return _BREAK
        if self._at is None or self.text.compare("insert display lineend", "!=", "end-1c"):
            return None
        self._recall(self._at + 1)
        return _BREAK

    def _recall(self, at: int) -> None:
        history = self.history
        self._put(history[at] if at < len(history) else self._kept)
        self._at = at if at < len(history) else None

    def _edit_last(self) -> str:
        if self._on_edit_last is not None:
            self._on_edit_last()
        return _BREAK

    def _paste(self) -> str:
        try:
            words = self.text.clipboard_get()
        except tk.TclError:
            return _BREAK
        size = len(words.encode("utf-8", "replace"))
        if size > _PASTE_MOST:
            text = _("This is too long to be pasted: {size} bytes; a message holds {limit}.")
            self.wrong(text.format(size=number(size), limit=number(WIRE.text)))
        else:
            self.insert(words)
        return _BREAK

    # --- completion ----------------------------------------------------------------------------

    def _before(self) -> str:
        return clean(self.text.get("1.0", "insert"), one_line=False)

    def _take(self, candidate: Candidate) -> None:
        """Put a candidate in the place of what was typed of it."""
        typed = self._before()[-candidate.replaced :] if candidate.replaced else ""
        self._popup.close()
        self.text.edit_separator()
        if typed:
            start = self.text.search(typed, "insert", "1.0", backwards=True, exact=True)
            self.text.delete(start or "insert", "insert")
        self.insert(candidate.insert)
        # What a command takes next is offered at once.
        self._typed = candidate.insert.startswith("/")

    def _moved(self) -> None:
        """The caret may be elsewhere: what was offered for the word is out of place."""
        if self._popup.open and not self._complete(self._before(), True):
            self._popup.close()

    def _focus_left(self, _event: tk.Event[tk.Misc]) -> None:
        self._frame.state(["!focus"])
        self._popup.close()

    # --- changes -------------------------------------------------------------------------------

    def _modified(self, _event: tk.Event[tk.Misc]) -> None:
        if not self.text.edit_modified():
            return
        self.text.edit_modified(False)
        self._placeholder.refresh()
        self._colour_emoji()
        self._grow()
        if self._recalling:
            self._recalling = False
            self._popup.close()
        else:
            self._at = None
            if self._typed or self._popup.open:
                self._popup.show(list(self._complete(self._before(), False)))
        self._typed = False
        if self._frame.instate(["invalid"]):
            self._frame.state(["!invalid"])
        self._say("")
        if self._on_edit is not None:
            self._on_edit()

    def _colour_emoji(self) -> None:
        """Emoji have a font of their own: the first one that has them may lack their colours."""
        words = content(self.text)
        if words.isascii() or not self._theme.emoji_safe:
            return
        self.text.tag_configure("emoji", font=emoji_font(self._theme))
        for run in {part for part, is_emoji in runs_of_emoji(words) if is_emoji}:
            place = "1.0"
            length = tk.IntVar(self.text)
            while place := self.text.search(run, place, "end", exact=True, count=length):
                end = f"{place} + {length.get()} indices"
                self.text.tag_add("emoji", place, end)
                place = end

    def _dress(self) -> None:
        """The sizes of now; in a small window less is left free."""
        side = 8 if self._compact else 16
        self.configure(padding=" ".join(str(self._theme.px(part)) for part in (side, 8, side, 8)))
        self._grow()

    def _grow(self) -> None:
        counted = self.text.tk.call(str(self.text), "count", "-displaylines", "1.0", "end")
        lines = min(max(int(counted), 1), _LINES)
        if lines != self._lines:
            self._lines = lines
            self.text.configure(height=lines)
            self.text.see("insert")

    def _say(self, words: str, *, wrong: bool = False) -> None:
        """The line under it: what is wrong, else the keys where there is room for them."""
        keys = _("Enter sends · Shift+Enter: new line · Tab completes")
        tone = "danger" if wrong else "muted"
        self._under.configure(
            text=words or ("" if self._compact else keys),
            style=self._theme.styles.label("bg", tone),
        )
        size = len(self.value.encode())
        left = WIRE.text - size
        if size < WIRE.text * _NEAR:
            text = ""
        elif left >= 0:
            text = _("{n} bytes left").format(n=number(left))
        else:
            text = _("{n} bytes too long").format(n=number(-left))
        tone = "danger" if left < 0 else "muted"
        self._count.configure(text=text, style=self._theme.styles.label("bg", tone))
        if self._compact and not words and not text:
            self._foot.pack_forget()
        elif not self._foot.winfo_manager():
            self._foot.pack(fill="x")
