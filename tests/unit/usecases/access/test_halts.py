"""What stands still is known to whoever asks, with all that it stops, and is read no oftener than it need be."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.ports.freezes import FreezeRow
from ringfence.ports.store import AccountRow, CredentialRow, StoreFailedError
from ringfence.store.memory import MemoryStore
from ringfence.usecases.access.freeze import freeze, thaw
from ringfence.usecases.access.halts import FAMILY_HELD_MS, HELD_MS, FrozenAccounts

AC, SUB, OTHER, LATE = ("AC" + letter * 32 for letter in "abcd")


class Counting(MemoryStore):
    readings = 0
    listings = 0
    away = False
    held: asyncio.Event | None = None

    async def freezes(self) -> Sequence[FreezeRow]:
        self.readings += 1
        if self.away:
            raise StoreFailedError
        found = await super().freezes()
        if self.held is not None:
            await self.held.wait()
        return found

    async def accounts(self, tenant: str | None, *, before: str | None = None, limit: int = 50) -> list[AccountRow]:
        self.listings += 1
        return await super().accounts(tenant, before=before, limit=limit)

    async def add(self, sid: str, parent: str | None = None) -> None:
        row = AccountRow(
            sid=sid, tenant=parent or sid, parent=parent, friendly_name="", created_ms=self.listings, updated_ms=0
        )
        key = CredentialRow(
            account=sid, sid=sid, kind="auth_token", verifier=b"", hmac_states=b"", created_ms=0, updated_ms=0
        )
        await self.create_account(row, key)


async def opened() -> Counting:
    store = Counting()
    for sid, parent in ((AC, None), (SUB, AC), (OTHER, None)):
        await store.add(sid, parent)
    return store


def test_a_freeze_stops_an_account_and_its_subaccounts_and_that_of_everything_all(run: Any, clock: ManualClock) -> None:
    async def story() -> None:
        store = await opened()
        halts = FrozenAccounts(store, clock)
        assert not (await halts.now()).stops(AC)
        await freeze(store, clock, "account", AC)
        # What is known is half a second old at most.
        assert not (await halts.now()).stops(AC)
        clock.advance(HELD_MS)
        stopped = await halts.now()
        assert [stopped.stops(sid) for sid in (AC, SUB, OTHER)] == [True, True, False]
        await thaw(store, clock, "account", AC)
        await freeze(store, clock, "platform", "platform")
        clock.advance(HELD_MS)
        assert (await halts.now()).stops(OTHER)

    run(story())


def test_it_is_read_twice_a_second_and_families_every_ten(run: Any, clock: ManualClock) -> None:
    async def story() -> None:
        store = await opened()
        halts = FrozenAccounts(store, clock)
        await freeze(store, clock, "account", AC)
        for _ in range(5):
            await halts.now()
        assert store.readings == 1
        listed = store.listings
        clock.advance(HELD_MS)
        await halts.now()
        assert (store.readings, store.listings) == (2, listed)
        await store.add(LATE, AC)
        clock.advance(FAMILY_HELD_MS)
        assert (await halts.now()).stops(LATE)

    run(story())


def test_what_cannot_be_read_lets_nobody_go_on(run: Any, clock: ManualClock) -> None:
    async def story() -> None:
        store = await opened()
        halts = FrozenAccounts(store, clock)
        await halts.now()
        store.away = True
        clock.advance(HELD_MS)
        with pytest.raises(StoreFailedError):
            await halts.now()

    run(story())


def test_who_cannot_be_late_knows_at_once_and_all_who_ask_meanwhile_share_a_reading(
    run: Any, clock: ManualClock
) -> None:
    async def story() -> None:
        store = await opened()
        halts = FrozenAccounts(store, clock)
        assert not (await halts.fresh()).stops(AC)
        await freeze(store, clock, "account", AC)
        assert not (await halts.now()).stops(AC)
        assert all(halt.stops(AC) for halt in await asyncio.gather(*(halts.fresh() for _ in range(50))))
        assert store.readings == 2
        # And all others know by then.
        assert (await halts.now()).stops(AC)
        store.held = asyncio.Event()
        early = asyncio.create_task(halts.fresh())
        await until_read(store, 3)
        await thaw(store, clock, "account", AC)
        late = [asyncio.create_task(halts.fresh()) for _ in range(50)]
        await asyncio.sleep(0)
        store.held.set()
        # A reading that had begun may be of before: who asked after that is told what the next one finds.
        await early
        assert not any(halt.stops(AC) for halt in await asyncio.gather(*late))
        assert store.readings == 4
        store.away = True
        with pytest.raises(StoreFailedError):
            await halts.fresh()
        store.away = False
        assert not (await halts.fresh()).stops(AC)

    run(story())


async def until_read(store: Counting, readings: int) -> None:
    while store.readings < readings:
        await asyncio.sleep(0)
