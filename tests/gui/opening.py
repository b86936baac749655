"""A whole window in this process, with a chat that shows nothing, driven by its own widgets.

Owns how a test opens and leaves it. The root's errors are the fixtures' to collect.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import i18n
from common.client.events import Event, Ready
from common.gui import options
from common.gui.entrance import Entrance
from common.gui.form import Form
from common.gui.questions import Question
from common.gui.screens import ChatScreen, Joined, Post, Trouble
from common.gui.settings import Keeper, Remembered
from common.gui.widgets import Button, Pane
from common.gui.window import Window
from common.settings import Settings
from tests.support.waiting import wait_until


class Chat(Pane):
    """The least that a chat may be."""

    def __init__(
        self,
        parent: tk.Misc,
        joined: Joined,
        *,
        post: Post,
        remembered: Remembered,
        on_disconnect: Callable[[Trouble | None], object],
        on_quit: Callable[[], object],
        on_title: Callable[[str], object],
        on_speak: Callable[[str], object],
    ) -> None:
        super().__init__(parent)
        self.joined = joined
        self.disconnect = on_disconnect
        self.away = on_quit
        self.people = 0
        self.composer = tk.Text(self, height=2)
        self.composer.pack()

    def ready(self) -> Event | None:
        """The client's first words of being in."""
        event = self.joined.opened.client.get(5)
        while event is not None and not isinstance(event, Ready):
            event = self.joined.opened.client.get(5)
        return event

    def focus(self) -> None:
        self.composer.focus_set()

    def others(self) -> int:
        return self.people

    def linked(self) -> bool:
        return True

    def close(self) -> None:
        pass


def settings(data_dir: Path, **given: str) -> Settings:
    """What a command line says."""
    flags = {name.replace("_", "-"): [value] for name, value in given.items()}
    flags["data-dir"] = [str(data_dir)]
    program = options.program()
    return Settings.load(program.options, flags, {}, None, program="gui")


class Opened:
    """A window that is open, and the shortest ways to its parts."""

    def __init__(self, root: tk.Tk, data_dir: Path, *, ask: bool = False, **given: Any) -> None:
        i18n.setup("en", {})
        root.withdraw()
        collect = root.report_callback_exception
        self.window = Window(
            root,
            settings(data_dir, **given),
            {},
            Keeper(data_dir),
            data_dir / "client" / "window.log",
            Chat,
            ask=ask,
        )
        # Its own way of telling errors would hide them from the test.
        root.report_callback_exception = collect
        self.root = root

    @property
    def entrance(self) -> Entrance:
        """The way in, which must be shown."""
        assert self.window.entrance is not None
        return self.window.entrance

    @property
    def form(self) -> Form:
        """The form, which must be there."""
        return self.entrance.form

    @property
    def card(self) -> Question:
        """The question in the form's place."""
        card = self.entrance.card
        assert isinstance(card, Question)
        return card

    @property
    def chat(self) -> Chat:
        """The chat, which must be shown."""
        chat: ChatScreen | None = self.window.chat
        assert isinstance(chat, Chat)
        return chat

    def until(self, predicate: Callable[[], object], what: str, timeout: float = 15) -> None:
        """Let the window live until that is so."""

        def look() -> object:
            self.root.update()
            return predicate()

        wait_until(look, what, timeout, saw=self.describe)

    def until_in(self) -> Chat:
        """Until the chat is shown."""
        self.until(lambda: self.window.chat is not None, "the chat")
        return self.chat

    def describe(self) -> object:
        """What is said, for the message of a failure."""
        if self.window.entrance is None:
            return "the chat"
        places = ("server", "port", "nick", "invite", "host", "form")
        said = {place: self.form.said(place) for place in places}  # type: ignore[arg-type]
        card = self.entrance.card
        return said, [b.words for b in card.buttons] if isinstance(card, Question) else None

    def write(self, **fields: str) -> None:
        """Write into the form's fields."""
        for name, words in fields.items():
            self.form.field(name).value = words  # type: ignore[arg-type]

    def press(self, words: str) -> None:
        """Press the button of these words, which must be there to be pressed."""
        self.root.update()
        button = next(one for one in _buttons(self.root) if one.words == words)
        assert button.winfo_viewable(), words
        button.invoke()
        self.root.update()


def _buttons(widget: tk.Misc) -> list[Button]:
    found = [widget] if isinstance(widget, Button) else []
    for child in widget.winfo_children():
        found += _buttons(child)
    return found
