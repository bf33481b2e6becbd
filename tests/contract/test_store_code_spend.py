"""What codes cost: bound for an account with its subaccounts and for a service, whoever asks at once."""

import asyncio
from collections import Counter

import pytest

from ringfence.domain.fraud_guard.blocks import blocks_of
from ringfence.domain.fraud_guard.spending import DAY_MS, HOUR_MS, Bound, Overspent, Spending
from ringfence.store.postgres import PostgresStore
from ringfence.store.sqlite import SqliteStore

NOW = 1_700_000_000_000
A, SUB, B = "AC" + "a" * 32, "AC" + "c" * 32, "AC" + "b" * 32
SERVICE = "VA" + "a" * 32
NAMES = blocks_of("+447900123456", "GB")
LIMIT = 1_000


def spending(micros=100, tenant=A, service=None):
    bounds = [Bound("", LIMIT)] + ([] if service is None else [Bound(SERVICE, service)])
    return Spending(tenant=tenant, micros=micros, bounds=tuple(bounds))


async def admitted(store, what=None, account=A, at_ms=NOW):
    return not await store.admit_code(account, NAMES, at_ms, None, what or spending())


async def test_codes_go_out_until_the_bound_and_then_none(store):
    assert [await admitted(store) for _ in range(12)] == [True] * 10 + [False] * 2
    refused = await store.admit_code(A, NAMES, NOW, None, spending())
    assert (refused.rule, refused.overspent) == ("spend", Overspent(owner="", spent_micros=1_000, limit_micros=LIMIT))


async def test_subaccounts_spend_of_the_same(store):
    for account in (A, SUB) * 5:
        assert await admitted(store, account=account)
    assert not await admitted(store, account=SUB)
    assert await admitted(store, spending(tenant=B), account=B)


async def test_a_service_has_a_bound_of_its_own(store):
    assert [await admitted(store, spending(service=250)) for _ in range(3)] == [True, True, False]
    assert await admitted(store)


async def test_what_was_spent_is_told_of_each_bound_since_an_hour_began(store):
    hour_ms = NOW // HOUR_MS * HOUR_MS
    await admitted(store, spending(service=250))
    await admitted(store, spending(), account=SUB, at_ms=hour_ms - 1)
    await admitted(store, spending(900, tenant=B), account=B)
    assert [await store.codes_cost(A, "", hour_ms - back_ms) for back_ms in (0, HOUR_MS)] == [100, 200]
    assert [await store.codes_cost(A, owner, 0) for owner in (SERVICE, SUB)] == [100, 0]


async def test_of_a_hundred_at_once_none_overshoots(store):
    ends = Counter(await asyncio.gather(*(admitted(store, account=account) for account in (A, SUB) * 50)))
    assert ends == {True: 10, False: 90}


async def test_what_was_not_sent_makes_room(store):
    for _ in range(10):
        await admitted(store)
    await store.code_not_sent(A, NAMES, NOW, spending())
    assert [await admitted(store) for _ in range(2)] == [True, False]


async def test_what_was_not_sent_is_no_longer_unanswered(store):
    for _ in range(4):
        await store.admit_code(A, NAMES, NOW, "standard")
    await store.code_not_sent(A, NAMES, NOW)
    assert not await store.admit_code(A, NAMES, NOW, "standard")
    assert await store.admit_code(A, NAMES, NOW, "standard")


async def test_a_refused_block_costs_nothing(store):
    for _ in range(4):
        await store.admit_code(A, NAMES, NOW, "standard")
    assert (await store.admit_code(A, NAMES, NOW, "standard", spending())).rule == "block"
    assert [await admitted(store) for _ in range(11)] == [True] * 10 + [False]


async def test_after_a_day_codes_go_out_again(store):
    for _ in range(10):
        await admitted(store)
    assert not await admitted(store, at_ms=NOW + DAY_MS)
    assert await admitted(store, at_ms=NOW + DAY_MS + HOUR_MS)


@pytest.fixture(params=["sqlite", "postgres"])
def processes(request, tmp_path):
    """Three stores over one database, as three API processes have them."""
    if request.param == "sqlite":
        return [SqliteStore(tmp_path / "ringfence.db") for _ in range(3)]
    url = request.getfixturevalue("postgres_url")
    return [PostgresStore(url) for _ in range(3)]


async def test_of_a_hundred_at_once_through_three_processes_none_overshoots(processes):
    for process in processes:
        await process.open()
    try:
        asked = [admitted(processes[n % 3], account=(A, SUB)[n % 2]) for n in range(100)]
        assert Counter(await asyncio.gather(*asked)) == {True: 10, False: 90}
        assert (await processes[0].admit_code(A, NAMES, NOW, None, spending())).overspent.spent_micros == LIMIT
    finally:
        for process in processes:
            await process.close()
