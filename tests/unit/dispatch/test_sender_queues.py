"""A crowd of sender queues of one account, and another account's text beside it."""

import asyncio
from typing import Any

import pytest

from ringfence.dispatch import sender_queues
from ringfence.ports.store import AccountRow
from ringfence.usecases.accounts.create_account import create_account
from ringfence.usecases.messaging.send import SendRequest

QUIET = "+12025550199"
CROWD = [f"+1202555{number}" for number in range(3000, 3008)]
TEXTS_EACH = 40


async def crowd_of_texts(world: Any) -> None:
    """Texts in eight queues of the world's own account."""
    for number in CROWD:
        await world.own(world.account, number)
    await asyncio.gather(
        *(
            world.send(sender=number, to=f"+1303555{text:04}", body=f"{number} {text}")
            for number in CROWD
            for text in range(TEXTS_EACH)
        )
    )


async def quiet_account(world: Any) -> tuple[AccountRow, Any]:
    made = await create_account(world.store, world.keys, world.clock, friendly_name="Quiet")
    await world.own(made.row, QUIET)
    return made.row, world.caller_of(made.sid, made.auth_token)


def queues_at_once(monkeypatch: pytest.MonkeyPatch, *, at_once: int, held: int, slice_ms: int) -> None:
    monkeypatch.setattr(sender_queues, "QUEUES_AT_ONCE", at_once)
    monkeypatch.setattr(sender_queues, "QUEUES_HELD", held)
    monkeypatch.setattr(sender_queues, "SLICE_MS", slice_ms)


def sent_of(world: Any) -> int:
    return sum(row.sent_ms is not None for row in world.store._messages.values() if row.account == world.account.sid)


def test_a_text_does_not_wait_for_another_accounts_queues(
    world: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    queues_at_once(monkeypatch, at_once=4, held=4, slice_ms=50)

    async def story() -> None:
        # Ten a second: a queue of forty takes four seconds, and eight of them share four places.
        async with world(number_rate_mps=10) as it:
            row, caller = await quiet_account(it)
            await crowd_of_texts(it)
            queues = it.dispatching.queues
            await it.until(lambda: queues.crowded)
            began_s = asyncio.get_running_loop().time()
            text = await it.messaging.sender.send(
                caller, row, SendRequest(to="+13035559999", sender=QUIET, body="Hello")
            )

            async def delivered() -> bool:
                message = await it.store.message(row.sid, text.row.sid)
                return bool(message is not None and message.status == "delivered")

            await it.until(delivered)
            assert asyncio.get_running_loop().time() - began_s < 1.5
            assert sent_of(it) < len(CROWD) * TEXTS_EACH // 2

    run(story())


def test_queues_that_wait_for_their_rate_take_no_places(world: Any, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    queues_at_once(monkeypatch, at_once=2, held=100, slice_ms=60_000)

    async def story() -> None:
        async with world(number_rate_mps=2) as it:
            await crowd_of_texts(it)
            # The burst of each: two texts. With two places for good, only two queues would have sent.
            await it.until(lambda: sent_of(it) >= 2 * len(CROWD))
            held = it.dispatching.queues._draining
            assert len(held) == len(CROWD)

    run(story())


def test_a_queue_opens_no_more_than_it_sends_in_a_second(world: Any, run: Any) -> None:
    async def story() -> None:
        async with world(running=False, number_rate_mps=2) as it:
            await it.own(it.account, CROWD[0])
            await asyncio.gather(*(it.send(sender=CROWD[0], to=f"+1303555{n:04}") for n in range(50)))
            asked: list[int] = []
            due = it.store.due

            async def counted(lease: Any, now_ms: int, limit: int) -> Any:
                asked.append(limit)
                return await due(lease, now_ms, limit)

            it.store.due = counted
            await it.dispatching.queues.heed_clock()
            await it.dispatching.queues.lease_and_start()
            await it.until(lambda: sent_of(it) >= 2)
            assert asked == [sender_queues.PAGE_MIN]
            for task in it.dispatching.queues._draining.values():
                task.cancel()

    run(story())


def test_the_order_of_a_pair_holds_over_slices(world: Any, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    queues_at_once(monkeypatch, at_once=2, held=2, slice_ms=1)

    async def story() -> None:
        async with world(running=False) as it:
            for number in CROWD[:4]:
                await it.own(it.account, number)
            for text in range(12):
                for number in CROWD[:4]:
                    await it.send(sender=number, body=f"{number} {text}")
            running = asyncio.create_task(it.dispatching.run())
            await it.until(lambda: len(it.bodies_at("+12025550177")) == 48)
            running.cancel()
            for number in CROWD[:4]:
                bodies = [body for body in it.bodies_at("+12025550177") if body.startswith(number)]
                assert bodies == [f"{number} {text}" for text in range(12)]

    run(story())


def test_the_order_of_a_pair_holds_while_the_clock_is_set_back_under_a_dispatcher_at_work(world: Any, run: Any) -> None:
    """It reads a queue right after the clock went back, and finds a text of the new time before one that waited."""

    async def story() -> None:
        async with world(running=False) as it:
            await it.own(it.account, CROWD[0])
            await it.send(sender=CROWD[0], body="first")
            due = it.store.due

            async def after_the_clock_went_back(lease: Any, now_ms: int, limit: int) -> Any:
                it.store.due = due
                it.clock.advance(-3_600_000)
                await it.send(sender=CROWD[0], body="second")
                return await due(lease, it.clock.now_ms(), limit)

            it.store.due = after_the_clock_went_back
            await it.dispatching.queues.heed_clock()
            await it.dispatching.queues.lease_and_start()
            await it.until(lambda: len(it.bodies_at("+12025550177")) == 2)
            assert it.bodies_at("+12025550177") == ["first", "second"]

    run(story())


def test_a_text_that_was_on_its_way_when_the_clock_went_back_still_goes_before_the_next(world: Any, run: Any) -> None:
    """It is written down after the dispatcher has mended what there was, with a time of before."""

    async def story() -> None:
        async with world(running=False) as it:
            await it.own(it.account, CROWD[0])
            queues = it.dispatching.queues
            await queues.heed_clock()
            it.clock.advance(-3_600_000)
            await queues.heed_clock()
            it.clock.advance(3_600_000)
            await it.send(sender=CROWD[0], body="first")
            it.clock.advance(-3_600_000)
            await it.send(sender=CROWD[0], body="second")
            await queues.lease_and_start()
            await it.until(lambda: len(it.bodies_at("+12025550177")) == 2)
            assert it.bodies_at("+12025550177") == ["first", "second"]

    run(story())
