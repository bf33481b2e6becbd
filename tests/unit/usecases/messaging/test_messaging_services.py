"""Texts for a Messaging Service: which number they leave by, and what stopping them stops."""

import asyncio
from typing import Any

import pytest

from ringfence.domain.errors import ApiError
from ringfence.domain.message import Status
from ringfence.domain.standing import ServiceConfig
from ringfence.ports.store import MessageFilter, NumberRow
from ringfence.usecases.accounts.create_account import create_account
from ringfence.usecases.messaging.pool_number import POOL_LIMIT, pool_number

SHOP, CUSTOMER = "+12025550123", "+12025550177"
SECOND, CALIFORNIA, LONDON = "+12025550124", "+14155550125", "+447900123456"
HOUR_MS = 3_600_000


async def own(w: Any, number: str, region: str = "US", capabilities: str = "sms mms voice") -> None:
    row = NumberRow(
        account=w.account.sid,
        sid=f"PN{int(number[1:]):032x}",
        number=number,
        friendly_name=number,
        kind="local",
        region=region,
        capabilities=frozenset(capabilities.split()),
        standing=b"",
        created_ms=0,
        updated_ms=0,
    )
    await w.store.buy_number(row, from_stock=False)


async def sent_from(w: Any, service: str, to: str = CUSTOMER, **more: Any) -> str:
    view = await w.send(sender=None, messaging_service_sid=service, to=to, **more)
    assert view.row.messaging_service_sid == service
    return str(view.row.local)


async def refused(call: Any) -> int:
    with pytest.raises(ApiError) as refusal:
        await call
    return refusal.value.code


async def keyword(w: Any, number: str, word: str) -> None:
    """Text it, and wait for the answer."""
    before = len(w.bodies_at(CUSTOMER))
    w.network.text_from(CUSTOMER, number, word)
    await w.until(lambda: len(w.bodies_at(CUSTOMER)) >= before + 2)


def test_a_text_is_accepted_for_the_service_and_delivered(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            service = await w.service(SHOP)
            view = await w.send("Hello", sender=None, messaging_service_sid=service)
            assert (view.row.status, view.row.local) == (Status.ACCEPTED, SHOP)
            assert view.row.valid_until_ms == view.row.created_ms + 36_000_000
            await w.until_status(view.row.sid, "delivered")
            assert w.bodies_at(CUSTOMER) == ["Hello"]

    run(story())


def test_without_a_number_to_send_from_there_is_no_text(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            await own(w, SECOND, capabilities="voice")
            empty, mute = await w.service(), await w.service(SECOND)
            assert await refused(sent_from(w, empty)) == 21704
            assert await refused(sent_from(w, mute)) == 21703

    run(story())


def test_a_sender_named_beside_the_service_is_of_its_pool(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            await own(w, SECOND)
            await own(w, CALIFORNIA)
            service, _ = await w.service(SHOP), await w.service(SECOND)
            view = await w.send(sender=SHOP, messaging_service_sid=service)
            assert (view.row.local, view.row.messaging_service_sid) == (SHOP, service)
            assert await refused(w.send(sender=SECOND, messaging_service_sid=service)) == 21712
            assert await refused(w.send(sender=CALIFORNIA, messaging_service_sid=service)) == 21606

    run(story())


def test_anothers_service_is_none(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            service = await w.service(SHOP)
            other = await create_account(w.store, w.keys, w.clock, friendly_name="Other")
            w.account, w.caller = other.row, w.caller_of(other.sid, other.auth_token)
            assert await refused(sent_from(w, service)) == 21701

    run(story())


def test_the_number_nearest_to_the_recipient_is_taken(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            await own(w, CALIFORNIA)
            await own(w, LONDON, "GB", "sms voice")
            service = await w.service(SHOP, CALIFORNIA, LONDON)
            for n in range(6):
                assert await sent_from(w, service, f"+1202555018{n}") == SHOP
                assert await sent_from(w, service, f"+1415555018{n}") == CALIFORNIA
                assert await sent_from(w, service, f"+44790012340{n}") == LONDON
            assert await sent_from(w, service, "+33612345678") in {SHOP, CALIFORNIA, LONDON}
            pictures = {"media_urls": ("https://pictures.example/1",)}
            assert await sent_from(w, service, "+447900123477", **pictures) in {SHOP, CALIFORNIA}

    run(story())


def test_without_geomatch_the_area_code_does_not_matter(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            await own(w, CALIFORNIA)
            service = await w.service(SHOP, CALIFORNIA, area_code_geomatch=False, sticky_sender=False)
            assert {await sent_from(w, service, f"+120255501{n}") for n in range(10, 40)} == {SHOP, CALIFORNIA}

    run(story())


def test_a_recipient_is_texted_from_one_number_for_as_long_as_it_is_there(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            for number in (SECOND, CALIFORNIA):
                await own(w, number)
            service = await w.service(SHOP)
            assert await sent_from(w, service) == SHOP
            for number in (SECOND, CALIFORNIA):
                sid = (await w.store.number_by_e164(number)).sid
                await pool_number(w.store, w.clock, account=w.account.sid, service=service, number_sid=sid)
            others = {await sent_from(w, service, f"+120255501{n}") for n in range(10, 40)}
            assert others == {SHOP, SECOND}
            assert {await sent_from(w, service) for _ in range(4)} == {SHOP}
            shop = await w.store.number_by_e164(SHOP)
            await w.store.remove_from_pool(w.account.sid, service, shop.sid)
            assert await sent_from(w, service) == SECOND

    run(story())


def test_texts_at_once_to_one_recipient_leave_from_one_number(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            await own(w, SECOND)
            service = await w.service(SHOP, SECOND)
            assert len(set(await asyncio.gather(*(sent_from(w, service) for _ in range(8))))) == 1

    run(story())


def test_the_store_knows_the_recipient_by_a_blind_index_of_the_service(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            service = await w.service(SHOP)
            await sent_from(w, service)
            (index,) = await w.keys.blind(w.account.sid, "sticky_sender", [f"{service}|{CUSTOMER}"])
            assert (await w.store.sticky_sender(w.account.sid, service, index)).number == SHOP
            assert await w.store.sticky_sender(w.account.sid, service, CUSTOMER.encode()) is None

    run(story())


def test_a_stop_to_one_number_stops_the_service_and_a_start_to_another_brings_it_back(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            await own(w, SECOND)
            await own(w, CALIFORNIA)
            service = await w.service(SHOP, SECOND)
            await keyword(w, SHOP, "STOP")
            assert await refused(sent_from(w, service)) == 21610
            for sender in (SHOP, SECOND):
                assert await refused(w.send(sender=sender)) == 21610
            await w.send(sender=CALIFORNIA)
            await keyword(w, SECOND, "START")
            await w.send(sender=SHOP)
            await sent_from(w, service)

    run(story())


def test_who_stops_a_number_before_it_joins_a_service_stays_out_of_its_texts(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            await keyword(w, SHOP, "STOP")
            assert await refused(sent_from(w, await w.service(SHOP))) == 21610

    run(story())


def test_a_stop_to_one_number_holds_back_what_waits_at_another(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            await own(w, SECOND)
            service = await w.service(SHOP, SECOND)
            request = {"schedule_type": "fixed", "send_at_ms": w.clock.now_ms() + HOUR_MS}
            view = await w.send(sender=SECOND, messaging_service_sid=service, **request)
            await keyword(w, SHOP, "STOP")
            w.clock.advance(HOUR_MS)
            assert (await w.until_status(view.row.sid, "failed")).error_code == 21610

    run(story())


def test_an_arriving_text_is_the_services(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            service = await w.service(SHOP)
            w.network.text_from(CUSTOMER, SHOP, "Is Tuesday free?")

            async def arrived() -> list[Any]:
                found = await w.store.messages(w.account.sid, MessageFilter())
                return [row for row in found if row.messaging_service_sid == service]

            await w.until(arrived)

    run(story())


@pytest.mark.parametrize(
    ("service_does", "asked", "sent"),
    [(True, None, "'so'"), (True, False, "‘so’"), (False, None, "‘so’"), (False, True, "'so'")],
)
def test_smart_encoding_is_the_services_unless_the_text_says(run, world, service_does, asked, sent) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            service = await w.service(SHOP, smart_encoding=service_does)
            view = await w.send("‘so’", sender=None, messaging_service_sid=service, smart_encoded=asked)
            assert view.content.body == sent
            plain = await w.send("‘so’", smart_encoded=asked)
            assert plain.content.body == ("'so'" if asked else "‘so’")

    run(story())


def test_validity_is_the_services_unless_the_text_says(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            service = await w.service(SHOP, validity_period_s=60)
            for asked, seconds in ((None, 60), (5, 5)):
                view = await w.send(sender=None, messaging_service_sid=service, validity_period_s=asked)
                assert view.row.valid_until_ms == view.row.due_ms + seconds * 1000

    run(story())


def test_a_services_callback_is_told_of_texts_that_name_none(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            told = await w.service(SHOP, config=ServiceConfig(status_callback="https://shop.example/s"))
            assert (await w.send(sender=None, messaging_service_sid=told)).row.has_callback is True
            await w.store.delete_service(w.account.sid, told)
            untold = await w.service(SHOP)
            assert (await w.send(sender=None, messaging_service_sid=untold)).row.has_callback is False

    run(story())


def test_a_pool_is_bounded(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            service = await w.service()
            for n in range(POOL_LIMIT + 1):
                await own(w, f"+1202557{n:04}")
            numbers = await w.store.numbers(w.account.sid, limit=1_000)
            sids = [row.sid for row in numbers if row.number.startswith("+1202557")]
            for sid in sids[:-1]:
                await pool_number(w.store, w.clock, account=w.account.sid, service=service, number_sid=sid)
            last = pool_number(w.store, w.clock, account=w.account.sid, service=service, number_sid=sids[-1])
            assert await refused(last) == 21714

    run(story())
