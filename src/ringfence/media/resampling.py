"""Sound from one sample rate to another, as it comes: a windowed sinc in as many phases as the two rates need.

What the lower rate cannot hold is 80 dB down; what it can is left alone up to nine tenths of it.

Source: J. O. Smith, "Digital Audio Resampling" (bandlimited interpolation); J. Kaiser's window.
"""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

# Between rates that share few factors the step is rounded: an hour is 40 ms longer or shorter then, at most.
MAX_PHASES = 512
# How many zeros of the sinc are kept on each side, and the window that lets it fade out.
_ZEROS = 32
_KAISER_BETA = 8.0
# The middle of the transition band, where half is left, as a part of the lower rate's highest frequency.
_ROLLOFF = 0.945


class Resampler:
    """One channel from `rate_hz` to `to_hz`. The n-th sample out is heard when it was: nothing is delayed."""

    def __init__(self, rate_hz: int, to_hz: int) -> None:
        step = Fraction(rate_hz, to_hz).limit_denominator(MAX_PHASES)
        self._phases, self._stride = step.denominator, step.numerator
        cutoff = min(1.0, to_hz / rate_hz) * _ROLLOFF
        self._half = int(np.ceil(_ZEROS / cutoff))
        self._kernels = self._designed(cutoff)
        # What may still be needed of the input, with silence before its beginning; where its first sample stands.
        self._kept: Floats = np.zeros(self._half - 1, np.float32)
        self._start = -(self._half - 1)
        self._next = 0
        self._received = 0

    def push(self, sound: Floats) -> Floats:
        """What can be told now that this much more is known."""
        self._received += len(sound)
        self._kept = np.concatenate([self._kept, sound])
        # Sample k stands at k * stride / phases, and looks `half` samples ahead.
        end = self._start + len(self._kept)
        count = max(0, ((end - self._half) * self._phases - 1) // self._stride + 1 - self._next)
        return self._told(count)

    def flush(self) -> Floats:
        """The rest, as if silence followed: as long as the input, in all."""
        total = -(-self._received * self._phases // self._stride)
        self._kept = np.concatenate([self._kept, np.zeros(self._half + 1, np.float32)])
        return self._told(max(0, total - self._next))

    def _told(self, count: int) -> Floats:
        out: Floats = np.empty(count, np.float32)
        for first in range(min(self._phases, count)):
            place, phase = divmod((self._next + first) * self._stride, self._phases)
            rows = -(-(count - first) // self._phases)
            at = place - self._half + 1 - self._start
            # Every phases-th sample out comes of windows that are `stride` apart.
            windows = np.lib.stride_tricks.as_strided(
                self._kept[at:],
                (rows, 2 * self._half),
                (self._stride * self._kept.itemsize, self._kept.itemsize),
                writeable=False,
            )
            out[first :: self._phases] = windows @ self._kernels[phase]
        self._next += count
        done = self._next * self._stride // self._phases - self._half + 1 - self._start
        if done > 0:
            self._kept = self._kept[done:].copy()
            self._start += done
        return out

    def _designed(self, cutoff: float) -> Floats:
        """A kernel a phase, each letting a constant through as itself."""
        taps = np.arange(2 * self._half)[None, :] - self._half + 1
        distance = taps - np.arange(self._phases)[:, None] / self._phases
        window = np.i0(_KAISER_BETA * np.sqrt(np.maximum(0, 1 - (distance / self._half) ** 2)))
        kernels = np.sinc(cutoff * distance) * window
        scaled: Floats = (kernels / kernels.sum(axis=1, keepdims=True)).astype(np.float32)
        return scaled
