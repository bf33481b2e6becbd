"""What each leg's peer says, frame by frame: from its jitter buffer, and made up where a packet is missing."""

import numpy as np
from numpy.typing import NDArray

from ringfence.media.concealment import FADED_AFTER, concealed, merged
from ringfence.media.jitter_buffers import FRAME, JitterBuffers

Samples = NDArray[np.int16]
Mask = NDArray[np.bool_]


class Listening:
    """The last frames of all rows. `hear` is called once a tick."""

    def __init__(self, rows: int, buffers: JitterBuffers) -> None:
        self._buffers = buffers
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
        inbound = inbound[:count]
        whole, running = self._buffers.take(inbound)
        mute = np.flatnonzero(~running | ~hears[:count])
        lacking = np.flatnonzero(~whole & running)
        back = np.flatnonzero(whole & (self._missing[:count] > 0))
        self._missing[lacking] += 1
        if len(lacking):
            faded = self._missing[lacking] > FADED_AFTER
            inbound[lacking[faded]] = 0
            fading = lacking[~faded]
            history = np.concatenate([before[fading], last[fading]], axis=1)
            inbound[fading] = concealed(history, self._missing[fading])
        if len(back):
            history = np.concatenate([before[back], last[back]], axis=1)
            inbound[back] = merged(concealed(history, self._missing[back] + 1), inbound[back])
            self._missing[back] = 0
        inbound[mute] = 0
        return inbound
