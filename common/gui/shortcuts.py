"""The keys of the chat, wherever its window has the focus.

Owns which keys there are and that Tk's own habits in a text do not get in their way (there Ctrl+K
would delete a line). Must not know what is done. The sheet that lists them: dialogs/shortcuts.py.
"""

from __future__ import annotations

import contextlib
import tkinter as tk
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from common.gui.hearing import hear

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


def bind_window_keys(owner: tk.Misc, doings: Mapping[str, Callable[[], object]]) -> None:
    """Do each of these names of `KEYS` for its keys anywhere in the window of `owner`, until that
    is destroyed."""
    for virtual, keys in _HABITS:
        for one in keys:
            owner.event_delete(virtual, one)
    for one in _OF_TEXT:
        owner.tk.call("bind", "Text", one, "")
    for name, doing in doings.items():
        for sequence in _sequences(owner, name):
            with contextlib.suppress(tk.TclError):
                hear(owner, sequence, partial(_do, doing))


def bind_keys(part: tk.Misc, doings: Mapping[str, Callable[[], object]]) -> None:
    """The same on a part of the window that has habits of its own with these keys."""
    for name, doing in doings.items():
        for sequence in _sequences(part, name):
            with contextlib.suppress(tk.TclError):
                part.bind(sequence, partial(_do, doing))


def _sequences(widget: tk.Misc, name: str) -> Iterator[str]:
    command = "Command" if widget.tk.call("tk", "windowingsystem") == "aqua" else "Control"
    for sequence in KEYS[name]:
        yield from _cases(sequence.replace("MOD", command))


def _cases(sequence: str) -> tuple[str, ...]:
    """The sequence, and the one for the same key while capitals are locked."""
    last = sequence[-2]
    if sequence[-3] == "-" and last.islower():
        return sequence, f"{sequence[:-2]}{last.upper()}>"
    return (sequence,)


def _do(doing: Callable[[], object], _event: tk.Event[tk.Misc]) -> str:
    doing()
    return "break"
