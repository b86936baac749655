"""The token bucket: what one person may send, at the border to the token."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.broker.limits import Bucket


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
