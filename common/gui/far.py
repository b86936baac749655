"""Going far up in a room: to a message that is not loaded, and back to the newest ones.

Owns which part of the room the conversation shows meanwhile. What is new is counted as unread as
long as somebody is away. Must not know what they look for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from common.client.events import HistoryReply
from common.client.timeline import Key, Timeline
from common.gui.conversation_view import ConversationView
from common.gui.desk import Desk
from common.gui.looking_back import AROUND, PAGE, Excerpt
from common.protocol.messages import Record

Then = Callable[[], object]


class Far:
    """Of one conversation: `attach` its view first."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._view: ConversationView
        self._excerpt: Excerpt | None = None
        self._left_at: Key = (0, 0)
        """What was the newest when they went: what is behind it is new to them."""
        self._turn = 0
        """Counts the ways: an answer to a former one is of no use."""

    def attach(self, view: ConversationView) -> None:
        """What shows the conversation, and asks here for what is missing in it."""
        self._view = view

    def shows(self, room: Timeline | None) -> bool:
        """Whether the conversation shows that room, wherever in it."""
        if self._excerpt is not None:
            return self._excerpt.room is room and self._view.room is self._excerpt.shown
        return self._view.room is room

    @property
    def away(self) -> bool:
        """Whether it shows a part by itself."""
        return self._excerpt is not None

    def forget(self) -> None:
        """Another room is shown."""
        self._turn += 1
        self._excerpt = None

    def heard(self, records: Iterable[Record]) -> None:
        """These came into the open room: a text that is gone is gone here too."""
        if self._excerpt is not None:
            gone = [record for record in records if record.type == "delete"]
            self._excerpt.shown.add(gone, live=False, following=True)
            self._view.refresh()

    # --- going ---------------------------------------------------------------------------------

    def go(self, key: Key, then: Then) -> None:
        """Have that message of the open room on the screen, `then` go on."""
        room = self._desk.talk.room
        if room is None:
            return
        self._turn += 1
        if room.get(key) is not None:
            self._reveal(room, key)
            then()
        elif self._excerpt is not None and self._view.reveal(key):
            then()
        elif key[1] == 0:
            seq = key[0]
            future = self._desk.client.history(
                room.name, before=seq + AROUND + 1, limit=2 * AROUND + 1
            )
            self._desk.ask(future, partial(self._came, self._turn, room, seq, then))

    def _came(self, turn: int, room: Timeline, seq: int, then: Then, reply: HistoryReply) -> None:
        if turn != self._turn or self._desk.talk.room is not room or not self._view.winfo_exists():
            return
        excerpt = Excerpt(room, reply)
        if excerpt.meets:
            excerpt.join()
            self._reveal(room, (seq, 0))
            then()
            return
        if self._excerpt is None:
            stay = self._view.stay
            self._left_at = stay.left_at if stay else (max(room.last[0], room.head), 0)
        self._excerpt = excerpt
        # The newest ones are not on the screen.
        room.reading = True
        self._view.show(excerpt.shown, open_ended=True)
        self._view.reveal((seq, 0))
        then()

    def _reveal(self, room: Timeline, key: Key) -> None:
        """Have something on the screen that the room holds."""
        if self._excerpt is not None:
            self._show_room(room)
        self._view.reveal(key)
        if self._view.following:
            self._seen(room)
        else:
            room.reading = True

    def back(self) -> None:
        """To the newest messages again."""
        room = self._desk.talk.room
        if self._excerpt is None or room is None:
            return
        self._show_room(room)
        self._seen(room)

    def _seen(self, room: Timeline) -> None:
        """Its newest messages are on the screen."""
        room.reading = False
        room.read()
        self._desk.controller.mark_seen()
        self._desk.controller.refresh()

    def _show_room(self, room: Timeline) -> None:
        self.forget()
        self._view.show(room)

    # --- what the view wants -------------------------------------------------------------------

    def older(self) -> None:
        """The oldest line that is shown is near."""
        if self._excerpt is None:
            self._desk.controller.older()
        else:
            self._ask(self._excerpt, older=True)

    def newer(self) -> None:
        """The newest line of a part that is shown by itself is near."""
        if self._excerpt is not None:
            self._ask(self._excerpt, older=False)

    def _ask(self, excerpt: Excerpt, *, older: bool) -> None:
        if excerpt.shown.loading:
            return
        excerpt.shown.loading = True
        before, after = (excerpt.first, None) if older else (None, excerpt.last)
        future = self._desk.client.history(
            excerpt.room.name, before=before, after=after, limit=PAGE
        )

        def came(reply: HistoryReply) -> None:
            if self._excerpt is excerpt and self._view.winfo_exists():
                if older:
                    excerpt.older_came(reply)
                    self._view.refresh()
                    return
                excerpt.newer_came(reply)
                if excerpt.meets:
                    self._arrive(excerpt)
                else:
                    self._view.refresh()

        def failed(why: str) -> None:
            excerpt.shown.loading = False
            self._desk.say(why)

        self._desk.ask(future, came, failed)

    def _arrive(self, excerpt: Excerpt) -> None:
        """All down to the newest messages can be in the room: it is shown at the same place."""
        stay = self._view.stay
        excerpt.join()
        self.forget()
        self._view.show(excerpt.room, replace(stay, left_at=self._left_at) if stay else None)
