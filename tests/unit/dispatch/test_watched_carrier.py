"""What a carrier took and refused of late is counted, of what it says at once and of what it says later."""

import asyncio

from ringfence.dispatch.watched_carrier import WatchedCarrier
from ringfence.domain.clock import ManualClock
from ringfence.domain.message import Status
from ringfence.ports.carrier import Receipt, Submit, Submitted


class Carrier:
    name = "simulator"

    def __init__(self):
        self.up = True

    async def run(self, sink):
        taken = Receipt(carrier_ref="1", status=Status.UNDELIVERED, at_ms=1, error_code=30003)
        offered_again = Receipt(carrier_ref="2", status=Status.FAILED, at_ms=1, error_code=30007)
        await sink.receipts([taken, offered_again, Receipt(carrier_ref="3", status=Status.DELIVERED, at_ms=1)])

    async def submit(self, texts):
        return [
            Submitted(ref="1", carrier_ref="x"),
            Submitted(ref="2", error_code=30006),
            Submitted(ref="3", retry_after_ms=100),
        ]

    def healthy(self):
        return self.up


class Sink:
    async def receipts(self, receipts):
        return [True, False, True]


def test_figures_are_of_the_last_minute_and_the_last_hour():
    clock, carrier = ManualClock(), Carrier()
    watched = WatchedCarrier(carrier, clock, owner="d1")
    began_ms = clock.now_ms()
    asyncio.run(watched.submit([Submit(ref="1", sender="a", to="b", body="c")]))
    asyncio.run(watched.run(Sink()))
    state = watched.state()
    assert (state.name, state.owner, state.kind, state.up, state.since_ms) == (
        *("simulator", "d1", "texts", True, began_ms),
    )
    assert (state.figures.sent_last_minute, state.figures.throttled_last_hour) == (1, 1)
    assert state.figures.errors == {"30006": 1, "30003": 1}
    clock.advance(61_000)
    carrier.up = False
    later = watched.state()
    assert (later.up, later.since_ms, later.figures.sent_last_minute) == (False, clock.now_ms(), 0)
    assert later.figures.errors == {"30006": 1, "30003": 1}
    clock.advance(3_600_000)
    assert watched.state().figures.errors == {}
    assert watched.state().since_ms == later.since_ms
