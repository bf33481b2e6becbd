"""A tenant reads, filters, redacts, cancels and deletes its own, and nobody else's."""

import pytest

from ringfence.domain.errors import ApiError
from ringfence.ports.keys import KeyRefusedError
from ringfence.usecases.accounts.create_account import create_account
from ringfence.usecases.messaging.read import ListRequest

SHOP = "+12025550123"
CUSTOMER = "+12025550177"
DAY_MS = 86_400_000


async def bodies(w, **wanted) -> list[str]:
    views = await w.messaging.reader.list(w.caller, w.account, ListRequest(**wanted))
    return [view.content.body for view in views]


def test_filters_find_either_end_across_days(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            await w.send("monday")
            w.clock.advance(DAY_MS)
            await w.send("tuesday")
            await w.send("to another", to="+12025550166")
            w.network.text_from(CUSTOMER, SHOP, "inbound")
            offered = w.network.mailbox.take(10, w.clock.now_ms())
            await w.dispatching.news.arrivals([item.arrival for item in offered])
            assert await bodies(w, to=CUSTOMER) == ["tuesday", "monday"]
            assert await bodies(w, sender=SHOP) == ["to another", "tuesday", "monday"]
            assert await bodies(w, sender=CUSTOMER) == ["inbound"]
            assert await bodies(w, to=SHOP) == ["inbound"]
            assert await bodies(w, to=CUSTOMER, sender="+12025550166") == []
            assert await bodies(w, to="+12025550100") == []
            now_ms = w.clock.now_ms()
            assert await bodies(w, to=CUSTOMER, from_ms=now_ms - 60_000) == ["tuesday"]
            assert await bodies(w, to=CUSTOMER, to_ms=now_ms - 60_000) == ["monday"]

    run(story())


def test_pages_follow_each_other_without_gap_or_repeat(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            for i in range(7):
                await w.send(f"number {i}")
                w.clock.advance(1)
            seen: list[str] = []
            before = None
            while page := await w.messaging.reader.list(w.caller, w.account, ListRequest(before=before, limit=3)):
                seen += [view.content.body for view in page]
                before = page[-1].row.sid
            assert seen == [f"number {i}" for i in reversed(range(7))]

    run(story())


def test_another_tenant_opens_nothing_whatever_it_asks_for(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            view = await w.send("mine")
            other = await create_account(w.store, w.keys, w.clock, friendly_name="Other")
            caller = w.caller_of(other.sid, other.auth_token)
            assert await w.messaging.reader.fetch(caller, other.row, view.row.sid) is None
            with pytest.raises(KeyRefusedError):
                await w.messaging.reader.fetch(caller, w.account, view.row.sid)

    run(story())


def test_redaction_forgets_the_body_and_keeps_the_rest(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            sid = (await w.send("my secret")).row.sid
            before = (await w.until_status(sid, "delivered")).content
            view = await w.messaging.editor.redact(w.caller, w.account, sid)
            assert view.content.body == ""
            assert view.content.remote == CUSTOMER
            assert (await w.row(sid)).content != before
            again = await w.messaging.reader.fetch(w.caller, w.account, sid)
            assert again.content.body == ""
            assert again.row.body_redacted
            assert await bodies(w, to=CUSTOMER) == [""]
            assert (await w.messaging.editor.redact(w.caller, w.account, sid)).content.body == ""

    run(story())


def test_what_is_in_flight_is_neither_redacted_nor_deleted(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            sid = (await w.send()).row.sid
            editor = w.messaging.editor
            for attempt in (editor.redact(w.caller, w.account, sid), editor.delete(w.account, sid)):
                with pytest.raises(ApiError) as refusal:
                    await attempt
                assert refusal.value.code == 20009
            assert (await w.row(sid)).status == "queued"

    run(story())


def test_a_deleted_message_is_gone(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            sid = (await w.send()).row.sid
            await w.until_status(sid, "delivered")
            assert await w.messaging.editor.delete(w.account, sid) is True
            assert await w.messaging.reader.fetch(w.caller, w.account, sid) is None
            assert await w.messaging.editor.delete(w.account, sid) is False

    run(story())


def test_a_scheduled_text_can_be_called_off_until_it_is_due(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            at_ms = w.clock.now_ms() + 3_600_000
            sid = (await w.send_later(at_ms)).row.sid
            due = (await w.send_later(at_ms)).row.sid
            assert (await w.messaging.editor.cancel(w.caller, w.account, sid)).row.status == "canceled"
            w.clock.advance(3_600_000)
            queued = (await w.send()).row.sid
            for late in (sid, due, queued):
                with pytest.raises(ApiError) as refusal:
                    await w.messaging.editor.cancel(w.caller, w.account, late)
                assert refusal.value.code == 30409

    run(story())


@pytest.mark.parametrize("verb", ["redact", "cancel"])
def test_what_does_not_exist_is_none(run, world, verb) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            assert await getattr(w.messaging.editor, verb)(w.caller, w.account, "SM" + "0" * 32) is None

    run(story())
