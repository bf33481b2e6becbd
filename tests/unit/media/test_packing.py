"""Packets of other lengths than a beat: every octet once, in order, each packet under the time at which it begins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.packet_time import PACKET_TIMES_MS
from ringfence.media.packing import Packing


@given(st.sampled_from(PACKET_TIMES_MS), st.integers(1, 20))
def test_nothing_is_lost_and_packets_follow_each_other_without_a_gap(ptime_ms: int, beats: int) -> None:
    packing, size = Packing(ptime_ms), ptime_ms * 8
    sound = bytes(number % 251 for number in range(beats * 160))
    sent = b""
    for beat in range(beats):
        for payload, before_end in packing.add(sound[beat * 160 : (beat + 1) * 160]):
            assert len(payload) == size
            assert (beat + 1) * 160 - before_end == len(sent)
            sent += payload
    assert sent == sound[: len(sent)]
    assert len(sound) - len(sent) < size


@pytest.mark.parametrize(
    ("ptime_ms", "counts"),
    [
        (10, [2, 2, 2, 2, 2, 2]),
        (20, [1, 1, 1, 1, 1, 1]),
        (30, [0, 1, 1, 0, 1, 1]),
        (40, [0, 1, 0, 1, 0, 1]),
        (60, [0, 0, 1, 0, 0, 1]),
    ],
)
def test_how_many_go_out_in_each_beat(ptime_ms: int, counts: list[int]) -> None:
    packing = Packing(ptime_ms)
    assert [len(packing.add(bytes(160))) for _ in range(6)] == counts


def test_what_was_gathered_may_be_left() -> None:
    packing = Packing(40)
    assert (packing.ptime_ms, packing.fresh) == (40, True)
    assert packing.add(b"a" * 160) == []
    packing.clear()
    assert packing.add(b"b" * 160) == []
    assert packing.add(b"c" * 160) == [(b"b" * 160 + b"c" * 160, 320)]
