"""What the operator decides, and how much one person may send, make and read by it.

Owns the core's settings, which may change while people are here, and the token bucket. Pure, the
clock is passed in.
"""

from dataclasses import dataclass
from typing import Final, Literal

from common.protocol.limits import WIRE

MOST_DEEDS: Final = 250
"""Nicknames that may be taken at once."""
ROOM_HOURS: Final = 5
"""Hours of new rooms that may be made at once after a silence."""
READ_SECONDS: Final = 8
"""Seconds of reading that may be had at once after a silence."""
HOUR: Final = 3_600


@dataclass(frozen=True, kw_only=True)
class CoreSettings:
    """What the operator decides."""

    name: str = "Causette"
    plain: bool = False
    rate: float = 50.0
    """Messages a second for each person."""
    burst: float = 1_000.0
    """Messages that a person may send at once after a silence."""
    rooms_per_hour: float = 60.0
    """New rooms for each person."""
    read_rate: float = 32 * 1_048_576.0
    """Bytes of history a second for each person."""
    sessions: int = WIRE.sessions
    """Sessions that one person may have at a time."""
    subscriptions: int = 1_024
    """Different topics that one connection may ask for."""
    keep: float = 0.0
    """Seconds for which messages are kept in a room that says nothing else; 0: for ever."""
    keep_bytes: int = 0
    """Bytes of messages that are kept in such a room; 0: all."""
    access: Literal["open", "invite"] = "open"
    """Who may come in: whoever holds the join link, or who was invited or approved."""
    console: str = ""
    """The public key whose holder outranks everybody: the broker's own; '': nobody does."""
    claim: str = ""
    """The code by which the first owner is made; '': nobody becomes it so."""


class Bucket:
    """`rate` tokens a second, at most `burst` of them saved up. Full at the start."""

    __slots__ = ("burst", "filled", "rate", "tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate = rate
        self.burst = burst
        self.tokens = burst
        self.filled = now

    def wait(self, now: float, tokens: float = 1.0) -> float:
        """Takes one token and answers 0, or takes none and answers the seconds until there is one.
        Or several: of more than `burst`, whoever has that many takes the rest as a debt. Or none:
        answers how long a debt lasts.

        The clock is read into the bucket only when it looks empty: this is on the way of every
        message.
        """
        if self.tokens < tokens:
            self._fill(now)
            needed = min(tokens, self.burst)
            if self.tokens < needed:
                return (needed - self.tokens) / self.rate
        self.tokens -= tokens
        return 0.0

    def spend(self, amount: float) -> None:
        """Takes tokens that are there or not: for what is known only once it was had."""
        self.tokens -= amount

    def adopt(self, rate: float, burst: float, now: float) -> None:
        """Goes on with other numbers: what was saved up keeps its share of the burst, and a debt
        stays what it is."""
        self._fill(now)
        if self.tokens > 0:
            self.tokens *= burst / self.burst
        self.rate = rate
        self.burst = burst

    def _fill(self, now: float) -> None:
        self.tokens = min(self.burst, self.tokens + (now - self.filled) * self.rate)
        self.filled = now


class Allowance:
    """What one person may still do, over all sessions: to connect again is no way round it."""

    __slots__ = ("asks", "deeds", "reads", "rooms", "says")

    def __init__(self, settings: CoreSettings, now: float) -> None:
        self.says, self.asks, self.deeds, self.rooms, self.reads = (
            Bucket(rate, burst, now) for rate, burst in _numbers(settings)
        )

    def adopt(self, settings: CoreSettings, now: float) -> None:
        """Goes on with other numbers."""
        buckets = (self.says, self.asks, self.deeds, self.rooms, self.reads)
        for bucket, (rate, burst) in zip(buckets, _numbers(settings), strict=True):
            bucket.adopt(rate, burst, now)


def _numbers(settings: CoreSettings) -> tuple[tuple[float, float], ...]:
    """Rate and burst of each bucket of an allowance, in its order. `deeds` are kept for ever or
    told to many at once, such as nicknames."""
    rate, burst = settings.rate, max(settings.burst, 1.0)
    rooms, reads = settings.rooms_per_hour, settings.read_rate
    return (
        (rate, burst),
        (rate, burst),
        (rate / 50, max(burst * 0.3, MOST_DEEDS)),
        (rooms / HOUR, max(rooms * ROOM_HOURS, 1.0)),
        (reads, reads * READ_SECONDS),
    )
