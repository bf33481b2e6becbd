"""Keys sent: one after the other with gaps, as events or as tones, and told when none is left."""

import numpy as np
import pytest

from ringfence.media.pressing import MAX_KEYS, EventPacket, Pressing
from ringfence.media.telephone_event import KEYS, parse_telephone_event


def sent(pressing: Pressing, *, as_events: bool, **how: int) -> list[EventPacket | np.ndarray | None]:
    made = []
    while True:
        one = pressing.next(as_events=as_events, **how)
        if one is None and pressing.idle:
            return made
        made.append(one)


def test_a_key_is_a_run_of_events_and_a_gap() -> None:
    pressing = Pressing()
    pressing.press("5")
    made = sent(pressing, as_events=True)
    packets = [one for one in made if isinstance(one, EventPacket)]
    events = [parse_telephone_event(packet.payload) for packet in packets]
    assert {event.event for event in events} == {KEYS.index("5")}
    assert [event.duration for event in events] == [160, 320, 480, 640, 800, 800, 800, 800]
    assert [event.end for event in events] == [False] * 5 + [True] * 3
    assert [packet.first for packet in packets] == [True] + [False] * 7
    assert made[8:] == [None] * 5


def test_durations_are_in_the_time_of_the_legs_clock() -> None:
    pressing = Pressing()
    pressing.press("5")
    first = pressing.next(as_events=True, clock_rate_hz=48_000)
    assert isinstance(first, EventPacket)
    assert parse_telephone_event(first.payload).duration == 960


def test_keys_follow_each_other_and_w_waits_half_a_second() -> None:
    pressing = Pressing()
    pressing.press("1w")
    pressing.press("2")
    made = sent(pressing, as_events=True)
    assert len(made) == 13 + 25 + 13
    assert made[13 : 13 + 25] == [None] * 25


def test_tones_are_whole_frames_with_gaps() -> None:
    pressing = Pressing()
    pressing.press("9")
    made = sent(pressing, as_events=False)
    assert len(made) == 10
    assert all(isinstance(one, np.ndarray) and len(one) == 160 for one in made)
    assert np.abs(made[2]).max() > 5_000
    assert not np.abs(made[7]).any()


def test_it_is_idle_before_the_first_and_after_the_last_key() -> None:
    pressing = Pressing()
    assert pressing.idle
    pressing.press("")
    assert pressing.idle
    pressing.press("1")
    assert not pressing.idle
    sent(pressing, as_events=True)
    assert pressing.idle


@pytest.mark.parametrize("digits", ["x", "1 2", "1" * (MAX_KEYS + 1)])
def test_what_is_no_key_or_too_much_is_refused_as_a_whole(digits: str) -> None:
    pressing = Pressing()
    with pytest.raises(ValueError):
        pressing.press(digits)
    assert pressing.idle


def test_keys_show_in_no_repr() -> None:
    assert "5" not in repr(EventPacket(b"\x05", True))
