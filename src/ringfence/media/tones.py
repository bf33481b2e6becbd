"""Tones of the telephone network by country: ringback and busy, and the beep before a recording.

Source: ITU-T E.180, supplement 2 (various tones used in national networks).
"""

import functools

import numpy as np
from numpy.typing import NDArray

from ringfence.ports.media import SAMPLE_RATE_HZ, Tone

# A cadence: its frequencies in Hz, and milliseconds on and off in turn.
Cadence = tuple[tuple[float, ...], tuple[int, ...]]

_AMERICAN: tuple[Cadence, Cadence] = (((440, 480), (2_000, 4_000)), ((480, 620), (500, 500)))
_BRITISH: tuple[Cadence, Cadence] = (((400, 450), (400, 200, 400, 2_000)), ((400,), (375, 375)))
_FIVE_SECONDS: tuple[Cadence, Cadence] = (((425,), (1_000, 4_000)), ((425,), (500, 500)))
_FRENCH: tuple[Cadence, Cadence] = (((440,), (1_500, 3_500)), ((440,), (500, 500)))
_JAPANESE: tuple[Cadence, Cadence] = (((400, 415), (1_000, 2_000)), ((400,), (500, 500)))

# Ringback and busy.
_COUNTRIES: dict[str, tuple[Cadence, Cadence]] = {
    "us": _AMERICAN,
    "ca": _AMERICAN,
    "us-old": (((420, 40), (2_000, 4_000)), ((480, 620), (500, 500))),
    "gb": _BRITISH,
    "uk": _BRITISH,
    "ie": _BRITISH,
    "sg": (((400, 425), (400, 200, 400, 2_000)), ((425,), (750, 750))),
    "au": (((400, 425), (400, 200, 400, 2_000)), ((425,), (375, 375))),
    "nz": (((400, 450), (400, 200, 400, 2_000)), ((400,), (500, 500))),
    "za": (((400, 425), (400, 200, 400, 2_000)), ((400,), (500, 500))),
    "in": (((400, 425), (400, 200, 400, 2_000)), ((400,), (750, 750))),
    "my": (((425,), (400, 200, 400, 2_000)), ((425,), (500, 500))),
    "de": (((425,), (1_000, 4_000)), ((425,), (480, 480))),
    "at": (((420,), (1_000, 5_000)), ((420,), (400, 400))),
    "ch": (((425,), (1_000, 4_000)), ((425,), (500, 500))),
    "be": (((425,), (1_000, 3_000)), ((425,), (500, 500))),
    "nl": (((425,), (1_000, 4_000)), ((425,), (500, 500))),
    "fr": _FRENCH,
    "es": (((425,), (1_500, 3_000)), ((425,), (200, 200))),
    "pt": (((425,), (1_000, 5_000)), ((425,), (500, 500))),
    "it": (((425,), (1_000, 4_000)), ((425,), (500, 500))),
    "gr": (((425,), (1_000, 4_000)), ((425,), (300, 300))),
    "dk": (((425,), (1_000, 4_000)), ((425,), (500, 500))),
    "no": (((425,), (1_000, 4_000)), ((425,), (500, 500))),
    "se": (((425,), (1_000, 5_000)), ((425,), (250, 250))),
    "fi": (((425,), (1_000, 4_000)), ((425,), (300, 300))),
    "ee": (((425,), (1_000, 4_000)), ((425,), (480, 480))),
    "lt": (((425,), (1_000, 4_000)), ((425,), (350, 350))),
    "pl": (((425,), (1_000, 4_000)), ((425,), (500, 500))),
    "cz": (((425,), (1_000, 4_000)), ((425,), (330, 330))),
    "hu": (((425,), (1_250, 3_750)), ((425,), (300, 300))),
    "bg": (((425,), (1_000, 4_000)), ((425,), (250, 250))),
    "ru": (((425,), (800, 3_200)), ((425,), (400, 400))),
    "il": (((400,), (1_000, 3_000)), ((400,), (500, 500))),
    "jp": _JAPANESE,
    "cn": (((450,), (1_000, 4_000)), ((450,), (350, 350))),
    "tw": (((440, 480), (1_000, 2_000)), ((480, 620), (500, 500))),
    "th": (((400,), (1_000, 4_000)), ((400,), (500, 500))),
    "ph": (((425, 480), (1_000, 4_000)), ((480, 620), (500, 500))),
    "br": (((425,), (1_000, 4_000)), ((425,), (250, 250))),
    "mx": (((425,), (1_000, 4_000)), ((425,), (250, 250))),
    "cl": (((400,), (1_000, 3_000)), ((400,), (500, 500))),
    "ve": (((425,), (1_000, 4_000)), ((425,), (500, 500))),
    "ar": (((425,), (1_000, 4_000)), ((425,), (300, 200))),
}
_BEEP: Cadence = ((1_000,), (500,))
_LEVEL = 6_000
_EDGE_MS = 5


@functools.lru_cache(maxsize=64)
def tone_sound(tone: Tone) -> NDArray[np.int16]:
    """One round of a tone's cadence; a country that is not known has the American ones."""
    ringback, busy = _COUNTRIES.get(tone.country.lower(), _AMERICAN)
    frequencies, spans = {"ringback": ringback, "busy": busy, "beep": _BEEP}[tone.use]
    parts = [_wave(frequencies, span) if number % 2 == 0 else _nothing(span) for number, span in enumerate(spans)]
    return np.concatenate(parts)


def _nothing(length_ms: int) -> NDArray[np.int16]:
    return np.zeros(length_ms * SAMPLE_RATE_HZ // 1_000, np.int16)


def _wave(frequencies_hz: tuple[float, ...], length_ms: int) -> NDArray[np.int16]:
    time_s = np.arange(length_ms * SAMPLE_RATE_HZ // 1_000) / SAMPLE_RATE_HZ
    wave = np.sum([np.sin(2 * np.pi * frequency * time_s) for frequency in frequencies_hz], axis=0)
    edge = np.minimum(np.arange(len(time_s)) / (_EDGE_MS * SAMPLE_RATE_HZ / 1_000), 1)
    sound: NDArray[np.int16] = (wave * edge * edge[::-1] * _LEVEL / len(frequencies_hz)).astype(np.int16)
    return sound
