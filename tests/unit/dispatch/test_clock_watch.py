"""A wall clock that was set back is noticed by the monotonic one."""

import pytest

from ringfence.dispatch.clock_watch import STEP_MS, UNSETTLED_MS, ClockWatch


class Times:
    """A clock whose two readings are set by hand."""

    def __init__(self) -> None:
        self.wall_ms, self.steady_ms = 1_700_000_000_000, 5_000

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_ms(self) -> int:
        return self.steady_ms

    def go_on(self, ms: int, wall_ms: int | None = None) -> None:
        self.steady_ms += ms
        self.wall_ms += ms if wall_ms is None else wall_ms


def settled(times: Times) -> ClockWatch:
    """A watch that has looked before."""
    watch = ClockWatch(times)
    watch.was_set_back()
    times.go_on(200)
    assert not watch.was_set_back()
    return watch


def test_nobody_knows_what_the_clock_did_before_the_first_look() -> None:
    times = Times()
    watch = ClockWatch(times)
    assert [watch.was_set_back(), watch.was_set_back()] == [True, False]


@pytest.mark.parametrize(
    ("wall_ms", "noticed"),
    [(200, False), (200 - STEP_MS, False), (200 - STEP_MS - 1, True), (-3_600_000, True), (86_400_000, False)],
)
def test_a_step_back_of_more_than_a_second_is_noticed(wall_ms: int, noticed: bool) -> None:
    times = Times()
    watch = settled(times)
    times.go_on(200, wall_ms)
    assert watch.was_set_back() is noticed


def test_what_was_under_way_is_thought_of_for_a_while() -> None:
    times = Times()
    watch = settled(times)
    times.go_on(0, -3_600_000)
    answers = []
    for _ in range(100):
        answers.append(watch.was_set_back())
        times.go_on(100)
    assert [n * 100 for n, answer in enumerate(answers) if answer] == list(range(0, UNSETTLED_MS, 100))


def test_a_second_step_back_begins_the_while_anew() -> None:
    times = Times()
    watch = settled(times)
    for _ in range(2):
        times.go_on(UNSETTLED_MS - 1, -3_600_000)
        assert watch.was_set_back()
    times.go_on(UNSETTLED_MS - 1)
    assert watch.was_set_back()
    times.go_on(1)
    assert not watch.was_set_back()


def test_a_clock_that_stood_still_with_the_machine_was_not_set_back() -> None:
    times = Times()
    watch = settled(times)
    times.go_on(0, 7_200_000)
    assert not watch.was_set_back()


def test_slow_corrections_never_add_up_to_a_step() -> None:
    times = Times()
    watch = settled(times)
    for _ in range(100):
        times.go_on(200, 100)
        assert not watch.was_set_back()
