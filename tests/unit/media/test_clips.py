"""Kept sounds: as many as fit, the least used go."""

import time

import pytest

from ringfence.media.clips import KEPT_S, Clips
from ringfence.ports.media import UnknownSoundError


def test_a_sound_is_got_back_sample_by_sample() -> None:
    clips = Clips()
    clips.keep("one", b"\x01\x00\xff\xff\x00\x80")
    assert clips.get("one").tolist() == [1, -1, -32_768]


def test_the_least_used_goes_when_room_is_short() -> None:
    clips = Clips(max_bytes=8)
    clips.keep("one", bytes(4))
    clips.keep("two", bytes(4))
    clips.get("one")
    clips.keep("three", bytes(4))
    with pytest.raises(UnknownSoundError):
        clips.get("two")
    assert len(clips.get("one")) == len(clips.get("three")) == 2


def test_a_sound_kept_again_replaces_the_one_before_and_takes_no_more_room() -> None:
    clips = Clips(max_bytes=8)
    clips.keep("other", bytes(4))
    for _ in range(5):
        clips.keep("one", bytes(4))
    assert len(clips.get("other")) == 2


def test_what_nobody_plays_any_more_is_forgotten() -> None:
    clips = Clips()
    clips.keep("one", bytes(4))
    clips.sweep(time.monotonic() + KEPT_S - 10)
    clips.get("one")
    clips.sweep(time.monotonic() + KEPT_S + 1)
    with pytest.raises(UnknownSoundError):
        clips.get("one")
    clips.keep("two", bytes(4))
    assert clips._bytes == 4


@pytest.mark.parametrize("sound", [b"\x00", bytes(10)])
def test_half_a_sample_or_more_than_fits_is_refused(sound: bytes) -> None:
    with pytest.raises(ValueError):
        Clips(max_bytes=8).keep("one", sound)
