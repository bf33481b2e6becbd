"""A recovery kit opens what its maker opened, makes a new Auth Token, ends with the next kit, and signs nobody in."""

from collections.abc import Callable
from typing import Any

import pytest

from ringfence.domain.recovery_kit import new_recovery_secret, recovery_credential
from ringfence.ports.keys import Caller, KeyRefusedError
from ringfence.usecases.accounts.create_account import create_account
from ringfence.usecases.accounts.recovery_kit import make_recovery_kit, recover_account

Test = Callable[[Callable[[Any], Any]], None]


async def new_kit(parts: Any, caller: Caller, account: str) -> bytes:
    kept: list[bytes] = []
    await make_recovery_kit(parts.keys, caller=caller, account=account, keep=kept.append)
    (secret,) = kept
    return secret


def test_it_makes_a_token_that_opens_what_was_sealed_before_and_the_lost_one_opens_nothing(with_parts: Test) -> None:
    async def test(parts: Any) -> None:
        made = await create_account(*parts.all, friendly_name="Acme")
        lost = parts.caller(made.sid, made.auth_token)
        secret = await new_kit(parts, lost, made.sid)
        sealing = await parts.keys.sealing_key(lost, made.sid)

        recovered = await recover_account(*parts.all, account=made.row, secret=secret)
        assert recovered.auth_token != made.auth_token
        found = parts.caller(made.sid, recovered.auth_token)
        opened = await parts.keys.open_epochs(found, made.sid, [sealing.epoch])
        assert opened == {sealing.epoch: sealing.epoch_key}
        with pytest.raises(KeyRefusedError):
            await parts.keys.open_epochs(lost, made.sid, [sealing.epoch])
        # The kit is good again, for what was sealed since too.
        later = await parts.keys.sealing_key(found, made.sid)
        again = await recover_account(*parts.all, account=made.row, secret=secret)
        opened = await parts.keys.open_epochs(parts.caller(made.sid, again.auth_token), made.sid, [later.epoch])
        assert opened == {later.epoch: later.epoch_key}

    with_parts(test)


def test_a_new_kit_ends_the_one_before(with_parts: Test) -> None:
    async def test(parts: Any) -> None:
        made = await create_account(*parts.all, friendly_name="Acme")
        caller = parts.caller(made.sid, made.auth_token)
        first = await new_kit(parts, caller, made.sid)
        second = await new_kit(parts, caller, made.sid)
        with pytest.raises(KeyRefusedError):
            await recover_account(*parts.all, account=made.row, secret=first)
        assert (await recover_account(*parts.all, account=made.row, secret=second)).auth_token

    with_parts(test)


def test_what_is_not_kept_leaves_the_kit_before_as_it_was(with_parts: Test) -> None:
    async def test(parts: Any) -> None:
        made = await create_account(*parts.all, friendly_name="Acme")
        caller = parts.caller(made.sid, made.auth_token)
        first = await new_kit(parts, caller, made.sid)
        lost: list[bytes] = []

        def full(secret: bytes) -> None:
            lost.append(secret)
            raise OSError("no space left on device")

        with pytest.raises(OSError, match="no space"):
            await make_recovery_kit(parts.keys, caller=caller, account=made.sid, keep=full)
        found = await recover_account(*parts.all, account=made.row, secret=first)
        # And the next one ends both.
        caller = parts.caller(made.sid, found.auth_token)
        last = await new_kit(parts, caller, made.sid)
        for ended in (first, *lost):
            with pytest.raises(KeyRefusedError):
                await recover_account(*parts.all, account=made.row, secret=ended)
        assert (await recover_account(*parts.all, account=made.row, secret=last)).auth_token

    with_parts(test)


def test_who_may_make_no_kit_ends_none(with_parts: Test) -> None:
    async def test(parts: Any) -> None:
        made = await create_account(*parts.all, friendly_name="Acme")
        other = await create_account(*parts.all, friendly_name="Other")
        secret = await new_kit(parts, parts.caller(made.sid, made.auth_token), made.sid)
        with pytest.raises(KeyRefusedError):
            await new_kit(parts, parts.caller(other.sid, other.auth_token), made.sid)
        assert (await recover_account(*parts.all, account=made.row, secret=secret)).auth_token

    with_parts(test)


def test_another_accounts_kit_and_a_guess_open_nothing_and_change_nothing(with_parts: Test) -> None:
    async def test(parts: Any) -> None:
        one = await create_account(*parts.all, friendly_name="One")
        other = await create_account(*parts.all, friendly_name="Other")
        caller = parts.caller(one.sid, one.auth_token)
        secret = await new_kit(parts, caller, one.sid)
        before = await parts.store.credential(other.sid)
        for guess in (secret, new_recovery_secret()):
            with pytest.raises(KeyRefusedError):
                await recover_account(*parts.all, account=other.row, secret=guess)
        assert await parts.store.credential(other.sid) == before
        with pytest.raises(KeyRefusedError):
            await new_kit(parts, caller, other.sid)

    with_parts(test)


def test_it_is_no_credential_that_signs_in(with_parts: Test) -> None:
    async def test(parts: Any) -> None:
        made = await create_account(*parts.all, friendly_name="Acme")
        await new_kit(parts, parts.caller(made.sid, made.auth_token), made.sid)
        assert await parts.store.credential(recovery_credential(made.sid)) is None

    with_parts(test)
