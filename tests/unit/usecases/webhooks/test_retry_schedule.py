"""When a failed webhook comes again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.usecases.webhooks.retry_schedule import MAX_ATTEMPTS, next_delay_ms


def test_delays_triple_up_to_an_hour_and_end() -> None:
    longest = [next_delay_ms(attempts, lambda: 1.0) for attempts in range(1, 9)]
    assert longest == [10_000, 30_000, 90_000, 270_000, 810_000, 2_430_000, 3_600_000, None]
    assert MAX_ATTEMPTS == 8


def test_the_jitter_is_full_but_for_a_second() -> None:
    assert [next_delay_ms(attempts, lambda: 0.0) for attempts in range(1, 9)] == [1_000] * 7 + [None]
    assert next_delay_ms(1, lambda: 0.5) == 5_500


@pytest.mark.parametrize(("seconds", "delay_ms"), [(None, 1_000), (0, 1_000), (5, 5_000), (999_999, 3_600_000)])
def test_a_server_that_names_its_time_is_given_it(seconds: int | None, delay_ms: int) -> None:
    assert next_delay_ms(1, lambda: 0.0, seconds) == delay_ms


@given(st.integers(1, 20), st.floats(0, 1, exclude_max=True), st.one_of(st.none(), st.integers(0, 10**6)))
def test_never_at_once_never_after_more_than_an_hour(attempts: int, chance: float, seconds: int | None) -> None:
    delay_ms = next_delay_ms(attempts, lambda: chance, seconds)
    assert delay_ms is None if attempts >= MAX_ATTEMPTS else 1_000 <= delay_ms <= 3_600_000
