"""Keeps pressed keys out of recordings: what is recorded is 60 ms old, and silent where a key turned out to be.

A key is known some 40 ms after it began. So the last frames of all legs wait here for the recorder, each way of a leg
with the tick up to which it is to be silent.
"""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
Rows = NDArray[np.int64]

FRAME = 160
# How many ticks old a frame is when it is recorded.
DELAY_TICKS = 3
_KEPT = DELAY_TICKS + 1


class Discretion:
    """The last frames of all rows, both ways. `keep` is called once a tick, before `frames`."""

    def __init__(self, rows: int) -> None:
        self.tick = 0
        self._inbound = np.zeros((_KEPT, rows, FRAME), np.int16)
        self._outbound = np.zeros((_KEPT, rows, FRAME), np.int16)
        # The last tick whose frame is to be silent.
        self._inbound_until = np.zeros(rows, np.int64)
        self._outbound_until = np.zeros(rows, np.int64)

    def clear(self, row: int) -> None:
        """Begin a row anew."""
        self._inbound_until[row] = self._outbound_until[row] = 0
        self._inbound[:, row] = 0
        self._outbound[:, row] = 0

    def keep(self, tick: int, inbound: Samples, outbound: Samples) -> None:
        """The frames of a tick, of the first rows."""
        self.tick = tick
        self._inbound[tick % _KEPT, : len(inbound)] = inbound
        self._outbound[tick % _KEPT, : len(outbound)] = outbound

    def hush_inbound(self, rows: Rows, until: int) -> None:
        """There is a key in what these rows' peers say: none of it that is still here, nor up to a tick to come."""
        self._inbound_until[rows] = np.maximum(self._inbound_until[rows], until)

    def hush_outbound(self, rows: Rows, until: int) -> None:
        """There is a key in what these rows' peers hear."""
        self._outbound_until[rows] = np.maximum(self._outbound_until[rows], until)

    def frames(self, rows: Rows, tick: int) -> tuple[Samples, Samples]:
        """What may be recorded of a tick that is at most `DELAY_TICKS` ago."""
        inbound, outbound = self._inbound[tick % _KEPT][rows], self._outbound[tick % _KEPT][rows]
        inbound[self._inbound_until[rows] >= tick] = 0
        outbound[self._outbound_until[rows] >= tick] = 0
        return inbound, outbound
