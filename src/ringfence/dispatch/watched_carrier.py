"""A carrier, and what it took and refused of late: figures for operators, without a number or an account."""

from collections.abc import Sequence

from ringfence.domain.clock import Clock
from ringfence.domain.recent_counts import RecentCounts
from ringfence.ports.carrier import Arrival, Carrier, Receipt, Sink, Submit, Submitted
from ringfence.ports.operations import CarrierFigures, CarrierKind, CarrierState

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
_SENT, _THROTTLED = "sent", "throttled"


class WatchedCarrier:
    """`ports.carrier.Carrier` over another."""

    def __init__(self, carrier: Carrier, clock: Clock, *, owner: str, kind: CarrierKind = "texts") -> None:
        self.name = carrier.name
        self._carrier = carrier
        self._clock = clock
        self._owner = owner
        self._kind: CarrierKind = kind
        self._sent = RecentCounts(MINUTE_MS)
        self._throttled = RecentCounts(HOUR_MS)
        self._errors = RecentCounts(HOUR_MS)
        self._up = carrier.healthy()
        self._since_ms = clock.now_ms()

    async def run(self, sink: Sink) -> None:
        await self._carrier.run(_CountedSink(sink, self))

    async def submit(self, texts: Sequence[Submit]) -> list[Submitted]:
        answers = await self._carrier.submit(texts)
        now_ms = self._clock.now_ms()
        for answer in answers:
            if answer.retry_after_ms is not None:
                self._throttled.add(_THROTTLED, 1, now_ms)
            elif answer.error_code is not None:
                self._errors.add(str(answer.error_code), 1, now_ms)
            else:
                self._sent.add(_SENT, 1, now_ms)
        return answers

    def healthy(self) -> bool:
        return self._carrier.healthy()

    def heard(self, receipts: Sequence[Receipt]) -> None:
        """Count what the carrier tells afterwards."""
        now_ms = self._clock.now_ms()
        for receipt in receipts:
            if receipt.error_code is not None:
                self._errors.add(str(receipt.error_code), 1, now_ms)

    def state(self) -> CarrierState:
        """As it is now; since when is as often as this is asked."""
        now_ms, up = self._clock.now_ms(), self.healthy()
        if up is not self._up:
            self._up, self._since_ms = up, now_ms
        figures = CarrierFigures(
            sent_last_minute=self._sent.totals(now_ms).get(_SENT, 0),
            throttled_last_hour=self._throttled.totals(now_ms).get(_THROTTLED, 0),
            errors=self._errors.totals(now_ms),
        )
        return CarrierState(
            name=self.name,
            owner=self._owner,
            kind=self._kind,
            up=up,
            since_ms=self._since_ms,
            told_ms=now_ms,
            figures=figures,
        )


class _CountedSink:
    def __init__(self, sink: Sink, carrier: WatchedCarrier) -> None:
        self._sink = sink
        self._carrier = carrier

    async def receipts(self, receipts: Sequence[Receipt]) -> list[bool]:
        taken = await self._sink.receipts(receipts)
        self._carrier.heard([receipt for receipt, done in zip(receipts, taken, strict=True) if done])
        return taken

    async def arrivals(self, arrivals: Sequence[Arrival]) -> list[bool]:
        return await self._sink.arrivals(arrivals)
