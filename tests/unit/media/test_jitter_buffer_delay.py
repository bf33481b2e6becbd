"""How long sound waits in a jitter buffer: where packets fall on a row's grid, and when the wait grows and shrinks."""

import random

import numpy as np
import pytest

from ringfence.media.jitter_buffers import (
    CALM_TICKS,
    DEPTH,
    FRAME,
    HALF,
    LATE_APART,
    LATE_STREAK,
    MAX_DELAY,
    SPARE,
    START_DELAY,
    JitterBuffers,
)

ROW, ROWS = 1, 3
BASE = 2**32 - 3 * HALF


class Row:
    """One row, told of packets by the half of its time at which they should fall."""

    def __init__(self, row: int = ROW) -> None:
        self.buffers = JitterBuffers(ROWS)
        self.row = row
        self.out = np.zeros((ROWS, FRAME), np.int16)

    def place(self, samples: int, halves: int = 2) -> int:
        """Where a packet falls whose timestamp is so many samples after the first one's."""
        timestamps = np.array([BASE + samples & 0xFFFFFFFF])
        return int(self.buffers.place(np.array([self.row]), timestamps, halves)[0])

    def at(self, half: int, halves: int = 2) -> int:
        """Place a packet that belongs at a half, by the clock of the first one."""
        return self.place((half - START_DELAY) * HALF, halves)

    def put(self, half: int, *sounds: int) -> None:
        """Sound of as many halves, each of one value."""
        sound = np.repeat(np.array(sounds, np.int16), HALF)[None, :]
        self.buffers.put(np.array([self.row]), np.array([half]), sound)

    def take(self, ticks: int = 1) -> list[tuple[bool, bool]]:
        """Whether the row had a frame, and whether it is running, tick by tick."""
        taken = []
        for _ in range(ticks):
            whole, running = self.buffers.take(self.out)
            taken.append((bool(whole[self.row]), bool(running[self.row])))
        return taken

    @property
    def next(self) -> int:
        return self.buffers.next_half(self.row)

    def waits(self) -> int:
        """For how many ticks it stands still."""
        ticks, before = 0, self.next
        while self.take() and self.next == before:
            ticks += 1
        return ticks


def begun(until: int = 0) -> Row:
    """A row whose first packet fell at `START_DELAY`, played up to a half."""
    row = Row()
    assert row.at(START_DELAY) == START_DELAY
    row.take(until // 2)
    assert row.next == until
    return row


class TestPlaces:
    @pytest.mark.parametrize(
        ("samples", "half"),
        [(0, 2), (1, 3), (79, 3), (80, 3), (81, 4), (160, 4), (-1, 2), (-79, 2), (-80, 1), (-81, 1), (-160, 0)],
    )
    def test_are_by_time_up_to_the_grid(self, samples: int, half: int) -> None:
        assert begun().place(samples) == half

    def test_move_with_a_stream_that_shifted_by_part_of_a_half(self) -> None:
        row = begun()
        assert [row.place(samples) for samples in (2 * HALF + 1, 4 * HALF + 1, 6 * HALF + 1)] == [5, 7, 9]
        # One from between is placed by the newest, too.
        assert row.place(5 * HALF + 1) == 8

    def test_begin_after_what_plays_next(self) -> None:
        row = Row()
        row.take(5)
        assert (row.place(10**6), row.next) == (START_DELAY, 0)
        row.take(3)
        row.buffers.restart(row.row)
        assert (row.place(77), row.next) == (6 + START_DELAY, 6)

    def test_are_in_halves_of_the_row_s_own_clock(self) -> None:
        row = Row()
        row.buffers.clear(row.row, clock_rate_hz=48_000)
        assert [row.place(samples) for samples in (0, 960, 1_440, 1_441)] == [2, 4, 5, 6]
        row.buffers.clear(row.row)
        assert [row.place(samples) for samples in (0, 160)] == [2, 4]

    def test_of_many_rows_at_once_are_those_of_each_alone(self) -> None:
        """Rows on their own clocks, early, late, wild and beginning anew, in one call and one by one."""
        chance = random.Random(4)
        joint, alone = JitterBuffers(ROWS), [JitterBuffers(ROWS) for _ in range(ROWS)]
        out = np.zeros((ROWS, FRAME), np.int16)
        for tick in range(250):
            rows = [row for row in range(ROWS) if chance.random() < 0.9]
            halves = chance.choice([1, 2, 2, 2, 4])
            late = [chance.choice([0, 0, 0, -1, 3, 6, 40, 10**5]) for _ in rows]
            stamps = [(tick * 2 - by) * HALF + row for row, by in zip(rows, late, strict=True)]
            if rows:
                both = joint.place(np.array(rows), np.array(stamps) & 0xFFFFFFFF, halves)
                each = [
                    int(alone[row].place(np.array([row]), np.array([stamp & 0xFFFFFFFF]), halves)[0])
                    for row, stamp in zip(rows, stamps, strict=True)
                ]
                assert both.tolist() == each
            joint.take(out)
            for row in range(ROWS):
                alone[row].take(out)
                assert joint.next_half(row) == alone[row].next_half(row)
                assert joint.delay_ms(row) == alone[row].delay_ms(row)
                assert joint.late[row] == alone[row].late[row]

    def test_of_some_rows_only_are_taken_when_they_are_asked_for(self) -> None:
        buffers = JitterBuffers(ROWS)
        rows = np.arange(ROWS)
        buffers.put(rows, buffers.place(rows, np.array([BASE] * ROWS), 2), np.full((ROWS, FRAME), 7, np.int16))
        out = np.zeros((1, FRAME), np.int16)
        taken = [buffers.take(out, 1) for _ in range(2)]
        assert [(whole.tolist(), running.tolist()) for whole, running in taken] == [([False], [True]), ([True], [True])]
        assert out.tolist() == [[7] * FRAME]
        assert [buffers.next_half(row) for row in range(ROWS)] == [0, 4, 0]


class TestDelay:
    def test_is_what_waits_to_be_played(self) -> None:
        row = begun()
        delays = []
        for _ in range(4):
            delays.append(row.buffers.delay_ms(row.row))
            row.take()
        assert delays == [40, 20, 0, 0]
        row = begun()
        row.at(10, halves=4)
        assert row.buffers.delay_ms(row.row) == 140
        # What comes before it makes it no longer.
        row.at(4)
        assert row.buffers.delay_ms(row.row) == 140

    @pytest.mark.parametrize(("late", "ticks"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (31, 16), (32, 16)])
    def test_grows_by_what_a_second_packet_is_late(self, late: int, ticks: int) -> None:
        row = begun(until=40)
        assert row.at(40 - late) == 40 - late
        assert row.waits() == 0
        assert row.at(42 - late) == 42 - late
        assert row.waits() == ticks
        assert row.buffers.late[row.row] == 2

    def test_grows_by_the_latest_of_several(self) -> None:
        row = begun(until=40)
        for late in (2, 2, 9, 3):
            row.at(40 - late)
        assert row.waits() == 5

    @pytest.mark.parametrize(("ahead", "ticks"), [(22, 5), (28, 2), (29, 2), (30, 1), (32, 0), (50, 0)])
    def test_grows_to_so_much_and_no_more(self, ahead: int, ticks: int) -> None:
        row = begun(until=40)
        row.at(40 + ahead - 2)
        assert row.buffers.delay_ms(row.row) == ahead * 10
        row.at(30)
        row.at(30)
        assert row.waits() == ticks
        assert MAX_DELAY == 32

    @pytest.mark.parametrize(("in_time", "ticks"), [(0, 1), (LATE_APART - 1, 1), (LATE_APART, 0), (LATE_APART + 5, 0)])
    def test_grows_where_two_are_late_within_so_many(self, in_time: int, ticks: int) -> None:
        row = begun(until=10)
        row.at(8)
        for _ in range(in_time):
            row.at(10)
        row.at(8)
        assert row.waits() == ticks

    def test_what_is_just_in_time_is_not_late(self) -> None:
        row = begun(until=10)
        for _ in range(2):
            assert row.at(10) == 10
        assert row.buffers.late[row.row] == 0
        assert row.waits() == 0

    def test_while_it_waits_nothing_plays_and_nothing_is_lost(self) -> None:
        row = begun(until=8)
        row.at(4)
        row.at(4)
        row.put(8, 5, 6)
        assert row.take(3) == [(False, True), (False, True), (True, True)]
        assert row.out[row.row].tolist() == [5] * HALF + [6] * HALF

    @pytest.mark.parametrize(("early", "shrinks"), [(SPARE - 1, False), (SPARE, True), (SPARE + 1, True), (20, True)])
    def test_shrinks_by_a_frame_where_all_came_early_for_so_long(self, early: int, shrinks: bool) -> None:
        row = begun()
        row.take(CALM_TICKS)
        for _ in range(CALM_TICKS):
            row.at(row.next + early)
            row.take()
        assert row.next == 2 * 2 * CALM_TICKS + 2 * shrinks
        # And again, when they are as early still.
        for _ in range(CALM_TICKS):
            row.at(row.next + 20)
            row.take()
        assert row.next == 3 * 2 * CALM_TICKS + 2 * shrinks + 2

    def test_shrinks_of_those_rows_that_are_taken(self) -> None:
        buffers, out = JitterBuffers(ROWS), np.zeros((2, FRAME), np.int16)
        rows = np.arange(ROWS)
        buffers.place(rows, np.full(ROWS, BASE), 2)
        for _ in range(2 * CALM_TICKS):
            buffers.take(out, 1)
            early = np.array([20, 20, SPARE - 1])
            half = np.array([buffers.next_half(row) for row in range(ROWS)]) + early - START_DELAY
            buffers.place(rows[1:], (BASE + half * HALF & 0xFFFFFFFF)[1:], 2)
        # The first window holds the stream's beginning.
        assert [buffers.next_half(row) for row in range(ROWS)] == [0, 4 * CALM_TICKS + 2, 4 * CALM_TICKS]

    def test_stays_where_one_was_needed_soon_or_none_came(self) -> None:
        row = begun()
        row.take(CALM_TICKS)
        for tick in range(CALM_TICKS):
            row.at(row.next + (SPARE - 1 if tick == 50 else 20))
            row.take()
        assert row.next == 4 * CALM_TICKS
        row.take(CALM_TICKS)
        assert row.next == 6 * CALM_TICKS

    def test_of_a_row_that_begins_anew_shrinks_in_its_own_time(self) -> None:
        row = begun()
        row.take(CALM_TICKS - 10)
        row.buffers.clear(row.row)
        row.at(0)
        start = row.next
        row.take(20)
        for _ in range(CALM_TICKS - 21):
            row.at(row.next + 20)
            row.take()
        assert row.next - start == 2 * (CALM_TICKS - 1)


class TestAnotherClock:
    @pytest.mark.parametrize(("late", "anew"), [(MAX_DELAY, False), (MAX_DELAY + 1, True), (MAX_DELAY + 9, True)])
    def test_is_what_two_packets_later_than_any_delay_have(self, late: int, anew: bool) -> None:
        row = begun(until=80)
        assert row.at(80 - late) == 80 - late
        assert row.at(80 - late) == (80 + START_DELAY if anew else 80 - late)
        assert row.buffers.delay_ms(row.row) == (40 if anew else 0)

    def test_is_not_what_one_of_them_has(self) -> None:
        row = begun(until=80)
        for _ in range(3):
            assert row.at(10) == 10
            assert row.at(80) == 80

    def test_leaves_what_was_stored_and_waits_for_nothing(self) -> None:
        row = begun(until=40)
        row.put(40, 3, 3)
        for _ in range(LATE_STREAK - 1):
            assert row.at(36) == 36
        assert row.at(36) == 40 + START_DELAY
        assert row.take() == [(False, True)]
        assert row.next == 42
        # From here on it is the newest, and counts from nought.
        assert [row.at(38 - late) for late in (0, 4, 4, 4, 4)] == [44, 40, 40, 40, 40]

    @pytest.mark.parametrize(("half", "halves", "anew"), [(DEPTH - 2, 2, False), (DEPTH - 1, 2, True), (60, 4, False)])
    def test_is_what_comes_further_ahead_than_is_kept(self, half: int, halves: int, anew: bool) -> None:
        row = begun()
        assert row.at(half, halves) == (START_DELAY if anew else half)


class TestSound:
    def test_of_a_packet_half_of_which_is_late_is_heard_where_it_is_not(self) -> None:
        row = begun(until=8)
        row.put(7, 4, 5)
        assert row.take() == [(True, True)]
        assert row.out[row.row].tolist() == [5] * FRAME

    def test_beyond_what_is_kept_takes_the_place_of_none(self) -> None:
        row = begun(until=8)
        row.put(8, 1, 2)
        row.put(8 + DEPTH - 1, 8, 9)
        row.put(8, 6, 7)
        assert row.take() == [(True, True)]
        assert row.out[row.row].tolist() == [1] * HALF + [2] * HALF
        row.take(DEPTH // 2 - 2)
        assert row.take() == [(True, True)]
        assert row.out[row.row].tolist() == [8] * FRAME

    def test_is_the_row_s_own(self) -> None:
        buffers = JitterBuffers(ROWS)
        rows = np.array([0, 2])
        at = buffers.place(rows, np.array([5, 500]), 2)
        sound = np.array([[1] * FRAME, [3] * FRAME], np.int16)
        buffers.put(rows, at, sound)
        # One of them has it already, the other one has not.
        buffers.put(rows, at + np.array([0, 2]), sound + 10)
        out = np.zeros((ROWS, FRAME), np.int16)
        heard = []
        for _ in range(3):
            whole, running = buffers.take(out)
            assert running.tolist() == [True, False, True]
            heard.append([int(out[row, 0]) if whole[row] else None for row in range(ROWS)])
        assert heard == [[None, None, None], [1, None, 3], [None, None, 13]]


class TestBeginningAnew:
    @pytest.mark.parametrize("how", ["clear", "restart", "restart_all"])
    def test_waits_for_nothing_that_was_late_before(self, how: str) -> None:
        row = begun(until=40)
        for _ in range(LATE_STREAK - 1):
            row.at(30)
        (row.buffers.restart_all() if how == "restart_all" else getattr(row.buffers, how)(row.row))
        assert row.take() == [(False, False)]
        assert row.next == 40
        assert row.at(0) == 42
        assert row.take() == [(False, True)]
        assert row.next == 42
        # Nor are those before counted with what is late now.
        assert row.place(-2 * HALF - 3 * HALF) == 39
        assert row.next == 42

    def test_of_a_row_that_was_cleared_forgets_that_one_was_late(self) -> None:
        for how, ticks in (("clear", 0), ("restart", 1)):
            row = begun(until=40)
            row.at(38)
            getattr(row.buffers, how)(row.row)
            row.at(START_DELAY)
            row.take(2)
            assert row.place(-3 * HALF) == 39
            assert row.waits() == 3 * ticks
            assert row.buffers.late[row.row] == 1 + ticks

    def test_leaves_other_rows_as_they_are(self) -> None:
        for how in ("clear", "restart"):
            row = begun(until=8)
            row.put(8, 5, 5)
            getattr(row.buffers, how)(0)
            assert row.take() == [(True, True)]
