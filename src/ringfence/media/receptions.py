"""What every leg of a worker hears of its peer, counted for all that heard something in one turn.

The same counts as `reception.Reception`, which is the reference in tests, in arrays with a row a leg.

Source: RFC 3550, appendices A.1, A.3 and A.8.
"""

import numpy as np
from numpy.typing import NDArray

from ringfence.media.reception import MAX_DROPOUT
from ringfence.media.rtcp import ReportBlock

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

# How far back a packet is still told from its repetition.
WINDOW = 64
_ONE = np.uint64(1)


class Receptions:
    """Counts of one source a row. `take` is called with each row at most once."""

    def __init__(self, rows: int) -> None:
        self.received = np.zeros(rows, np.int64)
        self.late = np.zeros(rows, np.int64)
        self.repeated = np.zeros(rows, np.int64)
        self._begun = np.zeros(rows, bool)
        self._first = np.zeros(rows, np.int64)
        # Unwrapped: it grows beyond 16 bits.
        self._highest = np.zeros(rows, np.int64)
        self._window = np.zeros(rows, np.uint64)
        self._stray = np.full(rows, -1, np.int64)
        self._jitter = np.zeros(rows, np.float64)
        self._timed = np.zeros(rows, bool)
        self._timestamp = np.zeros(rows, np.int64)
        self._arrival = np.zeros(rows, np.float64)
        # Of the row's earlier streams.
        self._expected_earlier = np.zeros(rows, np.int64)
        self._received_earlier = np.zeros(rows, np.int64)
        self._expected_before = np.zeros(rows, np.int64)
        self._received_before = np.zeros(rows, np.int64)
        self._report = np.zeros(rows, np.int64)
        self._report_ms = np.zeros(rows, np.float64)

    def clear(self, row: int) -> None:
        """Begin a row anew: another leg, or another source on it."""
        for counts in (self.received, self.late, self.repeated, self._expected_earlier, self._received_earlier):
            counts[row] = 0
        self._jitter[row] = 0.0
        self._report[row] = 0
        self._begun[row] = self._timed[row] = False
        self._stray[row] = -1

    def restart(self, row: int) -> None:
        """The stream of a row begins anew, under numbers of its own; what was heard and lost before still counts."""
        expected, received = self.expected(row), int(self.received[row])
        self._expected_earlier[row] += expected
        self._received_earlier[row] += received
        self.received[row] = 0
        self._begun[row] = self._timed[row] = False
        self._stray[row] = -1
        self._report[row] = 0

    def take(
        self, rows: Rows, sequences: Rows, timestamps: Rows, timed: Mask, arrival_ms: float, rates_hz: Rows
    ) -> Mask:
        """Count one packet of each of `rows`: False for those that were counted before or are far from all others.

        `timed` packets take part in the jitter; a key's do not, whose timestamps stand still.
        """
        fresh = ~self._begun[rows]
        step = _step(self._highest[rows], sequences)
        far = ~fresh & (np.abs(step) > MAX_DROPOUT)
        # One stray number is noise; two in a row are a source that began anew.
        again = far & (self._stray[rows] == sequences)
        accepted = ~far | again
        self._stray[rows] = np.where(far & ~again, sequences + 1 & 0xFFFF, -1)
        self._begin(rows[fresh | again], sequences[fresh | again])
        rows, sequences, step = rows[accepted], sequences[accepted], step[accepted]
        begun = (fresh | again)[accepted]
        step[begun] = 1

        window = self._window[rows]
        ahead = step > 0
        forward = np.minimum(np.where(ahead, step, 0), WINDOW - 1).astype(np.uint64)
        back = np.minimum(np.where(ahead, 0, -step), WINDOW - 1).astype(np.uint64)
        marked = (window >> back & _ONE).astype(bool)
        # Too far back to be told from a repetition: it counts as one.
        repeated = ~ahead & (marked | (-step >= WINDOW))
        shifted = np.where(step >= WINDOW, np.uint64(0), window << forward)
        self._window[rows] = np.where(repeated, window, np.where(ahead, shifted | _ONE, window | _ONE << back))
        self._highest[rows] += np.where(ahead, step, 0)
        self.repeated[rows] += repeated
        self.late[rows] += ~ahead & ~repeated
        self.received[rows] += ~repeated
        kept: Mask = accepted.copy()
        kept[accepted] = ~repeated
        measured = timed & kept
        chosen = measured[accepted]
        self._measure(rows[chosen], timestamps[measured], arrival_ms, rates_hz[measured])
        return kept

    def total_received(self, row: int) -> int:
        """How many packets of all streams of a row came, each once."""
        return int(self._received_earlier[row] + self.received[row])

    def total_expected(self, row: int) -> int:
        """How many packets of all streams of a row there should have been."""
        return int(self._expected_earlier[row]) + self.expected(row)

    def expected(self, row: int) -> int:
        """How many packets of the present stream there should have been, by their numbers."""
        return int(self._highest[row] - self._first[row] + 1) if self._begun[row] else 0

    def lost(self, row: int) -> int:
        """How many packets of all streams never came."""
        return max(0, self.total_expected(row) - self.total_received(row))

    def jitter_ms(self, row: int) -> float:
        """The smoothed variation of transit times."""
        return float(self._jitter[row])

    def sender_report(self, row: int, middle: int, arrival_ms: float) -> None:
        """Remember the source's report, which our blocks quote."""
        self._report[row], self._report_ms[row] = middle, arrival_ms

    def block(self, row: int, *, ssrc: int, now_ms: float, rate_hz: int) -> ReportBlock:
        """What a report says of a row's source; the fraction counts from the last call on."""
        expected, received = self.expected(row), int(self.received[row])
        interval = expected - int(self._expected_before[row])
        missing = interval - (received - int(self._received_before[row]))
        self._expected_before[row], self._received_before[row] = expected, received
        middle = int(self._report[row])
        return ReportBlock(
            ssrc=ssrc,
            fraction_lost=min(255, missing * 256 // interval) if interval > 0 and missing > 0 else 0,
            lost=expected - received,
            highest_sequence=int(self._highest[row]) & 0xFFFFFFFF,
            jitter=int(self._jitter[row] * rate_hz / 1_000),
            last_report=middle,
            delay=int((now_ms - self._report_ms[row]) * 65_536 / 1_000) & 0xFFFFFFFF if middle else 0,
        )

    def _begin(self, rows: Rows, sequences: Rows) -> None:
        self._begun[rows] = True
        self._first[rows] = sequences
        self._highest[rows] = sequences - 1
        self._window[rows] = 0
        self.received[rows] = 0
        self._expected_before[rows] = self._received_before[rows] = 0
        self._timed[rows] = False

    def _measure(self, rows: Rows, timestamps: Rows, arrival_ms: float, rates_hz: Rows) -> None:
        moved = (timestamps - self._timestamp[rows] + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        change = np.abs(arrival_ms - self._arrival[rows] - moved * 1_000 / rates_hz)
        # A timestamp that began anew is no jitter.
        counts = self._timed[rows] & (change < 5_000)
        self._jitter[rows] += np.where(counts, (change - self._jitter[rows]) / 16, 0.0)
        self._timed[rows] = True
        self._timestamp[rows] = timestamps
        self._arrival[rows] = arrival_ms


def _step(earlier: Rows, later: Rows) -> Rows:
    """How far each is ahead, modulo 2^16, from -32,768 to 32,767."""
    step: Rows = (later - earlier + 0x8000 & 0xFFFF) - 0x8000
    return step
