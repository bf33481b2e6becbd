"""A text from a handset is written once, its opt-out kept, and the tenant told."""

import pytest

from ringfence.domain.errors import ApiError
from ringfence.domain.message import Direction, Status
from ringfence.ports.carrier import Arrival
from ringfence.usecases.messaging.read import ListRequest

SHOP = "+12025550123"
CUSTOMER = "+12025550177"


def arrival(body: str, ref: str = "r1", *, to: str = SHOP, sender: str = CUSTOMER) -> Arrival:
    return Arrival(carrier_ref=ref, to=to, sender=sender, body=body, at_ms=1_700_000_000_000)


async def inbox(w):
    return await w.messaging.reader.list(w.caller, w.account, ListRequest(limit=100))


def test_an_arrival_is_sealed_readable_by_its_tenant_and_announced(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            assert await w.dispatching.news.arrivals([arrival("C for swordfish")]) == [True]
            (view,) = await inbox(w)
            assert view.row.direction is Direction.INBOUND
            assert view.row.status is Status.RECEIVED
            assert b"swordfish" not in view.row.content
            assert view.content is not None
            assert (view.content.body, view.content.remote) == ("C for swordfish", CUSTOMER)
            (event,) = await w.store.events(w.account.sid, view.row.sid)
            assert event.kind == "message.received"

    run(story())


def test_a_carrier_that_repeats_itself_changes_nothing(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            for _ in range(3):
                assert await w.dispatching.news.arrivals([arrival("C"), arrival("C", "r2")]) == [True, True]
            assert len(await inbox(w)) == 2

    run(story())


@pytest.mark.parametrize(("to", "sender"), [("+12025550199", CUSTOMER), (SHOP, "not a number")])
def test_a_text_to_nobody_or_from_nobody_is_dropped(run, world, to, sender) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            assert await w.dispatching.news.arrivals([arrival("C", to=to, sender=sender)]) == [True]
            assert await inbox(w) == []

    run(story())


def test_stop_stops_this_pair_until_start(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            await w.send("One")
            w.network.text_from(CUSTOMER, SHOP, " stop ")
            await w.until(lambda: len(w.bodies_at(CUSTOMER)) == 3)
            with pytest.raises(ApiError) as refusal:
                await w.send("Two")
            assert refusal.value.code == 21610
            await w.send("Another customer", to="+12025550166")

            w.network.text_from(CUSTOMER, SHOP, "UNSTOP")
            await w.until(lambda: len(w.bodies_at(CUSTOMER)) == 5)
            await w.send("Three")
            await w.until(lambda: w.bodies_at(CUSTOMER)[-1] == "Three")

    run(story())


def test_a_second_stop_is_not_answered_again(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            w.network.text_from(CUSTOMER, SHOP, "STOP")
            await w.until(lambda: len(w.bodies_at(CUSTOMER)) == 2)
            w.network.text_from(CUSTOMER, SHOP, "STOP")
            w.network.text_from(CUSTOMER, SHOP, "HELP")
            await w.until(lambda: len(w.bodies_at(CUSTOMER)) == 5)
            texts = [text.body for text in w.network.handset(CUSTOMER).texts]
            assert sum("unsubscribed" in body for body in texts) == 1

    run(story())


def test_yes_is_an_answer_like_any_other_unless_the_pair_has_opted_out(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            await w.dispatching.news.arrivals([arrival("YES", "r1")])
            assert len(await inbox(w)) == 1
            await w.dispatching.news.arrivals([arrival("STOP", "r2"), arrival("YES", "r3")])
            kinds = sorted(view.row.direction for view in await inbox(w))
            assert kinds == ["inbound"] * 3 + ["outbound-reply"] * 2
            await w.send("Welcome back")

    run(story())


def test_the_word_is_told_to_the_program(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            await w.dispatching.news.arrivals([arrival("Help")])
            view = next(view for view in await inbox(w) if view.row.direction is Direction.INBOUND)
            (event,) = await w.store.events(w.account.sid, view.row.sid)
            assert event.raw == "HELP"

    run(story())
