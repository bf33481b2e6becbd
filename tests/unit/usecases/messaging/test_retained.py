"""Where a duty stands, each way in which a text or a code's mail is accepted keeps who with whom, and when."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from tests.retained_records import declare_duty, known, opened

from ringfence.domain.retention.facts import Facts
from ringfence.ports.carrier import Arrival
from ringfence.usecases.messaging.queue_bound import QueueBound

from .conftest import CUSTOMER, SHOP
from .test_text_with_code import Desk

OUT = {"kind": "text", "direction": "outbound", "local": SHOP, "remote": CUSTOMER}
Scene = Callable[[Any], Coroutine[Any, Any, None]]


def kept_in(run: Any, world: Any, scene: Scene) -> list[Facts]:
    """What officers read after a scene in a world where a duty stands."""

    async def story() -> list[Facts]:
        async with world(running=False) as w:
            declaration = await declare_duty(w.keys)
            await scene(w)
            found = await opened(w.store, w.keys, w.clock, declaration, w.account.sid)
            for sid, part in found:
                assert part == 0
                assert (await w.row(sid)).created_ms // 1_000 == found[sid, part].accepted_at
            return list(found.values())

    return run(story())


def test_of_a_text_that_a_program_sends(run, world) -> None:
    async def scene(w) -> None:
        await w.send("The word is swordfish")

    assert [known(facts) for facts in kept_in(run, world, scene)] == [OUT]


def test_of_a_text_for_which_no_room_is_in_its_number_s_queue(run, world) -> None:
    async def scene(w) -> None:
        service = await w.service(SHOP)
        w.messaging.sender._bound = QueueBound(w.store, w.clock, carrier="simulator", limit_of=lambda _: 0)
        view = await w.send(sender=None, messaging_service_sid=service)
        assert view.row.status == "failed"

    assert [known(facts) for facts in kept_in(run, world, scene)] == [OUT]


def test_of_a_text_that_comes_in_and_of_its_answer(run, world) -> None:
    async def scene(w) -> None:
        arrival = Arrival(carrier_ref="r1", to=SHOP, sender=CUSTOMER, body="STOP", at_ms=w.clock.now_ms())
        for _ in range(2):
            assert await w.dispatching.news.arrivals([arrival]) == [True]

    found = kept_in(run, world, scene)
    assert sorted(map(known, found), key=str) == sorted([{**OUT, "direction": "inbound"}, OUT], key=str)


@pytest.mark.parametrize(
    ("to", "channel", "expected"),
    [
        (CUSTOMER, "sms", OUT),
        (
            "sam@example.com",
            "email",
            {
                "kind": "mail",
                "direction": "outbound",
                "local": "Fade & Co <codes@ringfence.example>",
                "remote": "sam@example.com",
            },
        ),
    ],
)
def test_of_a_code(run, world, to: str, channel: str, expected: dict[str, str]) -> None:
    async def scene(w) -> None:
        await Desk(w).start(to, channel)

    (facts,) = kept_in(run, world, scene)
    assert {**known(facts), "local": str(facts.local).replace('"', "")} == expected


def test_the_dispatcher_erases_it_when_its_time_has_come(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            await declare_duty(w.keys)
            await w.send()
            (row,) = w.store._retained.values()
            w.clock.advance(row.until_ms - w.clock.now_ms())
            loops = asyncio.create_task(w.dispatching.run())
            await w.until(lambda: w.store._retained == {})
            loops.cancel()
            await asyncio.gather(loops, return_exceptions=True)

    run(story())


def test_undeclared_keeps_nothing(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            await w.send()
            await Desk(w).start()
            arrival = Arrival(carrier_ref="r1", to=SHOP, sender=CUSTOMER, body="HELP", at_ms=w.clock.now_ms())
            await w.dispatching.news.arrivals([arrival])
            assert w.store._retained == {}

    run(story())
