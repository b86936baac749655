"""What the broker does by the clock: in time, a little at a time, and with words."""

from common.broker.chores import EVERY, FIRST, HOUR, Chores, Policies
from common.broker.retention import Dropped

WALL = 1_700_000_000_000


class Bench:
    """Chores with everything around them made up."""

    def __init__(self, policies: Policies, portions: int = 1) -> None:
        self.records = 4_711
        self.bytes = 2_000_000
        self.policies = policies
        self.portions = portions
        self.calls: list[tuple[Policies, int]] = []
        self.said: list[tuple[str, str]] = []
        self.chores = Chores(
            self, 0.0, lambda: self.policies, lambda level, words: self.said.append((level, words))
        )

    def size(self) -> int:
        return self.bytes

    def retain(self, policies: Policies, wall: int) -> Dropped:
        self.calls.append((policies, wall))
        return Dropped(1_000, 600_000, len(self.calls) < self.portions)

    def run(self, until: float) -> list[float]:
        """Ticks whenever something is due; when that was."""
        ticks = []
        while self.chores.due <= until:
            ticks.append(self.chores.due)
            self.chores.tick(self.chores.due, WALL)
        return ticks


def test_old_messages_are_dropped_a_while_after_the_start_and_then_again() -> None:
    bench = Bench({1: (60.0, 0)})
    assert bench.run(FIRST + 2 * EVERY) == [FIRST, FIRST + EVERY, FIRST + 2 * EVERY]
    assert bench.calls == [({1: (60.0, 0)}, WALL)] * 3


def test_much_is_dropped_in_portions_between_which_people_have_their_turn() -> None:
    bench = Bench({1: (60.0, 0)}, portions=3)
    assert bench.run(FIRST + 1) == [FIRST] * 3
    assert bench.chores.due == FIRST + EVERY
    words = "dropped 3000 old records, 1.8 MB: they were not to be kept any longer"
    assert bench.said == [("info", words)]


def test_where_everything_is_kept_the_file_is_left_alone() -> None:
    bench = Bench({})
    bench.run(FIRST + 3 * EVERY)
    assert bench.calls == []
    bench.policies = {2: (0.0, 1_000)}
    bench.run(FIRST + 4 * EVERY)
    assert bench.calls == [({2: (0.0, 1_000)}, WALL)]


def test_each_hour_the_log_says_what_the_file_grew_by() -> None:
    bench = Bench({})
    bench.run(HOUR - 1)
    assert bench.said == []
    bench.bytes = 3_500_000
    bench.run(HOUR)
    words = "the database has 3.5 MB; 1.5 MB more than an hour ago; 4711 records"
    assert bench.said == [("info", words)]
    bench.run(2 * HOUR)
    assert "3.5 MB; 0.0 MB more" in bench.said[1][1]
