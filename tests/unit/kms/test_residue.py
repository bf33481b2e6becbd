"""The dispatcher's copies at their bounds: held once opened, carried while they end in time, erased from the disk."""

from pathlib import Path
from typing import Any

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.domain.sealing.delivery import DayKey
from ringfence.domain.sealing.record import RecordSealer
from ringfence.kms import residue
from ringfence.kms.key_files import KeyFiles, day_file

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
DAY_MS = 24 * HOUR_MS
SM1, SM2 = "SM" + "1" * 32, "SM" + "2" * 32


def test_an_epoch_is_opened_once_and_so_many_are_held(
    run: Any, service_at: Any, account: str, token: Any, at_noon: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(residue, "HELD_EPOCHS", 2)
    opened: list[int] = []
    real = DayKey.open_epoch

    def noted(key: DayKey, owner: str, epoch: int, sealed: bytes) -> bytes:
        opened.append(epoch)
        return real(key, owner, epoch, sealed)

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            keys = []
            for _ in range(3):
                keys.append(await service.sealing_key(token.caller, account))
                at_noon.advance(HOUR_MS)
            a, b, c = [key.epoch for key in keys]
            monkeypatch.setattr(DayKey, "open_epoch", noted)
            for epoch in (a, a, b, a, c, b, c):
                key = RecordSealer(next(key.epoch_key for key in keys if key.epoch == epoch), account).key(SM1)
                assert await service.open_records(account, [(epoch, SM1)]) == [key]
            assert opened == [a, b, c]
            await service.open_records(account, [(a, SM1)])
            assert opened == [a, b, c, a]

    run(scene())


def test_an_unfinished_record_is_carried_while_the_day_key_it_is_carried_to_ends_in_time(
    run: Any, service_at: Any, account: str, token: Any, at_noon: ManualClock
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)  # its hour ends at 13:00
            asked = [(sealing.epoch, SM1), (sealing.epoch, SM2)]
            with pytest.raises(ValueError, match=r"^the epoch is not due to be closed$"):
                await service.close_epoch(account, sealing.epoch, [SM1], [SM2])
            at_noon.advance(HOUR_MS + 2 * DAY_MS)
            await service.close_epoch(account, sealing.epoch, [SM1], [SM2])
            assert None not in await service.open_records(account, asked)
            at_noon.advance(1)
            await service.close_epoch(account, sealing.epoch, [SM1], [SM2])
            first, second = await service.open_records(account, asked)
            assert first is None
            assert second is not None

    run(scene())


def test_what_ends_with_its_day_is_off_the_disk(
    run: Any, service_at: Any, account: str, token: Any, at_noon: ManualClock, kms_dir: Path
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await service.tidy()
            await service.sealing_key(token.caller, account)
            (sealed,) = service._store.row("SELECT sealed FROM delivery_index")
            assert sealed in (kms_dir / "kms.db-wal").read_bytes()
            at_noon.advance(12 * HOUR_MS + 10 * MINUTE_MS)
            await service.tidy()
            assert service._store.rows("SELECT * FROM delivery_index") == []
            assert not any(sealed in path.read_bytes() for path in kms_dir.glob("kms.db*"))

    run(scene())


def test_copies_whose_day_key_was_lost_are_off_the_disk(
    run: Any, service_at: Any, account: str, token: Any, kms_dir: Path
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await service.sealing_key(token.caller, account)
            (sealed,) = service._store.row("SELECT sealed FROM delivery_epoch")
        files = KeyFiles(kms_dir / "keys")
        for day in files.days():
            files.destroy(day_file(day))
        async with service_at() as service:
            await service.tidy()
            assert not any(sealed in path.read_bytes() for path in kms_dir.glob("kms.db*"))

    run(scene())


def test_so_many_epochs_are_named_as_due_at_once(
    run: Any, service_at: Any, account: str, token: Any, at_noon: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(residue, "DUE_MAX", 2)

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            for _ in range(3):
                await service.sealing_key(token.caller, account)
                at_noon.advance(HOUR_MS)
            at_noon.advance(HOUR_MS)
            assert len(await service.open_delivery_epochs()) == 2

    run(scene())
