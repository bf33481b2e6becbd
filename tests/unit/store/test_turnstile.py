"""A fair lock between processes."""

import threading

import pytest

from ringfence.store.turnstile import Turnstile


@pytest.fixture
def pair(tmp_path):
    pair = [Turnstile(tmp_path / "db") for _ in range(2)]
    yield pair
    for turnstile in pair:
        turnstile.close()


def test_one_is_inside_at_a_time(pair):
    one, other = pair
    inside = threading.Event()
    one.enter()
    thread = threading.Thread(target=lambda: (other.enter(), inside.set()))
    thread.start()
    assert not inside.wait(0.1)
    one.leave()
    assert inside.wait(5)
    thread.join()
    other.leave()


def test_who_waits_goes_before_who_was_inside(pair):
    one, other = pair
    order = []

    def wait_for_a_turn():
        other.enter()
        order.append("other")
        other.leave()

    for _ in range(50):
        one.enter()
        thread = threading.Thread(target=wait_for_a_turn)
        thread.start()
        while not _is_waiting(one):
            pass
        one.leave()
        one.enter()
        order.append("one")
        one.leave()
        thread.join()
    assert order == ["other", "one"] * 50


def _is_waiting(turnstile):
    """True when the place next in line is taken."""
    import fcntl

    try:
        fcntl.flock(turnstile._next, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(turnstile._next, fcntl.LOCK_UN)
    return False


def test_leaving_without_the_turn_is_a_no_op(pair):
    one, other = pair
    one.leave()
    other.enter()
    one.leave()
    other.leave()
