"""A recovery kit opens what its maker opened, makes a new Auth Token, ends with the next kit, and signs nobody in."""

from collections.abc import Callable
from typing import Any

import pytest

from ringfence.domain.recovery_kit import new_recovery_secret, recovery_credential
from ringfence.ports.keys import KeyRefusedError
from ringfence.usecases.accounts.create_account import create_account
from ringfence.usecases.accounts.recovery_kit import make_recovery_kit, recover_account

Test = Callable[[Callable[[Any], Any]], None]


def test_it_makes_a_token_that_opens_what_was_sealed_before_and_the_lost_one_opens_nothing(with_parts: Test) -> None:
    async def test(parts: Any) -> None:
        made = await create_account(*parts.all, friendly_name="Acme")
        lost = parts.caller(made.sid, made.auth_token)
        secret = await make_recovery_kit(parts.keys, caller=lost, account=made.sid)
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
        first = await make_recovery_kit(parts.keys, caller=caller, account=made.sid)
        second = await make_recovery_kit(parts.keys, caller=caller, account=made.sid)
        with pytest.raises(KeyRefusedError):
            await recover_account(*parts.all, account=made.row, secret=first)
        assert (await recover_account(*parts.all, account=made.row, secret=second)).auth_token

    with_parts(test)


def test_another_accounts_kit_and_a_guess_open_nothing_and_change_nothing(with_parts: Test) -> None:
    async def test(parts: Any) -> None:
        one = await create_account(*parts.all, friendly_name="One")
        other = await create_account(*parts.all, friendly_name="Other")
        caller = parts.caller(one.sid, one.auth_token)
        secret = await make_recovery_kit(parts.keys, caller=caller, account=one.sid)
        before = await parts.store.credential(other.sid)
        for guess in (secret, new_recovery_secret()):
            with pytest.raises(KeyRefusedError):
                await recover_account(*parts.all, account=other.row, secret=guess)
        assert await parts.store.credential(other.sid) == before
        with pytest.raises(KeyRefusedError):
            await make_recovery_kit(parts.keys, caller=caller, account=other.sid)

    with_parts(test)


def test_it_is_no_credential_that_signs_in(with_parts: Test) -> None:
    async def test(parts: Any) -> None:
        made = await create_account(*parts.all, friendly_name="Acme")
        await make_recovery_kit(parts.keys, caller=parts.caller(made.sid, made.auth_token), account=made.sid)
        assert await parts.store.credential(recovery_credential(made.sid)) is None

    with_parts(test)
