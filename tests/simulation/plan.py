"""What one seed means: how many people, which weather, how low the limits. Owns numbers only."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything about a run that is decided before it. Probabilities are for each frame, crash
    point or effect; times are seconds."""

    clients: int
    rooms: list[str]
    steps: int
    """Things that people do."""
    lasting: float
    """Seconds within which they do them; then the faults stop."""
    wild: bool
    """Frames may be doubled and overtake one another, which no TCP connection does."""
    delay: float
    lost_up: float
    lost_down: float
    refused_grants: float
    broker_dies: float
    client_dies: float
    cuts: int
    freezes: int
    full_disks: int
    full_clients: int
    clock_steps: int
    restores: int
    rate: float
    burst: float
    page_cap: int
    slow_reads: float
    """How many pages and look-ups take seconds."""
    atomic: bool
    """A program that keeps display and cursor together; else the cursor follows a moment later."""

    @classmethod
    def of(cls, rng: Random) -> "Plan":
        """The plan that a seed's generator draws; most faults are absent from most runs."""

        def sometimes(chance: float, value: float) -> float:
            return value * rng.random() if rng.random() < chance else 0.0

        def count(chance: float, most: int) -> int:
            return rng.randint(1, most) if rng.random() < chance else 0

        slow = rng.random() < 0.3
        return cls(
            clients=rng.randint(2, 4),
            rooms=["general", "salon", "été"][: rng.randint(1, 3)],
            steps=rng.randint(10, 60),
            lasting=rng.choice([3.0, 10.0, 25.0]),
            wild=rng.random() < 0.4,
            delay=rng.choice([0.002, 0.02, 0.4]),
            lost_up=sometimes(0.5, 0.2),
            lost_down=sometimes(0.6, 0.3),
            refused_grants=sometimes(0.3, 0.4),
            broker_dies=sometimes(0.4, 0.02),
            client_dies=sometimes(0.4, 0.02),
            cuts=count(0.5, 6),
            freezes=count(0.2, 2),
            full_disks=count(0.25, 3),
            full_clients=count(0.2, 2),
            clock_steps=count(0.3, 4),
            restores=count(0.12, 1),
            rate=rng.choice([1.0, 3.0]) if slow else 50.0,
            burst=rng.choice([1.0, 4.0]) if slow else 1_000.0,
            page_cap=rng.choice([2, 5, 1_000]),
            slow_reads=rng.choice([0.0, 0.1, 0.5]),
            atomic=rng.random() < 0.7,
        )
