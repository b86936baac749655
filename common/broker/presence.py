"""Who is in which room, as people see it: pure. Owns counts, revisions and when heads are repeated.

A person is in a room while any of their visible sessions is, and for a grace after a link was lost,
so that a reconnection is no departure. Knows no session's wire and no socket.
"""

from typing import Final

from common.protocol.codec import encode
from common.protocol.messages import RoomLine

HEAD_REPEATS: Final = (0.2, 1.0, 5.0, 30.0, 60.0)
"""Seconds after a room's last record at which its head is repeated, the last one for ever: so that
a dropped *last* message is found too."""
NEWCOMERS: Final = 0.05
"""Seconds within which one `head` line answers every newcomer of a room at once."""


class Attendance:
    """The people of one room. `rev` rises with each change, so that a missed one shows."""

    __slots__ = ("people", "rev")

    def __init__(self, rev: int = 0) -> None:
        """`rev` to begin with: one that no earlier life of the broker has told."""
        self.people: dict[str, int] = {}
        self.rev = rev

    def enter(self, user: str) -> bool:
        """One more visible session of `user`; whether it is their first."""
        count = self.people.get(user, 0)
        self.people[user] = count + 1
        if count:
            return False
        self.rev += 1
        return True

    def exit(self, user: str) -> bool:
        """One session less; whether it was the last."""
        count = self.people.get(user, 0)
        if count > 1:
            self.people[user] = count - 1
            return False
        if not count:
            return False
        del self.people[user]
        self.rev += 1
        return True

    def line(self, type: str, user: str, nick: str) -> bytes:
        """`joined`, `left` or `nick`, with the count and the revision that it leads to."""
        return encode(
            RoomLine(type=type, user=user, nick=nick, people=len(self.people), rev=self.rev)
        )


class HeadTimes:
    """When each room's head is due, by the room's name. Monotonic seconds."""

    def __init__(self) -> None:
        self._due: dict[str, tuple[float, int]] = {}
        self._next = float("inf")

    def spoke(self, room: str, now: float) -> None:
        """A record was published: the head is repeated once the room falls quiet."""
        self._set(room, now + HEAD_REPEATS[0], 0)

    def newcomer(self, room: str, now: float) -> None:
        """Somebody was granted the topic and waits for a sign."""
        due, step = self._due.get(room, (float("inf"), len(HEAD_REPEATS) - 1))
        if now + NEWCOMERS < due:
            self._set(room, now + NEWCOMERS, step)

    def due(self, now: float) -> list[str]:
        """The rooms whose head is to be said now; each is scheduled again, more rarely."""
        if now < self._next:
            return []
        rooms = [room for room, (at, _) in self._due.items() if at <= now]
        for room in rooms:
            step = min(self._due[room][1] + 1, len(HEAD_REPEATS) - 1)
            self._due[room] = (now + HEAD_REPEATS[step], step)
        self._next = min((at for at, _ in self._due.values()), default=float("inf"))
        return rooms

    def next(self) -> float:
        """When `due` is worth asking; infinity while no room ever spoke."""
        return self._next

    def forget(self, room: str) -> None:
        """Nobody is there to hear it."""
        self._due.pop(room, None)

    def _set(self, room: str, at: float, step: int) -> None:
        self._due[room] = (at, step)
        self._next = min(self._next, at)
