"""Makes the pictures of the chat's window: `python -m docs.pictures.window [DIRECTORY]`.

Without a directory, those of the README (docs/look); with one, each screen in both languages and
both themes. Needs Xvfb. What is said in them: stage.py.
"""

from __future__ import annotations

import os
import sys
import time
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from PIL import ImageGrab

from common import i18n
from common.gui.chat import ChatFrame
from common.gui.desk import Desk
from common.gui.dialogs.deed import Decide
from common.gui.dialogs.joining import NewRoom
from common.gui.dialogs.members import Members
from common.gui.dialogs.preferences import Preferences
from common.gui.dialogs.rules import Rules
from common.gui.dialogs.saving import SaveRoom
from common.gui.dialogs.serving import NewInvitation, Served
from common.gui.dialogs.shortcuts import Shortcuts
from common.gui.inbox import Inbox
from common.gui.settings import Remembered
from common.gui.sheet import Sheet
from common.gui.theme import Theme
from common.talk.controller import now_ms
from common.talk.setup import ChatSetup
from docs.pictures.stage import Play, Played
from tests.support.display import screen

LOOK = Path(__file__).resolve().parent.parent / "look"
_LINK = "causette://52516e8aae0834eca45732f88e7fed218adff31a17c81407c9eb924dd16cb934@192.168.1.20"


class Studio:
    """One window for all the pictures of a language and a theme."""

    def __init__(self, display: str, lang: str, name: str, scale: float = 1.0) -> None:
        i18n.setup(lang, {})
        self.lang, self.theme_name = lang, name
        self._display = display
        self.root = tk.Tk(screenName=display)
        self.theme = Theme(self.root, "dark" if name == "dark" else "light", scale=scale)
        self.inbox = Inbox(self.root)
        self.chat: ChatFrame | None = None

    def begin(self, wide: int, tall: int) -> Play:
        """A new chat in a window of that size."""
        self.end()
        self.root.geometry(f"{wide}x{tall}+0+0")
        client: Any = Played(self.lang)
        setup = ChatSetup(
            client=client, nick="Léa", rooms=[], data_dir=Path(),
            invitation_link=lambda code: _LINK + (f"?invite={code}" if code else ""),
        )  # fmt: skip
        joined: Any = SimpleNamespace(opened=SimpleNamespace(setup=setup, profile=None))
        self.chat = ChatFrame(
            self.root,
            joined,
            post=self.inbox.post,
            remembered=Remembered(),
            on_disconnect=lambda _trouble: None,
            on_quit=lambda: None,
            on_title=lambda _unread, _concern: None,
        )
        self.chat.pack(fill="both", expand=True)
        self.chat.controller.role = "owner"
        self.settle()
        play = Play(self.chat, self.lang)
        play.enter()
        return play

    def end(self) -> None:
        """Take the chat away."""
        if self.chat is not None:
            self.chat.close()
            self.chat.destroy()
            self.chat = None

    def settle(self, seconds: float = 0.4) -> None:
        """Let everything be drawn."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.root.update()
            time.sleep(0.01)

    def take(self, path: Path, of: tk.Misc | None = None) -> None:
        """The picture of a window as it is on the screen."""
        self.settle()
        window = of or self.root
        x, y = window.winfo_rootx(), window.winfo_rooty()
        box = (x, y, x + window.winfo_width(), y + window.winfo_height())
        path.parent.mkdir(parents=True, exist_ok=True)
        ImageGrab.grab(box, xdisplay=self._display).save(path, optimize=True)


def talk(studio: Studio, path: Path) -> None:
    """The target picture: rooms, a conversation, people, a refused message, something typed."""
    play = studio.begin(1100, 760)
    play.converse()
    play.refuse()
    assert studio.chat is not None
    studio.chat.composer.insert(str(play.words["typed"]))
    studio.take(path)


def cut(studio: Studio, path: Path) -> None:
    """The link is down."""
    play = studio.begin(1100, 760)
    play.converse()
    play.cut(now_ms())
    studio.take(path)


def small(studio: Studio, path: Path) -> None:
    """As small as a window gets."""
    play = studio.begin(480, 360)
    play.converse()
    studio.take(path)


def drawer(studio: Studio, path: Path) -> None:
    """The rooms over the conversation of a small window."""
    play = studio.begin(480, 360)
    play.converse()
    assert studio.chat is not None
    studio.chat.panes.toggle("rooms")
    studio.take(path)


def empty(studio: Studio, path: Path) -> None:
    """A room in which nobody said anything."""
    play = studio.begin(1000, 640)
    assert studio.chat is not None
    name = play.rooms[0]
    room = studio.chat.talk.rooms[name]
    room.complete = room.caught = True
    room.people = 1
    studio.chat.controller.open(name)
    studio.take(path)


def sheet(make: Callable[[Desk], Sheet | None]) -> Callable[[Studio, Path], None]:
    """A dialog over the conversation."""

    def shoot(studio: Studio, path: Path) -> None:
        play = studio.begin(1000, 720)
        play.converse()
        studio.settle()
        assert studio.chat is not None
        make(studio.chat.desk)
        studio.take(path)
        for child in studio.chat.winfo_toplevel().winfo_children():
            if isinstance(child, Sheet):
                child.destroy()

    return shoot


SCENES: dict[str, Callable[[Studio, Path], None]] = {
    "chat": talk,
    "cut": cut,
    "small": small,
    "drawer": drawer,
    "empty": empty,
    "room": sheet(NewRoom),
    "rules": sheet(lambda desk: Rules(desk, desk.talk.current)),
    "members": sheet(lambda desk: Members(desk, "jury")),
    "mute": sheet(lambda desk: Decide(desk, "mute", "Tomas", "", desk.talk.current)),
    "save": sheet(lambda desk: SaveRoom(desk, Path("/home/lea/Documents"))),
    "keys": sheet(lambda desk: Shortcuts(desk.over)),
    "settings": sheet(Preferences),
    "invite": sheet(NewInvitation),
    "devices": sheet(lambda desk: Served(desk, "devices")),
    "waiting": sheet(lambda desk: Served(desk, "waiting")),
}


def main(words: list[str]) -> int:
    """`words`: a directory, then names of scenes; none means the README's pictures."""
    with screen(size="1300x1000") as display:
        os.environ["DISPLAY"] = display
        for lang in ("en", "fr"):
            for theme in ("light", "dark"):
                if not words and theme == "dark":
                    continue
                studio = Studio(display, lang, theme)
                if not words:
                    talk(studio, LOOK / ("window.fr.png" if lang == "fr" else "window.png"))
                for name in words[1:] or (SCENES if words else ()):
                    SCENES[name](studio, Path(words[0]) / f"{name}-{lang}-{theme}.png")
                studio.end()
                studio.inbox.close()
                studio.root.destroy()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
