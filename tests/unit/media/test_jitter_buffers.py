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


def test_a_row_lacks_its_frame_when_it_is_due_and_nothing_of_it_has_come() -> None:
    stream = Stream(halves=1)
    lacks = stream.buffers.lacks
    assert not lacks(ROW)
    stream.put(0)
    # The first frame waits a frame for the others.
    assert lacks(ROW)
    stream.take()
    assert not lacks(ROW)
    stream.take()
    assert lacks(ROW)
    stream.put(3)
    assert not lacks(ROW)
    stream.take()
    stream.put(4)
    assert not lacks(ROW)
    assert not lacks(0)


def test_while_a_row_waits_for_late_packets_it_lacks_nothing() -> None:
    stream = Stream()
    stream.put(0)
    for _ in range(4):
        stream.take()
    for number in (1, 2):
        stream.put(number)
    assert not stream.buffers.lacks(ROW)
    waited = stream.buffers.next_half(ROW)
    stream.take()
    assert stream.buffers.next_half(ROW) == waited


@pytest.mark.parametrize("which", ["one", "all"])
def test_a_stream_that_begins_anew_leaves_what_was_stored_and_keeps_its_counts(which: str) -> None:
    stream = Stream()
    for numbers in [[0], [], [2], [1], [5, 6, 7]]:
        for number in numbers:
            stream.put(number)
        stream.take()
    assert stream.buffers.late[ROW] == 1
    if which == "one":
        stream.buffers.restart(ROW)
    else:
        stream.buffers.restart_all()
    assert stream.take() is None
    assert not stream.buffers.lacks(ROW)
    stream.put(40, base=123)
    assert [stream.take(), stream.take(), stream.take()] == [0, 41, 0]
    assert stream.buffers.late[ROW] == 1
    stream.buffers.clear(ROW)
    assert stream.buffers.late[ROW] == 0


def test_packets_up_to_the_end_of_the_buffer_are_kept_and_none_beyond() -> None:
    stream = Stream()
    stream.put(0)
    stream.put(DEPTH // 2 - 2)
    heard = [stream.take() for _ in range(DEPTH // 2)]
    assert (heard[1], heard[-1]) == (1, DEPTH // 2 - 1)
    # One further ahead than fits is a stream on another clock.
    far = Stream()
    far.put(0)
    far.put(DEPTH // 2 - 1)
    assert [far.take() for _ in range(2)] == [0, DEPTH // 2]


def test_half_a_frame_is_heard_twice_where_the_other_half_is_missing() -> None:
    for missing, heard in ((0, 4), (1, 3)):
        stream = Stream(halves=1)
        for number in (0, 1, 2, 3):
            if number != 2 + missing:
                stream.put(number)
        stream.take()
        stream.take()
        assert stream.take() == heard
        assert stream.out[ROW].tolist() == [heard] * FRAME


def test_a_stream_on_another_clock_is_settled_in_its_own_time() -> None:
    stream = Stream()
    stream.buffers.clear(ROW, clock_rate_hz=48_000)
    rows = np.array([ROW])
    for number in range(4):
        sound = np.full((1, FRAME), number + 1, np.int16)
        stream.buffers.put(rows, stream.buffers.place(rows, np.array([number * 960]), 2), sound)
    assert [stream.take() for _ in range(5)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("streak", "follows"), [(4, False), (5, True)])
def test_so_many_late_packets_in_a_row_are_a_stream_on_another_clock(streak: int, follows: bool) -> None:
    stream = Stream()
    for number in range(30):
        stream.put(number)
        stream.take()
    # All a fifth of a second late, and none in time meanwhile.
    for number in range(streak):
        stream.put(19 + number)
    heard = [stream.take() for _ in range(4)]
    assert (19 + streak in heard) is follows


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
