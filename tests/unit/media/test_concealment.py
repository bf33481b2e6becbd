"""Missing frames: a voiced sound goes on, fades within three frames, and comes back without a click."""

import numpy as np

from ringfence.media.concealment import FADED_AFTER, FRAME, HISTORY, MERGED, concealed, merged, pitch_lags
from unit.media.peer import level_of, tone


def history(frequency_hz: float) -> np.ndarray:
    return tone(frequency_hz, 1_000)[-HISTORY:][None, :]


def test_the_pitch_is_found() -> None:
    lags = pitch_lags(np.concatenate([history(100), history(160)]))
    assert abs(lags[0] - 80) <= 2
    # A multiple of the period is as good.
    assert min(lags[1] % 50, 50 - lags[1] % 50) <= 2


def test_the_first_missing_frame_goes_on_as_the_sound_was() -> None:
    sound = tone(200, 1_000)
    made = concealed(sound[None, -HISTORY - FRAME : -FRAME], np.array([1]))[0]
    real = sound[-FRAME:]
    assert level_of(made, 200) > 0.8 * level_of(real, 200)
    assert abs(int(made[0]) - int(real[0])) < 2_000


def test_missing_frames_fade_to_silence() -> None:
    past = history(200)
    loudness = []
    for number in range(1, FADED_AFTER + 2):
        made = concealed(past, np.array([number]))
        loudness.append(float(np.abs(made.astype(float)).mean()))
        past = np.concatenate([past, made], axis=1)[:, -HISTORY:]
    assert loudness == sorted(loudness, reverse=True)
    assert loudness[-1] == 0
    assert np.abs(past[0, -FRAME - 4 : -FRAME]).max() < 200


def test_silence_stays_silence() -> None:
    assert not concealed(np.zeros((2, HISTORY), np.int16), np.array([1, 2])).any()


def test_sound_comes_back_without_a_step() -> None:
    continued, sound = np.full((1, FRAME), 5_000, np.int16), np.full((1, FRAME), -5_000, np.int16)
    back = merged(continued, sound)[0].astype(int)
    assert back[0] == 5_000
    assert (back[MERGED:] == -5_000).all()
    assert np.abs(np.diff(back)).max() < 400


def test_in_a_tick_where_everybody_misses_a_packet_all_are_concealed() -> None:
    past = np.repeat(history(200), 500, axis=0)
    made = concealed(past, np.ones(500, np.int64))
    assert (np.abs(made.astype(int)).max(1) > 4_000).all()
