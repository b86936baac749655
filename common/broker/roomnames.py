"""What a room is called: by everybody, or (`@NICK`) as one of two sees it. Pure.

Owns the forms of a room's name and which room somebody means by one; knows the rule that a room
which is not for them does not exist, and no other.
"""

import re
from typing import Final

from common.broker.ledger import DIRECT, Ledger, Room
from common.broker.rights import Rights, no_such_room
from common.broker.turn import Refusal
from common.protocol.names import BadName, nick_key, room_name

_OF_TWO: Final = re.compile(r"@([0-9a-f]{16})-([0-9a-f]{16})")
"""Longer than any nickname."""
_LONGEST: Final = 200
"""Characters; no nickname comes near."""


class RoomNames:
    """`user` is always who asks."""

    def __init__(self, ledger: Ledger, rights: Rights, *, plain: bool) -> None:
        self._ledger = ledger
        self._rights = rights
        self._plain = plain

    def name(self, text: str, user: str) -> str:
        """A room's name as it is kept, whether or not there is one. Raises `Refusal`."""
        if text.startswith(DIRECT):
            return self._direct(text, user)
        if text in self._ledger.rooms:
            return text
        try:
            return room_name(text)
        except BadName as fault:
            raise Refusal("bad-room", str(fault)) from None

    def canonical(self, text: str, user: str) -> str:
        """The same, or '' where it can be no room's."""
        try:
            return self.name(text, user)
        except Refusal:
            return ""

    def existing(self, text: str, user: str) -> Room:
        """The room of that name. Raises `Refusal` where none exists for them."""
        try:
            room = self._ledger.rooms.get(self.name(text, user))
        except Refusal as refusal:
            if refusal.code == "bad-room":
                raise no_such_room(text) from None
            raise
        if room is None or not self._rights.may_see(room, user):
            raise no_such_room(text)
        return room

    def peer(self, room: Room, user: str) -> str:
        """The other one of a direct conversation."""
        return room.direct[0] if room.direct[1] == user else room.direct[1]

    def _direct(self, text: str, user: str) -> str:
        if self._plain:
            words = "without encryption there are no direct conversations"
            raise Refusal("needs-encryption", words)
        people = self._ledger.people
        pair = _OF_TWO.fullmatch(text)
        if pair is not None:
            one, other = pair.groups()
            if user not in (one, other) or one >= other or not {one, other} <= people.keys():
                raise no_such_room(text)
            return text
        nick = text.removeprefix(DIRECT)
        person = self._ledger.holder(nick_key(nick)) if len(nick) <= _LONGEST else None
        if person is None:
            raise Refusal("no-such-person", f"there is nobody called {nick[:80]!r}")
        if person.user == user or user not in people:
            raise Refusal("bad-request", "a direct conversation is one with somebody else")
        return DIRECT + "-".join(sorted((user, person.user)))
