"""Accounts, keys and tokens: who opens what as they come and go."""

import hashlib
import hmac
from typing import Any

import msgspec
import pytest

from ringfence.domain.errors import ApiError
from ringfence.domain.sealing.hmac_states import sign_sha1
from ringfence.domain.standing import NumberConfig, hmac_states_record
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.store import StockRow
from ringfence.usecases.accounts.buy_number import buy_number
from ringfence.usecases.accounts.configure_number import configure_number, read_config
from ringfence.usecases.accounts.create_account import create_account
from ringfence.usecases.accounts.create_key import create_key
from ringfence.usecases.accounts.rename_key import rename_key
from ringfence.usecases.accounts.revoke_key import revoke_key
from ringfence.usecases.accounts.rotate_auth_token import rotate_auth_token
from ringfence.usecases.accounts.update_account import update_account


def test_a_new_account_has_a_token_that_opens_it_and_is_kept_nowhere(with_parts: Any) -> None:
    async def test(parts: Any) -> None:
        made = await create_account(*parts.all, friendly_name="Fade & Co")
        assert await parts.store.account(made.sid) == made.row
        assert (made.row.tenant, made.row.parent, made.row.status) == (made.sid, None, "active")
        kept = await parts.store.credential(made.sid)
        assert (kept.kind, kept.verifier) == ("auth_token", hashlib.sha256(made.auth_token.encode()).digest())
        assert made.auth_token not in repr(made)
        sealing = await parts.keys.sealing_key(parts.caller(made.sid, made.auth_token), made.sid)
        assert len(sealing.epoch_key) == 32
        with pytest.raises(KeyRefusedError):
            await parts.keys.sealing_key(parts.caller(made.sid, "wrong"), made.sid)

    with_parts(test)


def test_its_hmac_states_sign_as_the_token_does(with_parts: Any) -> None:
    async def test(parts: Any) -> None:
        made = await create_account(*parts.all, friendly_name="x")
        kept = await parts.store.credential(made.sid)
        (states,) = await parts.keys.open_standing(made.sid, [(hmac_states_record(made.sid), kept.hmac_states)])
        assert sign_sha1(states, b"https://a.example/") == hmac.digest(
            made.auth_token.encode(), b"https://a.example/", "sha1"
        )

    with_parts(test)


def test_chosen_sid_and_token_are_taken(with_parts: Any) -> None:
    async def test(parts: Any) -> None:
        sid, token = "AC" + "1" * 32, "2" * 32
        made = await create_account(*parts.all, friendly_name="x", sid=sid, auth_token=token)
        assert (made.sid, made.auth_token) == (sid, token)

    with_parts(test)


def test_a_subaccount_is_its_tenants_and_opens_for_its_parent(with_parts: Any) -> None:
    async def test(parts: Any) -> None:
        parent = await create_account(*parts.all, friendly_name="x")
        child = await create_account(*parts.all, friendly_name="y", parent=parent.row)
        assert (child.row.tenant, child.row.parent) == (parent.sid, parent.sid)
        await parts.keys.sealing_key(parts.caller(parent.sid, parent.auth_token), child.sid)
        with pytest.raises(KeyRefusedError):
            await parts.keys.sealing_key(parts.caller(child.sid, child.auth_token), parent.sid)

    with_parts(test)


def test_a_key_opens_what_came_before_it_until_it_is_revoked(with_parts: Any) -> None:
    async def test(parts: Any) -> None:
        made = await create_account(*parts.all, friendly_name="x")
        owner = parts.caller(made.sid, made.auth_token)
        before = await parts.keys.sealing_key(owner, made.sid)
        key = await create_key(*parts.all, caller=owner, account=made.sid, friendly_name="till")
        by_key = parts.caller(made.sid, key.secret, key.sid)
        assert await parts.keys.open_epochs(by_key, made.sid, [before.epoch]) == {before.epoch: before.epoch_key}
        assert key.secret not in repr(key)
        assert await revoke_key(parts.store, parts.keys.revoke_slot, account=made.sid, sid=key.sid)
        with pytest.raises(KeyRefusedError):
            await parts.keys.open_epochs(by_key, made.sid, [before.epoch])
        assert await parts.store.credential(key.sid) is None
        assert not await revoke_key(parts.store, parts.keys.revoke_slot, account=made.sid, sid=key.sid)
        assert await parts.keys.open_epochs(owner, made.sid, [before.epoch])

    with_parts(test)


def test_a_key_is_made_by_a_caller_that_opens_the_account_alone(with_parts: Any) -> None:
    async def test(parts: Any) -> None:
        made = await create_account(*parts.all, friendly_name="x")
        with pytest.raises(KeyRefusedError):
            await create_key(*parts.all, caller=parts.caller(made.sid, "wrong"), account=made.sid)
        assert await parts.store.credentials(made.sid) == []

    with_parts(test)


def test_neither_a_token_nor_anothers_key_is_revoked_as_a_key(with_parts: Any) -> None:
    async def test(parts: Any) -> None:
        one = await create_account(*parts.all, friendly_name="x")
        two = await create_account(*parts.all, friendly_name="y")
        key = await create_key(*parts.all, caller=parts.caller(one.sid, one.auth_token), account=one.sid)
        assert not await revoke_key(parts.store, parts.keys.revoke_slot, account=one.sid, sid=one.sid)
        assert not await revoke_key(parts.store, parts.keys.revoke_slot, account=two.sid, sid=key.sid)
        assert await parts.store.credential(key.sid) == key.row

    with_parts(test)


def test_a_new_token_opens_what_the_old_one_opened_and_the_old_one_ends(with_parts: Any) -> None:
    async def test(parts: Any) -> None:
        made = await create_account(*parts.all, friendly_name="x")
        old = parts.caller(made.sid, made.auth_token)
        before = await parts.keys.sealing_key(old, made.sid)
        rotated = await rotate_auth_token(*parts.all, caller=old, account=made.row)
        assert rotated.auth_token != made.auth_token
        new = parts.caller(made.sid, rotated.auth_token)
        assert await parts.keys.open_epochs(new, made.sid, [before.epoch]) == {before.epoch: before.epoch_key}
        kept = await parts.store.credential(made.sid)
        assert kept.verifier == hashlib.sha256(rotated.auth_token.encode()).digest()
        with pytest.raises(KeyRefusedError):
            await parts.keys.open_epochs(old, made.sid, [before.epoch])

    with_parts(test)


def test_a_closed_account_stays_closed_and_owns_nothing(with_parts: Any) -> None:
    async def test(parts: Any) -> None:
        made = await create_account(*parts.all, friendly_name="x")
        await parts.store.stock(
            [StockRow(number=f"+1202555{n:04}", region="US", kind="local") for n in range(100, 103)]
        )
        for n in range(100, 103):
            await buy_number(*parts.all, account=made.sid, number=f"+1202555{n:04}", config=NumberConfig())
        closed = await update_account(parts.store, parts.clock, made.row, status="closed")
        assert await parts.store.numbers(made.sid) == []
        assert (await parts.store.account(made.sid)).status == "closed"
        with pytest.raises(ApiError) as refused:
            await update_account(parts.store, parts.clock, closed, status="active")
        assert refused.value.code == 21479
        assert (await update_account(parts.store, parts.clock, closed, friendly_name="y")).status == "closed"

    with_parts(test)


def test_a_rename_does_not_undo_a_suspension_that_overtook_it(with_parts: Any) -> None:
    async def test(parts: Any) -> None:
        made = await create_account(*parts.all, friendly_name="x")
        await update_account(parts.store, parts.clock, made.row, status="suspended")
        # This one was read while the account was active.
        renamed = await update_account(parts.store, parts.clock, made.row, friendly_name="y")
        assert (renamed.status, renamed.friendly_name) == ("suspended", "y")
        assert await parts.store.account(made.sid) == renamed
        await update_account(parts.store, parts.clock, made.row, status="closed")
        with pytest.raises(ApiError) as refused:
            await update_account(parts.store, parts.clock, made.row, status="active")
        assert refused.value.code == 21479
        gone = msgspec.structs.replace(made.row, sid="AC404")
        with pytest.raises(ApiError) as unknown:
            await update_account(parts.store, parts.clock, gone, friendly_name="y")
        assert unknown.value.code == 20404

    with_parts(test)


def test_a_rename_does_not_bring_back_a_key_that_was_revoked_meanwhile(with_parts: Any) -> None:
    async def test(parts: Any) -> None:
        made = await create_account(*parts.all, friendly_name="x")
        caller = parts.caller(made.sid, made.auth_token)
        key = await create_key(*parts.all, caller=caller, account=made.sid)

        class Revoking:
            """The store, where the key is revoked just after it was looked up."""

            def __getattr__(self, name: str) -> Any:
                return getattr(parts.store, name)

            async def key(self, account: str, sid: str) -> Any:
                found = await parts.store.key(account, sid)
                await revoke_key(parts.store, parts.keys.revoke_slot, account=made.sid, sid=sid)
                return found

        renamed = await rename_key(Revoking(), parts.clock, account=made.sid, sid=key.sid, friendly_name="y")
        assert renamed is None
        assert await parts.store.credential(key.sid) is None

    with_parts(test)


def test_a_numbers_configuration_is_sealed_and_opens_for_its_tenant(with_parts: Any) -> None:
    async def test(parts: Any) -> None:
        made = await create_account(*parts.all, friendly_name="x")
        other = await create_account(*parts.all, friendly_name="y")
        owner = parts.caller(made.sid, made.auth_token)
        await parts.store.stock([StockRow(number="+12025550123", region="US", kind="local")])
        config = NumberConfig(sms_url="https://shop.example/secret-path")
        row = await buy_number(*parts.all, account=made.sid, number="+12025550123", config=config)
        assert b"secret-path" not in row.standing
        assert await read_config(parts.keys, owner, [row]) == [config]
        with pytest.raises(KeyRefusedError):
            await read_config(parts.keys, parts.caller(other.sid, other.auth_token), [row])
        parts.clock.advance(1000)
        changed, after = await configure_number(
            *parts.all, row, caller=owner, changes={"sms_method": "GET"}, friendly_name="desk"
        )
        assert (after.sms_url, after.sms_method) == (config.sms_url, "GET")
        assert (changed.friendly_name, changed.updated_ms) == ("desk", row.updated_ms + 1000)
        assert await read_config(parts.keys, owner, [await parts.store.number(made.sid, row.sid)]) == [after]

    with_parts(test)


def test_a_number_is_bought_once_by_whoever_is_first(with_parts: Any) -> None:
    async def test(parts: Any) -> None:
        one = await create_account(*parts.all, friendly_name="x")
        two = await create_account(*parts.all, friendly_name="y")
        numbers = ["+12025550101", "+12025550102"]
        await parts.store.stock([StockRow(number=number, region="US", kind="local") for number in numbers])
        first = await buy_number(*parts.all, account=one.sid, area_code="202", config=NumberConfig())
        second = await buy_number(*parts.all, account=two.sid, area_code="202", config=NumberConfig())
        assert {first.number, second.number} == set(numbers)
        for wanted, code in (
            ({"number": numbers[0]}, 21422),
            ({"area_code": "202"}, 21452),
            ({"number": "nonsense"}, 21421),
        ):
            with pytest.raises(ApiError) as refused:
                await buy_number(*parts.all, account=one.sid, config=NumberConfig(), **wanted)
            assert refused.value.code == code

    with_parts(test)
