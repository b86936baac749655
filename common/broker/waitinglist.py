"""Keys that were not let in, and who is told of them. Pure; forgotten with the broker.

Owns the list and its bounds: keys cost nothing, so whoever has many must neither fill it for good
nor ring at the administrators' without end.
"""

from dataclasses import dataclass
from typing import Final

from common.broker.limits import Bucket
from common.broker.sessions import Session, Sessions
from common.broker.turn import Turn
from common.protocol import deeds as d

WAITING: Final = 200
"""Keys on the list; those that asked last are kept."""
TOLD_AGAIN: Final = 600.0
"""Seconds within which administrators are told of a key once."""
NOTICES: Final = (0.2, 20.0)
"""A second, and at once: how often they are told of any."""


@dataclass(slots=True)
class _Waiting:
    nick: str
    address: str
    since: int
    told: float


class WaitingList:
    """`console` is the broker's own key, '' for none."""

    def __init__(self, turn: Turn, sessions: Sessions, console: str) -> None:
        self._turn = turn
        self._sessions = sessions
        self._console = console
        self._keys: dict[str, _Waiting] = {}
        self._notices = Bucket(*NOTICES, turn.now)

    def add(self, session: Session, key: str, nick: str) -> None:
        """A key asks to be let in, and would be called `nick`."""
        now = self._turn.now
        known = self._keys.pop(key, None)
        since = known.since if known else self._turn.wall
        told = known.told if known else -TOLD_AGAIN
        waiting = self._keys[key] = _Waiting(nick, session.address, since, told)
        if len(self._keys) > WAITING:
            del self._keys[next(iter(self._keys))]
        if now >= told + TOLD_AGAIN and not self._notices.wait(now):
            waiting.told = now
            self._turn.note("info", f"{nick} waits to be let in, from {session.address}")
            notice = d.Notice(what="waiting", key=key, address=session.address, subject=nick)
            for one in self._administrators():
                self._turn.tell(one, notice)

    def drop(self, key: str) -> None:
        """It waits no more."""
        self._keys.pop(key, None)

    def nick(self, key: str) -> str:
        """What a key would be called; '' where it does not wait."""
        waiting = self._keys.get(key)
        return waiting.nick if waiting else ""

    def entries(self) -> list[d.Entry]:
        """The list, for administrators."""
        return [
            d.Entry(
                name=key,
                key=key,
                nick=one.nick,
                address=one.address,
                ts=one.since,
                here=bool(self._sessions.of_key(key)),
            )
            for key, one in self._keys.items()
        ]

    def _administrators(self) -> list[Session]:
        console = self._sessions.of_key(self._console) if self._console else []
        found = [session for session in console if session.person is not None]
        for user in self._turn.ledger.facts.ranks:
            found += self._sessions.of_user(user)
        return found
