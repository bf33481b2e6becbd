"""The API knows within a second which credentials are frozen."""

import asyncio
from collections.abc import Sequence

import pytest

from ringfence.api.frozen import HELD_MS, FrozenCredentials
from ringfence.domain.clock import ManualClock
from ringfence.ports.freezes import FreezeRow
from ringfence.ports.store import StoreFailedError
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


class SlowStore(MemoryStore):
    """Reads freezes when it is told to, or fails."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()
        self.reads = 0
        self.fails = False

    async def freezes(self) -> Sequence[FreezeRow]:
        self.reads += 1
        await self.go.wait()
        if self.fails:
            raise StoreFailedError("away")
        return await super().freezes()


def test_nobody_is_let_by_while_freezes_are_being_read(clock: ManualClock) -> None:
    async def story() -> None:
        store = SlowStore()
        await store.put_freeze(KEY)
        frozen = FrozenCredentials(store, clock)
        asked = [asyncio.create_task(frozen.bars("SK1")) for _ in range(3)]
        await asyncio.sleep(0)
        assert not any(each.done() for each in asked)
        store.go.set()
        assert await asyncio.gather(*asked) == [True, True, True]
        assert store.reads == 1

    asyncio.run(story())


def test_where_freezes_cannot_be_read_nobody_is_let_by_until_they_are(clock: ManualClock) -> None:
    async def story() -> None:
        store = SlowStore()
        await store.put_freeze(KEY)
        store.go.set()
        frozen = FrozenCredentials(store, clock)
        for wait_ms in (0, HELD_MS):
            clock.advance(wait_ms)
            store.fails = True
            for _ in range(2):
                with pytest.raises(StoreFailedError):
                    await frozen.bars("SK2")
            store.fails = False
            assert await frozen.bars("SK1")

    asyncio.run(story())
