"""Tones of the network: each country's own, and the American ones elsewhere."""

import numpy as np
import pytest

from ringfence.media.tones import tone_sound
from ringfence.ports.media import Tone
from unit.media.peer import level_of


def test_american_ringback_is_two_seconds_of_two_tones_and_four_of_silence() -> None:
    sound = tone_sound(Tone("ringback", "us"))
    assert len(sound) == 6 * 8_000
    assert level_of(sound[:16_000], 440) > 2_500
    assert level_of(sound[:16_000], 480) > 2_500
    assert not sound[16_000:].any()


def test_british_ringback_is_a_double_ring() -> None:
    sound = tone_sound(Tone("ringback", "gb")).astype(int)
    ringing = [bool(np.abs(sound[at * 800 : (at + 1) * 800]).max()) for at in range(30)]
    assert ringing == [True] * 4 + [False] * 2 + [True] * 4 + [False] * 20


@pytest.mark.parametrize(("country", "frequency_hz"), [("de", 425), ("fr", 440), ("jp", 400), ("US", 480), ("zz", 480)])
def test_busy_is_the_countrys(country: str, frequency_hz: float) -> None:
    sound = tone_sound(Tone("busy", country))
    assert level_of(sound[: len(sound) // 2], frequency_hz) > 2_500


def test_a_beep_begins_and_ends_softly() -> None:
    sound = tone_sound(Tone("beep"))
    assert len(sound) == 4_000
    assert level_of(sound, 1_000) > 5_000
    assert abs(int(sound[0])) + abs(int(sound[-1])) < 500
