"""What the window and its screens are to one another: the form first, then a chat, then the form.

Owns the shapes that pass between them. Knows no widget: the window alone builds screens.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from common.client.events import Ready, Values

if TYPE_CHECKING:
    from common.client.joining import Entry
    from common.gui.settings import Remembered
    from common.talk.opening import Opened

Post = Callable[[Callable[[], object]], object]
"""Have something done soon in the window's own thread; may be called from any other."""


@dataclass(frozen=True)
class Trouble:
    """Why there is no session: a code and values for `common.explain`, `text` as a last resort."""

    code: str
    values: Values = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Joined:
    """A session that is in, handed to the chat. The window ends it, after the chat was closed."""

    entry: Entry
    opened: Opened
    """`opened.setup` is what a `talk.Controller` wants; `opened.client` is started already, and its
    first events are `ready` and whatever came before it."""
    ready: Ready


class ChatScreen(Protocol):
    """The chat, as the window sees it: a tk.Widget, which it packs and destroys, and these."""

    def focus(self) -> object:
        """Put the cursor where one writes."""

    def others(self) -> int:
        """How many other people are in its rooms now: whom stopping the server would cut off."""

    def linked(self) -> bool:
        """Whether the link is up: then what was just said is given a moment to be stored."""

    def close(self) -> object:
        """Take no more events and keep what is to be kept. Quick; the client is not its to close,
        nor the profile."""


class ChatMaker(Protocol):
    """What makes a chat: the class `common.gui.chat.ChatFrame`.

    `post` brings what other threads have to say into the window's. `remembered` holds what this
    person chose before, to be changed in place; the window writes it to the disk. `on_disconnect`
    and `on_quit` tell the window what this person wants; `on_disconnect` with a trouble, that the
    session has failed for good. The window then calls `close`. `on_title` gets the words of the
    title. `on_speak` has the program speak another language ("": the system's); the chat then shows
    itself anew.
    """

    def __call__(
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
    ) -> ChatScreen: ...
