"""Time passes in this loop only when its clock is moved."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.clock import ManualClock
from ringfence.testing.still_loop import StillLoop


@pytest.fixture
def loop(clock: ManualClock) -> Iterator[StillLoop]:
    loop = StillLoop(clock)
    yield loop
    loop.close()


def test_what_needs_no_time_runs_to_its_end(loop: StillLoop) -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        return "done"

    assert loop.run_task(work()) == "done"


def test_what_waits_for_time_goes_on_when_the_clock_is_moved(loop: StillLoop, clock: ManualClock) -> None:
    task = loop.create_task(asyncio.sleep(1.5, "slept"))
    loop.run_ready()
    assert loop.next_timer_ms == 1_500
    clock.advance(1_499)
    loop.run_ready()
    assert (task.done(), loop.next_timer_ms) == (False, 1)
    clock.advance(1)
    loop.run_ready()
    assert (task.result(), loop.next_timer_ms) == ("slept", None)


def test_a_task_that_waits_for_time_is_told_so(loop: StillLoop) -> None:
    with pytest.raises(RuntimeError, match="no time passes here"):
        loop.run_task(asyncio.sleep(1))


def test_what_a_task_raises_is_raised(loop: StillLoop) -> None:
    async def work() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        loop.run_task(work())


@given(st.lists(st.integers(1, 10_000_000), min_size=1, max_size=20))
def test_timers_fire_in_order_and_never_early(delays_ms: list[int]) -> None:
    clock = ManualClock()
    loop = StillLoop(clock)
    fired: list[tuple[int, int]] = []
    began_ms = clock.now_ms()

    async def sleep(delay_ms: int) -> None:
        await asyncio.sleep(delay_ms / 1_000)
        fired.append((delay_ms, clock.now_ms() - began_ms))

    try:
        tasks = [loop.create_task(sleep(delay_ms)) for delay_ms in delays_ms]
        loop.run_ready()
        while (next_ms := loop.next_timer_ms) is not None:
            clock.advance(next_ms)
            loop.run_ready()
        assert all(task.done() for task in tasks)
    finally:
        loop.close()
    assert [delay_ms for delay_ms, _ in fired] == sorted(delays_ms)
    assert all(delay_ms - 1 <= at_ms <= delay_ms + 2 for delay_ms, at_ms in fired)
