"""Seconds and minutes of a call: what has begun counts."""

import pytest

from ringfence.domain.call_duration import billed_minutes, talked_seconds

NOW = 1_700_000_000_000


@pytest.mark.parametrize(
    ("length_ms", "seconds", "minutes"),
    [(0, 0, 1), (1, 1, 1), (1_000, 1, 1), (1_001, 2, 1), (60_000, 60, 1), (60_001, 61, 2), (-5_000, 0, 1)],
)
def test_what_has_begun_counts(length_ms, seconds, minutes):
    assert talked_seconds(NOW, NOW + length_ms) == seconds
    assert billed_minutes(NOW, NOW + length_ms) == minutes


def test_what_was_never_answered_is_free():
    assert talked_seconds(None, NOW) == 0
    assert billed_minutes(None, NOW) == 0


def test_what_goes_on_has_begun():
    assert talked_seconds(NOW, None) == 0
    assert billed_minutes(NOW, None) == 1
