"""The vault: what is written down of an opening, when, and under whose name; what is tidied; how it begins and ends."""

import sqlite3
import weakref
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from ringfence.domain.clock import ManualClock
from ringfence.domain.sealing.hpke import is_hybrid
from ringfence.kms.grant_keys import FORMER_FOR_MS
from ringfence.kms.grants import Holder
from ringfence.kms.key_files import KeyFileError, KeyFiles, day_file
from ringfence.kms.memory import MemoryKeyFiles, MemoryKeyStore
from ringfence.kms.service import KeyService
from ringfence.kms.vault import named, person, read_by
from ringfence.ports.console_keys import Reader
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.ledger import AccessEntry
from unit.kms.test_grants import GR, SM1, SUBJECTS, unkept

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
TODAY = 19_700
CS, MB = "CS" + "1" * 32, "MB" + "2" * 32
OTHER = "AC" + "c" * 32


def entry_of(at_noon: ManualClock, account: str, actor: str, verb: str, *scope: str) -> AccessEntry:
    return AccessEntry(at_ms=at_noon.now_ms(), account=account, actor=actor, verb=verb, scope=scope)


def test_an_opening_is_written_down_with_its_time_account_and_credential(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any, ledger: Any, at_noon: ManualClock
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            assert ledger.entries == [entry_of(at_noon, account, "api", "create_account", account)]
            at_noon.advance(5)
            await service.open_epochs(token.caller, account, [7])
            assert ledger.entries[1:] == [entry_of(at_noon, account, account, "open_epochs")]
            assert ledger.later == []
            with pytest.raises(KeyRefusedError):
                await service.open_epochs(api_key.caller, account, [7])
            with pytest.raises(KeyRefusedError):
                await service.sealing_key(api_key.caller, account)
            assert ledger.later == [
                entry_of(at_noon, account, api_key.sid, "refused.open_epochs"),
                entry_of(at_noon, account, api_key.sid, "refused.sealing_key"),
            ]

    run(scene())


def test_what_concerns_several_accounts_is_written_down_of_each(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any, ledger: Any, at_noon: ManualClock
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot, api_key.slot])
            await service.create_account(OTHER, [], account)
            ledger.entries.clear()
            what = f"account:{account}"
            await service.note_freeze(api_key.sid, [account, OTHER], what, "canary")
            assert ledger.entries == [
                entry_of(at_noon, each, api_key.sid, "note.freeze", what, "canary") for each in (account, OTHER)
            ]

    run(scene())


def test_a_ledger_that_cannot_be_written_is_named_as_the_cause(
    run: Any, service_at: Any, account: str, token: Any, ledger: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            ledger.full = True
            with pytest.raises(ConnectionError, match=r"^the ledger cannot be written$") as failed:
                await service.create_account(account, [token.slot])
            assert isinstance(failed.value.__cause__, OSError)

    run(scene())


def test_a_rotated_secrets_first_use_ends_the_old_one_under_its_own_name(
    run: Any, service_at: Any, account: str, token: Any, credential: Any, ledger: Any, at_noon: ManualClock
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            rotated = credential(account, account)
            await service.add_slot(token.caller, account, rotated.slot)
            ledger.entries.clear()
            await service.allow(rotated.caller, account)
            assert ledger.entries == [entry_of(at_noon, account, account, "end_rotated_slot", account)]
            with pytest.raises(KeyRefusedError):
                await service.allow(token.caller, account)

    run(scene())


def test_who_only_seals_opens_no_content_key_for_it(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any, ledger: Any, at_noon: ManualClock
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await service.add_sealer(token.caller, account, api_key.slot)
            sealing = await service.sealing_key(api_key.caller, account)
            assert await service.sealing_key(token.caller, account) == sealing
            assert ledger.later == []
            with pytest.raises(KeyRefusedError):
                await service.open_epochs(api_key.caller, account, [sealing.epoch])
            assert ledger.later == [entry_of(at_noon, account, api_key.sid, "refused.open_epochs")]

    run(scene())


def test_standing_configuration_of_another_name_is_refused(run: Any, service_at: Any, account: str, token: Any) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            (sealed,) = await service.seal_standing(account, [("PN1", b"url")])
            with pytest.raises(KeyRefusedError, match=r"^standing configuration does not open$"):
                await service.open_standing(account, [("PN2", sealed)])

    run(scene())


def test_ended_grants_are_closed_before_the_ledger_says_so(
    run: Any, service_at: Any, account: str, token: Any, ledger: Any, at_noon: ManualClock
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await service.keep_grant(unkept(account, at_noon, await service.grant_keeper()))
            ledger.entries.clear()
            await service.end_grant(GR, "member:m1")
            assert ledger.entries == [entry_of(at_noon, account, "member:m1", "grant.end", *SUBJECTS)]
            with pytest.raises(KeyRefusedError):
                await service.grant_boxes(GR, "e1", [SM1])

    run(scene())


def test_tidying_ends_what_is_past_and_writes_it_down_later(
    run: Any, service_at: Any, account: str, token: Any, ledger: Any, at_noon: ManualClock
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await service.keep_grant(unkept(account, at_noon, await service.grant_keeper()))
            await service.rotate_grants()
            ledger.entries.clear()
            at_noon.advance(30 * MINUTE_MS)
            await service.tidy()
            await service.tidy()
            assert ledger.later == [entry_of(at_noon, account, "kms", "grant.expire", *SUBJECTS)]
            ledger.later.clear()
            at_noon.advance(FORMER_FOR_MS)
            await service.tidy()
            await service.tidy()
            assert ledger.later == [entry_of(at_noon, "", "kms", "end_former_grants", "1")]
            assert ledger.entries == []

    run(scene())


def test_tidying_ends_the_slots_of_keys_whose_time_is_over(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any, ledger: Any, at_noon: ManualClock
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot, api_key.slot])
            end = (account, api_key.sid, at_noon.now_ms())
            await service._store.write(lambda db: db.execute("INSERT INTO key_end VALUES (?, ?, ?)", end))
            ledger.entries.clear()
            ledger.full = True
            with pytest.raises(ConnectionError):
                await service.tidy()
            await service.allow(api_key.caller, account)  # what is not written down has not ended
            ledger.full = False
            await service.tidy()
            assert ledger.entries == [entry_of(at_noon, account, "kms", "end_key", api_key.sid)]
            with pytest.raises(KeyRefusedError):
                await service.allow(api_key.caller, account)

    run(scene())


def test_tidying_lets_go_of_what_was_opened(
    run: Any, service_at: Any, account: str, token: Any, at_noon: ManualClock
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            opened = weakref.ref(service._slots.open(token.caller, account))
            live = weakref.ref(await service._live.epoch(account))
            await service.tidy()
            assert None not in (opened(), live())
            at_noon.advance(HOUR_MS + 10 * MINUTE_MS)
            await service.close_epoch(account, sealing.epoch, [])
            await service.tidy()
            assert (opened(), live()) == (None, None)

    run(scene())


def test_it_begins_where_nothing_is_and_goes_on_where_it_was(
    run: Any, service_at: Any, account: str, token: Any, kms_dir: Path
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            index = await service.blind(account, "opt_out", ["+12025550101"])
        assert KeyFiles(kms_dir / "keys").names() == ["browsers", "standing", "tables"]
        assert (kms_dir / "kms.db").exists()
        async with service_at() as service:
            assert await service.blind(account, "opt_out", ["+12025550101"]) == index
            await service.allow(token.caller, account)

    run(scene())


@pytest.mark.parametrize("lost", ["tables", "standing"])
def test_accounts_without_their_keys_are_not_opened_and_the_database_is_free_again(
    run: Any, service_at: Any, account: str, token: Any, kms_dir: Path, lost: str
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
        (kms_dir / "keys" / f"{lost}.key").unlink()
        with pytest.raises(KeyFileError, match=rf"^{lost}\.key is missing$"):
            async with service_at():
                pass

    run(scene())
    with closing(sqlite3.connect(kms_dir / "kms.db")) as database:
        assert database.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)  # nobody has it open


def test_copies_whose_day_key_is_missing_are_told_to_the_operator(
    run: Any, service_at: Any, account: str, token: Any, kms_dir: Path
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await service.sealing_key(token.caller, account)
        with capture_logs() as logs:
            async with service_at():
                pass
            assert logs == []
            KeyFiles(kms_dir / "keys").destroy(day_file(TODAY))
            async with service_at():
                pass
        assert logs == [{"event": "kms.day_keys_missing", "log_level": "error", "count": 2}]

    run(scene())


@pytest.mark.parametrize("hybrid", [True, False])
def test_files_and_database_may_be_others_and_accounts_of_either_kind(
    run: Any, account: str, token: Any, ledger: Any, at_noon: ManualClock, tmp_path: Path, hybrid: bool
) -> None:
    async def scene() -> None:
        files, store = MemoryKeyFiles(), MemoryKeyStore()
        service = KeyService(tmp_path / "none", at_noon, ledger, files=files, store=store, hybrid=hybrid)
        await service.open()
        await service.create_account(account, [token.slot])
        ((public,),) = store.rows("SELECT public FROM content_key")
        assert is_hybrid(public) == hybrid
        assert files.names() == ["browsers", "standing", "tables"]
        await service.close()
        assert list(tmp_path.iterdir()) == []

    run(scene())


def test_unless_it_is_asked_for_accounts_are_of_the_classical_kind(
    run: Any, service_at: Any, account: str, token: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            assert not is_hybrid(service._store.row("SELECT public FROM content_key")[0])

    run(scene())


def test_an_actor_is_of_staff_or_a_member() -> None:
    for actor in ("member:MB1", "staff:" + "a" * 64, "staff:ab-12"):
        assert person(actor) == actor
    for actor in ("SK1", "kms", "staff:", "staff:" + "a" * 65, "member:a b", "member:MB1\n", "a member:MB1"):
        with pytest.raises(ValueError, match=r"^an act is of staff or of a member, by their ID$"):
            person(actor)


def test_a_reader_is_named_by_session_and_member() -> None:
    assert read_by(Reader(session=CS, member=MB)) == (f"session:{CS}", f"member:{MB}")
    for session, member in ((MB, MB), (CS, CS), ("", MB), (CS, "")):
        with pytest.raises(ValueError, match=r"^a reader has a session and is a member$"):
            read_by(Reader(session=session, member=member))


def test_a_grant_is_named_by_its_session_and_itself() -> None:
    holder = Holder(sid="GR1", account="AC1", staff="s1", session="e1")
    assert named(holder) == ("session:e1", "grant:GR1")
