"""Accounts that are sealed by the hybrid: all that is kept of their keys is of it, from the first key on."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.domain.sealing import epoch as epochs
from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.hpke import HYBRID_PUBLIC_BYTES
from ringfence.domain.sealing.slots import box_bytes, slot_public, slot_seed
from ringfence.domain.sealing.standing_form import view_place
from ringfence.domain.standing import NumberConfig, encode_number_config
from ringfence.kms.service import KeyService
from ringfence.ports.keys import Caller, KeyRefusedError, Slot
from ringfence.usecases.accounts.credential import credential_of, slot_of
from unit.kms.test_access_changes import SECRET, SENDS, SK
from unit.kms.test_access_changes import kept as kept_key
from unit.kms.test_browser_slots import KL, PK, PK2, READER, Browser
from unit.kms.test_standing_forms import RECORD, URL, form_of

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


def test_a_browser_is_let_in_by_a_link_reads_adds_a_passkey_and_changes_a_form_and_no_classical_half_is_kept(
    kms_dir: Path, at_noon: ManualClock, opened: Callable[..., Coroutine[Any, Any, KeyService]]
) -> None:
    passkey, output = slot_seed("output", PK), slot_seed("link", KL)
    visitor, member = Browser(ACCOUNT, KL, output, hybrid=True), Browser(ACCOUNT, PK, passkey, hybrid=True)

    async def story() -> None:
        service = await opened(hybrid=True)
        owner = caller(ACCOUNT, "one")
        await service.create_account(ACCOUNT, [credential_of(ACCOUNT, "one").slot])
        await service.open_console_link(owner, ACCOUNT, slot_of(KL, output), at_noon.now_ms() + 60_000)
        await visitor.open(service)
        await service.add_browser_slot(ACCOUNT, await visitor.slot_for(service, PK, passkey), KL, "link")
        # The link ended, and with it its content key: the passkey's slot has the next one.
        await member.open(service)
        assert sorted(member.content) == [0, 1]
        sealing = await service.sealing_key(owner, ACCOUNT)
        ((generation, box),) = (await service.sealed_epochs(ACCOUNT, PK, [sealing.epoch], READER))[sealing.epoch]
        content = hpke.Recipient(member.content[generation], hybrid=True)
        assert epochs.open_epoch_key(box, content, ACCOUNT, sealing.epoch) == sealing.epoch_key
        await service.add_browser_slot(ACCOUNT, await member.slot_for(service, PK2, os.urandom(32)), PK, "passkey")

        (now,) = await service.seal_standing(ACCOUNT, [(RECORD, encode_number_config(NumberConfig(sms_url=URL)))])
        ((generation, shown),) = await service.show_standing(ACCOUNT, PK, [(RECORD, now)], READER)
        seen = hpke.Recipient(member.content[generation], hybrid=True).unseal(
            shown, view_place(ACCOUNT, generation, RECORD)
        )
        assert URL.encode() in seen
        form = await form_of(service, ACCOUNT, PK, passkey, {"sms_method": "GET"}, hybrid=True)
        await service.keep_standing(ACCOUNT, RECORD, now, form, READER)
        # By the pair of X25519 that the same secret makes elsewhere, nothing is proved.
        with pytest.raises(KeyRefusedError, match="does not hold"):
            await service.keep_standing(
                ACCOUNT, RECORD, now, await form_of(service, ACCOUNT, PK, passkey, {"sms_method": "GET"}), READER
            )
        await service.close()

    asyncio.run(story())
    everything = b"".join(path.read_bytes() for path in kms_dir.rglob("*") if path.is_file())
    for seed in (slot_seed("one", ACCOUNT), passkey, output):
        assert slot_public(seed) not in everything
    with sqlite3.connect(kms_dir / "kms.db") as database:
        halves = {public for (public,) in database.execute("SELECT public FROM slot WHERE credential = ?", (PK,))}
    assert halves == {slot_public(passkey, hybrid=True)}
    assert kept(kms_dir, ACCOUNT) == {HYBRID_PUBLIC_BYTES}


def test_no_slot_of_the_other_kind_is_taken_nor_one_that_nothing_can_be_sealed_to(
    at_noon: ManualClock, opened: Callable[..., Coroutine[Any, Any, KeyService]]
) -> None:
    async def story() -> None:
        service = await opened(hybrid=True)
        owner = caller(ACCOUNT, "one")
        await service.create_account(ACCOUNT, [credential_of(ACCOUNT, "one").slot])
        alone = Slot(credential=KL, public=slot_public(slot_seed("link", KL)))
        for asking in (
            service.open_console_link(owner, ACCOUNT, alone, at_noon.now_ms() + 60_000),
            service.add_slot(owner, ACCOUNT, alone),
            service.create_account(CHILD, [alone]),
        ):
            with pytest.raises(KeyRefusedError, match="of X25519 alone"):
                await asking
        seed = os.urandom(32)
        await service.open_console_link(owner, ACCOUNT, slot_of(KL, seed), at_noon.now_ms() + 60_000)
        browser = Browser(ACCOUNT, KL, seed, hybrid=True)
        await browser.open(service)
        good = await browser.slot_for(service, PK, os.urandom(32))
        (box,) = good.boxes
        unreduced, zeros = b"\xff\xff" + good.public[2:], good.public[:-32] + bytes(32)
        for public, sealed in (
            (slot_public(seed), box[1]),
            (slot_public(seed), box[1][:80]),
            (good.public, box[1][:80]),
            (good.public, box[1] + b"x"),
            (good.public[:-1], box[1]),
            (unreduced, box[1]),
            (zeros, box[1]),
        ):
            slot = browser.proved(PK, public, [(0, sealed)], await service.proof_key(ACCOUNT, READER.member))
            with pytest.raises(KeyRefusedError, match="no slot that a browser made"):
                await service.add_browser_slot(ACCOUNT, slot, KL, "link")
        await service.add_browser_slot(ACCOUNT, good, KL, "link")
        await service.close()

    asyncio.run(story())


def test_an_account_of_x25519_takes_no_slot_that_nothing_can_be_sealed_to(
    at_noon: ManualClock, opened: Callable[..., Coroutine[Any, Any, KeyService]]
) -> None:
    """Sealed to zeros the next content key could never be: whoever had such a slot could not be revoked."""

    async def story() -> None:
        service = await opened(hybrid=False)
        owner, seed = caller(CLASSICAL, "one", CLASSICAL), os.urandom(32)
        await service.create_account(CLASSICAL, [credential_of(CLASSICAL, "one").slot])
        await service.open_console_link(owner, CLASSICAL, slot_of(KL, seed), at_noon.now_ms() + 60_000)
        browser = Browser(CLASSICAL, KL, seed)
        await browser.open(service)
        for public in (bytes(32), slot_public(seed, hybrid=True)):
            slot = browser.proved(
                PK, public, [(0, bytes(box_bytes(public)))], await service.proof_key(CLASSICAL, READER.member)
            )
            with pytest.raises(KeyRefusedError, match="no slot that a browser made"):
                await service.add_browser_slot(CLASSICAL, slot, KL, "link")
        await service.add_browser_slot(CLASSICAL, await browser.slot_for(service, PK, seed), KL, "link")
        await service.close()

    asyncio.run(story())


def test_keys_made_in_a_browser_are_of_the_hybrid_whether_they_read_or_only_write(
    kms_dir: Path, opened: Callable[..., Coroutine[Any, Any, KeyService]]
) -> None:
    writing, from_the_api = "SK" + "8" * 32, "SK" + "9" * 32

    async def story() -> None:
        service = await opened(hybrid=True)
        owner = caller(ACCOUNT, "one")
        await service.create_account(ACCOUNT, [credential_of(ACCOUNT, "one").slot])
        sealing = await service.sealing_key(owner, ACCOUNT)
        browser = Browser(ACCOUNT, ACCOUNT, owner.seed, hybrid=True)
        await browser.open(service)
        await kept_key(service, browser, owner.seed)
        await kept_key(service, browser, owner.seed, sid=writing, policy=SENDS, sealed=False)
        await service.add_sealer(owner, ACCOUNT, credential_of(from_the_api, SECRET).slot)
        reads = caller(SK, SECRET)
        assert await service.open_epochs(reads, ACCOUNT, [sealing.epoch]) == {sealing.epoch: sealing.epoch_key}
        for sid in (writing, from_the_api):
            writes = caller(sid, SECRET)
            assert await service.sealing_key(writes, ACCOUNT) == sealing
            with pytest.raises(KeyRefusedError):
                await service.sealing_key(caller(sid, "guessed"), ACCOUNT)
            with pytest.raises(KeyRefusedError):
                await service.open_epochs(writes, ACCOUNT, [sealing.epoch])
        await service.close()

    asyncio.run(story())
    everything = b"".join(path.read_bytes() for path in kms_dir.rglob("*") if path.is_file())
    for sid in (SK, writing, from_the_api):
        assert slot_public(slot_seed(SECRET, sid)) not in everything
