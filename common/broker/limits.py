"""How much one person may send. Owns the token bucket; pure, the clock is passed in."""


class Bucket:
    """`rate` tokens a second, at most `burst` of them saved up. Full at the start."""

    __slots__ = ("burst", "filled", "rate", "tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate = rate
        self.burst = burst
        self.tokens = burst
        self.filled = now

    def wait(self, now: float) -> float:
        """Takes one token and answers 0, or takes none and answers the seconds until there is one.

        The clock is read into the bucket only when it looks empty: this is on the way of every
        message.
        """
        if self.tokens < 1.0:
            self.tokens = min(self.burst, self.tokens + (now - self.filled) * self.rate)
            self.filled = now
            if self.tokens < 1.0:
                return (1.0 - self.tokens) / self.rate
        self.tokens -= 1.0
        return 0.0
