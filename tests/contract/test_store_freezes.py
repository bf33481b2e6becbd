"""What is frozen stays so until it is thawed, once."""

import asyncio

from ringfence.ports.freezes import FreezeRow

A, B = "AC" + "a" * 32, "AC" + "b" * 32
FROZEN = FreezeRow(kind="account", name=A, was="active", at_ms=5)


async def test_a_freeze_is_kept_as_it_was_made_first(store):
    assert await store.freezes() == []
    assert await store.put_freeze(FROZEN)
    assert not await store.put_freeze(FreezeRow(kind="account", name=A, was="suspended", at_ms=6))
    assert await store.freezes() == [FROZEN]


async def test_each_thaws_by_itself_and_once(store):
    rows = [
        FROZEN,
        FreezeRow(kind="account", name=B, was="active", at_ms=7),
        FreezeRow(kind="key", name=A, at_ms=8),
        FreezeRow(kind="platform", name="platform", at_ms=9),
    ]
    for row in reversed(rows):
        assert await store.put_freeze(row)
    assert await store.freezes() == rows
    assert await store.delete_freeze("account", A)
    assert not await store.delete_freeze("account", A)
    assert await store.freezes() == rows[1:]
    assert await store.put_freeze(FROZEN)


async def test_a_freeze_of_another_time_is_another(store):
    assert await store.put_freeze(FROZEN)
    assert not await store.delete_freeze("account", A, FROZEN.at_ms - 1)
    assert not await store.delete_freeze("account", A, FROZEN.at_ms + 1)
    assert await store.freezes() == [FROZEN]
    assert await store.delete_freeze("account", A, FROZEN.at_ms)
    assert await store.freezes() == []


async def test_of_many_who_freeze_at_once_one_does(store):
    made = await asyncio.gather(*(store.put_freeze(FROZEN) for _ in range(8)))
    assert sorted(made) == [False] * 7 + [True]
