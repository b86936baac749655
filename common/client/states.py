"""What a conversation is besides its rooms: the line to the broker, what is wanted, what failed.

Owns their shapes. Pure; times called `now` are milliseconds since 1970 by this machine's clock.
"""

from dataclasses import dataclass, field
from typing import Literal

from common.client.events import Values


@dataclass(frozen=True)
class Fetch:
    """A page of history is wanted: the newest lines, or those before a number."""

    room: str
    before: int | None
    limit: int


@dataclass
class Link:
    """The line to the broker. `joining` is before the first link."""

    state: Literal["joining", "up", "down"] = "joining"
    code: str = ""
    reason: str = ""
    retry_at: int = 0
    """When the next try is made."""
    caught: int = 0
    """Records fetched since the link came back."""
    waiting: set[str] = field(default_factory=set)
    """Rooms that are not complete yet."""
    holes: bool = False
    """Something was left out or rolled back: "no gap" would be untrue."""
    back_until: int = 0

    def seconds(self, now: int) -> int:
        """Seconds until the next try, rounded up; 0 while one is under way."""
        return max(0, -((now - self.retry_at) // 1000))


@dataclass
class Failure:
    code: str
    text: str
    values: Values
