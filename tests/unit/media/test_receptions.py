"""The counts of all legs at once: row by row the same as those of one source alone."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.media.reception import MAX_DROPOUT, Reception
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


@settings(max_examples=50)
@given(st.lists(st.integers(0, 3), min_size=3, max_size=80), st.integers(0, 2))
def test_a_report_says_what_the_reference_says_each_time(gaps: list[int], noise_ms: int) -> None:
    receptions, reference = Receptions(ROWS), Reception(ssrc=7, clock_rate_hz=RATE_HZ)
    number = 65_500
    for place, gap in enumerate(gaps):
        number += 1 + gap
        at_ms = number * 20.0 + (place % 3) * noise_ms * 8
        take(receptions, 3, number, number * 160, at_ms)
        reference.take(number & 0xFFFF, number * 160 & 0xFFFFFFFF, at_ms)
        if place % 5 == 4:
            ours = receptions.block(3, ssrc=7, now_ms=0, rate_hz=RATE_HZ)
            theirs = reference.block(0)
            assert (ours.ssrc, ours.fraction_lost, ours.lost) == (7, theirs.fraction_lost, theirs.lost)
            assert ours.highest_sequence == theirs.highest_sequence
            assert abs(ours.jitter - theirs.jitter) <= 1
            assert (ours.last_report, ours.delay) == (0, 0)


def test_packets_as_far_back_as_are_told_apart_are_and_none_further() -> None:
    receptions = Receptions(ROWS)
    take(receptions, 0, 1_000)
    take(receptions, 0, 1_000 + WINDOW)
    assert take(receptions, 0, 1_001)
    assert not take(receptions, 0, 1_001)
    assert not take(receptions, 0, 1_000)
    assert take(receptions, 0, 1_002)
    take(receptions, 0, 1_000 + 2 * WINDOW)
    # What came before is out of sight, and what has not come is not thought to have.
    assert [take(receptions, 0, 1_000 + WINDOW + step) for step in range(1, WINDOW)] == [True] * (WINDOW - 1)


def test_what_was_heard_is_remembered_across_a_gap_of_any_size_within_sight() -> None:
    for gap in range(1, WINDOW):
        receptions = Receptions(ROWS)
        take(receptions, 0, 500)
        take(receptions, 0, 500 + gap)
        assert not take(receptions, 0, 500), gap
        assert all(take(receptions, 0, 500 + step) for step in range(1, gap))


def test_a_jump_of_just_as_much_as_may_be_is_taken_and_a_further_one_is_not() -> None:
    receptions = Receptions(ROWS)
    take(receptions, 0, 1)
    assert take(receptions, 0, 1 + MAX_DROPOUT)
    assert not take(receptions, 0, 2 + 2 * MAX_DROPOUT)


def test_the_first_stray_number_is_one_whatever_it_is() -> None:
    for stray in (0, 1, 65_534, 65_535):
        receptions = Receptions(ROWS)
        take(receptions, 0, 30_000)
        assert not take(receptions, 0, stray)
        assert take(receptions, 0, 30_001)
        assert not take(receptions, 0, stray)
        receptions.restart(0)
        take(receptions, 0, 30_000)
        assert not take(receptions, 0, stray)
        receptions.clear(0)
        take(receptions, 0, 30_000)
        assert not take(receptions, 0, stray)


def test_streams_that_began_anew_add_up_however_many_there_were() -> None:
    receptions = Receptions(ROWS)
    for first in (10, 5_000, 70):
        for step in (0, 1, 3):
            take(receptions, 1, first + step)
        receptions.restart(1)
    assert (receptions.total_received(1), receptions.total_expected(1), receptions.lost(1)) == (9, 12, 3)


def test_a_leg_in_a_row_that_had_another_begins_with_nothing() -> None:
    receptions = Receptions(ROWS)
    for number in range(20):
        take(receptions, 0, number, number * 160, number * 20.0 + number % 2 * 9)
    receptions.sender_report(0, 5, 1.0)
    receptions.clear(0)
    assert receptions.jitter_ms(0) == 0
    for number in range(3):
        assert take(receptions, 0, 40_000 + number, number * 160, 9_000 + number * 20.0)
    assert receptions.jitter_ms(0) == 0
    block = receptions.block(0, ssrc=1, now_ms=5_000, rate_hz=RATE_HZ)
    assert (block.last_report, block.delay, block.lost) == (0, 0, 0)


def test_a_stream_that_began_anew_quotes_no_report_of_the_one_before() -> None:
    receptions = Receptions(ROWS)
    take(receptions, 0, 1)
    receptions.sender_report(0, 5, 1.0)
    receptions.restart(0)
    take(receptions, 0, 900)
    block = receptions.block(0, ssrc=1, now_ms=5_000, rate_hz=RATE_HZ)
    assert (block.last_report, block.delay) == (0, 0)


def test_a_keys_packets_take_no_part_in_the_jitter() -> None:
    receptions = Receptions(ROWS)
    for number in range(20):
        timed = number % 4 != 3
        receptions.take(
            np.array([0]),
            np.array([number]),
            np.array([number * 160 if timed else 77]),
            np.array([timed]),
            number * 20.0,
            np.array([RATE_HZ]),
        )
    assert receptions.jitter_ms(0) == 0
    assert receptions.total_received(0) == 20


def test_each_change_of_transit_counts_a_sixteenth_and_a_leap_of_five_seconds_not_at_all() -> None:
    receptions = Receptions(ROWS)
    take(receptions, 0, 1, 160, 20.0)
    take(receptions, 0, 2, 320, 40.0 + 32.0)
    assert receptions.jitter_ms(0) == 2.0
    take(receptions, 0, 3, 480, 60.0 + 32.0 + 5_000.0)
    assert receptions.jitter_ms(0) == 2.0
    take(receptions, 0, 4, 640, 80.0 + 32.0 + 5_000.0 + 4_999.0)
    assert receptions.jitter_ms(0) == 2.0 + (4_999.0 - 2.0) / 16


def test_a_timestamp_that_wraps_is_no_jitter_and_one_that_goes_back_is() -> None:
    receptions = Receptions(ROWS)
    for number in range(6):
        take(receptions, 0, number, 2**32 - 480 + number * 160, number * 20.0)
    assert receptions.jitter_ms(0) == 0
    take(receptions, 0, 6, 320, 120.0)
    assert receptions.jitter_ms(0) == 20 / 16
