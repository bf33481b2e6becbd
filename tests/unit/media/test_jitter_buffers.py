"""Jitter buffers: whatever the network does, sound comes out in order, once, and soon."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.media.jitter_buffers import DEPTH, FRAME, HALF, MAX_DELAY, JitterBuffers

ROW = 1
BASE = 2**32 - 5 * FRAME


class Stream:
    """A sender whose packet number n says n + 1 in every sample, and a buffer that is played a frame a tick."""

    def __init__(self, halves: int = 2) -> None:
        self.buffers = JitterBuffers(3)
        self.halves = halves
        self.out = np.zeros((3, FRAME), np.int16)

    def put(self, number: int, *, base: int = BASE) -> None:
        rows = np.array([ROW])
        timestamp = np.array([(base + number * self.halves * HALF) & 0xFFFFFFFF])
        sound = np.full((1, self.halves * HALF), number + 1, np.int16)
        self.buffers.put(rows, self.buffers.place(rows, timestamp, self.halves), sound)

    def take(self) -> int | None:
        """The number that plays now, 0 for concealment, None while nothing runs."""
        whole, running = self.buffers.take(self.out)
        assert not running[0]
        if not running[ROW]:
            return None
        return int(self.out[ROW, 0]) if whole[ROW] else 0


def played(arrivals: list[list[int]], more: int = 0) -> list[int | None]:
    """What plays when the packets of each tick arrive in it, and nothing for some ticks more."""
    stream = Stream()
    heard = []
    for numbers in [*arrivals, *[[]] * more]:
        for number in numbers:
            stream.put(number)
        heard.append(stream.take())
    return heard


def test_even_packets_play_one_after_the_other_a_frame_later() -> None:
    assert played([[0], [1], [2], [3]], more=1) == [0, 1, 2, 3, 4]


def test_nothing_plays_before_the_first_packet() -> None:
    assert played([[], [], [0]], more=1) == [None, None, 0, 1]


def test_a_swapped_pair_plays_in_order() -> None:
    assert played([[0], [2], [1], [3]], more=1) == [0, 1, 2, 3, 4]


def test_a_repeated_packet_plays_once() -> None:
    assert played([[0], [1, 1, 0], [2]], more=1) == [0, 1, 2, 3]


def test_a_lost_packet_is_one_frame_of_concealment() -> None:
    assert played([[0], [], [2], [3]], more=1) == [0, 1, 0, 3, 4]


def test_a_packet_that_comes_after_its_turn_is_counted_and_not_played() -> None:
    stream = Stream()
    heard = []
    for numbers in [[0], [], [2], [3, 1], [4]]:
        for number in numbers:
            stream.put(number)
        heard.append(stream.take())
    assert heard == [0, 1, 0, 3, 4]
    assert stream.buffers.late[ROW] == 1


def test_packets_that_are_late_again_and_again_make_the_delay_grow_until_they_are_in_time() -> None:
    # From the fifth on every packet takes three ticks longer.
    arrivals = [[number] for number in range(5)] + [[]] * 3 + [[number] for number in range(5, 40)]
    heard = played(arrivals)
    assert heard[-20:] == list(range(heard[-20], heard[-20] + 20))  # type: ignore[operator]
    assert 0 not in heard[-20:]


def test_packets_of_which_every_other_one_is_late_make_the_delay_grow_too() -> None:
    # Each pair comes the wrong way round.
    heard = played([[number ^ 1] for number in range(40)])
    assert heard[-20:] == list(range(heard[-20], heard[-20] + 20))  # type: ignore[operator]


def test_a_late_packet_now_and_then_leaves_the_delay_as_it_is() -> None:
    stream = Stream()
    late = []
    for number in range(300):
        if number % 60 == 59:
            late.append(number)
        else:
            stream.put(number)
        stream.take()
        if number % 60 == 2 and late:
            stream.put(late.pop())
    assert stream.buffers.late[ROW] == 4
    assert stream.buffers.delay_ms(ROW) <= 20


def test_a_delay_that_is_not_needed_shrinks_again() -> None:
    stream = Stream()
    # A burst: five packets in the first tick, and even ones after it.
    for number in range(5):
        stream.put(number)
    ahead = []
    for number in range(5, 700):
        stream.put(number)
        stream.take()
        ahead.append(stream.buffers.delay_ms(ROW))
    assert ahead[0] >= 100
    assert ahead[-1] <= 60


@pytest.mark.parametrize("halves", [1, 2, 3, 4, 6])
def test_packets_of_any_usual_length_play_without_a_gap(halves: int) -> None:
    stream = Stream(halves)
    heard = []
    sent = 0
    for tick in range(60):
        while sent * halves <= tick * 2:
            stream.put(sent)
            sent += 1
        heard.append(stream.take())
    assert 0 not in heard[halves + 1 :]


@pytest.mark.parametrize("jump", [10**6, -(10**6)])
def test_a_stream_whose_clock_jumps_is_played_on(jump: int) -> None:
    stream = Stream()
    for number in range(10):
        stream.put(number)
        stream.take()
    heard = []
    for number in range(100, 120):
        stream.put(number, base=BASE + jump * HALF)
        heard.append(stream.take())
    assert heard[-10:] == list(range(heard[-10], heard[-10] + 10))  # type: ignore[operator]
    assert (heard[-1] or 0) >= 118


def test_a_row_that_was_cleared_begins_anew() -> None:
    stream = Stream()
    stream.put(0)
    stream.take()
    stream.buffers.clear(ROW)
    assert stream.take() is None
    stream.put(7)
    assert [stream.take(), stream.take()] == [0, 8]


@settings(max_examples=300)
@given(
    st.lists(
        st.lists(st.integers(0, 60), max_size=4),
        min_size=1,
        max_size=80,
    )
)
def test_whatever_arrives_in_whatever_order_plays_in_order_once_and_within_a_bounded_delay(
    arrivals: list[list[int]],
) -> None:
    # Numbers near each tick's own, so that they are one stream: early, late, missing and repeated as drawn.
    shifted = [
        [tick + offset - 30 for offset in offsets if tick + offset >= 30] for tick, offsets in enumerate(arrivals)
    ]
    stream, taken = Stream(), set[int]()
    heard: list[int] = []
    for numbers in shifted:
        for number in numbers:
            # Repetitions are told apart by their number before (media/receptions.py).
            if number not in taken:
                stream.put(number)
            taken.add(number)
            assert 0 <= stream.buffers.delay_ms(ROW) <= DEPTH * 10
        playing = stream.take()
        if playing:
            heard.append(playing)
    assert len(set(heard)) == len(heard)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=20, max_size=150))
def test_a_network_that_delays_and_loses_within_bounds_never_makes_sound_go_back(
    network: list[tuple[int, bool]],
) -> None:
    arriving: dict[int, list[int]] = {}
    for number, (delay, lost) in enumerate(network):
        if not lost:
            arriving.setdefault(number + delay, []).append(number)
    stream = Stream()
    heard = []
    for tick in range(len(network) + 10):
        for number in arriving.get(tick, []):
            stream.put(number)
        heard.append(stream.take())
        assert stream.buffers.delay_ms(ROW) <= (MAX_DELAY + DEPTH) * 10
    sounding = [number for number in heard if number]
    assert sounding == sorted(set(sounding))
