"""The API knows within a second which credentials are frozen."""

import asyncio

import pytest

from ringfence.api.frozen import HELD_MS, FrozenCredentials
from ringfence.domain.clock import ManualClock
from ringfence.ports.freezes import FreezeRow
from ringfence.store.memory import MemoryStore

KEY = FreezeRow(kind="key", name="SK1", at_ms=1)


@pytest.mark.parametrize(
    ("row", "bars_one", "bars_another"),
    [
        (KEY, True, False),
        (FreezeRow(kind="platform", name="platform", at_ms=1), True, True),
        (FreezeRow(kind="account", name="SK1", at_ms=1), False, False),
    ],
)
def test_a_freeze_bars_its_key_and_that_of_the_platform_all(
    clock: ManualClock, row: FreezeRow, bars_one: bool, bars_another: bool
) -> None:
    async def story() -> None:
        store = MemoryStore()
        await store.put_freeze(row)
        frozen = FrozenCredentials(store, clock)
        assert (await frozen.bars("SK1"), await frozen.bars("SK2")) == (bars_one, bars_another)

    asyncio.run(story())


def test_what_changed_is_known_after_a_second(clock: ManualClock) -> None:
    async def story() -> None:
        store = MemoryStore()
        frozen = FrozenCredentials(store, clock)
        assert not await frozen.bars("SK1")
        await store.put_freeze(KEY)
        clock.advance(HELD_MS - 1)
        assert not await frozen.bars("SK1")
        clock.advance(1)
        assert await frozen.bars("SK1")

    asyncio.run(story())
