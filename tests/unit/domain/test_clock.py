"""Clocks: the machine's own, and one that tests move."""

import time

import pytest

from ringfence.domain.clock import ManualClock, SystemClock


def test_the_system_clock_is_the_machines_moved_by_its_offset():
    now_ms = time.time_ns() // 1_000_000
    assert now_ms <= SystemClock().now_ms() <= now_ms + 1_000
    assert now_ms + 3_600_000 <= SystemClock(3_600_000).now_ms() <= now_ms + 3_601_000


def test_monotonic_time_ignores_the_offset():
    before_ms = time.monotonic_ns() // 1_000_000
    assert before_ms <= SystemClock(10**9).monotonic_ms() <= before_ms + 1_000


def test_a_manual_clock_stands_until_it_is_advanced(clock):
    before_ms = clock.now_ms()
    clock.advance(0)
    assert clock.now_ms() == before_ms
    clock.advance(250)
    assert clock.now_ms() == before_ms + 250
    assert clock.monotonic_ms() == clock.now_ms()
    assert ManualClock(5).now_ms() == 5


def test_a_clock_does_not_go_back(clock):
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)
