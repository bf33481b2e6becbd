"""What is frozen stays so until it is thawed, once, and an account stands still in the same moment."""

import asyncio

import pytest
from msgspec.structs import replace
from tests.contract.conftest import ACCOUNT as A
from tests.contract.conftest import NOW, OTHER

from ringfence.ports.freezes import ENDED_AT_ONCE, EndedFreeze, FreezeRow
from ringfence.ports.store import AccountRow, CredentialRow

FROZEN = FreezeRow(kind="account", name=A, was="active", at_ms=NOW + 5)


async def account(store, status="active"):
    row = AccountRow(sid=A, tenant=A, friendly_name="Acme", status=status, created_ms=NOW, updated_ms=NOW)
    key = CredentialRow(
        account=A, sid=A, kind="auth_token", verifier=b"", hmac_states=b"", created_ms=NOW, updated_ms=NOW
    )
    await store.create_account(row, key)
    return row


async def test_a_freeze_is_kept_as_it_was_made_first(store):
    await account(store)
    assert await store.freezes() == []
    assert await store.put_freeze(FROZEN)
    assert not await store.put_freeze(replace(FROZEN, at_ms=NOW + 6))
    assert await store.freezes() == [FROZEN]


async def test_each_thaws_by_itself_and_once(store):
    rows = [
        FreezeRow(kind="account", name=A, at_ms=5),
        FreezeRow(kind="account", name=OTHER, at_ms=7),
        FreezeRow(kind="key", name=A, at_ms=8),
        FreezeRow(kind="platform", name="platform", at_ms=9),
    ]
    for row in reversed(rows):
        assert await store.put_freeze(row)
    assert sorted(await store.freezes(), key=str) == sorted(rows, key=str)
    assert await store.delete_freeze("account", A)
    assert not await store.delete_freeze("account", A)
    assert sorted(await store.freezes(), key=str) == sorted(rows[1:], key=str)
    assert await store.put_freeze(rows[0])


async def test_a_freeze_of_another_time_is_another(store):
    await account(store)
    assert await store.put_freeze(FROZEN)
    assert not await store.delete_freeze("account", A, FROZEN.at_ms - 1)
    assert not await store.delete_freeze("account", A, FROZEN.at_ms + 1)
    assert await store.freezes() == [FROZEN]
    assert (await store.account(A)).status == "suspended"
    assert await store.delete_freeze("account", A, FROZEN.at_ms)
    assert await store.freezes() == []


async def test_of_many_who_freeze_at_once_one_does(store):
    await account(store)
    made = await asyncio.gather(*(store.put_freeze(FROZEN) for _ in range(8)))
    assert sorted(made) == [False] * 7 + [True]
    assert await store.freezes() == [FROZEN]


@pytest.mark.parametrize("was", ["active", "suspended"])
async def test_an_account_is_suspended_with_it_and_afterwards_what_it_was(store, was):
    await account(store, was)
    assert await store.put_freeze(FROZEN)
    found = await store.account(A)
    assert (found.status, found.updated_ms) == ("suspended", FROZEN.at_ms)
    assert [row.was for row in await store.freezes()] == [was]
    assert await store.delete_freeze("account", A, now_ms=NOW + 9)
    found = await store.account(A)
    assert (found.status, found.updated_ms) == (was, NOW + 9)


async def test_one_that_was_closed_stays_closed(store):
    row = await account(store)
    assert await store.put_freeze(FROZEN)
    assert await store.update_account(replace(row, status="closed"), was="suspended")
    assert await store.delete_freeze("account", A)
    assert (await store.account(A)).status == "closed"
    assert await store.put_freeze(FROZEN)
    assert (await store.account(A)).status == "closed"


@pytest.mark.parametrize("freeze", [FROZEN, FreezeRow(kind="platform", name="platform", at_ms=1)])
async def test_nothing_that_is_frozen_becomes_active(store, freeze):
    row = await account(store, "suspended")
    assert await store.put_freeze(freeze)
    assert not await store.update_account(replace(row, status="active"), was="suspended")
    assert not await store.set_account_status(A, "active", was="suspended", at_ms=NOW)
    assert await store.update_account(replace(row, friendly_name="B", status="suspended"), was="suspended")
    assert await store.delete_freeze(freeze.kind, freeze.name)
    assert await store.update_account(replace(row, status="active"), was="suspended")


async def test_an_account_that_is_reopened_in_the_moment_of_a_freeze_stands_still(store):
    row = await account(store, "suspended")
    for n in range(6):
        await asyncio.gather(
            store.put_freeze(replace(FROZEN, at_ms=NOW + n)),
            store.set_account_status(A, "active", was="suspended", at_ms=NOW)
            if n % 2
            else store.update_account(replace(row, status="active"), was="suspended"),
        )
        assert (await store.account(A)).status == "suspended"
        assert await store.delete_freeze("account", A)
        found = await store.account(A)
        await store.update_account(replace(found, status="suspended"), was="active")


async def test_a_status_changes_alone_and_where_it_is_still_what_it_was(store):
    row = await account(store)
    assert await store.update_account(replace(row, friendly_name="B", updated_ms=NOW + 5), was="active")
    assert not await store.set_account_status(A, "closed", was="suspended", at_ms=NOW + 9)
    assert not await store.set_account_status(OTHER, "closed", was="active", at_ms=NOW + 9)
    assert await store.account(A) == replace(row, friendly_name="B", updated_ms=NOW + 5)
    assert await store.set_account_status(A, "suspended", was="active", at_ms=NOW + 1)
    assert await store.account(A) == replace(row, friendly_name="B", status="suspended", updated_ms=NOW + 6)
    assert await store.set_account_status(A, "active", was="suspended", at_ms=NOW + 9)
    assert await store.account(A) == replace(row, friendly_name="B", updated_ms=NOW + 9)


async def test_what_ended_is_kept_until_it_is_forgotten_but_for_a_carriers(store):
    await account(store)
    rows = [
        FROZEN,
        FreezeRow(kind="key", name=A, at_ms=8),
        FreezeRow(kind="carrier", name="simulator", at_ms=9),
        FreezeRow(kind="platform", name="platform", at_ms=10),
    ]
    for row in rows:
        await store.put_freeze(row)
    assert await store.ended_freezes() == []
    assert not await store.delete_freeze("account", A, FROZEN.at_ms + 1, now_ms=NOW)
    for n, row in enumerate(reversed(rows)):
        assert await store.delete_freeze(row.kind, row.name, now_ms=NOW + n)
    ended = [
        EndedFreeze(kind="platform", name="platform", at_ms=10, ended_ms=NOW),
        EndedFreeze(kind="key", name=A, at_ms=8, ended_ms=NOW + 2),
        EndedFreeze(kind="account", name=A, at_ms=FROZEN.at_ms, ended_ms=NOW + 3),
    ]
    assert await store.ended_freezes() == ended
    # Frozen and thawed anew it is another.
    await store.put_freeze(replace(rows[1], at_ms=NOW + 5))
    await store.delete_freeze("key", A, now_ms=NOW + 6)
    again = EndedFreeze(kind="key", name=A, at_ms=NOW + 5, ended_ms=NOW + 6)
    await store.forget_ended(ended[:2])
    await store.forget_ended(ended[:2])
    assert await store.ended_freezes() == [ended[2], again]


async def test_what_ended_is_read_and_forgotten_so_many_at_a_time(store):
    numbers = range(ENDED_AT_ONCE + 3)
    ended = [EndedFreeze(kind="key", name=f"SK{n:032x}", at_ms=n, ended_ms=NOW + n // 2) for n in numbers]
    for row in reversed(ended):
        await store.put_freeze(FreezeRow(kind="key", name=row.name, at_ms=row.at_ms))
        assert await store.delete_freeze("key", row.name, now_ms=row.ended_ms)
    assert await store.ended_freezes() == ended[:ENDED_AT_ONCE]
    assert await store.ended_freezes(limit=2) == ended[:2]
    await store.forget_ended(ended[1:ENDED_AT_ONCE])
    await store.forget_ended([])
    # One of the same name that began at another time is another.
    await store.forget_ended([replace(ended[0], at_ms=1)])
    assert await store.ended_freezes() == [ended[0], *ended[ENDED_AT_ONCE:]]
