"""A leg's RTCP: what it tells its peer every five seconds, what its peer tells it, and how well it fared.

Source: RFC 3550, section 6.
"""

import time

from ringfence.media.arrivals import Arrivals
from ringfence.media.departures import Departures
from ringfence.media.leg import Leg
from ringfence.media.reception import mean_opinion_score
from ringfence.media.rtcp import (
    Goodbye,
    ReceiverReport,
    Report,
    SenderReport,
    SourceDescription,
    middle_bits,
    ntp_time,
    parse_rtcp,
    round_trip_ms,
    write_rtcp,
)
from ringfence.media.rtp import InvalidPacketError
from ringfence.ports.media import LegStats

INTERVAL_TICKS = 250
# What a frame waits before it is sent, and what its sender waited to fill it.
_FRAME_MS = 20


class LegReports:
    """Reports of all legs, over the engine's counts."""

    def __init__(self, arrivals: Arrivals, departures: Departures) -> None:
        self._arrivals = arrivals
        self._departures = departures

    def tell(self, leg: Leg, *, ending: bool = False) -> None:
        """Send a report, and with `ending` a good-bye."""
        if leg.remote is None:
            return
        now_ms = time.time() * 1_000
        reports = [self._report(leg, now_ms), SourceDescription(ssrc=leg.ssrc, cname=leg.cname)]
        if ending:
            reports.append(Goodbye(ssrcs=(leg.ssrc,)))
        leg.send_report(write_rtcp(reports))

    def take(self, leg: Leg, data: bytes) -> None:
        """Read a peer's packet; garbage is counted as refused. A good-bye ends nothing: signalling does."""
        try:
            reports = parse_rtcp(data)
        except InvalidPacketError:
            leg.refused += 1
            return
        now_ms = time.time() * 1_000
        for report in reports:
            if isinstance(report, SenderReport) and report.ssrc == self._arrivals.ssrc(leg.row):
                self._arrivals.receptions.sender_report(leg.row, middle_bits(report.ntp), now_ms)
            if isinstance(report, SenderReport | ReceiverReport):
                for block in report.blocks:
                    trip_ms = round_trip_ms(block, now_ms) if block.ssrc == leg.ssrc else None
                    leg.round_trip_ms = leg.round_trip_ms if trip_ms is None else trip_ms

    def stats(self, leg: Leg) -> LegStats:
        """How the leg fares so far."""
        row, receptions, buffers = leg.row, self._arrivals.receptions, self._arrivals.buffers
        received, expected = receptions.total_received(row), receptions.total_expected(row)
        late = int(buffers.late[row])
        encoding = leg.remote.encoding if leg.remote else ""
        mos = 0.0
        if received:
            one_way_ms = (leg.round_trip_ms or 0.0) / 2 + buffers.delay_ms(row) + 2 * _FRAME_MS
            unheard = receptions.lost(row) + late
            mos = mean_opinion_score(encoding, lost_fraction=unheard / max(expected, 1), one_way_ms=one_way_ms)
        return LegStats(
            packets_sent=int(self._departures.sent[row]),
            packets_received=received,
            packets_lost=receptions.lost(row),
            packets_late=late,
            packets_refused=leg.refused,
            jitter_ms=round(receptions.jitter_ms(row), 2),
            round_trip_ms=leg.round_trip_ms,
            mos=mos,
            encoding=encoding,
        )

    def _report(self, leg: Leg, now_ms: float) -> Report:
        row = leg.row
        ssrc = self._arrivals.ssrc(row)
        block = self._arrivals.receptions.block(row, ssrc=ssrc, now_ms=now_ms, rate_hz=leg.clock_rate_hz)
        blocks = (block,) if ssrc >= 0 else ()
        if not self._departures.sent[row]:
            return ReceiverReport(ssrc=leg.ssrc, blocks=blocks)
        return SenderReport(
            ssrc=leg.ssrc,
            ntp=ntp_time(now_ms),
            rtp_timestamp=self._departures.timestamp(row),
            packets=int(self._departures.sent[row]),
            octets=int(self._departures.octets[row]),
            blocks=blocks,
        )
