"""Content keys by slot, without the ledger before them: what is refused, what is forgotten, and what is erased."""

from pathlib import Path
from typing import Any

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.domain.sealing.hpke import is_hybrid
from ringfence.domain.sealing.slots import slot_public
from ringfence.kms import slot_keys
from ringfence.kms.memory import MemoryKeyStore
from ringfence.kms.slot_keys import OPENED_MS, SlotKeys
from ringfence.kms.store import DATABASE, KeyStore
from ringfence.ports.keys import KeyRefusedError, Slot

SUB, STRANGER = "AC" + "b" * 32, "AC" + "c" * 32


@pytest.fixture
def scene(run: Any, at_noon: ManualClock, account: str, token: Any) -> Any:
    """Run work with a store and the slots in it, where the account has the Auth Token's."""

    def played(work: Any) -> None:
        async def story() -> None:
            store = MemoryKeyStore()
            await store.open()
            slots = SlotKeys(store, at_noon)
            await slots.create(account, [token.slot], None)
            await work(store, slots)
            await store.close()

        run(story())

    return played


def hybrids(store: KeyStore) -> dict[str, bool]:
    """Of each account, whether its content keys are of the hybrid."""
    return {account: is_hybrid(public) for account, public in store.rows("SELECT account, public FROM content_key")}


def test_accounts_are_of_x25519_where_nothing_else_is_said_and_subaccounts_are_as_their_parent(
    scene: Any, account: str, at_noon: ManualClock, credential: Any
) -> None:
    async def work(store: KeyStore, slots: SlotKeys) -> None:
        later = SlotKeys(store, at_noon, hybrid=True)
        await later.create(SUB, [credential(SUB, SUB).slot], account)
        await later.create(STRANGER, [credential(STRANGER, STRANGER).slot], None)
        assert hybrids(store) == {account: False, SUB: False, STRANGER: True}

    scene(work)


def test_of_a_parent_that_is_not_there_no_subaccount_is_made(scene: Any, account: str, credential: Any) -> None:
    async def work(store: KeyStore, slots: SlotKeys) -> None:
        with pytest.raises(KeyRefusedError, match=r"^no such parent account$"):
            await slots.create(SUB, [credential(SUB, SUB).slot], STRANGER)
        assert store.rows("SELECT account FROM account") == [(account,)]

    scene(work)


def test_what_was_opened_is_opened_again_from_its_time_on(scene: Any, account: str, token: Any, at_noon: Any) -> None:
    async def work(store: KeyStore, slots: SlotKeys) -> None:
        opened = slots.open(token.caller, account)
        at_noon.advance(OPENED_MS - 1)
        assert slots.open(token.caller, account) is opened
        at_noon.advance(1)
        assert slots.open(token.caller, account) is not opened

    scene(work)


def test_of_too_many_that_are_open_the_oldest_is_opened_again(
    scene: Any, account: str, token: Any, api_key: Any, credential: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slot_keys, "OPENED_MAX", 2)
    other = credential(account, "SK" + "2" * 32)

    async def work(store: KeyStore, slots: SlotKeys) -> None:
        oldest = slots.open(token.caller, account)
        for each in (api_key, other):
            await slots.add(oldest, account, each.slot)
        second = slots.open(api_key.caller, account)
        third = slots.open(other.caller, account)
        assert slots.open(api_key.caller, account) is second
        assert slots.open(other.caller, account) is third
        assert slots.open(token.caller, account) is not oldest
        assert slots.open(api_key.caller, account) is not second

    scene(work)


def test_what_opens_nothing_is_told_so_and_of_which_account(scene: Any, account: str, token: Any, api_key: Any) -> None:
    async def work(store: KeyStore, slots: SlotKeys) -> None:
        with pytest.raises(KeyRefusedError, match=r"^this credential opens nothing$"):
            slots.open(api_key.caller, account)
        with pytest.raises(KeyRefusedError, match=r"^this credential opens nothing of that account$"):
            slots.open(token.caller, STRANGER)

    scene(work)


def test_a_slot_of_the_wrong_kind_is_refused_before_anything_is_written(
    scene: Any, account: str, at_noon: ManualClock, credential: Any
) -> None:
    async def work(store: KeyStore, slots: SlotKeys) -> None:
        later = SlotKeys(store, at_noon, hybrid=True)
        await later.create(STRANGER, [credential(STRANGER, STRANGER).slot], None)
        alone = Slot(credential="SK" + "1" * 32, public=slot_public(bytes(range(32))))
        with pytest.raises(KeyRefusedError, match=r"^a slot of X25519 alone"):
            slots.check(STRANGER, alone)
        slots.check(account, alone)
        slots.check(SUB, alone)  # of an account that is not there, nothing speaks against it

    scene(work)


def test_a_slot_is_not_added_by_what_was_opened_before_a_new_content_key(
    scene: Any, account: str, token: Any, api_key: Any, credential: Any
) -> None:
    async def work(store: KeyStore, slots: SlotKeys) -> None:
        opened = slots.open(token.caller, account)
        await slots.add(opened, account, api_key.slot)
        await slots.revoke(account, api_key.sid)
        with pytest.raises(ConnectionError, match=r"^a new content key began meanwhile$"):
            await slots.add(opened, account, credential(account, "SK" + "2" * 32).slot)

    scene(work)


def test_a_slot_that_is_there_is_not_taken_for_a_new_secret(
    scene: Any, at_noon: ManualClock, account: str, token: Any, credential: Any
) -> None:
    async def work(store: KeyStore, slots: SlotKeys) -> None:
        later, other = SlotKeys(store, at_noon, hybrid=True), credential(STRANGER, STRANGER)
        await later.create(STRANGER, [other.slot], None)
        for each in (token, other):
            one = each.caller.account
            await slots.add(slots.open(each.caller, one), one, each.slot)
            await slots.end_former(one, one)
            assert set(slots.open(each.caller, one).content) == {0}

    scene(work)


def test_of_a_slot_whose_secret_is_being_rotated_the_new_half_is_told(
    scene: Any, account: str, token: Any, credential: Any
) -> None:
    async def work(store: KeyStore, slots: SlotKeys) -> None:
        assert slots.public_of(account, account) == token.slot.public
        rotated = credential(account, account)
        await slots.add(slots.open(token.caller, account), account, rotated.slot)
        assert slots.public_of(account, account) == rotated.slot.public
        for one, name in ((account, STRANGER), (STRANGER, account)):
            with pytest.raises(KeyRefusedError, match=r"^no such slot$"):
                slots.public_of(one, name)

    scene(work)


def test_a_credential_is_an_accounts_where_it_opens_or_seals_for_it(
    scene: Any, account: str, api_key: Any, credential: Any
) -> None:
    async def work(store: KeyStore, slots: SlotKeys) -> None:
        assert not slots.is_of(account, api_key.sid)
        await slots.add_sealer(account, api_key.slot)
        await slots.create(STRANGER, [credential(STRANGER, STRANGER).slot], None)
        known = [
            (one, name) for one in (account, STRANGER) for name in (account, api_key.sid) if slots.is_of(one, name)
        ]
        assert known == [(account, account), (account, api_key.sid)]

    scene(work)


def test_children_are_the_subaccounts_of_that_parent_all_of_them(scene: Any, account: str, credential: Any) -> None:
    async def work(store: KeyStore, slots: SlotKeys) -> None:
        second = "AC" + "d" * 32
        for child in (SUB, second):
            await slots.create(child, [], account)
        await slots.create(STRANGER, [], None)
        for children in ([], [SUB], [second, SUB]):
            assert slots.are_children(account, children)
        for none in ([account], [STRANGER], [SUB, STRANGER]):
            assert not slots.are_children(account, none)
        assert not slots.are_children(STRANGER, [SUB])

    scene(work)


@pytest.mark.parametrize("end", ["revoked", "ended", "superseded"])
def test_what_an_ended_slot_opened_is_not_left_in_the_log_of_the_database_either(
    run: Any, kms_dir: Path, at_noon: ManualClock, account: str, token: Any, credential: Any, end: str
) -> None:
    rotated = credential(account, account)

    def on_disk() -> bytes:
        return b"".join(path.read_bytes() for path in sorted(kms_dir.glob("kms.db*")))

    async def story() -> None:
        store = KeyStore(kms_dir / DATABASE)
        await store.open()
        slots = SlotKeys(store, at_noon)
        await slots.create(account, [token.slot], None)
        ((sealed,),) = store.rows("SELECT sealed FROM slot")
        await slots.add(slots.open(token.caller, account), account, rotated.slot)
        assert await store.scrub()
        assert sealed in on_disk()
        if end == "revoked":
            await slots.revoke(account, account)
        elif end == "ended":
            await slots.end_former(account, account)
        else:
            await slots.supersede(rotated.caller)
        assert await store.scrub()
        assert sealed not in on_disk()
        await store.close()

    run(story())
