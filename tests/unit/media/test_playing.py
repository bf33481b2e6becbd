"""Pieces in a row: sample after sample, without gaps, as often as asked."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.media.clips import Clips
from ringfence.media.playing import FRAME, MAX_SILENCE_MS, Playing, piece_sound
from ringfence.ports.media import Clip, Keys, Silence, Tone, UnknownSoundError


def played(playing: Playing, frames: int) -> list[int]:
    """What it writes in so many frames; a frame that it does not write is left out."""
    told = []
    frame = np.full(FRAME, 99, np.int16)
    for _ in range(frames):
        if playing.write(frame):
            told += frame.tolist()
    return told


@given(st.lists(st.integers(0, 700), min_size=1, max_size=5), st.integers(1, 4))
def test_whatever_the_lengths_every_sample_plays_once_a_round(lengths: list[int], loop: int) -> None:
    start = 1
    sounds = []
    for length in lengths:
        sounds.append(np.arange(start, start + length, dtype=np.int16))
        start += length
    total = sum(lengths)
    expected = [*range(1, total + 1)] * loop
    frames = -(-total * loop // FRAME)
    told = played(Playing(1, sounds, loop), frames + 3)
    assert told[: len(expected)] == expected
    assert len(told) == frames * FRAME
    assert not any(told[len(expected) :])


def test_a_loop_of_none_goes_on_for_good() -> None:
    playing = Playing(1, [np.ones(100, np.int16)], 0)
    assert played(playing, 50) == [1] * (50 * FRAME)


def test_nothing_to_play_is_over_at_once_even_in_a_loop() -> None:
    assert played(Playing(1, [np.zeros(0, np.int16)], 0), 2) == []
    assert played(Playing(1, [], 1), 2) == []


def test_silence_between_sounds_is_silent() -> None:
    told = played(Playing(1, [np.ones(10, np.int16), 20, np.ones(10, np.int16)], 1), 1)
    assert told[:40] == [1] * 10 + [0] * 20 + [1] * 10


def test_a_frame_says_whether_there_is_something_of_a_key_in_it() -> None:
    # Frames of 160: words, their end with the beginning of the keys, keys alone, their end with silence, silence alone.
    sounds = [np.zeros(0, np.int16), np.ones(200, np.int16), np.ones(250, np.int16), 400]
    playing = Playing(1, sounds, 2, keys={0, 2})
    frame = np.zeros(FRAME, np.int16)
    told = []
    while playing.write(frame):
        told.append(playing.keyed)
    first = [False, True, True, False, False]
    # The second round begins 50 samples into the sixth frame.
    assert told == [*first, False, True, True, True, False, False]
    assert not playing.keyed


def test_each_kind_of_piece_has_its_sound() -> None:
    clips = Clips()
    clips.keep("one", bytes(20))
    assert len(piece_sound(Clip("one"), clips)) == 10  # type: ignore[arg-type]
    assert piece_sound(Silence(25), clips) == 200
    assert piece_sound(Silence(-5), clips) == 0
    assert piece_sound(Silence(10 * MAX_SILENCE_MS), clips) == MAX_SILENCE_MS * 8
    assert len(piece_sound(Keys("1w"), clips)) == (200 + 500) * 8  # type: ignore[arg-type]
    assert len(piece_sound(Tone("busy"), clips)) == 8_000  # type: ignore[arg-type]
    with pytest.raises(UnknownSoundError):
        piece_sound(Clip("two"), clips)
    with pytest.raises(ValueError):
        piece_sound(Keys("x"), clips)
