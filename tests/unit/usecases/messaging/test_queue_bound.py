"""As many texts wait for a number as it sends in so many seconds, and not more."""

import asyncio

import pytest

from ringfence.domain.errors import ApiError
from ringfence.domain.message import Status
from ringfence.usecases.messaging import queue_bound
from ringfence.usecases.messaging.queue_bound import QueueBound

from .conftest import SHOP


def bounded(world, limit: int) -> QueueBound:
    bound = QueueBound(world.store, world.clock, carrier="simulator", limit_of=lambda _: limit)
    world.messaging.sender._bound = bound
    return bound


def test_a_text_beyond_the_bound_is_refused_until_there_is_room(run, world, monkeypatch) -> None:
    monkeypatch.setattr(queue_bound, "FULL_MS", 50)

    async def story() -> None:
        async with world(running=False) as w:
            bounded(w, 25)
            for number in range(25):
                await w.send(f"text {number}")
            for _ in range(2):
                with pytest.raises(ApiError) as refused:
                    await w.send("one too many")
                assert (refused.value.code, refused.value.status) == (21611, 429)
            running = asyncio.create_task(w.dispatching.run())
            await w.until(lambda: len(w.bodies_at("+12025550177")) == 25)
            await asyncio.sleep(0.1)
            await w.send("again")
            running.cancel()

    run(story())


def test_a_scheduled_text_does_not_wait_in_the_queue(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            bounded(w, 1)
            await w.send("waits")
            await w.send_later(w.clock.now_ms() + 3_600_000)

    run(story())


def test_a_queue_is_counted_now_and_then_and_once_for_many(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            bound = bounded(w, 64)
            counts: list[int] = []
            waiting = w.store.waiting

            async def counted(*arguments):
                await asyncio.sleep(0.01)
                counts.append(await waiting(*arguments))
                return counts[-1]

            w.store.waiting = counted
            ends = await asyncio.gather(*(w.send(f"text {n}") for n in range(20)))
            assert len(ends) == 20
            assert len(counts) == 1
            refused = 0
            for number in range(60):
                try:
                    await w.send(f"more {number}")
                except ApiError:
                    refused += 1
            assert refused == 16
            assert len(counts) < 12
            assert await bound.overflows(w.account.sid, SHOP)
            # Another number has its own queue.
            assert not await bound.overflows(w.account.sid, "+12025550999")

    run(story())


def test_a_text_of_a_service_fails_with_queue_overflow_after_it_was_made(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            bounded(w, 1)
            service = await w.service(SHOP)
            await w.send("waits")
            view = await w.send(
                "fails", sender=None, messaging_service_sid=service, status_callback="https://a.example/"
            )
            row = await w.row(view.row.sid)
            assert (row.status, row.error_code) == (Status.FAILED, 30001)
            (event,) = await w.store.events(w.account.sid, row.sid)
            assert (event.kind, event.error_code, event.sequence) == ("message.failed", 30001, 1)

    run(story())
