"""Whose page it is: a member's own account's, or a subaccount's of it, and of no other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.requests import Request
from tests.unit.console.test_session_rows import JWK

from ringfence.console.live.looked import Looked
from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Session
from ringfence.console.standstill import Standstill
from ringfence.console.tenant.doors import OwnAccount, Subaccount, Whose
from ringfence.domain.clock import ManualClock
from ringfence.ports.store import AccountRow, CredentialRow
from ringfence.store.memory import MemoryStore
from ringfence.usecases.access.freeze import freeze

AC, OTHER = "AC" + "a" * 32, "AC" + "b" * 32
CHILD, NAMELESS, THEIRS = "AC" + "c" * 32, "AC" + "d" * 32, "AC" + "e" * 32
NONE = ("There is no such subaccount.", 404)


def asked(child: str = "") -> Request:
    """A request in a session of the account's."""
    times = {"made_ms": 1, "seen_ms": 1, "verified_ms": 1}
    session = Session(id="CS1", kind="member", person="MB1", account=AC, public_jwk=JWK, **times)
    return Request({"type": "http", "path_params": {"child": child}, "state": {"session": session}})


def looked(child: str) -> Looked:
    return Looked(page="/subaccounts/{child}/texts", account=AC, path=(("child", child),))


@asynccontextmanager
async def accounts() -> AsyncIterator[MemoryStore]:
    """Two accounts, and who are theirs."""
    store = MemoryStore()
    await store.open()
    for sid, parent, name in (
        (AC, None, "Acme"),
        (OTHER, None, "Other"),
        (CHILD, AC, "Branch"),
        (NAMELESS, AC, ""),
        (THEIRS, OTHER, "Theirs"),
    ):
        await store.create_account(
            AccountRow(sid=sid, tenant=parent or sid, parent=parent, friendly_name=name, created_ms=1, updated_ms=1),
            CredentialRow(
                account=sid, sid=sid, kind="auth_token", verifier=b"", hmac_states=b"", created_ms=1, updated_ms=1
            ),
        )
    yield store


def test_ones_own_account_is_the_sessions(run: Any) -> None:
    async def story() -> None:
        door, own = OwnAccount(), Whose(account=AC, child="", name="")
        assert (door.at, await door.find(asked()), await door.open(asked())) == ("", own, own)
        assert await door.account(looked("")) == AC

    run(story())


def test_a_subaccount_of_ones_own_account_is_shown_by_its_name_or_else_its_sid(run: Any) -> None:
    async def story() -> None:
        async with accounts() as store:
            door = Subaccount(store, Standstill(store))
            assert door.at == "/subaccounts/{child}"
            for sid, name in ((CHILD, "Branch"), (NAMELESS, NAMELESS)):
                whose = Whose(account=sid, child=sid, name=name)
                assert await door.find(asked(sid)) == await door.open(asked(sid)) == whose
                assert await door.account(looked(sid)) == sid

    run(story())


@pytest.mark.parametrize("sid", [AC, OTHER, THEIRS, "AC" + "f" * 32, ""])
def test_no_other_account_is_found_opened_or_followed(run: Any, sid: str) -> None:
    async def story() -> None:
        async with accounts() as store:
            door = Subaccount(store, Standstill(store))
            assert await door.find(asked(sid)) is None
            with pytest.raises(RefusedError) as refused:
                await door.open(asked(sid))
            assert (refused.value.text, refused.value.status) == NONE
            assert await door.account(looked(sid)) is None

    run(story())


def test_a_frozen_subaccount_is_found_and_gives_nothing_away(run: Any, clock: ManualClock) -> None:
    async def story() -> None:
        async with accounts() as store:
            door = Subaccount(store, Standstill(store))
            await freeze(store, clock, "account", CHILD)
            assert await door.find(asked(CHILD)) is not None
            with pytest.raises(RefusedError) as refused:
                await door.open(asked(CHILD))
            assert refused.value.status == 403
            assert await door.account(looked(CHILD)) is None
            assert await door.account(looked(NAMELESS)) == NAMELESS

    run(story())
