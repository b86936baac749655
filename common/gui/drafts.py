"""What this person typed: not sent yet, by room, and sent before, for the key Up. Pure.

Owns both and the text that they are kept as between two runs. Must not know the composer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from common.client.timeline import Draft, Timeline

MOST: Final = 200
"""Sent texts that are remembered, over all rooms."""
LONGEST: Final = 4_000
"""Characters of a sent text; a longer one is not remembered."""


class Kept(msgspec.Struct, kw_only=True):
    """As it is written."""

    current: str = ""
    drafts: dict[str, str] = {}
    sent: list[tuple[str, str]] = []


class Typed:
    """Drafts stand in their rooms; those of rooms that are not here wait in `_waiting`."""

    def __init__(self, text: str = "") -> None:
        """`text` is what `text()` gave in a former run; what cannot be read counts as nothing."""
        try:
            kept = msgspec.json.decode(text, type=Kept) if text else Kept()
        except (msgspec.DecodeError, RecursionError):
            kept = Kept()
        self.current = kept.current
        """The room that was open."""
        self._waiting = {room: draft for room, draft in kept.drafts.items() if draft}
        self._sent = kept.sent[-MOST:]

    # --- drafts --------------------------------------------------------------------------------

    def hand_out(self, rooms: Mapping[str, Timeline]) -> None:
        """Put drafts into the rooms that have come; a room where something is typed keeps that."""
        for name in [name for name in self._waiting if name in rooms]:
            draft = self._waiting.pop(name)
            if not rooms[name].draft.text:
                rooms[name].draft = Draft(draft, len(draft))

    def text(self, rooms: Mapping[str, Timeline], current: str) -> str:
        """All of it, to be kept. What was refused comes back as a draft: nobody else has it."""
        drafts = dict(self._waiting)
        for name, room in rooms.items():
            refused = [one.text for one in room.own_pending() if one.state == "refused"]
            texts = [text for text in (*refused, room.draft.text) if text]
            if texts:
                drafts[name] = "\n".join(texts)
        return msgspec.json.encode(Kept(current=current, drafts=drafts, sent=self._sent)).decode()

    # --- what was sent -------------------------------------------------------------------------

    def sent(self, room: str, text: str) -> None:
        """Remember what was sent; the same text twice in a row is one."""
        if text and len(text) <= LONGEST and self._sent[-1:] != [(room, text)]:
            self._sent = [*self._sent, (room, text)][-MOST:]

    def history(self, room: str) -> list[str]:
        """What was sent in this room, the latest last; where nothing was, in all of them."""
        here = [text for name, text in self._sent if name == room]
        return here or [text for _name, text in self._sent]
