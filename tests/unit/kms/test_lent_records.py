"""A record that a browser lends: the dispatcher opens that one, by the key that was sealed for it, and no other."""

from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.kms.conftest import HOUR_MS
from tests.unit.kms.test_browser_slots import KL, PK, READ_BY, READER, _open_link

from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.lending import seal_lent, unseal_lent
from ringfence.domain.sealing.record import EpochRecords
from ringfence.ports.keys import KeyRefusedError

AC, SID = "AC" + "a" * 32, "CA" + "b" * 32
KEEPER = hpke.Recipient(b"\x05" * 32, hybrid=True)
KEY = bytes(range(32))


def test_it_opens_for_its_own_record_alone() -> None:
    sealed = seal_lent(KEEPER.public, AC, 7, SID, KEY)
    assert unseal_lent(KEEPER, AC, 7, SID, sealed) == KEY
    others: list[tuple[Any, ...]] = [
        (KEEPER, AC, 8, SID),
        (KEEPER, AC, 7, "CA" + "c" * 32),
        (KEEPER, "AC" + "d" * 32, 7, SID),
        (hpke.Recipient(b"\x06" * 32, hybrid=True), AC, 7, SID),
    ]
    for other in others:
        with pytest.raises(UnsealError):
            unseal_lent(*other, sealed)
    with pytest.raises(UnsealError):
        unseal_lent(KEEPER, AC, 7, SID, seal_lent(KEEPER.public, AC, 7, SID, KEY[:16]))


def test_the_dispatcher_opens_what_a_browser_lent_and_the_ledger_says_who(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any, ledger: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            at_noon.advance(2 * HOUR_MS)
            await service.close_epoch(account, sealing.epoch, [])
            key = EpochRecords(sealing.epoch_key).key(SID)
            sealed = seal_lent(await service.grant_keeper(), account, sealing.epoch, SID, key)
            await service.lend_sealed(account, token.sid, sealing.epoch, SID, sealed, READER)
            assert await service.open_records(account, [(sealing.epoch, SID)]) == [key]
            last = ledger.entries[-1]
            assert (last.account, last.actor, last.verb) == (account, token.sid, "lend_record")
            assert last.scope == (*READ_BY, str(sealing.epoch), SID)

    run(scene())


def test_nothing_is_lent_without_a_slot_a_reader_a_ledger_and_the_records_own_key(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any, ledger: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            await _open_link(service, token, at_noon)
            at_noon.advance(2 * HOUR_MS)
            await service.close_epoch(account, sealing.epoch, [])
            sealed = seal_lent(await service.grant_keeper(), account, sealing.epoch, SID, KEY)
            for name in (PK, KL):
                with pytest.raises(KeyRefusedError):
                    await service.lend_sealed(account, name, sealing.epoch, SID, sealed, READER)
            assert [(entry.actor, entry.verb, entry.scope) for entry in ledger.later if entry.verb[:3] == "ref"] == [
                (KL, "refused.lend_record", READ_BY)
            ]
            nobody = replace(READER, session="")
            for epoch, sid, reader in (
                (sealing.epoch, SID, nobody),
                (sealing.epoch + 1, SID, READER),
                (sealing.epoch, "CA" + "c" * 32, READER),
            ):
                with pytest.raises(ValueError, match="reader" if reader is nobody else r"^no key of that record$"):
                    await service.lend_sealed(account, token.sid, epoch, sid, sealed, reader)
            ledger.full = True
            with pytest.raises(ConnectionError):
                await service.lend_sealed(account, token.sid, sealing.epoch, SID, sealed, READER)
            ledger.full = False
            assert "lend_record" not in {entry.verb for entry in ledger.entries}
            assert await service.open_records(account, [(sealing.epoch, SID)]) == [None]

    run(scene())
