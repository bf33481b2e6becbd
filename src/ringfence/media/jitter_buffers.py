"""Jitter buffers of all legs of a worker: packets go in as they come, 20 ms of sound come out of each row a tick.

Time is counted in halves of a frame, 10 ms, so that packets of 10, 20, 30, 40 or 60 ms all fit one grid. A row's clock
runs on by two halves a tick and never back: what comes out is in order, whatever comes in, and what is stored lies at
most `DEPTH` halves ahead of it. The delay grows when packets come late twice, by as much as they were late, and shrinks
by a frame when for a while all came earlier than needed.
"""

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
Samples = NDArray[np.int16]

FRAME = 160
HALF = FRAME // 2
HALF_MS = 10
# How many halves a row holds: 640 ms.
DEPTH = 64
# The delay of a fresh stream, and the longest that late packets can make, in halves.
START_DELAY = 2
MAX_DELAY = 32
# A row whose packets all came so many halves early, for so many ticks, gives up a frame of delay.
SPARE = 5
CALM_TICKS = 100
# So many late packets in a row, whatever their distance, are a stream on another clock.
LATE_STREAK = 5
# A late packet is the second when no more than so many in time have come since the one before.
LATE_APART = 25
_FAR = 1 << 40


class JitterBuffers:
    """A row a leg. `put` is called with each row at most once; `take` once a tick, for the first rows."""

    def __init__(self, rows: int) -> None:
        self._sound = np.zeros((rows, DEPTH, HALF), np.int16)
        self._frames = self._sound.reshape(rows * DEPTH // 2, FRAME)
        # Which half of its row's time each place holds.
        self._stamps = np.full((rows, DEPTH), -1, np.int64)
        self._pairs = self._stamps.reshape(rows * DEPTH // 2, 2)
        # The half that is played next; even.
        self._next = np.zeros(rows, np.int64)
        self._newest = np.zeros(rows, np.int64)
        self._started = np.zeros(rows, bool)
        # The RTP timestamp that stands for the half `_origin_half`.
        self._origin = np.zeros(rows, np.int64)
        self._origin_half = np.zeros(rows, np.int64)
        self._per_half = np.full(rows, HALF, np.int64)
        self._waiting = np.zeros(rows, np.int64)
        self._streak = np.zeros(rows, np.int64)
        # After a late packet it counts down with each that is in time.
        self._unease = np.zeros(rows, np.int64)
        self._spare = np.full(rows, _FAR, np.int64)
        self._calm = np.zeros(rows, np.int64)
        self.late = np.zeros(rows, np.int64)
        self._first_place = np.arange(rows) * (DEPTH // 2)
        self._halves = np.arange(2)

    def clear(self, row: int, *, clock_rate_hz: int = 8_000) -> None:
        """Begin a row anew, for a stream on this clock."""
        self._started[row] = False
        self._stamps[row] = -1
        self._waiting[row] = self._streak[row] = self._unease[row] = self._calm[row] = self.late[row] = 0
        self._spare[row] = _FAR
        self._per_half[row] = clock_rate_hz // 100

    def restart(self, row: int) -> None:
        """The stream of a row begins anew, on a clock of its own; its counts go on."""
        self._started[row] = False
        self._stamps[row] = -1
        self._waiting[row] = self._streak[row] = 0

    def restart_all(self) -> None:
        """Every stream begins anew: what is stored is of a time that is over."""
        self._started[:] = False
        self._stamps[:] = -1
        self._waiting[:] = self._streak[:] = 0

    def delay_ms(self, row: int) -> int:
        """How much sound waits in a row, or would, were no packet late."""
        return max(0, int(self._newest[row] - self._next[row])) * 10

    def place(self, rows: Rows, timestamps: Rows, halves: int) -> Rows:
        """Which half each row's packet of `halves` begins at, by its timestamp; the rows' clocks follow.

        A half before `next` is too late to be heard: what falls there is dropped by `put`.
        """
        starting = ~self._started[rows]
        fresh = rows[starting]
        self._stamps[fresh] = -1
        self._started[fresh] = True
        self._origin[fresh] = timestamps[starting]
        self._origin_half[fresh] = self._newest[fresh] = self._next[fresh] + START_DELAY

        per_half = self._per_half[rows]
        moved = (timestamps - self._origin[rows] + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        # Up to the grid: a stream that shifted by part of a half moves with it.
        at = self._origin_half[rows] - -moved // per_half
        early = at - self._next[rows]
        late = early < 0
        self._streak[rows] = np.where(late, self._streak[rows] + 1, 0)
        self.late[rows] += late
        wild = (early + halves > DEPTH) | (late & (self._streak[rows] >= LATE_STREAK))
        wild |= late & (early < -MAX_DELAY) & (self._streak[rows] > 1)
        if wild.any():
            gone = rows[wild]
            self._stamps[gone] = -1
            at[wild] = self._next[gone] + START_DELAY
            early[wild] = START_DELAY
            self._newest[gone] = at[wild]
            self._streak[gone] = self._waiting[gone] = 0
        ahead = (at >= self._newest[rows]) | wild
        moving = rows[ahead]
        self._origin[moving], self._origin_half[moving] = timestamps[ahead], at[ahead]
        self._newest[moving] = at[ahead] + halves

        waits = late & ~wild & (self._unease[rows] > 0)
        self._unease[rows] = np.where(late, LATE_APART, np.maximum(self._unease[rows] - 1, 0))
        if waits.any():
            slow = rows[waits]
            room = MAX_DELAY - (self._newest[slow] - self._next[slow])
            needed = np.minimum(-early[waits], room) + 1 >> 1
            self._waiting[slow] = np.maximum(self._waiting[slow], needed)
        self._spare[rows] = np.minimum(self._spare[rows], early)
        return at

    def put(self, rows: Rows, at: Rows, sound: Samples) -> None:
        """Keep sound, one or more halves a row, from the half `at` on; what is too late, or there already, is left."""
        for number in range(sound.shape[1] // HALF):
            half = at + number
            spot = half % DEPTH
            fits = (half >= self._next[rows]) & (half < self._next[rows] + DEPTH) & (self._stamps[rows, spot] != half)
            piece = sound[:, number * HALF : (number + 1) * HALF]
            if fits.all():
                self._sound[rows, spot] = piece
                self._stamps[rows, spot] = half
            else:
                self._sound[rows[fits], spot[fits]] = piece[fits]
                self._stamps[rows[fits], spot[fits]] = half[fits]

    def next_half(self, row: int) -> int:
        """The half that is played next."""
        return int(self._next[row])

    def lacks(self, row: int) -> bool:
        """Whether the row's next frame is due and nothing of it has come."""
        if not self._started[row] or self._waiting[row]:
            return False
        upcoming = int(self._next[row])
        places = self._stamps[row, [upcoming % DEPTH, (upcoming + 1) % DEPTH]]
        return bool(places[0] != upcoming and places[1] != upcoming + 1)

    def take(self, out: Samples, first: int = 0) -> tuple[Mask, Mask]:
        """Write the next frames of as many rows as `out` has, from `first` on: which had one, and which run at all.

        What stands in `out` for a row that had none means nothing: whoever called conceals it.
        """
        rows = slice(first, first + len(out))
        upcoming = self._next[rows]
        spots = self._first_place[rows] + (upcoming >> 1) % (DEPTH // 2)
        there = self._pairs[spots] == upcoming[:, None] + self._halves
        waiting = self._waiting[rows] > 0
        running = self._started[rows]
        whole = there.all(1) & running & ~waiting
        np.take(self._frames, spots, axis=0, out=out, mode="clip")
        partly = np.flatnonzero(there.any(1) & ~whole & running & ~waiting)
        for row in partly.tolist():
            # One half came: the other is its echo.
            early, later = out[row, :HALF], out[row, HALF:]
            if there[row, 0]:
                later[:] = early
            else:
                early[:] = later
            whole[row] = True
        self._waiting[rows] -= waiting
        upcoming += np.where(running & ~waiting, 2, 0)
        self._shrink(rows)
        return whole, running

    def _shrink(self, among: slice) -> None:
        self._calm[among] += 1
        ripe = self._calm[among] >= CALM_TICKS
        if not ripe.any():
            return
        rows = np.flatnonzero(ripe) + among.start
        self._calm[rows] = 0
        roomy = rows[(self._spare[rows] >= SPARE) & (self._spare[rows] < _FAR)]
        self._next[roomy] += 2
        self._spare[rows] = _FAR
