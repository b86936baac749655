"""What menus and dialogs need of the chat: the session behind it, and a way to say something.

Owns how a deed is asked for from a dialog and who hears its answer. Must not know any widget but
the one that dialogs stand over.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from common.client.commands import find
from common.client.events import CodeReply, ListReply, Refused
from common.explain import explain
from common.gui.model import WindowModel
from common.gui.settings import Remembered
from common.i18n import _
from common.protocol import deeds
from common.protocol.deeds import Lists
from common.safe import one_line
from common.talk.controller import Controller
from common.talk.setup import AnyClient
from common.talk.surroundings import PeopledConversation

T = TypeVar("T")
Failed = Callable[[str], object]
"""Gets why, as a sentence."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """One chat, as its menus and dialogs see it."""

    over: tk.Misc
    controller: Controller
    model: WindowModel
    remembered: Remembered
    say: Callable[[str], object]
    """Tell something for a moment."""
    leave: Callable[[], object]
    """Disconnect."""
    quit: Callable[[], object]
    speak: Callable[[str], object]
    """Change the language, "" to the system's."""
    compose: Callable[[str], object]
    """Put this before what stands in the composer."""
    menu_of_composer: Callable[[tk.Widget], object]

    @property
    def talk(self) -> PeopledConversation:
        """What the model is about."""
        return self.model.conversation

    @property
    def client(self) -> AnyClient:
        """The session."""
        return self.controller.client

    @property
    def administers(self) -> bool:
        """Whether this person may decide about the server."""
        return bool(self.controller.role)

    @property
    def moderates(self) -> bool:
        """Whether they may decide about the open room."""
        room = self.talk.room
        if room is None or room.kind.peer is not None:
            return False
        return room.kind.moderator or (self.administers and not room.kind.private)

    def ask(
        self, future: Future[T], done: Callable[[T], object], failed: Failed | None = None
    ) -> None:
        """Wait for an answer; without `failed`, a refusal is said for a moment."""

        def refused(error: Refused) -> None:
            words = one_line(explain(error.code, error.values, error.text))
            (failed or self.say)(words)

        self.controller.ask(future, lambda reply: _unused(done(reply)), refused)

    def do(
        self, deed: deeds.Deed, told: str = "", done: Callable[[], object] | None = None,
        failed: Failed | None = None,
    ) -> None:  # fmt: skip
        """Do it; say `told` then."""

        def came(_reply: object) -> None:
            if done is not None:
                done()
            self.say(told or _("Done."))

        self.ask(self.client.do(deed), came, failed)

    def list(
        self,
        what: Lists,
        room: str,
        done: Callable[[ListReply], object],
        failed: Failed | None = None,
    ) -> None:
        """A whole list of the broker's."""
        self.ask(self.client.list(what, room), done, failed)

    def code(
        self,
        deed: deeds.MakeInvitation | deeds.MakeDeviceCode,
        done: Callable[[CodeReply], object],
        failed: Failed | None = None,
    ) -> None:
        """A code to be handed on."""
        self.ask(self.client.make_code(deed), done, failed)

    def command(self, name: str, *arguments: str) -> str:
        """Do what a slash command does; returns why it could not be, "" where it was."""
        known = find(name)
        shown = known.shown() if known is not None else f"/{name}"
        wrong = self.controller.enter(" ".join([shown, *arguments]))
        return wrong.text if wrong is not None else ""

    def copy(self, words: str, told: str = "") -> None:
        """Put words on the clipboard."""
        self.over.clipboard_clear()
        self.over.clipboard_append(words)
        self.say(told or _("Copied."))


def _unused(_value: object) -> None:
    return
