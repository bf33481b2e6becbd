"""Who asks for many keys to prove with, and who loses theirs for it."""

import contextlib
import os
from typing import Any

import pytest
from tests.unit.kms.test_browser_slots import PK, PK2, READER, Browser, _open_link, _refused
from tests.unit.kms.test_browser_slots import browser as browser

from ringfence.kms import proof_keys


def test_who_asks_for_too_many_proof_keys_loses_their_own_and_nobody_elses(
    run: Any,
    service_at: Any,
    account: str,
    token: Any,
    browser: Browser,
    at_noon: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(proof_keys, "PROOF_KEYS_MAX", 22)
    monkeypatch.setattr(proof_keys, "PROOF_KEYS_OF_ACCOUNT_MAX", 20)
    other = "AC" + "9" * 32

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await browser.open(service)
            made = await browser.slot_for(service, PK, os.urandom(32))
            for _ in range(proof_keys.PROOF_KEYS_OF_ACCOUNT_MAX + 5):
                await service.proof_key(other, READER.member)
            link = await _open_link(service, token, at_noon)
            await service.add_browser_slot(account, made, link, "link")
            await browser.open(service)
            pushed_out = await browser.slot_for(service, PK2, os.urandom(32))
            for _ in range(proof_keys.PROOF_KEYS_OF_ACCOUNT_MAX):
                with contextlib.suppress(ConnectionError):
                    await service.proof_key(account, READER.member)
            # Where too many of all wait, the next is refused: nobody else's is dropped for it.
            with pytest.raises(ConnectionError):
                await service.proof_key("AC" + "8" * 32, READER.member)
            await service.add_browser_slot(account, pushed_out, PK, "passkey")

    run(scene())


def test_who_asks_for_many_proof_keys_takes_none_of_another_member(
    run: Any, service_at: Any, account: str, token: Any, browser: Browser, at_noon: Any
) -> None:
    """Anybody who reads may ask for as many as they like, while an owner types."""
    most = proof_keys.PROOF_KEYS_OF_ACCOUNT_MAX

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await browser.open(service)
            made = await browser.slot_for(service, PK, os.urandom(32))
            for _ in range(2 * most):
                await service.proof_key(account, "MB" + "6" * 32)
            link = await _open_link(service, token, at_noon)
            await service.add_browser_slot(account, made, link, "link")
            # Where each has one, the next gets one too.
            assert len({await service.proof_key(account, f"MB{number:032x}") for number in range(most + 1)}) == most + 1

    run(scene())


def test_the_oldest_of_too_many_proof_keys_of_an_account_proves_nothing(
    run: Any, service_at: Any, account: str, token: Any, browser: Browser, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await browser.open(service)
            for wrong in ("", account, "CS" + "4" * 32):
                with pytest.raises(ValueError, match="a member or a link"):
                    await service.proof_key(account, wrong)
            first, second = [await browser.slot_for(service, PK, os.urandom(32)) for _ in range(2)]
            for _ in range(proof_keys.PROOF_KEYS_OF_ACCOUNT_MAX - 1):
                await service.proof_key(account, READER.member)
            link = await _open_link(service, token, at_noon)
            await _refused(service, account, first, link)
            await service.add_browser_slot(account, second, link, "link")

    run(scene())
