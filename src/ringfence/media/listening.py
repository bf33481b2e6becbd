"""What each leg's peer says, frame by frame: from its jitter buffer, and made up where a packet is missing."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ringfence.media.concealment import FADED_AFTER, concealed, merged
from ringfence.media.containment import in_halves
from ringfence.media.jitter_buffers import FRAME, JitterBuffers

Samples = NDArray[np.int16]
Mask = NDArray[np.bool_]


class Listening:
    """The last frames of all rows. `hear` is called once a tick.

    `broke` is told of what one row raised that nobody foresaw: it is silent, and the others are heard all the same.
    """

    def __init__(self, rows: int, buffers: JitterBuffers, *, broke: Callable[[int, Exception], None]) -> None:
        self._buffers = buffers
        self._broke = broke
        # This tick's frames and those of the two before, in turn.
        self._frames = [np.zeros((rows, FRAME), np.int16) for _ in range(3)]
        self._missing = np.zeros(rows, np.int64)
        self._turn = 0

    def clear(self, row: int) -> None:
        """Begin a row anew."""
        self._missing[row] = 0
        for frames in self._frames:
            frames[row] = 0

    def hear(self, count: int, hears: Mask) -> Samples:
        """The next frame of the first rows; silence where nothing is heard. It holds until the tick after the next."""
        before, last, inbound = (self._frames[(self._turn + number) % 3] for number in range(3))
        self._turn = (self._turn + 1) % 3

        def hear(first: int, end: int) -> None:
            rows = slice(first, end)
            self._hear(first, before[rows], last[rows], inbound[rows], hears[rows])

        def broke(row: int, error: Exception) -> None:
            inbound[row] = 0
            self._broke(row, error)

        in_halves(0, count, hear, broke)
        return inbound[:count]

    def _hear(self, first: int, before: Samples, last: Samples, inbound: Samples, hears: Mask) -> None:
        """The frames of some rows, from `first` on."""
        whole, running = self._buffers.take(inbound, first)
        missing = self._missing[first : first + len(inbound)]
        mute = np.flatnonzero(~running | ~hears)
        lacking = np.flatnonzero(~whole & running)
        back = np.flatnonzero(whole & (missing > 0))
        missing[lacking] += 1
        if len(lacking):
            faded = missing[lacking] > FADED_AFTER
            inbound[lacking[faded]] = 0
            fading = lacking[~faded]
            history = np.concatenate([before[fading], last[fading]], axis=1)
            inbound[fading] = concealed(history, missing[fading])
        if len(back):
            history = np.concatenate([before[back], last[back]], axis=1)
            inbound[back] = merged(concealed(history, missing[back] + 1), inbound[back])
            missing[back] = 0
        inbound[mute] = 0
