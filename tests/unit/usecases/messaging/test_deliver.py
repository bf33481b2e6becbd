"""From accepted to delivered: rates, order, throttling, validity, receipts in every disorder."""

import asyncio

import pytest

from ringfence.carriers.simulator.faults import Fault, FaultKind
from ringfence.dispatch import sender_queues
from ringfence.domain.message import Status
from ringfence.ports.carrier import Receipt
from ringfence.ports.store import MessageFilter, StoreFailedError

CUSTOMER = "+12025550177"


def test_a_text_reaches_its_handset_and_its_receipt_comes_back(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            sid = (await w.send("Haircut Tue 15:00")).row.sid
            row = await w.until_status(sid, "delivered")
            assert w.bodies_at(CUSTOMER) == ["Haircut Tue 15:00"]
            assert row.sent_ms is not None
            (rated,) = await w.store.rated(w.account.sid)
            assert rated.sid == sid
            assert rated.price_micros == row.price_micros
            assert rated.price_micros

    run(story())


def test_texts_of_one_pair_arrive_in_the_order_they_were_accepted(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            wanted = [f"number {i}" for i in range(40)]
            for body in wanted:
                await w.send(body)
                await w.send(body, to="+12025550166")
            await w.until(lambda: len(w.bodies_at(CUSTOMER)) == len(w.bodies_at("+12025550166")) == 40)
            assert w.bodies_at(CUSTOMER) == wanted
            assert w.bodies_at("+12025550166") == wanted

    run(story())


def test_a_number_sends_no_faster_than_its_rate(run, world) -> None:
    async def story() -> None:
        async with world(number_rate_mps=10) as w:
            for i in range(20):
                await w.send(f"number {i}", to=f"+1202555{i:04d}")
            await asyncio.sleep(0.5)
            sent = [row for row in await w.store.messages(w.account.sid, MessageFilter()) if row.status != "queued"]
            assert 10 <= len(sent) <= 17

    run(story())


def test_a_throttled_text_is_sent_later_and_keeps_its_place(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            w.network.faults.add(Fault(kind=FaultKind.THROTTLE, delay_ms=120, remaining=2))
            for i in range(5):
                await w.send(f"number {i}")
            await w.until(lambda: len(w.bodies_at(CUSTOMER)) == 5)
            assert w.bodies_at(CUSTOMER) == [f"number {i}" for i in range(5)]

    run(story())


def test_a_text_past_its_validity_fails_with_30036_and_is_never_sent(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            sid = (await w.send(validity_period_s=10)).row.sid
            w.clock.advance(10_001)
            loops = asyncio.create_task(w.dispatching.run())
            row = await w.until_status(sid, "failed")
            loops.cancel()
            await asyncio.gather(loops, return_exceptions=True)
            assert row.error_code == 30036
            assert w.bodies_at(CUSTOMER) == []

    run(story())


def test_a_scheduled_text_waits_for_its_time(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            at_ms = w.clock.now_ms() + 3_600_000
            sid = (await w.send_later(at_ms, "Tomorrow")).row.sid
            await asyncio.sleep(0.4)
            assert (await w.row(sid)).status == "scheduled"
            w.clock.advance(3_600_001)
            await w.until_status(sid, "delivered")

    run(story())


@pytest.mark.parametrize("code", [30003, 30005, 30007])
def test_a_failing_handset_gives_twilios_code(run, world, code) -> None:
    async def story() -> None:
        async with world() as w:
            w.network.add_handset(CUSTOMER)
            w.network.faults.add(Fault(kind=FaultKind.FAIL, number=CUSTOMER, code=code))
            sid = (await w.send()).row.sid
            row = await w.until_status(sid, "undelivered")
            assert row.error_code == code

    run(story())


def test_receipts_that_are_doubled_and_late_change_nothing_twice(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            w.network.faults.add(Fault(kind=FaultKind.DUPLICATE_RECEIPTS))
            w.network.faults.add(Fault(kind=FaultKind.LATE_RECEIPTS, delay_ms=50))
            sids = [(await w.send(f"number {i}")).row.sid for i in range(10)]
            for sid in sids:
                await w.until_status(sid, "delivered")
            await asyncio.sleep(0.3)
            assert len(await w.store.rated(w.account.sid)) == 10

    run(story())


def test_what_the_carrier_took_is_not_sent_again_when_the_store_was_away_for_a_while(run, world, monkeypatch) -> None:
    async def scenario() -> None:
        async with world() as it:
            it.network.add_fault(Fault(kind=FaultKind.TAKE_REPEATS))
            refusals = 3
            acknowledge = it.store.acknowledge

            async def away_at_first(lease, outcomes):
                nonlocal refusals
                if lease is not None and refusals:
                    refusals -= 1
                    raise StoreFailedError("away")
                return await acknowledge(lease, outcomes)

            monkeypatch.setattr(it.store, "acknowledge", away_at_first)
            monkeypatch.setattr(sender_queues, "RECONNECT_WAIT_MS", 20)
            view = await it.send()
            await it.until_status(view.row.sid, "delivered")
            assert refusals == 0
            assert it.bodies_at(CUSTOMER) == ["Hello"]

    run(scenario())


def test_a_clock_that_is_set_back_makes_nobody_wait(run, world, monkeypatch) -> None:
    async def scenario() -> None:
        async with world() as it:
            it.network.add_fault(Fault(kind=FaultKind.DISCONNECT))
            waiting = await it.send("waits")
            it.clock.advance(-3_600_000)
            newer = await it.send("newer")
            await asyncio.sleep(0.3)
            it.network.clear_faults()
            for view in (waiting, newer):
                await it.until_status(view.row.sid, "delivered")
            assert it.bodies_at(CUSTOMER) == ["waits", "newer"]

    run(scenario())


def test_a_receipt_of_a_carrier_whose_clock_is_ahead_is_told_at_once(run, world) -> None:
    async def scenario() -> None:
        async with world() as it:
            it.network.add_fault(Fault(kind=FaultKind.LOSE_RECEIPTS))
            sid = (await it.send(status_callback="http://127.0.0.1:9/none")).row.sid
            row = await it.until_status(sid, "sent")
            ahead_ms = it.clock.now_ms() + 3_600_000
            receipt = Receipt(carrier_ref=row.carrier_ref, status=Status.DELIVERED, at_ms=ahead_ms)
            assert await it.dispatching.news.receipts([receipt]) == [True]
            events = await it.store.events(it.account.sid, sid)
            assert [event.kind for event in events] == ["message.sent", "message.delivered"]
            assert events[1].at_ms <= it.clock.now_ms()

    run(scenario())
