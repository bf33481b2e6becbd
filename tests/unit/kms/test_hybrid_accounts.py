"""Accounts that are sealed by the hybrid: all that is kept of their keys is of it, from the first key on."""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.domain.sealing.hpke import HYBRID_PUBLIC_BYTES
from ringfence.domain.sealing.slots import slot_public, slot_seed
from ringfence.domain.sid import new_sid
from ringfence.kms.service import KeyService
from ringfence.ports.console_keys import LINK_PREFIX
from ringfence.ports.keys import Caller, KeyRefusedError, Slot
from ringfence.usecases.accounts.credential import credential_of

ACCOUNT, CHILD, CLASSICAL = "AC" + "a" * 32, "AC" + "b" * 32, "AC" + "c" * 32
KEY = "SK" + "d" * 32
HOUR_MS = 3_600_000


def caller(credential: str, secret: str, account: str = ACCOUNT) -> Caller:
    return Caller(account=account, credential=credential, seed=slot_seed(secret, credential))


@pytest.fixture
def opened(kms_dir: Path, at_noon: ManualClock, ledger: Any) -> Callable[..., Coroutine[Any, Any, KeyService]]:
    async def open_service(*, hybrid: bool) -> KeyService:
        service = KeyService(kms_dir, at_noon, ledger, hybrid=hybrid)
        await service.open()
        return service

    return open_service


def kept(kms_dir: Path, account: str) -> set[int]:
    """Lengths of all public halves that are kept of an account."""
    with sqlite3.connect(kms_dir / "kms.db") as database:
        found = database.execute(
            "SELECT length(public) FROM slot WHERE account = ?1 UNION SELECT length(public) FROM content_key"
            " WHERE account = ?1",
            (account,),
        )
        return {length for (length,) in found}


def test_it_opens_what_it_sealed_through_revocation_rotation_and_a_change_of_the_setting(
    kms_dir: Path, at_noon: ManualClock, opened: Callable[..., Coroutine[Any, Any, KeyService]]
) -> None:
    async def story() -> None:
        service = await opened(hybrid=True)
        owner, key = caller(ACCOUNT, "one"), caller(KEY, "two")
        await service.create_account(ACCOUNT, [credential_of(ACCOUNT, "one").slot])
        await service.create_account(CHILD, [credential_of(CHILD, "child").slot], parent=ACCOUNT)
        sealed = {
            (await service.sealing_key(owner, ACCOUNT)).epoch: (await service.sealing_key(owner, ACCOUNT)).epoch_key
        }
        await service.add_slot(owner, ACCOUNT, credential_of(KEY, "two").slot)
        assert await service.open_epochs(key, ACCOUNT, list(sealed)) == sealed
        of_child = await service.sealing_key(owner, CHILD)
        await service.close()

        # The setting is for accounts that are made: this one stays as it is.
        service = await opened(hybrid=False)
        await service.create_account(CLASSICAL, [credential_of(CLASSICAL, "three").slot])
        await service.revoke_slot(ACCOUNT, KEY)
        with pytest.raises(KeyRefusedError):
            await service.open_epochs(key, ACCOUNT, list(sealed))
        at_noon.advance(HOUR_MS)
        later = await service.sealing_key(owner, ACCOUNT)
        await service.add_slot(owner, ACCOUNT, credential_of(ACCOUNT, "rotated").slot)
        rotated = caller(ACCOUNT, "rotated")
        sealed[later.epoch] = later.epoch_key
        assert await service.open_epochs(rotated, ACCOUNT, list(sealed)) == sealed
        with pytest.raises(KeyRefusedError):
            await service.open_epochs(owner, ACCOUNT, list(sealed))
        again = await service.open_epochs(rotated, CHILD, [of_child.epoch])
        assert again == {of_child.epoch: of_child.epoch_key}
        await service.close()

    asyncio.run(story())
    assert (kept(kms_dir, ACCOUNT), kept(kms_dir, CHILD)) == ({HYBRID_PUBLIC_BYTES}, {HYBRID_PUBLIC_BYTES})
    assert kept(kms_dir, CLASSICAL) == {32}


def test_no_classical_half_of_it_is_kept_and_no_browser_is_let_in(
    kms_dir: Path, at_noon: ManualClock, opened: Callable[..., Coroutine[Any, Any, KeyService]]
) -> None:
    async def story() -> None:
        service = await opened(hybrid=True)
        owner = caller(ACCOUNT, "one")
        await service.create_account(ACCOUNT, [credential_of(ACCOUNT, "one").slot])
        link = new_sid(LINK_PREFIX, at_noon.now_ms())
        of_browser = Slot(credential=link, public=slot_public(slot_seed("link", link)))
        with pytest.raises(KeyRefusedError, match="browsers cannot open"):
            await service.open_console_link(owner, ACCOUNT, of_browser, at_noon.now_ms() + 60_000)
        with pytest.raises(KeyRefusedError, match="browsers cannot open"):
            await service.add_slot(owner, ACCOUNT, of_browser)
        with pytest.raises(KeyRefusedError, match="browsers cannot open"):
            await service.create_account(CHILD, [of_browser])
        await service.close()

    asyncio.run(story())
    everything = b"".join(path.read_bytes() for path in kms_dir.rglob("*") if path.is_file())
    assert slot_public(slot_seed("one", ACCOUNT)) not in everything
    assert kept(kms_dir, ACCOUNT) == {HYBRID_PUBLIC_BYTES}
