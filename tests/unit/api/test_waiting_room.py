"""How many may wait, by what came of those who did."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.api.waiting_room import WaitingRoom


def test_as_many_as_may_until_somebody_waits_in_vain():
    room = WaitingRoom(512, wait_s=1.0)
    assert room.size == 512
    room.served()
    assert room.size == 512
    room.in_vain(0.0)
    assert room.size == 256


def test_those_who_waited_together_count_once():
    room = WaitingRoom(512, wait_s=1.0)
    for at_s in (5.0, 5.1, 5.99):
        room.in_vain(at_s)
    assert room.size == 256
    room.in_vain(6.0)
    assert room.size == 128


def test_an_eighth_is_left():
    room = WaitingRoom(512, wait_s=1.0)
    for at_s in range(20):
        room.in_vain(float(at_s))
    assert room.size == 64


@pytest.mark.parametrize("most", [1, 2, 7])
def test_one_may_always_wait(most):
    room = WaitingRoom(most, wait_s=1.0)
    for at_s in range(20):
        room.in_vain(float(at_s))
    assert room.size == 1


def test_it_grows_again_by_one_for_eight_who_are_served():
    room = WaitingRoom(512, wait_s=1.0)
    room.in_vain(0.0)
    for _ in range(8):
        room.served()
    assert room.size == 257
    for _ in range(8 * 1_000):
        room.served()
    assert room.size == 512


@given(st.integers(1, 1_000), st.integers(20, 2_000))
def test_under_a_steady_crowd_it_settles_near_what_is_served_in_a_wait(most, served_a_second):
    """Second by second: who stands behind as many as are served in a second waits in vain."""
    room = WaitingRoom(most, wait_s=1.0)
    sizes = []
    for second in range(200):
        if room.size > served_a_second:
            room.in_vain(float(second))
        else:
            for _ in range(served_a_second):
                room.served()
        sizes.append(room.size)
    least = max(1, most // 8)
    grown = served_a_second + served_a_second // 8 + 1
    assert max(sizes[20:]) <= max(least, min(most, grown))
    assert min(sizes[20:]) >= min(most, served_a_second) // 2 or min(sizes[20:]) >= least
