"""What the dispatcher may open, for how long, and what is left on disk afterwards."""

from pathlib import Path
from typing import Any

import pytest

from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.blind_index import remote_index
from ringfence.domain.sealing.delivery import DayKey
from ringfence.domain.sealing.record import RecordSealer
from ringfence.kms.key_files import KeyFiles, day_file
from ringfence.ports.keys import KeyRefusedError

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
DAY_MS = 24 * HOUR_MS
SM1, SM2, SM3 = "SM" + "1" * 32, "SM" + "2" * 32, "SM" + "3" * 32
OTHER = "AC" + "c" * 32


def files_of(kms_dir: Path) -> KeyFiles:
    return KeyFiles(kms_dir / "keys")


def test_the_dispatcher_opens_records_of_the_open_epoch(
    run: Any, service_at: Any, account: str, token: Any, ledger: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            sealer = RecordSealer(sealing.epoch_key, account)
            asked = [(sealing.epoch, SM1), (sealing.epoch, SM2), (sealing.epoch + 1, SM1)]
            assert await service.open_records(account, asked) == [sealer.key(SM1), sealer.key(SM2), None]
            assert await service.open_records(OTHER, asked) == [None, None, None]
            assert [(e.actor, e.verb, e.scope) for e in ledger.later] == [("dispatcher", "open_records", (SM1, SM2))]
        async with service_at() as service:
            assert await service.open_records(account, asked[:1]) == [sealer.key(SM1)]

    run(scene())


def test_an_inbound_record_is_sealed_without_the_tenant_and_opened_by_it(
    run: Any, service_at: Any, account: str, token: Any, ledger: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            record = await service.seal_record(account, SM1, "+12025550177")
            sealing = await service.sealing_key(token.caller, account)
            assert record.epoch == sealing.epoch
            assert record.key == RecordSealer(sealing.epoch_key, account).key(SM1)
            assert record.index == remote_index(sealing.index_key, sealing.index_day, "+12025550177")
            assert [(e.verb, e.scope) for e in ledger.later] == [("seal_record", (SM1,))]
            with pytest.raises(KeyRefusedError):
                await service.seal_record(OTHER, SM1, "+12025550177")

    run(scene())


def test_ten_minutes_after_the_hour_only_unfinished_records_stay_open(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            key = RecordSealer(sealing.epoch_key, account).key
            at_noon.advance(HOUR_MS + 10 * MINUTE_MS - 1)
            assert await service.open_delivery_epochs() == []
            with pytest.raises(ValueError, match="not due"):
                await service.close_epoch(account, sealing.epoch, [])
            at_noon.advance(1)
            assert await service.open_delivery_epochs() == [(account, sealing.epoch)]
            await service.close_epoch(account, sealing.epoch, [SM1], [SM2])
            asked = [(sealing.epoch, sid) for sid in (SM1, SM2, SM3)]
            assert await service.open_records(account, asked) == [key(SM1), key(SM2), None]
            assert await service.open_delivery_epochs() == []
        async with service_at() as service:
            assert await service.open_records(account, asked) == [key(SM1), key(SM2), None]
            assert await service.open_epochs(token.caller, account, [sealing.epoch]) == {
                sealing.epoch: sealing.epoch_key
            }

    run(scene())


def test_residue_is_carried_from_day_to_day_and_the_day_before_is_destroyed(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any, kms_dir: Path
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            day = sealing.index_day
            key = RecordSealer(sealing.epoch_key, account).key
            at_noon.advance(2 * HOUR_MS)
            await service.close_epoch(account, sealing.epoch, [SM1, SM2], [SM3])
            assert files_of(kms_dir).days() == [day]
            at_noon.advance(12 * HOUR_MS)
            assert await service.open_delivery_epochs() == [(account, sealing.epoch)]
            await service.close_epoch(account, sealing.epoch, [SM1], [SM3])
            await service.tidy()
            assert files_of(kms_dir).days() == [day + 1]
            assert await service.open_delivery_epochs() == []
            asked = [(sealing.epoch, sid) for sid in (SM1, SM2, SM3)]
            assert await service.open_records(account, asked) == [key(SM1), None, key(SM3)]

    run(scene())


def test_a_key_that_was_dropped_cannot_be_named_back(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            at_noon.advance(2 * HOUR_MS)
            await service.close_epoch(account, sealing.epoch, [SM1])
            await service.close_epoch(account, sealing.epoch, [SM1, SM2])
            assert (await service.open_records(account, [(sealing.epoch, SM2)])) == [None]
            await service.close_epoch(account, sealing.epoch, [])
            assert (await service.open_records(account, [(sealing.epoch, SM1)])) == [None]

    run(scene())


def test_residue_ends_within_three_days_but_for_what_is_scheduled(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any, kms_dir: Path
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)  # its hour ends at 13:00 of day 0
            asked = [(sealing.epoch, SM1), (sealing.epoch, SM2)]
            at_noon.advance(2 * HOUR_MS)
            await service.close_epoch(account, sealing.epoch, [SM1], [SM2])
            for elapsed_days in range(1, 6):
                at_noon.advance(DAY_MS)  # 14:00 each day
                await service.close_epoch(account, sealing.epoch, [SM1], [SM2])
                await service.tidy()
                first, second = await service.open_records(account, asked)
                assert (first is not None) == (elapsed_days < 2)
                assert second is not None
                assert files_of(kms_dir).days() == [sealing.index_day + elapsed_days]
            await service.close_epoch(account, sealing.epoch, [SM2])  # sent at last, but its receipt is late
            assert await service.open_records(account, asked) == [None, None]

    run(scene())


def test_residue_ends_within_three_days_even_without_a_dispatcher(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any, kms_dir: Path
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            asked = [(sealing.epoch, SM1), (sealing.epoch, SM2)]
            at_noon.advance(2 * HOUR_MS)
            await service.close_epoch(account, sealing.epoch, [SM1])
            at_noon.advance(3 * DAY_MS - HOUR_MS - 1)
            await service.tidy()
            assert (await service.open_records(account, asked))[0] is not None
            at_noon.advance(1)
            await service.tidy()
            assert await service.open_records(account, asked) == [None, None]
            assert sealing.index_day not in files_of(kms_dir).days()

    run(scene())


def test_an_epoch_waits_for_a_dispatcher_that_is_away(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            at_noon.advance(10 * DAY_MS)
            await service.tidy()
        async with service_at() as service:
            assert (await service.open_records(account, [(sealing.epoch, SM1)])) != [None]
            assert await service.open_delivery_epochs() == [(account, sealing.epoch)]
            await service.close_epoch(account, sealing.epoch, [SM1], [SM2])
            first, second = await service.open_records(account, [(sealing.epoch, SM1), (sealing.epoch, SM2)])
            assert first is None
            assert second is not None

    run(scene())


def test_index_copies_end_with_the_day(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any, kms_dir: Path
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            at_noon.advance(12 * HOUR_MS + 10 * MINUTE_MS - 1)
            await service.close_epoch(account, sealing.epoch, [])
            await service.tidy()
            assert sealing.index_day in files_of(kms_dir).days()
            at_noon.advance(1)
            await service.tidy()
            assert files_of(kms_dir).days() == [sealing.index_day + 1]
            assert not service._live._indexes
            assert not service._live._epochs

    run(scene())


def test_a_closed_epoch_cannot_be_opened_from_everything_on_disk(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any, kms_dir: Path
) -> None:
    """A thief takes database, WAL and key files, before and after, with every row ever sealed to the dispatcher."""

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            old_rows = service._store.rows("SELECT key_day, sealed FROM delivery_epoch")
            at_noon.advance(13 * HOUR_MS)
            await service.close_epoch(account, sealing.epoch, [SM1])
            await service.tidy()
            on_disk = b"".join(path.read_bytes() for path in kms_dir.rglob("*") if path.is_file())
            assert sealing.epoch_key not in on_disk
            assert sealing.index_key not in on_disk
            assert token.caller.seed not in on_disk
            assert not any(sealed in (kms_dir / "kms.db").read_bytes() for _, sealed in old_rows)

        keys = {path.name: path.read_bytes() for path in (kms_dir / "keys").iterdir()}
        day = f"{day_file(sealing.index_day + 1)}.key"
        assert sorted(keys) == sorted(["browsers.key", "standing.key", "tables.key", day])
        for day, sealed in old_rows:  # as a backup or the WAL would still hold them
            for secret in keys.values():
                for guess in (day, day + 1):
                    with pytest.raises(UnsealError):
                        DayKey(guess, secret).open_epoch(account, sealing.epoch, sealed)

    run(scene())


def test_a_closed_epoch_is_off_the_disk_before_its_day_key_goes(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any, kms_dir: Path
) -> None:
    """Until midnight the day's key opens whatever was sealed to it: so the WAL must not hold that any more."""

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await service.tidy()  # what the start erased is off the disk: what is erased next is not, by itself
            sealing = await service.sealing_key(token.caller, account)
            old_rows = service._store.rows("SELECT sealed FROM delivery_epoch")
            at_noon.advance(HOUR_MS + 10 * MINUTE_MS)
            await service.close_epoch(account, sealing.epoch, [SM1])
            await service.tidy()
            assert service._days.days() == [sealing.index_day]
            on_disk = b"".join(path.read_bytes() for path in kms_dir.rglob("*") if path.is_file())
            assert len(old_rows) == 1
            assert not any(sealed in on_disk for (sealed,) in old_rows)

    run(scene())


def test_a_slot_that_was_revoked_is_off_the_disk(
    run: Any, service_at: Any, account: str, token: Any, kms_dir: Path
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await service.tidy()
            old_rows = service._store.rows("SELECT sealed FROM slot")
            await service.revoke_slot(account, token.sid)
            await service.tidy()
            on_disk = b"".join(path.read_bytes() for path in kms_dir.rglob("*") if path.is_file())
            assert len(old_rows) == 1
            assert not any(sealed in on_disk for (sealed,) in old_rows)

    run(scene())


def test_a_restore_without_day_keys_loses_what_was_in_flight_and_nothing_else(
    run: Any, service_at: Any, account: str, token: Any, kms_dir: Path
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            before = await service.sealing_key(token.caller, account)
        for day in files_of(kms_dir).days():
            files_of(kms_dir).destroy(day_file(day))
        async with service_at() as service:
            assert await service.open_records(account, [(before.epoch, SM1)]) == [None]
            record = await service.seal_record(account, SM1, "+12025550177")
            assert record.epoch == before.epoch + 1
            keys = await service.open_epochs(token.caller, account, [before.epoch, record.epoch])
            assert keys[before.epoch] == before.epoch_key
            assert RecordSealer(keys[record.epoch], account).key(SM1) == record.key

    run(scene())


def test_nothing_is_left_sealed_to_a_day_whose_key_is_gone(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any, kms_dir: Path
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            for _ in range(40):
                at_noon.advance(2 * HOUR_MS)
                sealing = await service.sealing_key(token.caller, account)
                await service.seal_record(account, SM1, "+12025550177")
                for owner, epoch in await service.open_delivery_epochs():
                    await service.close_epoch(owner, epoch, [SM1], [SM2])
                await service.tidy()
                days = set(files_of(kms_dir).days())
                for table in ("delivery_epoch", "delivery_index", "residue"):
                    sealed_to = {day for (day,) in service._store.rows(f"SELECT DISTINCT key_day FROM {table}")}
                    assert sealed_to <= days
                assert days <= {sealing.index_day, sealing.index_day - 1}

    run(scene())


def test_a_day_key_that_cannot_be_destroyed_now_is_destroyed_later(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any, kms_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            at_noon.advance(13 * HOUR_MS)
            await service.close_epoch(account, sealing.epoch, [])
            with monkeypatch.context() as failing:

                def fail(*_: object) -> None:
                    raise OSError(5, "input/output error")

                failing.setattr(KeyFiles, "destroy", fail)
                with pytest.raises(OSError, match="input/output"):
                    await service.tidy()
            assert sealing.index_day in files_of(kms_dir).days()
            await service.tidy()
            assert sealing.index_day not in files_of(kms_dir).days()

    run(scene())


def test_a_tenant_lends_one_record_of_a_closed_hour(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any, ledger: Any, kms_dir: Path
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            sealer = RecordSealer(sealing.epoch_key, account)
            at_noon.advance(80 * HOUR_MS)
            await service.close_epoch(account, sealing.epoch, [])
            assert await service.open_records(account, [(sealing.epoch, SM1)]) == [None]
            await service.lend_record(token.caller, account, sealing.epoch, SM1)
            await service.lend_record(token.caller, account, sealing.epoch, SM1)
            asked = [(sealing.epoch, SM1), (sealing.epoch, SM2)]
            assert await service.open_records(account, asked) == [sealer.key(SM1), None]
            entry = ledger.entries[-1]
            assert (entry.actor, entry.verb, entry.scope) == (token.sid, "lend_record", (str(sealing.epoch), SM1))
            # Its age does not end it, the next carry does.
            await service.tidy()
            assert await service.open_records(account, asked) == [sealer.key(SM1), None]
            (lent_day,) = files_of(kms_dir).days()
            at_noon.advance(DAY_MS)
            assert await service.open_delivery_epochs() == [(account, sealing.epoch)]
            await service.close_epoch(account, sealing.epoch, [SM1])
            assert await service.open_records(account, asked) == [None, None]
            await service.tidy()
            assert lent_day not in files_of(kms_dir).days()

    run(scene())


def test_a_record_is_lent_by_its_tenant_alone(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any, ledger: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            at_noon.advance(2 * HOUR_MS)
            await service.close_epoch(account, sealing.epoch, [])
            stranger = type(token)(OTHER, OTHER)
            await service.create_account(OTHER, [stranger.slot])
            with pytest.raises(KeyRefusedError):
                await service.lend_record(stranger.caller, account, sealing.epoch, SM1)
            with pytest.raises(KeyRefusedError):
                await service.lend_record(token.caller, account, sealing.epoch + 1, SM1)
            ledger.full = True
            with pytest.raises(ConnectionError):
                await service.lend_record(token.caller, account, sealing.epoch, SM1)
            ledger.full = False
            assert await service.open_records(account, [(sealing.epoch, SM1)]) == [None]

    run(scene())


def test_what_the_dispatcher_opens_anyway_is_not_lent(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            await service.lend_record(token.caller, account, sealing.epoch, SM1)
            at_noon.advance(2 * HOUR_MS)
            await service.close_epoch(account, sealing.epoch, [])
            assert await service.open_records(account, [(sealing.epoch, SM1)]) == [None]

    run(scene())
