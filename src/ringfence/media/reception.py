"""What one end hears of a stream: lost, late and repeated packets, jitter, and the quality they make.

Source: RFC 3550, appendices A.1, A.3 and A.8; ITU-T G.107 (E-model), as simplified for one codec and a known delay.
"""

import math

from ringfence.media.rtcp import ReportBlock
from ringfence.media.rtp import sequence_step

# A jump further than this is a source that began anew (appendix A.1: MAX_DROPOUT).
MAX_DROPOUT = 3_000
# The E-model's ceiling without impairments, and what each codec's coding and lost packets cost (G.113, appendix I).
_R_BEST = 93.2
_IMPAIRMENT = {"PCMU": (0.0, 25.1), "PCMA": (0.0, 25.1), "G722": (5.0, 20.0), "OPUS": (0.0, 30.0)}


class Reception:
    """The counts of one source on one clock. Packets are told in order of arrival."""

    def __init__(self, *, ssrc: int, clock_rate_hz: int) -> None:
        self.ssrc = ssrc
        self.received = 0
        self.repeated = 0
        self.late = 0
        self._rate = clock_rate_hz
        self._first: int | None = None
        self._highest = 0
        self._cycles = 0
        self._stray = -1
        self._jitter = 0.0
        self._transit: float | None = None
        self._expected_before = 0
        self._received_before = 0
        self._seen = bytearray(65_536 // 8)
        self._last_report = (0, 0.0)

    def __repr__(self) -> str:
        return f"Reception({self.received} packets)"

    def take(self, sequence: int, timestamp: int, arrival_ms: float) -> bool:
        """Count a packet; False for one that was counted before, or that is far from all others."""
        if self._first is None:
            self._begin(sequence)
        elif abs(sequence_step(self._highest, sequence)) > MAX_DROPOUT:
            # One stray number is noise; two in a row are a source that began anew.
            if self._stray != sequence:
                self._stray = sequence + 1 & 0xFFFF
                return False
            self._begin(sequence)
        self._stray = -1
        step = sequence_step(self._highest, sequence)
        if step > 0:
            for skipped in range(self._highest + 1, self._highest + step):
                self._mark(skipped & 0xFFFF, seen=False)
            self._cycles += (self._highest + step) >> 16
            self._highest = sequence
        elif self._is_marked(sequence):
            self.repeated += 1
            return False
        else:
            self.late += 1
        self._mark(sequence, seen=True)
        self.received += 1
        self._measure(timestamp, arrival_ms)
        return True

    def sender_report(self, middle: int, arrival_ms: float) -> None:
        """Remember the source's report, which our blocks quote."""
        self._last_report = middle, arrival_ms

    @property
    def expected(self) -> int:
        """How many packets there should have been, by their numbers."""
        return 0 if self._first is None else self._cycles * 65_536 + self._highest - self._first + 1

    @property
    def lost(self) -> int:
        """How many never came."""
        return max(0, self.expected - self.received)

    @property
    def jitter_ms(self) -> float:
        """The smoothed variation of transit times."""
        return self._jitter * 1_000 / self._rate

    def block(self, now_ms: float) -> ReportBlock:
        """What a report says of this source; the fraction counts from the last call on."""
        expected, received = self.expected, self.received
        interval = expected - self._expected_before
        missing = interval - (received - self._received_before)
        self._expected_before, self._received_before = expected, received
        middle, heard_ms = self._last_report
        return ReportBlock(
            ssrc=self.ssrc,
            fraction_lost=min(255, missing * 256 // interval) if interval > 0 and missing > 0 else 0,
            lost=expected - received,
            highest_sequence=(self._cycles << 16 | self._highest) & 0xFFFFFFFF,
            jitter=int(self._jitter),
            last_report=middle,
            delay=int((now_ms - heard_ms) * 65_536 / 1_000) & 0xFFFFFFFF if middle else 0,
        )

    def _begin(self, sequence: int) -> None:
        self._first = sequence
        self._highest = sequence - 1 & 0xFFFF
        self._cycles = -1 if sequence == 0 else 0
        self.received = self.late = 0
        self._expected_before = self._received_before = 0
        self._transit = None
        self._seen = bytearray(65_536 // 8)

    def _measure(self, timestamp: int, arrival_ms: float) -> None:
        transit = arrival_ms * self._rate / 1_000 - timestamp
        if self._transit is not None:
            change = abs(transit - self._transit)
            # A timestamp that wrapped, or began anew, is no jitter.
            if change < self._rate * 5:
                self._jitter += (change - self._jitter) / 16
        self._transit = transit

    def _mark(self, sequence: int, *, seen: bool) -> None:
        if seen:
            self._seen[sequence >> 3] |= 1 << (sequence & 7)
        else:
            self._seen[sequence >> 3] &= ~(1 << (sequence & 7)) & 0xFF

    def _is_marked(self, sequence: int) -> bool:
        return bool(self._seen[sequence >> 3] & 1 << (sequence & 7))


def mean_opinion_score(codec: str, *, lost_fraction: float, one_way_ms: float) -> float:
    """An estimate of what listeners would say, from 1 (bad) to 4.5: the E-model with random loss."""
    coding, robustness = _IMPAIRMENT.get(codec.upper(), (10.0, 15.0))
    percent = 100 * min(max(lost_fraction, 0.0), 1.0)
    equipment = coding + (95 - coding) * percent / (percent + robustness)
    delay = 0.024 * one_way_ms + (0.11 * (one_way_ms - 177.3) if one_way_ms > 177.3 else 0.0)
    rating = _R_BEST - delay - equipment
    if rating <= 0:
        return 1.0
    score = 1 + 0.035 * rating + 7e-6 * rating * (rating - 60) * (100 - rating)
    return math.floor(min(max(score, 1.0), 4.5) * 100) / 100
