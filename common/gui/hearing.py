"""Keys and wheels anywhere in a window, for as long as the part that wants them is there.

Owns the one binding per window and event. Tk cannot take back a single binding of several before
Python 3.13, so parts that come and go must not bind to their window themselves.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from weakref import WeakKeyDictionary

Heard = Callable[["tk.Event[tk.Misc]"], object]

_LISTENERS: WeakKeyDictionary[tk.Misc, dict[str, list[tuple[tk.Misc, Heard]]]] = WeakKeyDictionary()


def hear(owner: tk.Misc, sequence: str, command: Heard) -> None:
    """Call `command` for each such event anywhere in the window of `owner`, until that is
    destroyed; after whatever the widget itself does. A result is not looked at."""
    top = owner.winfo_toplevel()
    of_window = _LISTENERS.setdefault(top, {})
    if sequence not in of_window:
        listeners = of_window[sequence] = []

        def heard(event: tk.Event[tk.Misc]) -> None:
            for _owner, told in list(listeners):
                told(event)

        top.bind(sequence, heard, add="+")
    listeners = of_window[sequence]
    entry = (owner, command)
    listeners.append(entry)

    def gone(event: tk.Event[tk.Misc]) -> None:
        if event.widget is owner and entry in listeners:
            listeners.remove(entry)

    owner.bind("<Destroy>", gone, add="+")
