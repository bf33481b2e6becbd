"""The counts of all legs at once: row by row the same as those of one source alone."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.media.reception import Reception
from ringfence.media.receptions import WINDOW, Receptions

ROWS = 4
RATE_HZ = 8_000


def take(receptions: Receptions, row: int, sequence: int, timestamp: int = 0, at_ms: float = 0.0) -> bool:
    return bool(
        receptions.take(
            np.array([row]),
            np.array([sequence & 0xFFFF]),
            np.array([timestamp & 0xFFFFFFFF]),
            np.array([True]),
            at_ms,
            np.array([RATE_HZ]),
        )[0]
    )


@settings(max_examples=200)
@given(
    st.integers(0, 65_535),
    st.lists(st.lists(st.integers(-20, 40), min_size=ROWS, max_size=ROWS), min_size=1, max_size=60),
)
def test_each_row_counts_as_the_reference_does(first: int, steps: list[list[int]]) -> None:
    receptions = Receptions(ROWS)
    references = [Reception(ssrc=row, clock_rate_hz=RATE_HZ) for row in range(ROWS)]
    at = [first] * ROWS
    every = np.arange(ROWS)
    for number, row_steps in enumerate(steps):
        at = [place + step for place, step in zip(at, row_steps, strict=True)]
        sequences = [place & 0xFFFF for place in at]
        timestamps = [place * 160 & 0xFFFFFFFF for place in at]
        now_ms = number * 20.0
        accepted = receptions.take(
            every,
            np.array(sequences),
            np.array(timestamps),
            np.ones(ROWS, bool),
            now_ms,
            np.full(ROWS, RATE_HZ),
        )
        for row in range(ROWS):
            # The reference remembers 65,536 packets, a row no more than its window.
            old = WINDOW <= (int(receptions._highest[row]) - sequences[row]) & 0xFFFF < 0x8000
            if not old:
                assert references[row].take(sequences[row], timestamps[row], now_ms) == accepted[row]
    for row, reference in enumerate(references):
        if reference.received == receptions.received[row]:
            assert receptions.lost(row) == reference.lost
            assert receptions.expected(row) == reference.expected
            block = receptions.block(row, ssrc=row, now_ms=0, rate_hz=RATE_HZ)
            theirs = reference.block(0)
            assert (block.fraction_lost, block.lost) == (theirs.fraction_lost, theirs.lost)
            assert block.highest_sequence & 0xFFFF == theirs.highest_sequence & 0xFFFF


def test_even_packets_have_no_jitter_and_uneven_ones_have() -> None:
    receptions, reference = Receptions(ROWS), Reception(ssrc=1, clock_rate_hz=RATE_HZ)
    for number in range(50):
        at_ms = number * 20.0 + (number % 3) * 5
        take(receptions, 0, number, number * 160, number * 20.0)
        take(receptions, 1, number, number * 160, at_ms)
        reference.take(number, number * 160, at_ms)
    assert receptions.jitter_ms(0) == 0
    assert receptions.jitter_ms(1) > 2
    assert abs(receptions.jitter_ms(1) - reference.jitter_ms) < 0.5


def test_a_repeated_packet_is_counted_once_and_a_late_one_is_taken() -> None:
    receptions = Receptions(ROWS)
    assert [take(receptions, 2, number) for number in (5, 7, 7, 6, 6, 5)] == [True, True, False, True, False, False]
    assert (receptions.total_received(2), receptions.repeated[2], receptions.late[2]) == (3, 3, 1)
    assert receptions.lost(2) == 0


def test_a_packet_far_back_counts_as_repeated() -> None:
    receptions = Receptions(ROWS)
    take(receptions, 0, 1_000)
    assert not take(receptions, 0, 1_000 - WINDOW)


def test_one_stray_number_is_left_and_two_in_a_row_are_a_new_beginning() -> None:
    receptions = Receptions(ROWS)
    take(receptions, 0, 10)
    assert not take(receptions, 0, 30_000)
    assert take(receptions, 0, 11)
    assert not take(receptions, 0, 30_001)
    assert take(receptions, 0, 30_002)
    assert take(receptions, 0, 30_003)


def test_what_was_lost_before_a_stream_began_anew_still_counts() -> None:
    receptions = Receptions(ROWS)
    for number in (1, 2, 4):
        take(receptions, 0, number)
    receptions.restart(0)
    for number in (900, 902):
        take(receptions, 0, number)
    assert (receptions.total_received(0), receptions.total_expected(0), receptions.lost(0)) == (5, 7, 2)
    receptions.clear(0)
    assert (receptions.total_received(0), receptions.lost(0)) == (0, 0)


def test_a_sender_report_is_quoted() -> None:
    receptions = Receptions(ROWS)
    take(receptions, 0, 1)
    receptions.sender_report(0, 0xABCD, 1_000)
    block = receptions.block(0, ssrc=9, now_ms=3_000, rate_hz=RATE_HZ)
    assert (block.last_report, block.delay) == (0xABCD, 2 * 65_536)
