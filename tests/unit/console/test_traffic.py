"""What members see of an account's texts in clear: pages by filter, and days."""

from typing import Any

import pytest

from ringfence.console.refusals import RefusedError
from ringfence.console.tenant.looked_through import LOOKED_AT_MAX
from ringfence.console.tenant.looked_through import PAGE_ROWS as PAGE_TEXTS
from ringfence.console.tenant.spent import shown_price
from ringfence.console.tenant.traffic import TenantTraffic, TextsWanted
from ringfence.domain.clock import ManualClock
from ringfence.domain.message import Direction, Status
from ringfence.ports.store import MessageRow
from ringfence.store.memory import MemoryStore

AC = "AC" + "a" * 32
DAY_MS = 86_400_000
NOON_MS = 19_700 * DAY_MS + DAY_MS // 2  # 2023-12-09


def row(n: int, **changed: Any) -> MessageRow:
    given = {
        "account": AC,
        "sid": f"SM{n:032x}",
        "direction": Direction.OUTBOUND_API,
        "status": Status.DELIVERED,
        "local": "+12025550123",
        "remote_index": b"",
        "remote_region": "US",
        "epoch": 1,
        "content": b"sealed",
        "num_segments": 1,
        "created_ms": NOON_MS,
        "updated_ms": NOON_MS,
    }
    return MessageRow(**given | changed)


def traffic_of(run: Any, *rows: MessageRow) -> TenantTraffic:
    store = MemoryStore()

    async def fill() -> None:
        for each in rows:
            await store.accept(each)

    run(fill())
    return TenantTraffic(store, ManualClock(NOON_MS))


def pages(run: Any, traffic: TenantTraffic, **wanted: Any) -> list[list[str]]:
    found, before = [], None
    while True:
        page, before = run(traffic.page(AC, TextsWanted(before=before, **wanted)))
        found.append([each.sid for each in page])
        if before is None:
            return found


def test_each_text_is_on_one_page_the_newest_first(run: Any) -> None:
    traffic = traffic_of(run, *(row(n) for n in range(2 * PAGE_TEXTS + 20)))
    found = pages(run, traffic)
    assert [len(page) for page in found] == [PAGE_TEXTS, PAGE_TEXTS, 20]
    assert [sid for page in found for sid in page] == [f"SM{n:032x}" for n in reversed(range(2 * PAGE_TEXTS + 20))]
    assert [len(page) for page in pages(run, traffic_of(run, *(row(n) for n in range(PAGE_TEXTS))))] == [PAGE_TEXTS]
    assert pages(run, traffic_of(run)) == [[]]


def test_a_filter_leaves_out_the_others(run: Any) -> None:
    traffic = traffic_of(
        run,
        row(1, status=Status.FAILED, error_code=30_003),
        row(2, direction=Direction.INBOUND, status=Status.RECEIVED),
        row(3, created_ms=NOON_MS - DAY_MS),
        row(4),
    )
    sids = {n: f"SM{n:032x}" for n in range(1, 5)}
    assert pages(run, traffic, status=Status.FAILED) == [[sids[1]]]
    assert pages(run, traffic, direction=Direction.INBOUND) == [[sids[2]]]
    assert pages(run, traffic, day="2023-12-08") == [[sids[3]]]
    assert pages(run, traffic, day="2023-12-09", direction=Direction.OUTBOUND_API) == [[sids[4], sids[1]]]
    with pytest.raises(RefusedError):
        pages(run, traffic, day="yesterday")


def test_what_is_rare_is_found_however_much_lies_before_it(run: Any) -> None:
    """Days without any are passed over, and what has ended is found by how it ended."""
    sids = {n: f"SM{n:032x}" for n in (1, 2, 3)}
    rare = [
        row(1, created_ms=NOON_MS - 40 * DAY_MS, status=Status.SENT, direction=Direction.OUTBOUND_REPLY),
        row(2, created_ms=NOON_MS - 40 * DAY_MS, status=Status.FAILED),
        row(3, created_ms=NOON_MS - 50 * DAY_MS, status=Status.SENT),
    ]
    traffic = traffic_of(run, *rare, *(row(n + 10) for n in range(2 * LOOKED_AT_MAX)))
    assert pages(run, traffic, status=Status.FAILED) == [[sids[2]]]
    assert pages(run, traffic, status=Status.SENT) == [[sids[1], sids[3]]]
    assert pages(run, traffic, direction=Direction.OUTBOUND_REPLY) == [[sids[1]]]
    assert pages(run, traffic, status=Status.CANCELED) == [[]]
    assert pages(run, traffic, status=Status.SENDING) == [[]]


def test_pages_of_a_filter_go_on_from_day_to_day(run: Any) -> None:
    each = [row(n, created_ms=NOON_MS - n % 7 * DAY_MS, status=Status.SENT) for n in range(2 * PAGE_TEXTS + 20)]
    found = pages(run, traffic_of(run, *each, row(500)), status=Status.SENT)
    assert [len(page) for page in found] == [PAGE_TEXTS, PAGE_TEXTS, 20]
    newest = sorted(each, key=lambda one: (one.created_ms, one.sid), reverse=True)
    assert [sid for page in found for sid in page] == [one.sid for one in newest]


def test_days_count_what_was_sent_and_what_became_of_it(run: Any) -> None:
    traffic = traffic_of(
        run,
        row(1, status=Status.FAILED),
        row(2, price_micros=-7_900),
        row(3, price_micros=-7_900),
        row(4, status=Status.SENT),
        row(5, direction=Direction.INBOUND, status=Status.RECEIVED, price_micros=-7_500),
        row(6, created_ms=NOON_MS - 2 * DAY_MS, status=Status.UNDELIVERED),
        row(7, created_ms=NOON_MS - 14 * DAY_MS),
        row(8, sid="VL" + "8" * 32),
    )
    days = run(traffic.days(AC))
    assert len(days) == 14
    today, _, before = days[:3]
    assert (today.day, today.sent, today.delivered, today.gone_wrong, today.received) == ("2023-12-09", 4, 2, 1, 1)
    assert (today.delivery, today.spent) == ("67 %", "0.0233 USD")
    assert (before.day, before.sent, before.delivery, before.spent) == ("2023-12-07", 1, "0 %", "–")
    assert sum(day.sent for day in days) == 5


def test_a_price_is_written_with_its_currency() -> None:
    assert shown_price(-7_900, "USD") == "0.0079 USD"
    assert shown_price(None, "USD") == ""
