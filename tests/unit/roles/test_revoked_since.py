"""A restored backup does not revive what a later copy of its ledger says was revoked, and goes on from there."""

import asyncio
import shutil
import sqlite3
from pathlib import Path
from typing import NamedTuple

import pytest

from ringfence.console.lockout import kept_out
from ringfence.console.operator.staff_rows import StaffMember
from ringfence.console.operator.staff_rows import keep_member as keep_staff
from ringfence.console.passkey_book import KeptPasskey, keep_passkey, passkeys_of
from ringfence.console.storage import ConsoleStorage
from ringfence.console.tenant.member_rows import Member, keep_member, members_of
from ringfence.console.tenant.slot_name import slot_name
from ringfence.console.tenant.sso.rows import SsoPerson, keep_person, people_of
from ringfence.domain.access.role import Role
from ringfence.domain.clock import SystemClock
from ringfence.domain.passkeys.passkey import Passkey
from ringfence.domain.sealing.slots import slot_seed
from ringfence.drills.design import OURS
from ringfence.kms.key_move import move_keys
from ringfence.kms.key_rest import PlainSeal
from ringfence.kms.ledger.reading import LedgerReader
from ringfence.kms.service import KeyService
from ringfence.kms.unlock import seal_of
from ringfence.ports.keys import Caller, KeyRefusedError
from ringfence.roles import restore as restoring
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
    """An installation whose key `revoked` was revoked after its backup was made, `ended` ended, and `kept` neither."""

    live: Path
    backup: Path
    owner: Caller
    revoked: NewKey
    ended: NewKey
    kept: NewKey


def caller_of(owner: Caller, key: NewKey) -> Caller:
    return Caller(account=owner.account, credential=key.sid, seed=slot_seed(key.secret, key.sid))


async def peopled(folder: Path, account: str) -> None:
    """Two members with a passkey each, one of two, one who comes by the account's provider, and one of staff."""
    folder.mkdir(mode=0o700)
    storage = ConsoleStorage(folder / "console.db")
    await storage.open()

    def work(db: sqlite3.Connection) -> None:
        for name, role, passkeys in (
            ("MB1", Role.OWNER, 1),
            ("MB2", Role.OWNER, 1),
            ("MB3", Role.READER, 2),
            ("MB4", Role.READER, 0),
        ):
            handle = name.encode()
            keep_member(db, Member(id=name, account=account, handle=handle, let_in_by="KL", made_ms=1, role=role))
            for at in range(passkeys):
                passkey = Passkey(
                    credential_id=b"%s-%d" % (handle, at),
                    public_key=b"k",
                    user_handle=handle,
                    sign_count=0,
                    backup_eligible=False,
                    backed_up=False,
                    aaguid="",
                )
                kept = KeptPasskey(kind="member", person=name, account=account, passkey=passkey, made_ms=1, used_ms=0)
                keep_passkey(db, kept)
        keep_person(
            db,
            SsoPerson(account=account, issuer="i", subject="s", id="SP1", shown="Eve", member="MB4", asked_ms=1),
        )
        staff = StaffMember(
            id="ST1", handle=b"h", name="Ada", made_ms=1, active_ms=1, invited_by="terminal", approved_by=""
        )
        keep_staff(db, staff)

    try:
        await storage.run(work)
    finally:
        await storage.close()


async def ends(keys: object, owner: Caller, key: str) -> None:
    """It is given an end, which comes."""
    assert isinstance(keys, KeyService)
    end_ms = SystemClock().now_ms() + 2
    await keys.end_slot_at(owner, owner.account, key, end_ms)
    while SystemClock().now_ms() < end_ms:
        await asyncio.sleep(0.001)
    await keys.tidy()


async def go_on(keys: object, account: str, kept: str) -> None:
    """What people of the account and staff did after the backup, as the ledger has it."""
    assert isinstance(keys, KeyService)
    for credential in (b"MB1-0", b"MB3-0"):
        await keys.revoke_browser_slot(account, slot_name(credential), "member:MB2")
    session = "session:CS" + "0" * 32
    for member, role in (("MB2", "approver"), ("MB3", "owner"), ("MB2", "reader"), ("MB9", "owner")):
        await keys.note(account, "member:MB1", "give_role", (session, f"member:{member}", f"role:{role}"))
    await keys.note(account, "member:MB1", "forget_sso", (session, "sso:SP1"))
    await keys.note(account, "staff:ST2", "freeze", (f"account:{account}",))
    await keys.note(account, "member:MB1", "freeze_key", (session, kept))
    for target in ("staff:ST1", "carrier:gone-on", "carrier:waits", "key:SK" + "9" * 32, session):
        await keys.note("operator", "staff:terminal", "freeze", (target,))
    for verb, carrier in (("carrier_pause", "resumed"), ("carrier_resume", "resumed"), ("carrier_pause", "paused")):
        await keys.note("operator", "staff:ST2", verb, (session, f"carrier:{carrier}", "staff:ST1", "because:slow"))
    await keys.note("operator", "staff:ST2", "thaw", (session, "carrier:gone-on", "staff:ST1", "because:paid"))


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
            revoked, ended, kept = [await create_key(store, keys, clock, caller=owner, account=sid) for _ in range(3)]
            while not LedgerReader(live / "kms").note():
                await asyncio.sleep(0.05)
            await peopled(live / "console", sid)
            back_up(Settings(data_dir=live), backup, lambda: PASSPHRASE, NOW_MS, quick_passphrase)
            assert await revoke_key(store, keys.revoke_slot, account=sid, sid=revoked.sid)
            await ends(keys, owner, ended.sid)
            await go_on(keys, sid, kept.sid)
            return Lived(live, backup, owner, revoked, ended, kept)
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
    assert made.revoked.slots[:1] == (((lived.owner.account, lived.revoked.sid),) if told else ())
    keys = to / "kms" / "keys"
    move_keys(keys, seal_of(keys, PASSPHRASE), PlainSeal())
    good = (True, True)
    for gone in (lived.revoked, lived.ended):
        assert asyncio.run(opens(to, caller_of(lived.owner, gone))) == ((False, False) if told else good)
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


def test_members_and_freezes_are_again_what_the_later_ledger_says(lived: Lived, tmp_path: Path) -> None:
    to, account = tmp_path / "again", lived.owner.account
    again = restored(lived, to, lived.live / "kms").again
    assert again.members == ((account, "MB1"), (account, "MB4"))
    assert again.roles == ((account, "MB2", Role.READER), (account, "MB3", Role.OWNER))
    now_frozen = {f"account:{account}", f"key:{lived.kept.sid}", "carrier:waits", "carrier:paused", "staff:ST1"}
    assert set(again.frozen) == now_frozen
    assert again.to_freeze == ()

    def work(db: sqlite3.Connection) -> tuple[list[tuple[str, Role, list[bytes]]], int, list[str]]:
        members = [
            (each.id, each.role, [kept.passkey.credential_id for kept in passkeys_of(db, "member", each.id)])
            for each in members_of(db, account)
        ]
        of_the_first = passkeys_of(db, "member", "MB1")
        return members, len(people_of(db, account)) + len(of_the_first), [staff for staff, _ in kept_out(db)]

    async def look() -> None:
        storage = ConsoleStorage(to / "console" / "console.db")
        await storage.open()
        members, gone, out = await storage.run(work)
        await storage.close()
        assert members == [("MB2", Role.READER, [b"MB2-0"]), ("MB3", Role.OWNER, [b"MB3-1"])]
        assert (gone, out) == (0, ["ST1"])
        store = await open_store(Settings(data_dir=to))
        frozen = {f"{row.kind}:{row.name}" for row in await store.freezes()}
        found = await store.account(account)
        await store.close()
        assert frozen == now_frozen - {"staff:ST1"}
        assert found is not None
        assert found.status == "suspended"

    asyncio.run(look())


def test_what_is_frozen_in_a_database_that_is_loaded_by_hand_is_named(lived: Lived, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "again", database_url="postgresql://nobody@127.0.0.1:1/none")
    again = restore(settings, lived.backup, PASSPHRASE, later=lived.live / "kms", now_ms=NOW_MS + 1)
    made = asyncio.run(again).again
    assert made.frozen == ("staff:ST1",)
    named = {
        f"account:{lived.owner.account}",
        f"key:{lived.kept.sid}",
        "carrier:waits",
        "carrier:paused",
        "key:SK" + "9" * 32,
    }
    assert set(made.to_freeze) == named


def test_nothing_starts_of_what_was_not_revoked_yet(
    lived: Lived, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = tmp_path / "again"
    seen: list[list[str]] = []

    async def died(*_: object) -> None:
        seen.append(sorted(path.name for path in to.iterdir()))
        raise ConnectionError("the disk is gone")

    monkeypatch.setattr(restoring, "revoke_again", died)
    with pytest.raises(ConnectionError):
        restored(lived, to, lived.live / "kms")
    assert seen == [["restore.partial"]]
    assert list(to.iterdir()) == []
    monkeypatch.undo()
    assert restored(lived, to, lived.live / "kms").again.members
