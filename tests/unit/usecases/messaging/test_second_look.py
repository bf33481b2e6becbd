"""What was allowed when a text was accepted, and no longer is when its time comes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ringfence.ports.carrier import Arrival
from ringfence.ports.freezes import FrozenError
from ringfence.usecases.access.freeze import freeze
from ringfence.usecases.accounts.create_account import create_account
from ringfence.usecases.accounts.update_account import update_account
from ringfence.usecases.messaging.opt_out_pair import opt_out_pair
from ringfence.usecases.messaging.second_look import OPT_OUT_AFTER_MS, SecondLook

CUSTOMER = "+12025550177"
SHOP = "+12025550123"
HOUR_MS = 3_600_000


async def scheduled(w: Any) -> str:
    view = await w.send_later(w.clock.now_ms() + HOUR_MS, "See you")
    return str(view.row.sid)


async def suspend(w: Any) -> None:
    w.account = await update_account(w.store, w.clock, w.account, status="suspended")


async def close(w: Any) -> None:
    w.account = await update_account(w.store, w.clock, w.account, status="closed")


async def release(w: Any) -> None:
    (number,) = await w.store.numbers(w.account.sid)
    await w.store.release_number(w.account.sid, number.sid)


async def sell(w: Any) -> None:
    await release(w)
    other = await create_account(w.store, w.keys, w.clock, friendly_name="Somebody else")
    await w.own(other.row, SHOP)


async def opt_out(w: Any) -> None:
    pair = await opt_out_pair(w.keys, w.account.sid, SHOP, CUSTOMER)
    await w.store.set_opt_out(w.account.sid, pair, True, w.clock.now_ms())


@pytest.mark.parametrize(
    ("happens", "code"),
    [(suspend, 30002), (close, 30002), (release, 21606), (sell, 21606), (opt_out, 21610)],
    ids=["suspended", "closed", "released", "sold", "opted out"],
)
def test_a_scheduled_text_is_not_sent_on_what_is_past(
    run: Any, world: Any, happens: Callable[[Any], Awaitable[None]], code: int
) -> None:
    async def story() -> None:
        async with world() as w:
            sid = await scheduled(w)
            await happens(w)
            w.clock.advance(HOUR_MS)
            row = await w.until_status(sid, "failed")
            assert (row.error_code, row.price_micros) == (code, 0)
            assert w.bodies_at(CUSTOMER) == []

    run(story())


def test_a_text_waits_where_its_account_is_frozen_in_that_very_moment(
    run: Any, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            look, freezes = SecondLook(w.store, w.keys, "simulator"), w.store.freezes

            async def overtaken() -> Any:
                found = await freezes()
                monkeypatch.setattr(w.store, "freezes", freezes)
                assert await freeze(w.store, w.clock, "account", w.account.sid)
                return found

            monkeypatch.setattr(w.store, "freezes", overtaken)
            with pytest.raises(FrozenError):
                await look.at_sender(w.account.sid, SHOP)

    run(story())


def test_a_subaccounts_text_ends_with_its_parent(run: Any, world: Any) -> None:
    async def story() -> None:
        async with world() as w:
            parent = w.account
            child = await create_account(w.store, w.keys, w.clock, friendly_name="Branch", parent=parent)
            w.account, w.caller = child.row, w.caller_of(child.sid, child.auth_token)
            await w.own(w.account, "+12025550124")
            view = await w.send_later(w.clock.now_ms() + HOUR_MS, sender="+12025550124")
            await update_account(w.store, w.clock, parent, status="suspended")
            w.clock.advance(HOUR_MS)
            assert (await w.until_status(view.row.sid, "failed")).error_code == 30002

    run(story())


def test_the_others_of_a_batch_are_sent(run: Any, world: Any) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            await w.send("to one who opts out")
            await w.send("to another", to="+12025550166")
            await opt_out(w)
            w.clock.advance(OPT_OUT_AFTER_MS)
            loops = asyncio.create_task(w.dispatching.run())
            await w.until(lambda: w.bodies_at("+12025550166") == ["to another"])
            assert w.bodies_at(CUSTOMER) == []
            loops.cancel()
            await asyncio.gather(loops, return_exceptions=True)

    run(story())


def test_the_answer_to_stop_is_sent_however_late(run: Any, world: Any) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            stop = Arrival(carrier_ref="1", to=SHOP, sender=CUSTOMER, body="STOP", at_ms=w.clock.now_ms())
            await w.dispatching.news.arrivals([stop])
            w.clock.advance(OPT_OUT_AFTER_MS)
            loops = asyncio.create_task(w.dispatching.run())
            await w.until(lambda: len(w.bodies_at(CUSTOMER)) == 1)
            assert "unsubscribed" in w.bodies_at(CUSTOMER)[0]
            loops.cancel()
            await asyncio.gather(loops, return_exceptions=True)

    run(story())


def test_the_magic_sender_is_nobodys_and_sends(run: Any, world: Any) -> None:
    async def story() -> None:
        async with world() as w:
            view = await w.send("test", sender="+15005550006")
            await w.until_status(view.row.sid, "delivered")

    run(story())
