"""One window for all the pictures of a language and a theme, and how a picture is taken.

Owns the screen's side of it. What is in the pictures: window.py, cards.py and doors.py, each with a
table of scenes. What is said in them: stage.py.
"""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from PIL import Image, ImageGrab

from common import i18n
from common.gui.chat import ChatFrame
from common.gui.inbox import Inbox
from common.gui.menu import shown_menu
from common.gui.settings import Remembered
from common.gui.sheet import Sheet
from common.gui.theme import Theme
from common.talk.setup import ChatSetup
from common.talk.ways import Way, Ways
from docs.pictures.stage import Play, Played

_KEY = "52516e8aae0834eca45732f88e7fed218adff31a17c81407c9eb924dd16cb934"

Scene = Callable[["Studio", Path], None]
"""Sets something up and takes its picture."""


class Studio:
    """Made on a display whose dots an inch it finds out by itself, as the program does."""

    def __init__(self, display: str, lang: str, name: str) -> None:
        i18n.setup(lang, {})
        self.lang, self.theme_name = lang, name
        self._display = display
        self.root = tk.Tk(screenName=display)
        self.theme = Theme(self.root, "dark" if name == "dark" else "light")
        self.inbox = Inbox(self.root)
        self.chat: ChatFrame | None = None
        self.ways = Ways((Way("192.168.1.20", 5555, 5556, _KEY),), "")
        self._shown: tk.Widget | None = None

    # --- what stands in the window ---------------------------------------------------------------

    def size(self, wide: int, tall: int) -> None:
        """Make the window that large, in pixels at 96 dpi."""
        unit = self.theme.scale
        self.root.geometry(f"{round(wide * unit)}x{round(tall * unit)}+0+0")

    def begin(self, wide: int, tall: int) -> Play:
        """A new chat in a window of that size."""
        self.size(wide, tall)
        client: Any = Played(self.lang)
        setup = ChatSetup(
            client=client, nick="Léa", rooms=[], data_dir=Path(),
            ways=lambda: self.ways,
        )  # fmt: skip
        joined: Any = SimpleNamespace(opened=SimpleNamespace(setup=setup, profile=None))
        self.end()
        self.chat = ChatFrame(
            self.root,
            joined,
            post=self.inbox.post,
            remembered=Remembered(),
            on_disconnect=lambda _trouble: None,
            on_quit=lambda: None,
            on_title=lambda _words: None,
            on_speak=lambda _lang: None,
        )
        self.chat.pack(fill="both", expand=True)
        self.chat.controller.role = "owner"
        self.settle()
        play = Play(self.chat, self.lang)
        play.enter()
        return play

    def show(self, make: Callable[[tk.Tk], tk.Widget], wide: int, tall: int) -> tk.Widget:
        """Something else than a chat, in a window of that size."""
        self.size(wide, tall)
        self.end()
        self._shown = make(self.root)
        self._shown.pack(fill="both", expand=True)
        self.settle()
        return self._shown

    def end(self) -> None:
        """Take away what is shown."""
        menu = shown_menu(self.root)
        if menu is not None:
            menu.unpost()
        for child in self.root.winfo_children():
            if isinstance(child, Sheet):
                child.destroy()
        if self.chat is not None:
            self.chat.close()
            self.chat.destroy()
            self.chat = None
        if self._shown is not None:
            self._shown.destroy()
            self._shown = None

    # --- taking a picture ------------------------------------------------------------------------

    def settle(self, seconds: float = 0.4) -> None:
        """Let everything be drawn."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.root.update()
            time.sleep(0.01)

    def take(self, path: Path) -> None:
        """The picture of the window as it is on the screen, with what lies over its edge."""
        self.settle()
        x, y, right, bottom = self._box()
        path.parent.mkdir(parents=True, exist_ok=True)
        taken = ImageGrab.grab((x, y, right, bottom), xdisplay=self._display)
        Image.Image.save(taken, path, optimize=True)

    def _box(self) -> tuple[int, int, int, int]:
        """Where the window and what was opened over it are."""
        parts: list[tk.Misc] = [self.root]
        parts += [child for child in self.root.winfo_children() if isinstance(child, Sheet)]
        menu = shown_menu(self.root)
        if menu is not None and menu.winfo_ismapped():
            parts.append(menu)
        edges = [
            (
                part.winfo_rootx(),
                part.winfo_rooty(),
                part.winfo_rootx() + part.winfo_width(),
                part.winfo_rooty() + part.winfo_height(),
            )
            for part in parts
        ]
        right = min(max(edge[2] for edge in edges), self.root.winfo_screenwidth())
        bottom = min(max(edge[3] for edge in edges), self.root.winfo_screenheight())
        return min(edge[0] for edge in edges), min(edge[1] for edge in edges), right, bottom

    def close(self) -> None:
        """The end of it."""
        self.end()
        self.inbox.close()
        self.root.destroy()
