"""A restored backup does not revive what a later copy of its ledger says was revoked, and goes on from there."""

import asyncio
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from ringfence.domain.clock import SystemClock
from ringfence.domain.sealing.slots import slot_seed
from ringfence.drills.design import OURS
from ringfence.kms.key_move import move_keys
from ringfence.kms.key_rest import PlainSeal
from ringfence.kms.ledger.reading import LedgerReader
from ringfence.kms.unlock import seal_of
from ringfence.ports.keys import Caller, KeyRefusedError
from ringfence.roles.backup import back_up
from ringfence.roles.refusal import RefusalError
from ringfence.roles.restore import Restored, restore
from ringfence.roles.settings import Settings
from ringfence.roles.stores import open_store
from ringfence.usecases.accounts.create_account import create_account
from ringfence.usecases.accounts.create_key import NewKey, create_key
from ringfence.usecases.accounts.revoke_key import revoke_key
from unit.kms.key_rests import PASSPHRASE, quick_passphrase

NOW_MS = 1_700_000_000_000


class Lived(NamedTuple):
    """An installation whose key `revoked` was revoked after its backup was made, and `kept` was not."""

    live: Path
    backup: Path
    owner: Caller
    revoked: NewKey
    kept: NewKey


def caller_of(owner: Caller, key: NewKey) -> Caller:
    return Caller(account=owner.account, credential=key.sid, seed=slot_seed(key.secret, key.sid))


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    folder = tmp_path_factory.mktemp("lived")
    live, backup = folder / "live", folder / "backup"
    live.mkdir(mode=0o700)

    async def live_through() -> Lived:
        clock = SystemClock()
        keys = await OURS.open_keys(live / "kms", clock)
        store = await open_store(Settings(data_dir=live))
        try:
            made = await create_account(store, keys, clock, friendly_name="Shop")
            sid = made.row.sid
            owner = Caller(account=sid, credential=sid, seed=slot_seed(made.auth_token, sid))
            revoked, kept = [await create_key(store, keys, clock, caller=owner, account=sid) for _ in range(2)]
            while not LedgerReader(live / "kms").note():
                await asyncio.sleep(0.05)
            back_up(Settings(data_dir=live), backup, lambda: PASSPHRASE, NOW_MS, quick_passphrase)
            assert await revoke_key(store, keys, account=sid, sid=revoked.sid)
            return Lived(live, backup, owner, revoked, kept)
        finally:
            await store.close()
            await keys.close()

    return asyncio.run(live_through())


def restored(lived: Lived, to: Path, later: Path | None) -> Restored:
    return asyncio.run(restore(Settings(data_dir=to), lived.backup, PASSPHRASE, later=later, now_ms=NOW_MS + 1))


async def opens(to: Path, caller: Caller) -> tuple[bool, bool]:
    """Whether the store knows the credential, and whether it opens the account's keys."""
    keys = await OURS.open_keys(to / "kms", SystemClock())
    store = await open_store(Settings(data_dir=to))
    try:
        known = await store.credential(caller.credential) is not None
        try:
            await keys.sealing_key(caller, caller.account)
        except KeyRefusedError:
            return known, False
        return known, True
    finally:
        await store.close()
        await keys.close()


@pytest.mark.parametrize("told", [True, False], ids=["with the later ledger", "without it"])
def test_a_key_that_was_revoked_since_is_good_again_only_where_nobody_can_know(
    lived: Lived, tmp_path: Path, *, told: bool
) -> None:
    to = tmp_path / "again"
    made = restored(lived, to, lived.live / "kms" if told else None)
    assert made.revoked.slots == (((lived.owner.account, lived.revoked.sid),) if told else ())
    keys = to / "kms" / "keys"
    move_keys(keys, seal_of(keys, PASSPHRASE), PlainSeal())
    good = (True, True)
    assert asyncio.run(opens(to, caller_of(lived.owner, lived.revoked))) == ((False, False) if told else good)
    assert asyncio.run(opens(to, caller_of(lived.owner, lived.kept))) == good
    assert asyncio.run(opens(to, lived.owner)) == good


def test_the_ledger_goes_on_from_the_later_one(lived: Lived, tmp_path: Path) -> None:
    to = tmp_path / "again"
    before = LedgerReader(lived.live / "kms").check()
    (tmp_path / "seen").write_text(LedgerReader(lived.live / "kms").note())
    settings = Settings(data_dir=to)
    again = restore(
        settings, lived.backup, PASSPHRASE, [tmp_path / "seen"], later=lived.live / "kms", now_ms=NOW_MS + 1
    )
    assert asyncio.run(again).lost == 0
    keys = to / "kms" / "keys"
    move_keys(keys, seal_of(keys, PASSPHRASE), PlainSeal())
    assert LedgerReader(to / "kms").check().entries > before.entries


def test_a_ledger_that_is_not_the_backups_or_ends_before_it_restores_nothing(lived: Lived, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(lived.live / "kms", other)
    whole = (other / "ledger" / "entries").read_bytes()
    for damaged in (whole.replace(b"create_account", b"create_accounT", 1), whole[: whole.index(b"\n") + 1]):
        (other / "ledger" / "entries").write_bytes(damaged)
        with pytest.raises(RefusalError, match="ledger"):
            restored(lived, tmp_path / "again", other)
    with pytest.raises(RefusalError, match="has no ledger"):
        restored(lived, tmp_path / "again", tmp_path / "nowhere")
    assert not (tmp_path / "again").exists()
