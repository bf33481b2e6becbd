"""An invitation makes one account, whose secrets are told to who takes it, and stands in no repr."""

from collections.abc import Callable
from typing import Any

import pytest

from ringfence.domain.recovery_kit import read_recovery_secret
from ringfence.ports.freezes import PLATFORM, FreezeRow, FrozenError
from ringfence.ports.store import StoreFailedError
from ringfence.usecases.accounts.invitation import (
    LIFE_MS,
    NewInvitation,
    SpentInVainError,
    invite,
    new_invitation_id,
    take_invitation,
)
from ringfence.usecases.accounts.recovery_kit import recover_account

Test = Callable[[Callable[[Any], Any]], None]


async def invited(parts: Any) -> NewInvitation:
    return await invite(parts.store, parts.clock, invitation=new_invitation_id(parts.clock), name="Acme", by="terminal")


def test_it_makes_an_account_once_whose_secrets_all_open_it(with_parts: Test) -> None:
    async def test(parts: Any) -> None:
        link = await invited(parts)
        made = await take_invitation(*parts.all, secret=link.secret)
        assert made is not None
        assert await take_invitation(*parts.all, secret=link.secret) is None
        row = await parts.store.account(made.sid)
        assert (row.friendly_name, row.status) == ("Acme", "active")
        assert await parts.keys.sealing_key(parts.caller(made.sid, made.auth_token), made.sid)
        kit = read_recovery_secret(" ".join(made.recovery_kit))
        assert (await recover_account(*parts.all, account=row, secret=kit)).sid == made.sid
        (kept,) = await parts.store.invitations()
        assert kept.account == made.sid
        shown = repr((link, made, kept))
        assert not [it for it in (link.secret, made.auth_token, made.recovery_kit[0], "Acme") if it in shown]

    with_parts(test)


def test_one_that_has_ended_was_withdrawn_or_never_was_is_none(with_parts: Test) -> None:
    async def test(parts: Any) -> None:
        ended, withdrawn = await invited(parts), await invited(parts)
        assert await parts.store.delete_invitation(withdrawn.id)
        assert await take_invitation(*parts.all, secret=withdrawn.secret) is None
        for secret in ("", "x" * 43, "é" * 43, "x" * 10_000):
            assert await take_invitation(*parts.all, secret=secret) is None
        parts.clock.advance(LIFE_MS)
        assert await take_invitation(*parts.all, secret=ended.secret) is None
        assert list(await parts.store.accounts(None, limit=10)) == []

    with_parts(test)


def test_it_stays_good_while_all_stands_still_or_the_key_service_is_away(
    with_parts: Test, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(parts: Any) -> None:
        link = await invited(parts)
        await parts.store.put_freeze(FreezeRow(kind=PLATFORM, name=PLATFORM, at_ms=1))
        with pytest.raises(FrozenError):
            await take_invitation(*parts.all, secret=link.secret)
        await parts.store.delete_freeze(PLATFORM, PLATFORM)
        with monkeypatch.context() as patch:
            patch.setattr(parts.keys, "seal_standing", _away)
            with pytest.raises(ConnectionError):
                await take_invitation(*parts.all, secret=link.secret)
        assert await take_invitation(*parts.all, secret=link.secret) is not None

    with_parts(test)


@pytest.mark.parametrize("step", ["create_account", "add_slot"])
def test_what_breaks_after_it_was_taken_leaves_it_used_up_and_names_the_account(
    with_parts: Test, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    async def test(parts: Any) -> None:
        link = await invited(parts)
        with monkeypatch.context() as patch:
            patch.setattr(parts.keys, step, _away)
            with pytest.raises(SpentInVainError) as told:
                await take_invitation(*parts.all, secret=link.secret)
        assert str(told.value) == f"{link.id}: ConnectionError"
        assert await take_invitation(*parts.all, secret=link.secret) is None
        (kept,) = await parts.store.invitations()
        rows = await parts.store.accounts(None, limit=10)
        assert [row.sid for row in rows] == ([] if step == "create_account" else [kept.account])

    with_parts(test)


def test_a_store_that_breaks_before_it_was_taken_says_so(with_parts: Test, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> None:
        raise StoreFailedError("away")

    async def test(parts: Any) -> None:
        link = await invited(parts)
        monkeypatch.setattr(parts.store, "take_invitation", broken)
        with pytest.raises(StoreFailedError):
            await take_invitation(*parts.all, secret=link.secret)

    with_parts(test)


async def _away(*_: Any, **__: Any) -> None:
    raise ConnectionError
