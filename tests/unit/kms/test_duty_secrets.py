"""What a duty keeps is sealed under a secret in memory: no credential, key file or disk leads to it, ever."""

import asyncio
from collections.abc import Sequence

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.domain.retention.opening import answer, joined
from ringfence.domain.sealing import hkdf
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.record import EpochRecords
from ringfence.domain.sealing.retained import START, epoch_key, open_retained, record_key
from ringfence.kms.service import KeyService
from ringfence.ports.retention import RetainedRow

from .conftest import DAY_MS, HOUR_MS, Credential, Opener
from .test_duties import ACCOUNT, ANN, BOB, FACTS, SESSION, SID, asked, declared, opened, sent, signed, two_accounts


async def kept(service: KeyService, sid: str = SID) -> RetainedRow:
    row = await sent(service, sid)
    assert row is not None
    return row


def leads_to(key: bytes, row: RetainedRow) -> bool:
    """Whether a key opens a row, by any of the derivations that there are."""
    of_epoch = epoch_key(key, row.account, row.duty, row.epoch), hkdf.derive(key, b"ringfence/retained-epoch/v1", b"")
    for each in (key, EpochRecords(key).key(row.sid), *of_epoch, record_key(key, row.sid, row.part)):
        for tried in (each, record_key(each, row.sid, row.part)):
            try:
                open_retained(tried, row.account, row.sid, row.part, row.sealed)
            except UnsealError:
                continue
            return True
    return False


async def boxes_of(service: KeyService, clock: ManualClock) -> Sequence[tuple[int, bytes]]:
    request = await asked(service, clock)
    return await service.open_duty(request, signed(request, ANN, BOB), after=0)


def test_a_tenants_credential_opens_its_hours_and_nothing_of_what_was_kept(
    service_at: Opener, at_noon: ManualClock
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            owner = Credential(ACCOUNT, ACCOUNT)
            await service.create_account(ACCOUNT, [owner.slot])
            await service.declare_duty(declared())
            row = await kept(service)
            at_noon.advance(20 * DAY_MS)
            (key,) = (await service.open_epochs(owner.caller, ACCOUNT, [row.epoch])).values()
            assert not leads_to(key, row)

    asyncio.run(scene())


def test_who_has_the_disk_and_the_key_files_in_the_hour_itself_opens_nothing_of_what_was_kept(
    service_at: Opener, at_noon: ManualClock
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            await service.declare_duty(declared())
            row = await kept(service)
        async with service_at() as stolen:
            assert (live := await stolen._live.epoch(ACCOUNT)).number == row.epoch
            assert not leads_to(live.key, row)
            again = await stolen.retention_of(ACCOUNT, row.sid)
            assert again is not None
            with pytest.raises(UnsealError):
                open_retained(again.key, ACCOUNT, row.sid, START, row.sealed)

    asyncio.run(scene())


def test_what_was_kept_before_and_after_a_restart_in_one_hour_opens_for_two_officers(
    service_at: Opener, at_noon: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ringfence.kms.duties.BOXES_AT_ONCE", 1)
    rows = []

    async def scene() -> None:
        declaration = declared()
        async with service_at() as service:
            await two_accounts(service)
            await service.declare_duty(declaration)
            rows.append(await kept(service, "SM1"))
            rows.append(await kept(service, "SM2"))
            assert len(await boxes_of(service, at_noon)) == 1
        async with service_at() as service:
            rows.append(await kept(service, "SM3"))
            request = await asked(service, at_noon)
            boxes = await boxes_of(service, at_noon)
            assert [epoch for epoch, _ in boxes] == [rows[0].epoch] * 2
            answers = answer(request, declaration, ANN), answer(request, declaration, BOB)
            duty_key = joined(request, declaration, answers, SESSION)
            assert [opened(row, duty_key, boxes) for row in rows] == [FACTS] * 3
            assert await service.open_duty(request, signed(request, ANN, BOB), after=boxes[-1][0]) == []

    asyncio.run(scene())


def test_an_hours_secret_is_its_own_and_is_forgotten_with_it(service_at: Opener, at_noon: ManualClock) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            await service.declare_duty(declared())
            await kept(service, "SM1")
            first = service._duties._secret
            await service.tidy()
            assert service._duties._secret is first
            at_noon.advance(HOUR_MS)
            await kept(service, "SM2")
            second = service._duties._secret
            assert second.value != first.value
            assert second.id != first.id
            assert first.value.hex() not in repr(first)
            at_noon.advance(HOUR_MS)
            await service.tidy()
            assert service._duties._secret.value == b""

    asyncio.run(scene())
