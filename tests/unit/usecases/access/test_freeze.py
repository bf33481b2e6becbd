"""What is frozen stands still, keeps what it has, and is afterwards what it was."""

import asyncio
from typing import Any

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.domain.errors import ApiError
from ringfence.ports.store import AccountRow, CredentialRow
from ringfence.store.memory import MemoryStore
from ringfence.usecases.access.freeze import freeze, frozen_with, thaw
from ringfence.usecases.accounts.update_account import update_account

AC, SUB = "AC" + "a" * 32, "AC" + "b" * 32


async def row(store: MemoryStore, sid: str = AC) -> AccountRow:
    found = await store.account(sid)
    assert found is not None
    return found


async def accounts(store: MemoryStore | None = None, *, status: str = "active") -> MemoryStore:
    store = store or MemoryStore()
    await store.open()
    for sid, parent in ((AC, None), (SUB, AC)):
        made = AccountRow(
            sid=sid, tenant=AC, parent=parent, friendly_name="Acme", status=status, created_ms=1, updated_ms=1
        )
        key = CredentialRow(
            account=sid, sid=sid, kind="auth_token", verifier=b"", hmac_states=b"", created_ms=1, updated_ms=1
        )
        await store.create_account(made, key)
    return store


async def code_of(work: Any) -> int:
    with pytest.raises(ApiError) as refused:
        await work
    return refused.value.code


@pytest.mark.parametrize("was", ["active", "suspended"])
def test_a_frozen_account_is_suspended_and_afterwards_what_it_was(clock: ManualClock, was: str) -> None:
    async def story() -> None:
        store = await accounts(status=was)
        assert await freeze(store, clock, "account", AC)
        assert not await freeze(store, clock, "account", AC)
        assert (await row(store)).status == "suspended"
        assert await thaw(store, clock, "account", AC)
        assert (await row(store)).status == was
        assert not await thaw(store, clock, "account", AC)

    asyncio.run(story())


def test_an_account_that_was_frozen_anew_is_not_thawed_by_who_saw_the_freeze_before(clock: ManualClock) -> None:
    async def story() -> None:
        store = await accounts()
        since_ms = clock.now_ms()
        await freeze(store, clock, "account", AC)
        assert await thaw(store, clock, "account", AC)
        clock.advance(1)
        assert await freeze(store, clock, "account", AC)
        assert not await thaw(store, clock, "account", AC, since_ms=since_ms)
        assert (await row(store)).status == "suspended"
        assert [each.at_ms for each in await store.freezes()] == [since_ms + 1]
        assert await thaw(store, clock, "account", AC, since_ms=since_ms + 1)
        assert (await row(store)).status == "active"

    asyncio.run(story())


def test_its_parent_cannot_let_it_go_on_and_can_close_it_for_good(clock: ManualClock) -> None:
    async def story() -> None:
        store = await accounts()
        await freeze(store, clock, "account", SUB)
        assert await code_of(update_account(store, clock, await row(store, SUB), status="active")) == 20006
        assert (await update_account(store, clock, await row(store, SUB), friendly_name="B")).status == "suspended"
        await update_account(store, clock, await row(store, SUB), status="closed")
        assert await thaw(store, clock, "account", SUB)
        assert (await row(store, SUB)).status == "closed"
        assert await code_of(freeze(store, clock, "account", SUB)) == 21479

    asyncio.run(story())


@pytest.mark.parametrize(
    ("kind", "name"), [("account", "AC" + "c" * 32), ("key", "SK" + "c" * 32), ("platform", "everything")]
)
def test_what_there_is_not_cannot_be_frozen(clock: ManualClock, kind: Any, name: str) -> None:
    async def story() -> None:
        store = await accounts()
        assert await code_of(freeze(store, clock, kind, name)) == 20404
        assert await store.freezes() == []

    asyncio.run(story())


def test_a_freeze_of_an_account_stops_its_subaccounts_and_that_of_one_of_these_itself(clock: ManualClock) -> None:
    async def story() -> None:
        store = await accounts()
        assert (await frozen_with(store, AC), await frozen_with(store, SUB)) == ([AC, SUB], [SUB])

    asyncio.run(story())
