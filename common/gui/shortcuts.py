"""The keys of the chat, wherever its window has the focus.

Owns which keys there are and that Tk's own habits in a text do not get in their way (there Ctrl+K
would delete a line). Must not know what is done. The sheet that lists them: dialogs/shortcuts.py.
"""

from __future__ import annotations

import contextlib
import tkinter as tk
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

KEYS: Final = {
    "search": ("<MOD-f>",),
    "save": ("<MOD-s>",),
    "go": ("<MOD-k>",),
    "new": ("<MOD-n>",),
    "sheet": ("<F1>", "<MOD-slash>"),
    "rooms": ("<MOD-b>",),
    "people": ("<MOD-u>",),
    "disconnect": ("<MOD-Shift-D>",),
    "up": ("<Alt-Up>",),
    "down": ("<Alt-Down>",),
    "unread-up": ("<Alt-Shift-Up>",),
    "unread-down": ("<Alt-Shift-Down>",),
    "area": ("<F6>",),
    "end": ("<MOD-End>",),
    "back": ("<Escape>",),
    **{f"room-{n}": (f"<MOD-Key-{n}>",) for n in range(1, 10)},
}
"""What is done, and the keys for it; MOD is Control, or Command on macOS."""
_HABITS: Final = (
    ("<<SelectAll>>", ("<Control-Key-slash>",)),
    ("<<NextChar>>", ("<Control-Key-f>", "<Control-Lock-Key-F>")),
    ("<<PrevChar>>", ("<Control-Key-b>", "<Control-Lock-Key-B>")),
    ("<<NextLine>>", ("<Control-Key-n>", "<Control-Lock-Key-N>")),
)
"""Keys of Emacs that Tk gives to texts on X11 and macOS."""
_OF_TEXT: Final = ("<Control-Key-k>", "<Control-Lock-Key-K>", "<Control-Key-d>", "<Control-Key-t>")


def bind_keys(window: tk.Misc, doings: Mapping[str, Callable[[], object]]) -> None:
    """Bind what is done by each of these names of `KEYS` on a window, or on a part of it that has
    habits of its own; what was bound there before gives way."""
    command = "Command" if window.tk.call("tk", "windowingsystem") == "aqua" else "Control"
    for virtual, keys in _HABITS:
        for one in keys:
            window.event_delete(virtual, one)
    for one in _OF_TEXT:
        window.tk.call("bind", "Text", one, "")
    for name in doings:
        for sequence in KEYS[name]:
            for each in _cases(sequence.replace("MOD", command)):
                with contextlib.suppress(tk.TclError):
                    window.bind(each, partial(_do, doings[name]))


def _cases(sequence: str) -> tuple[str, ...]:
    """The sequence, and the one for the same key while capitals are locked."""
    last = sequence[-2]
    if sequence[-3] == "-" and last.islower():
        return sequence, f"{sequence[:-2]}{last.upper()}>"
    return (sequence,)


def _do(doing: Callable[[], object], _event: tk.Event[tk.Misc]) -> str:
    doing()
    return "break"
