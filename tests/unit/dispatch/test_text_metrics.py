"""What throttled or repeated itself leaves a figure, without anybody's number."""

from prometheus_client import CollectorRegistry

from ringfence.carriers.simulator.faults import Fault, FaultKind
from ringfence.dispatch.text_metrics import TextMetrics
from ringfence.ports.carrier import Arrival


def test_figures_are_by_carrier_alone() -> None:
    registry = CollectorRegistry()
    metrics = TextMetrics(registry, "simulator")
    metrics.throttled(3)
    metrics.arrived("repeated")
    assert registry.get_sample_value("ringfence_texts_throttled_total", {"carrier": "simulator"}) == 3
    assert registry.get_sample_value("ringfence_arrivals_total", {"carrier": "simulator", "end": "repeated"}) == 1
    assert registry.get_sample_value("ringfence_arrivals_total", {"carrier": "simulator", "end": "taken"}) == 0


def test_an_arrival_that_comes_again_or_to_nobody_is_counted_as_such(run, world) -> None:
    ends: list[str] = []

    def arrival(ref: str, to: str) -> Arrival:
        return Arrival(carrier_ref=ref, to=to, sender="+12025550177", body="C", at_ms=1_700_000_000_000)

    async def story() -> None:
        async with world(running=False) as w:
            w.dispatching.news._receiver._count = ends.append
            shop = "+12025550123"
            await w.dispatching.news.arrivals([arrival("1", shop), arrival("1", shop), arrival("2", "+12025550199")])

    run(story())
    assert ends == ["taken", "repeated", "dropped"]


def test_texts_that_the_carrier_throttles_are_counted(run, world) -> None:
    counts: list[int] = []

    async def story() -> None:
        async with world() as w:
            w.dispatching.queues.count_throttled = counts.append
            w.network.faults.add(Fault(kind=FaultKind.THROTTLE, delay_ms=20, remaining=1))
            sent = await w.send(to="+12025550177", body="Hello")

            async def delivered() -> bool:
                row = await w.store.message(w.account.sid, sent.row.sid)
                return bool(row is not None and row.status == "delivered")

            await w.until(delivered)

    run(story())
    assert counts == [1]
