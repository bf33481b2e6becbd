"""How much sound a packet holds: as much as is wanted, of what can be sent, and never more than may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.packet_time import PACKET_TIMES_MS, packet_time_ms

LENGTHS = st.none() | st.integers(1, 1_000)


@pytest.mark.parametrize(
    ("wanted_ms", "most_ms", "sent_ms"),
    [
        (None, None, 20),
        (10, None, 10),
        (30, None, 30),
        (40, 60, 40),
        (60, None, 60),
        (20, 10, 10),
        (None, 15, 10),
        (None, 40, 20),
        (50, None, 40),
        (120, None, 60),
        (120, 30, 30),
        (5, None, 10),
    ],
)
def test_what_is_sent(wanted_ms: int | None, most_ms: int | None, sent_ms: int) -> None:
    assert packet_time_ms(wanted_ms, most_ms) == sent_ms


@given(LENGTHS, LENGTHS)
def test_it_is_one_of_ours_and_longer_than_no_bound_that_can_be_kept(
    wanted_ms: int | None, most_ms: int | None
) -> None:
    sent_ms = packet_time_ms(wanted_ms, most_ms)
    assert sent_ms in PACKET_TIMES_MS
    assert sent_ms <= max(10, min(wanted_ms or 20, most_ms or 60))
