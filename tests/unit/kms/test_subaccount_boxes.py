"""A browser opens subaccounts through their parent's content key, as far as its slot has that, and is written down."""

from typing import Any

import pytest
from tests.unit.kms.test_browser_slots import KL, PK, READ_BY, READER, Browser, _open_link
from tests.unit.kms.test_browser_slots import browser as browser

from ringfence.domain.sealing import epoch as epochs
from ringfence.domain.sealing.slots import ContentKey
from ringfence.ports.console_keys import EPOCHS_AT_ONCE
from ringfence.ports.keys import KeyRefusedError

SUB, STRANGER = "AC" + "b" * 32, "AC" + "c" * 32


def test_a_browser_opens_what_a_subaccount_sealed(
    run: Any, service_at: Any, account: str, token: Any, browser: Browser, ledger: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await service.create_account(SUB, [], account)
            sealing = await service.sealing_key(token.caller, SUB)
            await browser.open(service)
            ledger.entries.clear()
            ((generation, by, box),) = await service.child_boxes(account, token.sid, SUB, READER)
            parent = ContentKey(account, by, browser.content[by])
            child = ContentKey.from_parent(SUB, generation, box, parent)
            found = await service.sealed_epochs(account, token.sid, [sealing.epoch, 5], READER, SUB)
            ((number, [(sealed_by, sealed)]),) = found.items()
            assert (number, sealed_by) == (sealing.epoch, generation)
            assert epochs.open_epoch_key(sealed, child.recipient, SUB, sealing.epoch) == sealing.epoch_key
            assert [(entry.account, entry.actor, entry.verb, entry.scope) for entry in ledger.entries] == [
                (SUB, token.sid, "slot_boxes", READ_BY),
                (SUB, token.sid, "open_epochs", (*READ_BY, str(sealing.epoch))),
            ]

    run(scene())


def test_a_slot_opens_of_a_subaccount_what_its_own_content_keys_open(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any, browser: Browser, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot, api_key.slot])
            await service.revoke_slot(account, api_key.sid)
            await service.create_account(SUB, [], account)  # its first key is sealed to its parent's second
            old = await service.sealing_key(token.caller, SUB)
            await service.add_slot(token.caller, account, api_key.slot)
            await service.revoke_slot(account, api_key.sid)
            new = await service.sealing_key(token.caller, SUB)
            await browser.open(service)
            del browser.content[0], browser.content[1]
            link = await _open_link(service, token, at_noon)
            slot = await browser.slot_for(service, PK, bytes(range(32)))
            await service.add_browser_slot(account, slot, link, "link")

            async def opened(credential: str) -> Any:
                boxes = await service.child_boxes(account, credential, SUB, READER)
                found = await service.sealed_epochs(account, credential, [old.epoch, new.epoch], READER, SUB)
                return [(generation, by) for generation, by, _ in boxes], set(found)

            assert await opened(token.sid) == ([(0, 1), (1, 2), (2, 3)], {old.epoch, new.epoch})
            assert await opened(PK) == ([(1, 2), (2, 3)], {new.epoch})

    run(scene())


def test_of_an_account_that_is_no_subaccount_of_its_own_nothing_is_handed_out(
    run: Any, service_at: Any, account: str, token: Any, credential: Any, at_noon: Any, ledger: Any
) -> None:
    other = credential(STRANGER, STRANGER)

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await service.create_account(STRANGER, [other.slot])
            await service.create_account(SUB, [], STRANGER)
            await _open_link(service, token, at_noon)
            ledger.entries.clear()
            for child in (SUB, STRANGER, account):
                for asking in (
                    service.child_boxes(account, token.sid, child, READER),
                    service.sealed_epochs(account, token.sid, [1], READER, child),
                ):
                    with pytest.raises(KeyRefusedError, match=r"^this credential opens nothing of that account$"):
                        await asking
            for name in (KL, PK):
                with pytest.raises(KeyRefusedError, match=r"^this credential opens nothing$"):
                    await service.child_boxes(account, name, SUB, READER)
            assert ledger.entries == []
            # Of slots that there are alone, in the record of the account that they are of.
            refused = [(entry.account, entry.actor, entry.verb, entry.scope) for entry in ledger.later]
            assert refused == [
                *[
                    (account, token.sid, "refused.slot_boxes", READ_BY),
                    (account, token.sid, "refused.open_epochs", READ_BY),
                ]
                * 3,
                (account, KL, "refused.slot_boxes", READ_BY),
            ]

    run(scene())


def test_so_many_epochs_are_handed_out_at_once(run: Any, service_at: Any, account: str, token: Any) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            numbers = [sealing.epoch, *range(1, EPOCHS_AT_ONCE)]
            assert list(await service.sealed_epochs(account, token.sid, numbers, READER)) == [sealing.epoch]
            with pytest.raises(ValueError, match=f"^more than {EPOCHS_AT_ONCE} epochs at once$"):
                await service.sealed_epochs(account, token.sid, [*numbers, 0], READER)

    run(scene())
