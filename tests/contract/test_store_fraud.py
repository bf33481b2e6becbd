"""Blocks of numbers: counted for each account, judged as they are counted, and forgotten."""

import asyncio
from collections import Counter

from ringfence.domain.fraud_guard.blocks import blocks_of
from ringfence.store.fraud_moves import KEPT_MS

NOW = 1_700_000_000_000
A, B = "AC" + "a" * 32, "AC" + "b" * 32
NAMES = blocks_of("+447900123456", "GB")


async def admitted(store, account=A, names=NAMES, at_ms=NOW, level="standard"):
    return not await store.admit_code(account, names, at_ms, level)


async def test_a_block_fills_and_is_refused_with_its_figures(store):
    assert [await admitted(store) for _ in range(5)] == [True] * 4 + [False]
    refused = await store.admit_code(A, NAMES, NOW, "standard")
    assert (refused.rule, refused.block, refused.unanswered, refused.allowed) == ("block", NAMES[0], 4, 4)
    assert await admitted(store, account=B)


async def test_a_code_that_comes_back_makes_room(store):
    for _ in range(4):
        await store.admit_code(A, NAMES, NOW, "standard")
    await store.code_came_back(A, NAMES, NOW)
    assert [await admitted(store) for _ in range(2)] == [True, False]
    assert (await store.admit_code(A, NAMES, NOW, "standard")).converted == 1


async def test_without_a_level_all_are_counted_and_none_refused(store):
    assert all([await admitted(store, level=None) for _ in range(30)])
    assert not await admitted(store)


async def test_a_wide_block_that_is_full_is_hot_for_its_neighbours(store):
    neighbours = [blocks_of(f"+4479001{n}3456", "GB") for n in range(10)]
    sent = [await admitted(store, names=names) for names in neighbours]
    assert sent == [True] * 9 + [False]
    assert not await admitted(store, names=neighbours[0])


async def test_of_many_at_once_none_slips_through(store):
    ends = Counter(await asyncio.gather(*(admitted(store) for _ in range(200))))
    assert ends == {True: 4, False: 196}


async def test_what_fades_is_let_through_again(store):
    for _ in range(4):
        await store.admit_code(A, NAMES, NOW, "standard")
    assert await admitted(store, at_ms=NOW + 3_600_000)


async def test_a_block_without_news_is_forgotten(store):
    await store.code_came_back(A, NAMES, NOW)
    await store.admit_code(B, NAMES, NOW + KEPT_MS + 1, "standard")
    for _ in range(4):
        await store.admit_code(A, NAMES, NOW + KEPT_MS + 1, "standard")
    refused = await store.admit_code(A, NAMES, NOW + KEPT_MS + 1, "standard")
    assert refused.converted == 0
