"""Keys as pairs of tones: what a telephone's keypad sounds like.

Source: ITU-T Q.23.
"""

import functools

import numpy as np
from numpy.typing import NDArray

from ringfence.media.telephone_event import KEYS

SAMPLE_RATE_HZ = 8_000
ROWS_HZ = (697, 770, 852, 941)
COLUMNS_HZ = (1_209, 1_336, 1_477, 1_633)
LAYOUT = "123A456B789C*0#D"
KEY_MS = 100
GAP_MS = 100
WAIT = "w"
WAIT_MS = 500
# Each tone of a pair; the higher one a little louder, as telephones have it.
_LEVEL_ROW, _LEVEL_COLUMN = 5_000, 6_000
_EDGE_MS = 2

assert sorted(LAYOUT) == sorted(KEYS)


@functools.cache
def key_tone(key: str) -> NDArray[np.int16]:
    """The sound of a key, `KEY_MS` long."""
    place = LAYOUT.index(key)
    time_s = np.arange(KEY_MS * SAMPLE_RATE_HZ // 1_000) / SAMPLE_RATE_HZ
    row, column = ROWS_HZ[place // 4], COLUMNS_HZ[place % 4]
    wave = _LEVEL_ROW * np.sin(2 * np.pi * row * time_s) + _LEVEL_COLUMN * np.sin(2 * np.pi * column * time_s)
    edge = np.minimum(np.arange(len(time_s)) / (_EDGE_MS * SAMPLE_RATE_HZ / 1_000), 1)
    tone: NDArray[np.int16] = (wave * edge * edge[::-1]).astype(np.int16)
    return tone


def keys_sound(digits: str) -> NDArray[np.int16]:
    """Keys one after the other with gaps; `w` is half a second of silence. ValueError for what is no key."""
    parts = []
    for key in digits:
        if key == WAIT:
            parts.append(silence(WAIT_MS))
        elif key in LAYOUT:
            parts += [key_tone(key), silence(GAP_MS)]
        else:
            raise ValueError("not a key")
    return np.concatenate(parts) if parts else silence(0)


def silence(length_ms: int) -> NDArray[np.int16]:
    """So much of nothing."""
    return np.zeros(length_ms * SAMPLE_RATE_HZ // 1_000, np.int16)
