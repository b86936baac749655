"""How much one person may send. Owns the token bucket; pure, the clock is passed in."""

from typing import Final

MOST_DEEDS: Final = 250
"""Rooms that may be made at once by whoever is in as many as a session may be."""


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
        Or several, which must not be more than `burst`.

        The clock is read into the bucket only when it looks empty: this is on the way of every
        message.
        """
        if self.tokens < tokens:
            self.tokens = min(self.burst, self.tokens + (now - self.filled) * self.rate)
            self.filled = now
            if self.tokens < tokens:
                return (tokens - self.tokens) / self.rate
        self.tokens -= tokens
        return 0.0


class Allowance:
    """What one person may still do, over all sessions: to connect again is no way round it."""

    __slots__ = ("asks", "deeds", "says")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.says = Bucket(rate, burst, now)
        self.asks = Bucket(rate, burst, now)
        self.deeds = Bucket(rate / 50, max(burst * 0.3, MOST_DEEDS), now)
        """What is kept for ever or told to many at once: new rooms and nicknames."""
