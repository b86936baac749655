"""A person at the shipped window, on a host of a test's network: joins the first server, or hosts.

    python -m tests.system.lan.through_the_window choose|host NICK OPTIONS...

Only who presses the buttons is another than usual. Prints one JSON object a line: `listed`, the
words of the list of servers whenever they change; `told`, what is said of the one that was chosen;
`inside`, the title of the window once the chat is shown. Ends with its input.
"""

from __future__ import annotations

import json
import select
import sys
import tkinter as tk

from common.gui import app
from common.gui.widgets import Button
from common.gui.window import Window


def words(widget: tk.Misc) -> list[str]:
    """All that is written in a part of the window."""
    found = [str(widget.cget("text"))] if "text" in list(widget.keys()) else []
    for child in widget.winfo_children():
        found += words(child)
    return [one for one in found if one]


def press(widget: tk.Misc, name: str) -> bool:
    """Press the first button of that name."""
    if isinstance(widget, Button) and widget.words == name:
        widget.invoke()
        return True
    return any(press(child, name) for child in widget.winfo_children())


def say(what: str, value: object) -> None:
    print(json.dumps({what: value}), flush=True)


def sit_before(window: Window, deed: str, nick: str) -> None:
    """In the place of the window's own loop."""
    listed: list[str] = []
    chosen = inside = False
    if deed == "host":
        assert window.entrance is not None
        window.entrance.form.field("nick").value = nick
        window.root.update()
        press(window.entrance, "Host here")
        press(window.entrance, "Everyone on this network")
    while not select.select([sys.stdin], [], [], 0.02)[0]:
        window.root.update()
        if window.chat is not None and not inside and (title := window.root.title()) != "Causette":
            inside = True
            say("inside", title)
        if window.entrance is None:
            continue
        form = window.entrance.form
        if (now := words(form._list)) != listed:
            listed = now
            say("listed", now)
        if listed and not chosen and deed == "choose":
            chosen = True
            press(form, "Choose")
            say("told", form.said("server"))
            form.field("nick").value = nick
            press(form, "Connect")
    window.leave()


if __name__ == "__main__":
    setattr(Window, "run", lambda window: sit_before(window, *sys.argv[1:3]))  # noqa: B010
    sys.exit(app.main(sys.argv[3:]))
