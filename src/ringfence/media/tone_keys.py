"""Keys heard in the sound itself: pairs of tones, found in all legs of a batch at once.

Each tick gives four windows of 20 ms, 5 ms apart. A key is six windows in a row that hold its two tones and little
else; it is told once, and over when five windows in a row do not hold it. So 40 ms of a key are enough, 20 ms are not.

Source: ITU-T Q.24 (how long, how far off, how unequal the tones may be).
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ringfence.media.dtmf import COLUMNS_HZ, LAYOUT, ROWS_HZ, SAMPLE_RATE_HZ

Rows = NDArray[np.int64]
Samples = NDArray[np.int16]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

WINDOW = 160
HOP = 40
WINDOWS_ON = 6
WINDOWS_OFF = 5
# The least amplitude of a tone, and how many times louder one of the pair may be: 9.5 dB.
MIN_LEVEL = 100.0
MAX_TWIST = 3.0
# The part of a window's energy that the pair must have: speech has much beside it.
MIN_SHARE = 0.7
# Speech has overtones; a keypad's tones have none to speak of.
MAX_OVERTONE = 0.35
# A tone this far off is another's: it must not fit better.
_OFF = 0.035
_NONE = -1

_SHAPE = np.hamming(WINDOW).astype(np.float32)
_SHAPE_ENERGY = float((_SHAPE**2).sum())


def _bank(frequencies_hz: NDArray[np.float64]) -> Floats:
    """What a window is multiplied with to give each frequency's amplitude, as real parts, then imaginary ones."""
    turns = np.outer(np.arange(WINDOW), frequencies_hz) / SAMPLE_RATE_HZ
    waves = np.exp(-2j * np.pi * turns) * (2 / _SHAPE.sum())
    return np.concatenate([waves.real, waves.imag], axis=1).astype(np.float32)


_TONES = np.array(ROWS_HZ + COLUMNS_HZ, np.float64)
_TONE_BANK = _bank(_TONES)
_NEAR_BANK = _bank(np.concatenate([_TONES * (1 - _OFF), _TONES * (1 + _OFF), _TONES * 2]))


class ToneKeys:
    """What each row's peer presses. `hear` takes the next frame of some rows: those that are listened to."""

    def __init__(self, rows: int) -> None:
        self._tail = np.zeros((rows, WINDOW - HOP), np.float32)
        self._candidate = np.full(rows, _NONE, np.int64)
        self._run = np.zeros(rows, np.int64)
        self._pressed = np.full(rows, _NONE, np.int64)
        self._missed = np.zeros(rows, np.int64)

    def clear(self, row: int) -> None:
        """Begin a row anew."""
        self._tail[row] = 0
        self._candidate[row] = self._pressed[row] = _NONE
        self._run[row] = self._missed[row] = 0

    def hear(self, rows: Rows, frames: Samples) -> list[tuple[int, str]]:
        """The keys that begin in this tick, with the row of each."""
        sound = np.concatenate([self._tail[rows], frames.astype(np.float32)], axis=1)
        self._tail[rows] = sound[:, -(WINDOW - HOP) :]
        return [
            found
            for at in range(HOP, WINDOW + HOP, HOP)
            for found in self._step(rows, sound[:, at - HOP :][:, :WINDOW])
        ]

    def holding(self, rows: Rows) -> Mask:
        """In which of these rows a key is pressed now."""
        held: Mask = self._pressed[rows] != _NONE
        return held

    def _step(self, rows: Rows, windows: Floats) -> Iterator[tuple[int, str]]:
        keys = pairs(windows)
        same = (keys == self._candidate[rows]) & (keys != _NONE)
        run = np.where(same, self._run[rows] + 1, keys != _NONE)
        self._run[rows], self._candidate[rows] = run, keys
        pressed = self._pressed[rows]
        missed = np.where(keys == pressed, 0, self._missed[rows] + 1)
        pressed[missed >= WINDOWS_OFF] = _NONE
        begins = (run >= WINDOWS_ON) & (pressed != keys)
        pressed[begins] = keys[begins]
        missed[begins] = 0
        self._missed[rows], self._pressed[rows] = missed, pressed
        for place in np.flatnonzero(begins).tolist():
            yield int(rows[place]), LAYOUT[keys[place]]


def pairs(windows: Floats) -> NDArray[np.int64]:
    """Which key each window holds, as its place in the layout, or -1."""
    shaped = windows * _SHAPE
    levels = _levels(shaped, _TONE_BANK)
    every = np.arange(len(windows))
    row, column = levels[:, :4].argmax(1), levels[:, 4:].argmax(1)
    low, high = levels[every, row], levels[every, 4 + column]
    energy = (shaped * shaped).sum(1)
    likely = (low > MIN_LEVEL) & (high > MIN_LEVEL) & (high < low * MAX_TWIST) & (low < high * MAX_TWIST)
    likely &= (low * low + high * high) / 2 * _SHAPE_ENERGY > MIN_SHARE * energy
    keys = np.full(len(windows), _NONE, np.int64)
    looked = np.flatnonzero(likely)
    if not len(looked):
        return keys
    near = _levels(shaped[looked], _NEAR_BANK).reshape(len(looked), 3, 8)
    chosen = np.arange(len(looked))
    row, column = row[looked], 4 + column[looked]
    low, high = low[looked], high[looked]
    sure = (low > near[chosen, :2, row].T.max(0)) & (high > near[chosen, :2, column].T.max(0))
    # Twice a row's tone lies among the columns: the column's overtone tells enough.
    sure &= near[chosen, 2, column] < MAX_OVERTONE * high
    found = looked[sure]
    keys[found] = row[sure] * 4 + column[sure] - 4
    return keys


def _levels(shaped: Floats, bank: Floats) -> Floats:
    parts = shaped @ bank
    half = parts.shape[1] // 2
    levels: Floats = np.hypot(parts[:, :half], parts[:, half:])
    return levels
