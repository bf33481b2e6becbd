"""A backup is whole, opens nothing by itself, and is restored where nothing is, not behind its ledger's witnesses."""

import asyncio
import contextlib
import hashlib
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from ringfence.console.operator.staff_rows import StaffMember, keep_member, members
from ringfence.console.request_signature import PublicJwk
from ringfence.console.sessions import Sessions
from ringfence.console.storage import ConsoleStorage
from ringfence.domain.clock import ManualClock
from ringfence.domain.retention.officer import OfficerKey
from ringfence.drills.canary import Canaries
from ringfence.drills.design import OURS
from ringfence.drills.duty_thief import DutyThief, declared
from ringfence.drills.seeded_copy import Tenant, seeded_copy
from ringfence.drills.thief import Thief
from ringfence.kms.key_files import LEDGER, KeyFiles
from ringfence.kms.key_move import move_keys
from ringfence.kms.key_rest import PlainSeal
from ringfence.kms.ledger.reading import LedgerReader, read_ledger
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.kms.unlock import seal_of
from ringfence.ports.ledger import AccessEntry
from ringfence.ports.store import CredentialRow
from ringfence.roles.backup import MANIFEST, Manifest, back_up
from ringfence.roles.refusal import RefusalError
from ringfence.roles.restore import read_manifest, restore
from ringfence.roles.settings import Settings
from ringfence.store.postgres import PostgresStore
from ringfence.testing.postgres_server import PostgresServer
from unit.kms.key_rests import PASSPHRASE, quick_passphrase

COOKIE = "a cookie of a session"
NOW_MS = 1_700_000_000_000
FIRST = "AC" + "0" * 32
TOKEN = CredentialRow(
    account=FIRST, sid=FIRST, kind="auth_token", verifier=b"v", hmac_states=b"s", created_ms=0, updated_ms=0
)


class Lived(NamedTuple):
    """An installation with traffic, its backup, and what it said when the backup was made."""

    live: Path
    backup: Path
    manifest: Manifest
    tenants: list[Tenant]
    canaries: Canaries
    read: list[list[str]]
    kept: Path
    officers: tuple[OfficerKey, OfficerKey]


async def staffed(folder: Path) -> None:
    """One member of staff, with an open session."""
    folder.mkdir(mode=0o700)
    storage = ConsoleStorage(folder / "console.db")
    await storage.open()
    try:
        member = StaffMember(
            id="ST1", handle=b"h", name="Ada", made_ms=1, active_ms=1, invited_by="terminal", approved_by=""
        )
        await storage.run(lambda db: keep_member(db, member))
        sessions = Sessions(storage, ManualClock(NOW_MS))
        session, _ = sessions.new("staff", "ST1", "", PublicJwk(kty="EC", crv="P-256", x="x", y="y"))
        await sessions.keep(session, COOKIE)
    finally:
        await storage.close()


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    folder = tmp_path_factory.mktemp("lived")
    live, backup = folder / "live", folder / "backup"
    live.mkdir(mode=0o700)

    async def live_through() -> Lived:
        async with seeded_copy(live, OURS) as copy:
            await copy.add_tenants(3)
            declaration, officers = declared()
            await copy.declare(declaration)
            await copy.run_traffic()
            read = [await copy.read(tenant) for tenant in copy.tenants]
            while not LedgerReader(live / "kms").note():
                await asyncio.sleep(0.05)
            await staffed(live / "console")
            made = back_up(Settings(data_dir=live), backup, lambda: PASSPHRASE, NOW_MS, quick_passphrase)
            # Life goes on after it.
            await copy.send(copy.tenants[0], "body after the backup")
            tenants, canaries = copy.tenants, copy.canaries
        (folder / "kept").write_text(LedgerReader(live / "kms").note())
        return Lived(live, backup, made, tenants, canaries, read, folder / "kept", officers)

    return asyncio.run(live_through())


def restored(lived: Lived, to: Path, secret: bytes = PASSPHRASE, *against: Path, behind: bool = False) -> int:
    made = asyncio.run(restore(Settings(data_dir=to), lived.backup, secret, against, behind=behind, now_ms=NOW_MS + 1))
    return made.lost


def test_it_is_private_and_holds_no_key_of_a_day_and_none_unsealed(lived: Lived) -> None:
    names = [str(path.relative_to(lived.backup)) for path in lived.backup.rglob("*")]
    assert not [name for name in names if "dispatcher" in name or "verification" in name]
    live = {path.name for path in (lived.live / "kms" / "keys").glob("*.key")}
    kept = {path.name for path in (lived.backup / "kms" / "keys").glob("*.key")}
    assert {name for name in live if not name.startswith(("dispatcher", "verification"))} == kept
    assert {"ringfence.db", "kms/kms.db", "kms/keys/standing.key", "kms/ledger/entries"} <= set(names)
    bytes_of_it = b"".join(path.read_bytes() for path in lived.backup.rglob("*") if path.is_file())
    for key in (lived.live / "kms" / "keys").glob("*.key"):
        assert key.read_bytes() not in bytes_of_it
    modes = {path.stat().st_mode & 0o777 for path in lived.backup.rglob("*")}
    assert modes == {0o600, 0o700}
    assert lived.manifest == read_manifest(lived.backup)


def test_staff_come_back_without_their_sessions(lived: Lived, tmp_path: Path) -> None:
    to = tmp_path / "again"
    restored(lived, to)
    assert (to / "console" / "console.db").stat().st_mode & 0o777 == 0o600
    copied = (lived.backup / "console" / "console.db").read_bytes()
    assert (b"Ada" in copied, hashlib.sha256(COOKIE.encode()).digest() in copied) == (True, False)

    async def look() -> None:
        storage = ConsoleStorage(to / "console" / "console.db")
        await storage.open()
        try:
            assert [each.name for each in await storage.run(members)] == ["Ada"]
            assert await Sessions(storage, ManualClock(NOW_MS)).open_now("staff") == []
        finally:
            await storage.close()

    asyncio.run(look())


def test_nothing_of_what_a_grant_opens_is_in_it(lived: Lived, tmp_path: Path) -> None:
    live = tmp_path / "live"
    shutil.copytree(lived.live, live)
    box = hashlib.sha256(b"a box").digest()
    with contextlib.closing(sqlite3.connect(live / "kms" / "kms.db")) as database, database:
        database.execute("INSERT INTO grant_box VALUES ('GR1', 'SM1', ?)", (box,))
    back_up(Settings(data_dir=live), tmp_path / "backup", lambda: PASSPHRASE, NOW_MS, quick_passphrase)
    assert box not in (tmp_path / "backup" / "kms" / "kms.db").read_bytes()


def test_without_a_tenants_secret_it_opens_nothing_that_anybody_wrote(lived: Lived, tmp_path: Path) -> None:
    to = tmp_path / "again"
    assert restored(lived, to) == 0
    keys = to / "kms" / "keys"
    move_keys(keys, seal_of(keys, PASSPHRASE), PlainSeal())
    thief = Thief(to, [])
    loot = thief.open_everything()
    on_disk = {where for piece in thief.disk() for where in lived.canaries.found_in(piece)}
    thief.close()
    # He has every key of the backup, and so its standing configuration: else this would prove nothing.
    assert loot.keys_tried == len(list((lived.backup / "kms" / "keys").glob("*.key"))) > 2
    assert {tenant for piece in loot.standing for tenant, _ in lived.canaries.found_in(piece)} == {
        tenant.sid for tenant in lived.tenants
    }
    assert (loot.history, loot.in_flight, on_disk) == ([], [], set())


def test_what_a_duty_kept_is_in_it_for_two_officers_alone(lived: Lived, tmp_path: Path) -> None:
    to = tmp_path / "again"
    restored(lived, to)
    keys = to / "kms" / "keys"
    move_keys(keys, seal_of(keys, PASSPHRASE), PlainSeal())
    thief = DutyThief(to, [path.read_bytes() for path in keys.glob("*.key")])
    one, other = lived.officers
    assert (thief.rows > 0, thief.open_with(), thief.open_with(one)) == (True, {}, {})
    numbers = thief.open_with(one, other)
    assert {sid: set(found) for sid, found in numbers.items()} == {
        tenant.sid: {tenant.customer} for tenant in lived.tenants
    }


def test_tenants_read_in_it_what_they_read_when_it_was_made_and_its_ledger_goes_on(
    lived: Lived, tmp_path: Path
) -> None:
    to = tmp_path / "again"
    restored(lived, to)
    keys = to / "kms" / "keys"
    move_keys(keys, seal_of(keys, PASSPHRASE), PlainSeal())

    async def read_all() -> list[list[str]]:
        async with seeded_copy(to, OURS) as copy:
            return [await copy.read(tenant) for tenant in lived.tenants]

    assert asyncio.run(read_all()) == lived.read
    assert LedgerReader(to / "kms").check().entries > lived.manifest.entries
    (told,) = [entry for entry in read_ledger(to / "kms") if entry.verb == "log.restored"]
    assert (told.actor, told.at_ms, told.scope[1]) == ("operator", NOW_MS + 1, "lost:0")


def test_it_does_not_go_behind_what_a_witness_knows_unless_told(lived: Lived, tmp_path: Path) -> None:
    to = tmp_path / "again"
    with pytest.raises(RefusalError, match="entries were witnessed, and the backup's ledger has"):
        restored(lived, to, PASSPHRASE, lived.kept)
    assert not to.exists()
    assert restored(lived, to, PASSPHRASE, lived.kept, behind=True) > 0
    (told,) = [entry for entry in read_ledger_sealed(to) if entry.verb == "log.restored"]
    assert told.scope[1] != "lost:0"


def test_a_checkpoint_of_another_history_is_refused(lived: Lived, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(lived.live / "kms" / "keys", other / "keys")

    async def another() -> None:
        ledger = LedgerWriter(other)
        await ledger.open(5)
        await ledger.append([AccessEntry(at_ms=5, account="AC", actor="x", verb="y")])
        await ledger.close()

    asyncio.run(another())
    (tmp_path / "note").write_text(LedgerReader(other).note())
    for behind in (False, True):
        with pytest.raises(RefusalError, match="are not those of the backup"):
            restored(lived, tmp_path / "again", PASSPHRASE, tmp_path / "note", behind=behind)
    (tmp_path / "note").write_text("nothing\n")
    with pytest.raises(RefusalError, match="give a checkpoint of this ledger"):
        restored(lived, tmp_path / "again", PASSPHRASE, tmp_path / "note")


def test_what_is_in_the_way_is_left_alone(lived: Lived, tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match="is there already"):
        restored(lived, lived.live)
    with pytest.raises(RefusalError, match="is there already"):
        back_up(Settings(data_dir=lived.live), lived.backup, lambda: PASSPHRASE, NOW_MS)
    with pytest.raises(RefusalError, match="no installation"):
        back_up(Settings(data_dir=tmp_path), tmp_path / "b", lambda: PASSPHRASE, NOW_MS)
    with pytest.raises(RefusalError, match="12 characters"):
        back_up(Settings(data_dir=lived.live), tmp_path / "b", lambda: b"short", NOW_MS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["ringfence.db", "kms/kms.db", "kms/ledger/entries", "kms/keys/tables.key", MANIFEST])
def test_a_damaged_or_incomplete_backup_is_refused(lived: Lived, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(lived.backup, copy)
    changed = bytearray((copy / name).read_bytes())
    changed[len(changed) // 2] ^= 1
    (copy / name).write_bytes(changed)
    damaged = lived._replace(backup=copy)
    with pytest.raises(RefusalError, match=r"damaged|is missing, or does not belong"):
        restored(damaged, tmp_path / "again")
    (copy / name).unlink()
    with pytest.raises(RefusalError, match=r"is missing|is no backup"):
        restored(damaged, tmp_path / "again")


def test_another_passphrase_restores_nothing(lived: Lived, tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match="the passphrase that the backup was made with"):
        restored(lived, tmp_path / "again", b"not the passphrase")
    assert not (tmp_path / "again").exists()


def test_sealed_key_files_are_copied_as_they_are_and_nobody_is_asked(lived: Lived, tmp_path: Path) -> None:
    live = tmp_path / "live"
    shutil.copytree(lived.live, live)
    keys = live / "kms" / "keys"
    move_keys(keys, PlainSeal(), quick_passphrase())

    def asked() -> bytes:
        raise AssertionError("nobody need be asked")

    back_up(Settings(data_dir=live), tmp_path / "backup", asked, NOW_MS)
    again = lived._replace(backup=tmp_path / "backup")
    restored(again, tmp_path / "again")
    opened = KeyFiles(tmp_path / "again/kms/keys", seal_of(tmp_path / "again/kms/keys", PASSPHRASE))
    assert opened.load(LEDGER) == (lived.live / "kms/keys/ledger.key").read_bytes()


def read_ledger_sealed(data: Path) -> list[AccessEntry]:
    keys = data / "kms" / "keys"
    move_keys(keys, seal_of(keys, PASSPHRASE), PlainSeal())
    return read_ledger(data / "kms")


@pytest.mark.skipif(shutil.which("pg_dump") is None, reason="no pg_dump: install PostgreSQL's client programs")
def test_on_postgresql_the_store_is_dumped_and_loads_elsewhere(
    lived: Lived, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    url, other = postgres_server.database(), postgres_server.database()
    live = tmp_path / "live"
    shutil.copytree(lived.live, live)

    async def with_account(at: str) -> list[str]:
        store = PostgresStore(at)
        await store.open()
        if not await store.accounts(None, limit=1):
            await store.create_account(lived.tenants[0].account, TOKEN)
        found = [row.sid for row in await store.accounts(None, limit=10)]
        await store.close()
        return found

    sids = asyncio.run(with_account(url))
    settings = Settings(data_dir=live, database_url=url)
    made = back_up(settings, tmp_path / "backup", lambda: PASSPHRASE, NOW_MS, quick_passphrase)
    assert "ringfence.sql" in made.files
    assert "ringfence.db" not in made.files
    subprocess.run(
        ["psql", "-qX", "--single-transaction", f"--file={tmp_path / 'backup' / 'ringfence.sql'}", f"--dbname={other}"],
        check=True,
        capture_output=True,
    )
    assert asyncio.run(with_account(other)) == sids == [lived.tenants[0].sid]
    with pytest.raises(RefusalError, match="pg_dump could not copy"):
        back_up(
            Settings(data_dir=live, database_url="postgresql://ringfence:secret@127.0.0.1:1/none"),
            tmp_path / "other",
            lambda: PASSPHRASE,
            NOW_MS,
            quick_passphrase,
        )
    assert not (tmp_path / "other").exists()
