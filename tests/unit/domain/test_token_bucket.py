"""A token bucket lets its rate through, a burst at once, and no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.token_bucket import TokenBucket


def test_a_burst_goes_at_once_and_then_the_rate_holds() -> None:
    bucket = TokenBucket(10, burst=5)
    assert bucket.take(8, 0) == 5
    assert bucket.take(8, 0) == 0
    assert bucket.take(8, 100) == 1
    assert bucket.take(8, 300) == 2


def test_waiting_is_told_in_milliseconds() -> None:
    bucket = TokenBucket(4, burst=1)
    assert bucket.wait_ms(0) == 0
    assert bucket.take(1, 0) == 1
    assert bucket.wait_ms(0) == 250
    assert bucket.wait_ms(200) == 50
    assert bucket.wait_ms(250) == 0


def test_a_wait_is_never_rounded_down_to_nothing() -> None:
    bucket = TokenBucket(10_000, burst=1)
    assert bucket.take(1, 0) == 1
    assert bucket.wait_ms(0) == 1


def test_what_is_given_back_can_be_taken_again_but_not_beyond_the_burst() -> None:
    bucket = TokenBucket(1, burst=3)
    assert bucket.take(2, 0) == 2
    bucket.give_back(2)
    bucket.give_back(5)
    assert bucket.take(9, 0) == 3


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = TokenBucket(1000, burst=1, now_ms=500)
    assert bucket.take(1, 500) == 1
    assert bucket.take(1, 400) == 0
    assert bucket.take(1, 500) == 0


@pytest.mark.parametrize(("rate_mps", "burst"), [(0, 1), (-1, 1), (1, 0.5)])
def test_a_rate_that_means_nothing_is_refused(rate_mps: float, burst: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        TokenBucket(rate_mps, burst=burst)


@given(
    rate_mps=st.floats(0.5, 500),
    burst=st.integers(1, 50),
    steps=st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 100)), max_size=40),
)
def test_over_any_time_no_more_than_burst_plus_rate_goes_through(
    rate_mps: float, burst: int, steps: list[tuple[int, int]]
) -> None:
    bucket = TokenBucket(rate_mps, burst=burst)
    now_ms = 0
    gone = 0
    for passed_ms, wanted in steps:
        now_ms += passed_ms
        gone += bucket.take(wanted, now_ms)
    assert gone <= burst + rate_mps * now_ms / 1000 + 1e-6


def test_what_is_available_is_what_may_be_taken():
    bucket = TokenBucket(2, burst=3)
    assert bucket.available(0) == 3
    bucket.take(2, 0)
    assert bucket.available(499) == 1
    assert bucket.available(500) == 2
    assert bucket.take(9, 500) == 2
    assert bucket.available(500) == 0
