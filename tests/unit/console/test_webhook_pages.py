"""All webhooks of an account for its members: by page and filter, and as a table to keep."""

from typing import Any

import pytest
from tests.unit.console.test_members import AC, account, enrolled
from tests.unit.console.test_traffic import DAY_MS, NOON_MS, row

from ringfence.console.refusals import RefusedError
from ringfence.console.tenant.looked_through import LOOKED_AT_MAX, PAGE_ROWS
from ringfence.console.tenant.webhooks import KINDS, SAVED_PAGES, State, TenantWebhooks, WebhooksWanted
from ringfence.domain.verify_event import EVENT_KINDS
from ringfence.ports.notices import NoticeRow
from ringfence.ports.outbox import NewEvent, Settlement
from ringfence.store.memory import MemoryStore

DAY, DAY_BEFORE = "2023-12-09", "2023-12-08"


async def told(store: Any, n: int, kind: str = "message.sent", state: str = "", at_ms: int = NOON_MS) -> None:
    """An event of a text of its own, settled where `state` is one."""
    text = row(n, account=AC)
    await store.accept(text, [NewEvent(kind=kind, sequence=0, at_ms=at_ms)])
    if state:
        (event,) = await store.events(AC, text.sid)
        await store.settle_events(
            [Settlement(event_id=event.id, account=AC, state=state, http_status=500, at_ms=at_ms + 1_000)]
        )


def pages(run: Any, webhooks: TenantWebhooks, **wanted: Any) -> list[list[str]]:
    """The numbers of the texts on each page."""
    found, before = [], ""
    while True:
        page, before = run(webhooks.page(AC, WebhooksWanted(before=before, **wanted)))
        found.append([int(each.event.message_sid[2:], 16) for each in page])
        if not before:
            return found


def filled(run: Any, *events: tuple[Any, ...]) -> TenantWebhooks:
    store = MemoryStore()

    async def fill() -> None:
        for each in events:
            await told(store, *each)

    run(fill())
    return TenantWebhooks(store)


def test_each_event_is_on_one_page_the_newest_first(run: Any) -> None:
    events = [(n, "message.sent", "", NOON_MS + n // 3) for n in range(PAGE_ROWS * 2 + 1)]
    webhooks = filled(run, *events)
    first, second, third = pages(run, webhooks)
    assert first + second + third == list(range(PAGE_ROWS * 2, -1, -1))
    assert (len(first), len(second)) == (PAGE_ROWS, PAGE_ROWS)


def test_events_are_filtered_by_state_kind_and_day(run: Any) -> None:
    webhooks = filled(
        run,
        (0, "message.sent", "done", NOON_MS - DAY_MS),
        (1, "message.sent", "dead", NOON_MS - DAY_MS),
        (2, "message.delivered", "done"),
        (3, "recording.completed", "dead"),
        (4, "call.completed"),
    )
    for wanted, expected in [
        ({}, [4, 3, 2, 1, 0]),
        ({"state": State.WAITING}, [4]),
        ({"state": State.DELIVERED}, [2, 0]),
        ({"state": State.GIVEN_UP}, [3, 1]),
        ({"kind": "message"}, [2, 1, 0]),
        ({"kind": "message.sent"}, [1, 0]),
        ({"kind": "mess"}, []),
        ({"day": DAY_BEFORE}, [1, 0]),
        ({"day": DAY, "state": State.DELIVERED}, [2]),
        ({"kind": "message", "state": State.GIVEN_UP}, [1]),
    ]:
        assert pages(run, webhooks, **wanted) == [expected], wanted
    with pytest.raises(RefusedError):
        run(webhooks.page(AC, WebhooksWanted(day="yesterday")))


def test_no_page_looks_at_more_than_its_share(run: Any) -> None:
    webhooks = filled(run, (0, "call.busy"), *((n, "message.sent") for n in range(1, LOOKED_AT_MAX + 1)))
    assert pages(run, webhooks, kind="call") == [[], [0]]


def test_a_table_to_keep_has_what_is_found_behind_pages_that_are_not_full(run: Any) -> None:
    webhooks = filled(run, (0, "call.busy"), *((n, "message.sent") for n in range(1, LOOKED_AT_MAX + 1)))
    assert [each.event.kind for each in run(webhooks.newest(AC, WebhooksWanted(kind="call")))] == ["call.busy"]
    whole = run(webhooks.newest(AC, WebhooksWanted()))
    assert len(whole) == len({each.event.id for each in whole}) == SAVED_PAGES * PAGE_ROWS


def test_the_last_attempt_stands_with_its_event(run: Any) -> None:
    webhooks = filled(run, (0, "message.sent", "dead"), (1, "message.sent"))
    (waiting, given_up), _ = run(webhooks.page(AC, WebhooksWanted()))
    assert (waiting.state, waiting.last) == (State.WAITING, None)
    assert (given_up.state, given_up.last.http_status, given_up.last.at_ms) == (State.GIVEN_UP, 500, NOON_MS + 1_000)


def test_all_kinds_of_verify_may_be_asked_for() -> None:
    assert {f"{group}.{name}" for group, names in KINDS.items() for name in names} >= set(EVENT_KINDS)


def test_the_page_leads_on_and_keeps_what_was_asked(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            member = await enrolled(it, await account(it))
            for n in range(PAGE_ROWS + 1):
                await told(it.store, n, state="dead")
            await told(it.store, 99, "call.completed", at_ms=NOON_MS + DAY_MS)
            page = (await member.page(f"/webhooks?state=given+up&day={DAY}")).text
            assert f'<a href="/webhooks?state=given+up&amp;day={DAY}&amp;before={NOON_MS}.' in page
            assert "HTTP 500" in page
            assert f"SM{99:032x}" not in page
            table = (await member.page("/webhooks/export?kind=message")).text
            assert table.count("\n") == PAGE_ROWS + 2
            assert f'"SM{0:032x}","message.sent","2023-12-09 12:00:00","given up","1"' in table
            for wrong in ("state=told", "day=2023-13-01"):
                assert (await member.page(f"/webhooks?{wrong}")).status_code == 400
            # What is no place begins anew.
            assert f"SM{99:032x}" in (await member.page("/webhooks?before=x")).text

    run(scene())


def test_a_notice_is_told_again_without_a_key_and_anything_else_not(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            member = await enrolled(it, await account(it), owner=True)
            notice = NoticeRow(account=AC, sid="NO" + "1" * 32, kind="notice.freeze", said="{}", at_ms=NOON_MS)
            await it.store.add_notices([notice])
            await told(it.store, 1, state="dead")
            for of in (notice.sid, f"SM{1:032x}"):
                (event,) = await it.store.events(AC, of)
                await it.store.settle_events([Settlement(event_id=event.id, account=AC, state="dead", at_ms=NOON_MS)])
                answer = await member.ask("POST", f"/webhooks/{of}/{event.id}/again", {})
                (now,) = await it.store.events(AC, of)
                assert (answer.status_code, now.state) == ((200, "pending") if of == notice.sid else (409, "dead"))
            verbs = [entry.verb for entry in it.ledger.entries]
            assert "note.replay_webhook" in verbs
            page = (await member.page("/webhooks?kind=notice")).text
            assert ("notice.freeze" in page, page.count("data-look"), "message.sent</td>" in page) == (True, 0, False)

    run(scene())
