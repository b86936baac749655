"""What outlives a session: under which keys lines were taken, and what was refused.

Owns that. Must not know the page's messages.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Literal

import msgspec

from common.client.timeline import Mine
from common.web.profile import WebProfile
from common.web.talking import WebConversation

REMEMBERED: Final = 200
"""Keys of commands that are remembered while the session lasts."""
MOST: Final = 50
"""Refused messages that are kept."""
_NOTE: Final = "refused"
LEFT: Final = "left"
"""The note in a profile which says that this person left, and wants the form again."""


class Keys:
    """The keys of one browser."""

    def __init__(self, profile: WebProfile) -> None:
        self._profile = profile
        self._commands: OrderedDict[str, None] = OrderedDict()
        self._waiting: set[str] = set()
        self._of_mine: dict[int, str] = profile.keys()

    def outcome(self, key: str) -> Literal["waiting", "settled"] | None:
        """What became of a line; None: it was never taken. One that waits is watched from now."""
        if key in self._commands:
            return "settled"
        outcome = self._profile.outcome(key)
        if outcome == "waiting":
            self._waiting.add(key)
        return outcome

    def taken(self, key: str) -> bool:
        """Whether the gateway's file holds a message of this key, or held it."""
        return self._profile.taken(key)

    def under(self, key: str, say: Callable[[], None]) -> bool:
        """Says something under a key; tells whether the file holds it now."""
        with self._profile.under(key):
            say()
        if not self._profile.taken(key):
            return False
        self._waiting.add(key)
        self._of_mine = self._profile.keys()
        return True

    def did(self, key: str) -> None:
        """A command was carried out."""
        self._commands[key] = None
        if len(self._commands) > REMEMBERED:
            self._commands.popitem(last=False)

    def settled(self) -> list[str]:
        """The keys whose outcome became known since the last call."""
        known = [key for key in self._waiting if self._profile.outcome(key) != "waiting"]
        self._waiting.difference_update(known)
        return known

    def of_mine(self, n: int) -> str:
        """The key of a queued message, by its number."""
        return self._of_mine.get(n, "")

    def forget_waiting(self) -> None:
        """Nobody wants to be told any more."""
        self._waiting.clear()


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was refused, as it is written down."""

    room: str
    text: str
    ts: int
    code: str
    reason: str = ""
    values: dict[str, str | int | float] = {}


_read = msgspec.json.Decoder(list[Refused])


class Refusals:
    """Messages that were refused: the server does not have them, and the page forgot them."""

    def __init__(
        self,
        note: Callable[[str], str],
        set_note: Callable[[str, str], None],
        talk: WebConversation,
    ) -> None:
        """`note` and `set_note` read and write what is kept under a name."""
        self._set_note = set_note
        self._talk = talk
        self._kept = note(_NOTE)

    def bring_back(self) -> None:
        """Those of a former session stand in their rooms again."""
        try:
            refused = _read.decode(self._kept) if self._kept else []
        except msgspec.MsgspecError:
            refused = []
        for one in refused:
            room = self._talk.rooms.get(one.room)
            if room is not None and not _there(room.own_pending(), one):
                room.refused(0, one.text, one.ts, one.code, one.reason, one.values)

    def keep(self) -> None:
        """Write down those that stand in the rooms, if they are others than before."""
        refused = [
            Refused(
                room=room.name, text=mine.text, ts=mine.ts, code=mine.code, reason=mine.reason,
                values=mine.values,
            )
            for room in self._talk.rooms.values()
            for mine in room.own_pending()
            if mine.state == "refused"
        ]  # fmt: skip
        text = msgspec.json.encode(refused[-MOST:]).decode() if refused else ""
        if text != self._kept:
            self._kept = text
            self._set_note(_NOTE, text)


def _there(pending: list[Mine], refused: Refused) -> bool:
    return any(mine.state == "refused" and mine.text == refused.text for mine in pending)
