"""A chat in a window, with a broker's process behind it, driven by its own widgets.

Owns how a test enters, writes and reads. The others in the room are `tests.support.people`.
"""

from __future__ import annotations

import queue
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from common import i18n
from common.client import joining
from common.client.events import Ready
from common.gui.chat import ChatFrame
from common.gui.inbox import Inbox
from common.gui.screens import Joined, Trouble
from common.gui.settings import Remembered
from common.gui.sheet import Sheet
from common.gui.widgets import Button
from common.talk.leaving import say_goodbye
from common.talk.opening import open_chat
from tests.gui.opening import settings
from tests.support.waiting import wait_until


class Chatting:
    """One session of a window; leave it and make another for a restart of the program."""

    def __init__(
        self,
        root: tk.Tk,
        data_dir: Path,
        server: str,
        nick: str = "Léa",
        remembered: Remembered | None = None,
        **given: str,
    ) -> None:
        self.root = root
        self.titles: list[str] = []
        self.left: list[Trouble | None] = []
        self.quits = 0
        self.remembered = remembered or Remembered()
        chosen = settings(data_dir, server=server, nick=nick, **given)
        entry = joining.prepare(chosen, lambda _broker: True, 10.0)
        self.opened = open_chat(entry, chosen, "causette-gui", 10.0)
        self.opened.client.start()
        self.inbox = Inbox(root)
        ready = self._ready()
        self.chat = ChatFrame(
            root,
            Joined(entry=entry, opened=self.opened, ready=ready),
            post=self.inbox.post,
            remembered=self.remembered,
            on_disconnect=self.left.append,
            on_quit=self._quit,
            on_title=self.titles.append,
            on_speak=lambda lang: i18n.setup(lang, {}),
        )
        self.chat.pack(fill="both", expand=True)
        self.chat.focus()
        self._over = False

    def _ready(self) -> Ready:
        while True:
            try:
                event = self.opened.client.look(10.0)
            except queue.Empty:
                raise AssertionError("not in") from None
            assert event is not None
            if isinstance(event, Ready):
                return event

    def _quit(self) -> None:
        self.quits += 1

    def __enter__(self) -> Self:
        self.until(lambda: self.chat.talk.ready and self.chat.view.room is not None, "a room")
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.leave()

    def leave(self) -> int:
        """As the window does it; returns how many messages are unsent."""
        if self._over:
            return 0
        self._over = True
        linked = self.chat.linked()
        self.chat.close()
        self.chat.destroy()
        unsent = say_goodbye(self.opened.client, linked)
        self.opened.close_profile()
        self.inbox.close()
        self.root.update()
        return unsent

    # --- looking -------------------------------------------------------------------------------

    def until(self, predicate: Callable[[], object], what: str, timeout: float = 15) -> None:
        """Let the window live until that is so."""

        def look() -> object:
            self.root.update()
            return predicate()

        wait_until(look, what, timeout, saw=self.describe)

    def describe(self) -> object:
        """What is shown, for the message of a failure."""
        return (
            self.text(),
            self.rooms(),
            self.chat.talk.current,
            self.chat.toast.words,
            self.chat.banner.words,
        )

    def text(self) -> str:
        """What stands in the conversation."""
        return str(self.chat.view.text.get("1.0", "end"))

    def sees(self, words: str) -> None:
        """Wait until that stands in the conversation."""
        self.until(lambda: words in self.text(), f"{words!r} in the conversation")

    def rooms(self) -> list[str]:
        """The names in the list of rooms."""
        return [row.label for row in self.chat.sidebar.list.rows if not row.heading]

    def sheet(self, kind: type[Sheet] = Sheet) -> Sheet:
        """The dialog of that kind, once it is shown."""
        found: list[Sheet] = []

        def look() -> bool:
            found[:] = [one for one in _within(self.root) if isinstance(one, kind)]
            return bool(found) and bool(found[0].winfo_viewable())

        self.until(look, f"a {kind.__name__}")
        return found[0]

    # --- doing ---------------------------------------------------------------------------------

    def write(self, words: str) -> None:
        """Type a line and send it."""
        self.chat.composer.insert(words)
        self.root.update()
        self.chat.composer.submit()
        self.root.update()

    def press(self, words: str, within: tk.Misc | None = None) -> None:
        """Press the button of these words."""
        self.root.update()
        buttons = [one for one in _within(within or self.root) if isinstance(one, Button)]
        button = next(one for one in buttons if words in (one.words, str(one.cget("text"))))
        assert button.winfo_viewable(), words
        assert button.enabled, words
        button.invoke()
        self.root.update()


def _within(widget: tk.Misc) -> list[tk.Misc]:
    found = [widget]
    for child in widget.winfo_children():
        found += _within(child)
    return found
