"""The token bucket: what one person may send and read, at the border to the token."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.broker.limits import Allowance, Bucket, CoreSettings


def test_a_burst_passes_and_one_more_waits() -> None:
    bucket = Bucket(2.0, 5.0, 100.0)
    assert [bucket.wait(100.0) for _ in range(5)] == [0.0] * 5
    assert bucket.wait(100.0) == 0.5


def test_who_waits_as_long_as_told_passes() -> None:
    bucket = Bucket(3.0, 1.0, 0.0)
    now = 0.0
    for _ in range(1_000):
        wait = bucket.wait(now)
        if wait:
            now += wait + 1e-9
            assert bucket.wait(now) == 0.0


def test_waiting_takes_no_token() -> None:
    bucket = Bucket(1.0, 1.0, 0.0)
    bucket.wait(0.0)
    for _ in range(100):
        assert bucket.wait(0.5) == pytest.approx(0.5)
    assert bucket.wait(1.0) == 0.0


def test_a_long_silence_saves_up_no_more_than_the_burst() -> None:
    bucket = Bucket(10.0, 3.0, 0.0)
    for _ in range(3):
        bucket.wait(0.0)
    passed = sum(bucket.wait(1e6) == 0.0 for _ in range(100))
    assert passed == 3


@given(
    st.floats(0.1, 100),
    st.floats(1, 50),
    st.lists(st.floats(0, 5), max_size=300),
)
def test_never_more_than_the_burst_and_the_rate(
    rate: float, burst: float, gaps: list[float]
) -> None:
    bucket, now, passed = Bucket(rate, burst, 0.0), 0.0, 0
    for gap in gaps:
        now += gap
        passed += bucket.wait(now) == 0.0
        assert passed <= burst + now * rate + 1e-6


def test_who_asks_for_more_than_the_burst_waits_for_all_of_it_and_owes_the_rest() -> None:
    bucket = Bucket(1.0, 10.0, 0.0)
    bucket.wait(0.0)
    assert bucket.wait(0.0, 25.0) == 1.0
    assert bucket.wait(1.0, 25.0) == 0.0
    assert bucket.wait(1.0) == 16.0


def test_what_was_had_is_owed_and_the_debt_lasts_as_long_as_told() -> None:
    bucket = Bucket(100.0, 800.0, 0.0)
    assert bucket.wait(0.0, 0.0) == 0.0
    bucket.spend(1_000.0)
    assert bucket.wait(0.0, 0.0) == pytest.approx(2.0)
    assert bucket.wait(1.5, 0.0) == pytest.approx(0.5)
    assert bucket.wait(2.0, 0.0) == 0.0


def test_other_numbers_hold_at_once_and_give_nothing_away() -> None:
    bucket = Bucket(1.0, 100.0, 0.0)
    for _ in range(50):
        bucket.wait(0.0)
    bucket.adopt(2.0, 10.0, 0.0)
    assert sum(bucket.wait(0.0) == 0.0 for _ in range(20)) == 5
    assert bucket.wait(0.0) == 0.5
    for _ in range(100):  # to and fro is no way to be given anything
        bucket.adopt(2.0, 1_000.0, 0.0)
        bucket.adopt(2.0, 10.0, 0.0)
    assert bucket.wait(0.0) == 0.5


def test_a_debt_outlives_other_numbers() -> None:
    bucket = Bucket(1.0, 1.0, 0.0)
    bucket.spend(11.0)
    bucket.adopt(10.0, 1_000.0, 0.0)
    assert bucket.wait(0.0, 0.0) == pytest.approx(1.0)


def test_an_allowance_follows_each_number_of_the_configuration() -> None:
    allowance = Allowance(CoreSettings(), 0.0)
    assert (allowance.rooms.burst, allowance.rooms.rate) == (300.0, 1 / 60)
    assert allowance.reads.burst == 8 * allowance.reads.rate == 256 << 20
    allowance.adopt(CoreSettings(rate=5, burst=7, rooms_per_hour=2, read_rate=1_000), 0.0)
    assert (allowance.says.rate, allowance.says.burst) == (5, 7)
    assert (allowance.asks.rate, allowance.asks.burst) == (5, 7)
    assert allowance.deeds.burst >= 200, "a session may be in so many rooms, by as many names"
    assert (allowance.rooms.burst, allowance.rooms.rate) == (10, 2 / 3_600)
    assert (allowance.reads.rate, allowance.reads.burst) == (1_000, 8_000)
