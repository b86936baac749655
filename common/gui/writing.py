"""What is written in the chat: sending it, completing it, and that none of it is ever lost.

Owns the composer, the drafts of the rooms and when they are kept. Must not know the other panes.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Final

from common.client import completion
from common.client.completion import Candidate
from common.client.timeline import Draft, Said, Timeline
from common.gui.composer import Composer
from common.gui.conversation_view import ConversationView
from common.gui.desk import Desk
from common.gui.theme import theme_of

DESK: Final = "window"
"""The name under which the profile keeps what is typed."""
_KEEP: Final = 700
"""Milliseconds after which what is typed is on the disk."""
_RECENT: Final = 60
"""Messages whose numbers are offered to commands."""


class Writing:
    """`turn_to` a room, and `close` at the end."""

    def __init__(self, parent: tk.Misc, desk: Desk) -> None:
        self._desk = desk
        self._room: Timeline | None = None
        self._keeping: str | None = None
        self._held: list[Callable[[], object]] | None = None
        """What waits until the text that is being sent has left the composer."""
        self._over = False
        self._to_end: Callable[[], object] = lambda: None
        self.composer = Composer(
            parent,
            theme_of(parent),
            on_send=self._send,
            complete=self._complete,
            on_menu=desk.menu_of_composer,
            on_edit_last=self._edit_last,
            on_edit=self._edited,
        )

    def follow(self, view: ConversationView, *others: tk.Misc) -> None:
        """Page keys here scroll the conversation, and letters typed there, or in those others, are
        written here."""
        text = self.composer.text
        text.bind("<Prior>", _done(view.page_up))
        text.bind("<Next>", _done(view.page_down))
        for part in (view.text, *others):
            part.bind("<KeyPress>", self._typed_there, add="+")
        self._to_end = view.to_end

    def turn_to(self, room: Timeline | None) -> None:
        """Write in this room: what was typed stays with the one before."""
        self._put_away()
        self._room = room
        composer = self.composer
        composer.draft = room.draft if room is not None else Draft()
        composer.place_in(room.title if room is not None else "")
        composer.history = self._desk.model.typed.history(room.name) if room is not None else ()

    def compose(self, text: str) -> None:
        """Put words to what is typed: a quote or a command before it, a name behind it."""
        former = self.composer.draft.text
        first = text.startswith((">", "/", "```"))
        blank = " " if former and not first and not former[-1:].isspace() else ""
        both = text + former if first else former + blank + text
        if not text.strip() or not former.endswith(text):
            self.composer.draft = Draft(both, len(both))
        self.composer.focus_set()
        self._edited()

    def soon(self, call: Callable[[], object]) -> None:
        """Do it now, or once the text that is being sent has left the composer."""
        if self._held is not None:
            self._held.append(call)
        else:
            call()

    def close(self, current: str = "") -> None:
        """Keep what is typed, and nothing after it. `current`: the room to come back to where none
        is open."""
        self._keep(current)
        self._over = True
        if self._keeping is not None:
            self.composer.after_cancel(self._keeping)

    # --- sending -------------------------------------------------------------------------------

    def _send(self, text: str) -> str | None:
        desk = self._desk
        room = desk.talk.current
        # What a command puts into the composer, or opens, must outlive the text's being taken.
        held = self._held = []
        try:
            wrong = desk.controller.enter(text)
        finally:
            self._held = None
        if wrong is not None:
            return wrong.text
        desk.model.typed.sent(room, text)
        self.composer.history = desk.model.typed.history(room)
        self._to_end()
        self.composer.after_idle(lambda: self._sent(held))
        return None

    def _sent(self, held: Sequence[Callable[[], object]]) -> None:
        if self._over:
            return
        for call in held:
            call()
        self._edited()

    def _edit_last(self) -> None:
        why = self._desk.command("edit")
        if why:
            self._desk.say(why)

    def _complete(self, before: str, asked: bool) -> Sequence[Candidate]:
        talk = self._desk.talk
        room = talk.room
        titles = [one.title.removeprefix("#") for one in talk.rooms.values()]
        recent: list[tuple[int, str]] = []
        if room is not None and before.startswith("/"):
            for place in range(room.size - 1, max(-1, room.size - _RECENT), -1):
                entry = room.entry(place)
                if isinstance(entry, Said) and not entry.deleted:
                    recent.append((entry.seq, entry.text.split("\n")[0][:60]))
        nicks = room.nicks() if room is not None else []
        return completion.candidates(before, titles, nicks, recent=recent, asked=asked)

    def _typed_there(self, event: tk.Event[tk.Misc]) -> str | None:
        modified = int(event.state) & 0xC
        if modified or not event.char or not event.char.isprintable() or event.char == " ":
            return None
        self.composer.insert(event.char)
        return "break"

    # --- keeping -------------------------------------------------------------------------------

    def _put_away(self) -> None:
        if self._room is not None:
            self._room.draft = self.composer.draft

    def _edited(self) -> None:
        if self._keeping is None and not self._over:
            self._keeping = self.composer.after(_KEEP, self._keep)

    def _keep(self, current: str = "") -> None:
        if self._over:
            return
        if self._keeping is not None:
            self.composer.after_cancel(self._keeping)
            self._keeping = None
        self._put_away()
        talk, typed = self._desk.talk, self._desk.model.typed
        self._desk.client.set_note(DESK, typed.text(talk.rooms, talk.current or current))


def _done(action: Callable[[], None]) -> Callable[[tk.Event[tk.Misc]], str]:
    """A binding that does something and is the last to see the key."""

    def called(_event: tk.Event[tk.Misc]) -> str:
        action()
        return "break"

    return called
