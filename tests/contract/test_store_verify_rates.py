"""How often codes were started: counted in all buckets or in none, and never one too many."""

import asyncio
from collections import Counter

from ringfence.domain.verify_rate import RateCount
from ringfence.store.postgres import PostgresStore
from ringfence.store.sqlite import SqliteStore

NOW = 1_700_000_000_000
A, B = "AC" + "a" * 32, "AC" + "b" * 32
MINUTE_MS = 60_000


def of(bucket="BL1", value=b"\x01\xff", most=3, interval_ms=MINUTE_MS):
    return RateCount(bucket=bucket, value_index=value, most=most, interval_ms=interval_ms)


async def admitted(store, *counts, account=A, at_ms=NOW):
    return await store.count_start(account, counts or (of(),), at_ms) is None


async def test_a_window_takes_so_many_and_says_when_it_is_over(store):
    assert [await admitted(store, at_ms=NOW + second * 1_000) for second in range(4)] == [True] * 3 + [False]
    exceeded = await store.count_start(A, [of()], NOW + 59_999)
    assert (exceeded.bucket, exceeded.until_ms) == ("BL1", NOW + MINUTE_MS)
    assert await admitted(store, at_ms=NOW + MINUTE_MS)


async def test_what_was_refused_did_not_count(store):
    for _ in range(10):
        await admitted(store)
    later = NOW + MINUTE_MS
    assert [await admitted(store, at_ms=later) for _ in range(4)] == [True] * 3 + [False]


async def test_values_buckets_and_accounts_are_counted_apart(store):
    for _ in range(3):
        await admitted(store)
    assert not await admitted(store)
    assert await admitted(store, of(value=b"\x02"))
    assert await admitted(store, of(bucket="BL2"))
    assert await admitted(store, account=B)


async def test_of_several_buckets_one_that_is_full_refuses_and_none_counts(store):
    short, long = of("BL1", most=2), of("BL2", most=3, interval_ms=10 * MINUTE_MS)
    assert [await admitted(store, short, long) for _ in range(3)] == [True, True, False]
    later = NOW + MINUTE_MS
    assert [await admitted(store, short, long, at_ms=later) for _ in range(2)] == [True, False]
    exceeded = await store.count_start(A, [short, long], later)
    assert (exceeded.bucket, exceeded.until_ms) == ("BL2", NOW + 10 * MINUTE_MS)


async def test_a_bucket_that_was_changed_holds_as_it_is_now(store):
    for _ in range(3):
        await admitted(store)
    assert await admitted(store, of(most=4))
    assert not await admitted(store, of(most=4))
    assert await admitted(store, of(interval_ms=1_000), at_ms=NOW + 1_000)


async def test_of_many_at_once_none_slips_through(store):
    ends = Counter(await asyncio.gather(*(admitted(store, of(most=7)) for _ in range(100))))
    assert ends == {True: 7, False: 93}


async def test_of_two_processes_on_one_file_at_once_none_slips_through(tmp_path):
    await _two(SqliteStore(tmp_path / "ringfence.db"), SqliteStore(tmp_path / "ringfence.db"))


async def test_of_two_processes_on_one_database_at_once_none_slips_through(postgres_url):
    await _two(PostgresStore(postgres_url), PostgresStore(postgres_url))


async def _two(one, other):
    await one.open()
    await other.open()
    try:
        asked = (admitted(store, of(most=7)) for _ in range(50) for store in (one, other))
        assert Counter(await asyncio.gather(*asked)) == {True: 7, False: 93}
        assert not await admitted(other, of(most=7))
    finally:
        await one.close()
        await other.close()


async def test_nothing_to_count_is_let_through(store):
    assert await store.count_start(A, [], NOW) is None
