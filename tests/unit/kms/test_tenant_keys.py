"""What the API may do through the key service, and what each credential opens."""

import asyncio
from typing import Any

import pytest

from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.slots import slot_public
from ringfence.ports.keys import Caller, KeyRefusedError, Slot

SUB = "AC" + "b" * 32
STRANGER = "AC" + "c" * 32
SM = "SM" + "d" * 32


def test_what_is_sealed_now_is_opened_later_by_the_same_tenant(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot, api_key.slot])
            sealing = await service.sealing_key(token.caller, account)
            sealed = RecordSealer(sealing.epoch_key, account).seal(SM, "content", b"hello")
        async with service_at() as service:  # nothing was only in memory
            opened = await service.open_epochs(api_key.caller, account, [sealing.epoch])
            assert RecordSealer(opened[sealing.epoch], account).open(SM, "content", sealed) == b"hello"
            assert await service.index_keys(api_key.caller, account, [sealing.index_day]) == {
                sealing.index_day: sealing.index_key
            }

    run(scene())


def test_within_an_hour_all_records_share_the_epoch_and_within_a_day_the_index_key(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            noon = await service.sealing_key(token.caller, account)
            assert noon.epoch >> 8 == at_noon.now_ms() // 3_600_000
            at_noon.advance(3_599_999)
            assert await service.sealing_key(token.caller, account) == noon
        async with service_at() as service:  # a restart continues the epoch
            assert await service.sealing_key(token.caller, account) == noon
            at_noon.advance(1)
            one = await service.sealing_key(token.caller, account)
            assert one.epoch == noon.epoch + 256
            assert one.epoch_key != noon.epoch_key
            assert (one.index_day, one.index_key) == (noon.index_day, noon.index_key)
            at_noon.advance(11 * 3_600_000)
            tomorrow = await service.sealing_key(token.caller, account)
            assert tomorrow.index_day == noon.index_day + 1
            assert tomorrow.index_key != noon.index_key
            asked = [noon.epoch, one.epoch, tomorrow.epoch, tomorrow.epoch + 1]
            assert await service.open_epochs(token.caller, account, asked) == {
                key.epoch: key.epoch_key for key in (noon, one, tomorrow)
            }

    run(scene())


def test_an_epoch_takes_so_many_records_and_then_the_next_begins(
    run: Any, service_at: Any, account: str, token: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            first = await service.sealing_key(token.caller, account)
            assert await service.sealing_key(token.caller, account, (1 << 16) - 1) == first
        async with service_at() as service:  # the count outlives a restart
            second = await service.sealing_key(token.caller, account, 0)
            assert second == first
            third = await service.sealing_key(token.caller, account, 1 << 17)
            assert third.epoch == first.epoch + 1
            assert third.epoch_key != first.epoch_key
            keys = await service.open_epochs(token.caller, account, [first.epoch, third.epoch])
            assert keys == {first.epoch: first.epoch_key, third.epoch: third.epoch_key}

    run(scene())


async def use_up_the_hour(service: Any, account: str, up_to: int) -> None:
    """As if so many epochs of this hour had been filled already."""
    await service._store.write(
        lambda db: db.execute(
            "INSERT INTO epoch (account, epoch, generation, sealed) VALUES (?, ?, 0, x'00')", (account, up_to)
        )
    )


def test_the_last_epoch_of_an_hour_takes_what_comes(run: Any, service_at: Any, account: str, token: Any) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            first = await service.sealing_key(token.caller, account)
            await use_up_the_hour(service, account, first.epoch | 253)
            for number in (254, 255, 255, 255):
                last = await service.sealing_key(token.caller, account, 1 << 16)
                assert last.epoch == first.epoch | number
        async with service_at() as service:
            assert await service.sealing_key(token.caller, account) == last

    run(scene())


def test_many_who_ask_at_once_get_one_epoch(run: Any, service_at: Any, account: str, token: Any) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            keys = await asyncio.gather(*(service.sealing_key(token.caller, account) for _ in range(50)))
            assert len({(key.epoch, key.epoch_key, key.index_key) for key in keys}) == 1

    run(scene())


def test_the_wrong_secret_credential_or_account_opens_nothing(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any, credential: Any, ledger: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot, api_key.slot])
            stranger = credential(STRANGER, STRANGER)
            await service.create_account(STRANGER, [stranger.slot])
            sealing = await service.sealing_key(token.caller, account)
            guess = credential(account, account)
            swapped = Caller(account=account, credential=api_key.sid, seed=token.caller.seed)
            elsewhere = Caller(account=STRANGER, credential=account, seed=token.caller.seed)
            short = Caller(account=account, credential=account, seed=b"short")
            for caller in (guess.caller, swapped, elsewhere, short, stranger.caller):
                with pytest.raises(KeyRefusedError):
                    await service.sealing_key(caller, account)
                with pytest.raises(KeyRefusedError):
                    await service.open_epochs(caller, account, [sealing.epoch])
                with pytest.raises(KeyRefusedError):
                    await service.index_keys(caller, account, [sealing.index_day])
                with pytest.raises(KeyRefusedError):
                    await service.open_standing_as(caller, account, [])
                with pytest.raises(KeyRefusedError):
                    await service.add_slot(caller, account, guess.slot)
            with pytest.raises(KeyRefusedError):
                await service.sealing_key(token.caller, SUB)
            refused = [entry for entry in ledger.later if entry.verb.startswith("refused.")]
            assert len(refused) == 26
            assert {entry.verb for entry in refused} == {
                "refused.sealing_key",
                "refused.open_epochs",
                "refused.index_keys",
                "refused.open_standing",
                "refused.add_slot",
            }

    run(scene())


def test_making_an_account_again_changes_nothing(
    run: Any, service_at: Any, account: str, token: Any, credential: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            before = await service.sealing_key(token.caller, account)
            other = credential(account, account)
            await service.create_account(account, [other.slot])
            assert await service.sealing_key(token.caller, account) == before
            with pytest.raises(KeyRefusedError):
                await service.sealing_key(other.caller, account)

    run(scene())


def test_a_parent_opens_its_subaccount_and_not_the_other_way(
    run: Any, service_at: Any, account: str, token: Any, credential: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            child = credential(SUB, SUB)
            with pytest.raises(KeyRefusedError):
                await service.create_account(SUB, [child.slot], account)
            await service.create_account(account, [token.slot])
            await service.create_account(SUB, [child.slot], account)
            sealing = await service.sealing_key(child.caller, SUB)
            assert await service.sealing_key(token.caller, SUB) == sealing
            assert await service.open_epochs(token.caller, SUB, [sealing.epoch]) == {sealing.epoch: sealing.epoch_key}
            with pytest.raises(KeyRefusedError):
                await service.sealing_key(child.caller, account)

    run(scene())


def test_a_new_slot_opens_everything_the_caller_opens(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any, credential: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            child = credential(SUB, SUB)
            await service.create_account(account, [token.slot])
            await service.create_account(SUB, [child.slot], account)
            before = await service.sealing_key(child.caller, SUB)
            await service.add_slot(token.caller, account, api_key.slot)
            assert await service.sealing_key(api_key.caller, SUB) == before
            second = credential(SUB, "SK" + "2" * 32)
            await service.add_slot(token.caller, SUB, second.slot)  # a parent makes a key for its subaccount
            assert await service.sealing_key(second.caller, SUB) == before
            await service.add_slot(token.caller, account, api_key.slot)  # again is a no-op
            assert await service.sealing_key(child.caller, SUB) == before

    run(scene())


def test_a_revoked_slot_opens_nothing_and_the_next_records_have_a_new_content_key(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any, credential: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            child = credential(SUB, SUB)
            await service.create_account(account, [token.slot, api_key.slot])
            await service.create_account(SUB, [child.slot], account)
            old = await service.sealing_key(api_key.caller, account)
            old_child = await service.sealing_key(api_key.caller, SUB)
            await service.revoke_slot(account, api_key.sid)
            for target in (account, SUB):
                with pytest.raises(KeyRefusedError):
                    await service.sealing_key(api_key.caller, target)
            new = await service.sealing_key(token.caller, account)
            new_child = await service.sealing_key(child.caller, SUB)
            assert new.epoch == old.epoch + 1
            assert new_child.epoch == old_child.epoch + 1
            both = {key.epoch: key.epoch_key for key in (old, new)}
            assert await service.open_epochs(token.caller, account, list(both)) == both
            both = {key.epoch: key.epoch_key for key in (old_child, new_child)}
            assert await service.open_epochs(token.caller, SUB, list(both)) == both
            assert await service.open_epochs(child.caller, SUB, list(both)) == both
            later = credential(account, "SK" + "3" * 32)
            await service.add_slot(token.caller, account, later.slot)
            assert await service.open_epochs(later.caller, account, [old.epoch]) == {old.epoch: old.epoch_key}
            await service.revoke_slot(account, api_key.sid)  # again is a no-op
            assert (await service.sealing_key(token.caller, account)) == new

    run(scene())


def test_a_rotated_secret_ends_the_old_one_when_it_is_first_used(
    run: Any, service_at: Any, account: str, token: Any, credential: Any, ledger: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            old = await service.sealing_key(token.caller, account)
            rotated = credential(account, account)
            await service.add_slot(token.caller, account, rotated.slot)
            new = await service.sealing_key(rotated.caller, account)
            assert "end_rotated_slot" in [entry.verb for entry in ledger.entries]
            assert new.epoch == old.epoch + 1
            with pytest.raises(KeyRefusedError):
                await service.sealing_key(token.caller, account)
            assert await service.sealing_key(rotated.caller, account) == new
            assert await service.open_epochs(rotated.caller, account, [old.epoch]) == {old.epoch: old.epoch_key}

    run(scene())


def test_a_former_slot_can_be_ended_before_the_new_one_is_used(
    run: Any, service_at: Any, account: str, token: Any, credential: Any, ledger: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            old = await service.sealing_key(token.caller, account)
            await service.end_former_slot(account, account)  # there is one alone, which stays
            assert await service.sealing_key(token.caller, account) == old
            rotated = credential(account, account)
            await service.add_slot(token.caller, account, rotated.slot)
            await service.end_former_slot(account, account)
            with pytest.raises(KeyRefusedError):
                await service.sealing_key(token.caller, account)
            assert (ledger.entries[-1].verb, ledger.entries[-1].scope) == ("end_former_slot", (account,))
            assert (await service.sealing_key(rotated.caller, account)).epoch == old.epoch + 1
            assert await service.open_epochs(rotated.caller, account, [old.epoch]) == {old.epoch: old.epoch_key}

    run(scene())


def test_a_rotation_that_was_not_finished_locks_nobody_out(
    run: Any, service_at: Any, account: str, token: Any, credential: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            lost, rotated = credential(account, account), credential(account, account)
            await service.add_slot(token.caller, account, lost.slot)  # and then the API died: nobody was told
            old = await service.sealing_key(token.caller, account)
            await service.add_slot(token.caller, account, rotated.slot)
            with pytest.raises(KeyRefusedError):
                await service.sealing_key(lost.caller, account)
            assert await service.sealing_key(token.caller, account) == old
            assert (await service.sealing_key(rotated.caller, account)).epoch == old.epoch + 1
            with pytest.raises(KeyRefusedError):
                await service.sealing_key(token.caller, account)

    run(scene())


def test_revoking_a_credential_in_the_middle_of_a_rotation_ends_both_its_slots(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any, credential: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot, api_key.slot])
            rotated = credential(account, api_key.sid)
            await service.add_slot(api_key.caller, account, rotated.slot)
            await service.revoke_slot(account, api_key.sid)
            for caller in (api_key.caller, rotated.caller):
                with pytest.raises(KeyRefusedError):
                    await service.sealing_key(caller, account)
            await service.sealing_key(token.caller, account)

    run(scene())


def test_more_revocations_than_an_hour_has_epochs_stop_sealing_rather_than_seal_to_an_old_key(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot, api_key.slot])
            first = await service.sealing_key(token.caller, account)
            await use_up_the_hour(service, account, first.epoch | 255)
            await service.revoke_slot(account, api_key.sid)
            with pytest.raises(ConnectionError, match="used up"):
                await service.sealing_key(token.caller, account)
            at_noon.advance(3_600_000)
            assert (await service.sealing_key(token.caller, account)).epoch == first.epoch + 256

    run(scene())


def test_what_was_opened_is_used_for_a_minute_at_most(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            service._slots.open(token.caller, account)
            opened = service._slots.open(token.caller, account)
            at_noon.advance(30_000)
            assert service._slots.open(token.caller, account) is opened
            at_noon.advance(29_000)
            assert service._slots.open(token.caller, account) is not opened
            at_noon.advance(58_000)
            await service.tidy()
            assert not service._slots._opened

    run(scene())


def test_standing_configuration_is_sealed_for_its_name_and_account(
    run: Any, service_at: Any, account: str, token: Any, ledger: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            (one, two) = await service.seal_standing(account, [("PN1", b"url 1"), ("PN2", b"url 2")])
        async with service_at() as service:
            values = await service.open_standing_as(token.caller, account, [("PN1", one), ("PN2", two)])
            assert values == [b"url 1", b"url 2"]
            assert await service.open_standing(account, [("PN2", two)]) == [b"url 2"]
            for owner, name, sealed in ((account, "PN1", two), (STRANGER, "PN1", one)):
                with pytest.raises(KeyRefusedError):
                    await service.open_standing(owner, [(name, sealed)])
            assert ledger.entries[-1].scope == ("PN1", "PN2")
            assert ledger.later[-1].scope == ("PN2",)

    run(scene())


def test_blind_indexes_stay_the_same_and_are_no_other_accounts(run: Any, service_at: Any, account: str) -> None:
    async def scene() -> None:
        async with service_at() as service:
            first = await service.blind(account, "opt_out", ["a|b", "a|c", "a|b"])
            assert first[0] == first[2] != first[1]
            assert {len(index) for index in first} == {16}
            others = [
                await service.blind(STRANGER, "opt_out", ["a|b"]),
                await service.blind(account, "consent", ["a|b"]),
            ]
            assert first[0] not in [other[0] for other in others]
            with pytest.raises(KeyRefusedError):
                await service.blind(account, "remote", ["+12025550177"])
        async with service_at() as service:
            assert await service.blind(account, "opt_out", ["a|b"]) == first[:1]

    run(scene())


def test_every_opening_is_in_the_log_before_it_is_answered(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any, ledger: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            await service.open_epochs(token.caller, account, [sealing.epoch, 7])
            await service.index_keys(token.caller, account, [sealing.index_day])
            await service.add_slot(token.caller, account, api_key.slot)
            await service.revoke_slot(account, api_key.sid)
        assert [(e.actor, e.verb, e.scope) for e in ledger.entries] == [
            ("api", "create_account", (account,)),
            (account, "sealing_key", (f"epoch:{sealing.epoch}", f"index:{sealing.index_day}")),
            (account, "open_epochs", (str(sealing.epoch),)),
            (account, "index_keys", (str(sealing.index_day),)),
            (account, "add_slot", (api_key.sid,)),
            ("api", "revoke_slot", (api_key.sid,)),
        ]
        assert {entry.account for entry in ledger.entries} == {account}

    run(scene())


def test_no_log_no_key(run: Any, service_at: Any, account: str, token: Any, api_key: Any, ledger: Any) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            ledger.full = True
            for call in (
                service.sealing_key(token.caller, account),
                service.open_epochs(token.caller, account, [sealing.epoch]),
                service.index_keys(token.caller, account, [sealing.index_day]),
                service.open_standing_as(token.caller, account, []),
                service.add_slot(token.caller, account, api_key.slot),
                service.revoke_slot(account, token.sid),
                service.create_account(SUB, [], account),
            ):
                with pytest.raises(ConnectionError, match="ledger"):
                    await call
            ledger.full = False
            assert await service.sealing_key(token.caller, account) == sealing
            with pytest.raises(KeyRefusedError):
                await service.sealing_key(api_key.caller, account)

    run(scene())


def test_too_many_keys_at_once_are_refused(run: Any, service_at: Any, account: str, token: Any) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            assert await service.open_epochs(token.caller, account, range(10_000)) == {}
            with pytest.raises(ValueError, match="10000"):
                await service.open_epochs(token.caller, account, range(10_001))

    run(scene())


def test_a_credential_that_only_seals_opens_nothing_that_was_sealed(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await service.add_sealer(token.caller, account, api_key.slot)
            key = await service.sealing_key(api_key.caller, account)
            assert key == await service.sealing_key(token.caller, account)
            sealed = await service.seal_standing(account, [("url", b"https://shop.example")])
            assert await service.open_standing_as(api_key.caller, account, [("url", sealed[0])]) == [
                b"https://shop.example"
            ]
        async with service_at() as service:
            for opening in (
                service.open_epochs(api_key.caller, account, [key.epoch]),
                service.index_keys(api_key.caller, account, [key.index_day]),
                service.lend_record(api_key.caller, account, key.epoch, SM),
                service.add_slot(api_key.caller, account, api_key.slot),
                service.add_sealer(api_key.caller, account, api_key.slot),
                service.allow(api_key.caller, account),
            ):
                with pytest.raises(KeyRefusedError):
                    await opening
            await service.revoke_slot(account, api_key.caller.credential)
            with pytest.raises(KeyRefusedError):
                await service.sealing_key(api_key.caller, account)

    run(scene())


def test_who_only_seals_does_so_by_its_own_secret_for_its_own_account_and_those_below(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await service.create_account(SUB, [], account)
            await service.create_account(STRANGER, [])
            await service.add_sealer(token.caller, account, api_key.slot)
            assert await service.sealing_key(api_key.caller, SUB)
            with pytest.raises(KeyRefusedError):
                await service.sealing_key(api_key.caller, STRANGER)
            for wrong in (
                Caller(account=account, credential=api_key.caller.credential, seed=b"\x01" * 32),
                Caller(account=SUB, credential=api_key.caller.credential, seed=api_key.caller.seed),
            ):
                with pytest.raises(KeyRefusedError):
                    await service.sealing_key(wrong, account)

    run(scene())


def test_a_subaccount_makes_keys_right_after_its_parent_revoked_one(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any
) -> None:
    """Its content key is new too, and what it opened a moment ago is not the present one."""
    below = Caller(account=SUB, credential=SUB, seed=b"\x05" * 32)
    slot = Slot(credential=SUB, public=slot_public(below.seed))

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot, api_key.slot])
            await service.create_account(SUB, [slot], account)
            await service.allow(below, SUB)
            await service.revoke_slot(account, api_key.caller.credential)
            await service.add_slot(below, SUB, Slot(credential="SK" + "7" * 32, public=slot_public(b"\x06" * 32)))

    run(scene())
