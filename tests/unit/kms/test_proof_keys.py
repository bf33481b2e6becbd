"""Who asks for many keys to prove with, and who loses theirs for it."""

import contextlib
import os
from typing import Any

import pytest
from tests.unit.kms.test_browser_slots import NO_KEY, PK, PK2, READER, Browser, _open_link, _refused
from tests.unit.kms.test_browser_slots import browser as browser

from ringfence.domain.clock import ManualClock
from ringfence.kms import proof_keys
from ringfence.kms.proof_keys import PROOF_MS, ProofKeys
from ringfence.ports.keys import KeyRefusedError


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
                with pytest.raises(ValueError, match=r"^a key to prove with is for a member or a link$"):
                    await service.proof_key(account, wrong)
            first, second = [await browser.slot_for(service, PK, os.urandom(32)) for _ in range(2)]
            for _ in range(proof_keys.PROOF_KEYS_OF_ACCOUNT_MAX - 1):
                await service.proof_key(account, READER.member)
            link = await _open_link(service, token, at_noon)
            await _refused(service, account, first, link, NO_KEY)
            await service.add_browser_slot(account, second, link, "link")

    run(scene())


ONE, TWO, THREE = (f"MB{digit * 32}" for digit in "123")


@pytest.mark.parametrize(
    ("asked", "loses"),
    [
        ((ONE, ONE, ONE, TWO), ONE),  # whoever has the most, though another asks
        ((ONE, ONE, TWO, THREE), TWO),  # whoever asks, where another has as many
    ],
)
def test_where_too_many_of_an_account_wait_the_oldest_of_whoever_has_most_makes_way(
    at_noon: ManualClock, account: str, asked: tuple[str, ...], loses: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof_keys, "PROOF_KEYS_OF_ACCOUNT_MAX", len(asked))
    keys = ProofKeys(at_noon)
    given = [keys.new(account, asker) for asker in asked]
    given.append(keys.new(account, TWO))
    gone = [number for number, public in enumerate(given) if keys.asked_ms(account, public) == 0]
    assert gone == [asked.index(loses)]


def test_so_many_of_all_accounts_wait_and_the_next_is_refused(
    at_noon: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof_keys, "PROOF_KEYS_MAX", 3)
    keys = ProofKeys(at_noon)
    for number in range(3):
        keys.new(f"AC{number:032x}", ONE)
    with pytest.raises(ConnectionError, match=r"^too many slots are being made$"):
        keys.new(f"AC{3:032x}", ONE)
    at_noon.advance(PROOF_MS)
    keys.new(f"AC{3:032x}", ONE)


def test_when_a_proof_key_was_asked_for_is_known_while_it_waits(at_noon: ManualClock, account: str) -> None:
    keys = ProofKeys(at_noon)
    at_noon.advance(1_234)
    public, asked_ms = keys.new(account, ONE), at_noon.monotonic_ms()
    at_noon.advance(PROOF_MS - 1)
    keys.forget_expired()
    assert keys.asked_ms(account, public) == asked_ms
    assert keys.asked_ms("AC" + "9" * 32, public) == 0
    at_noon.advance(1)
    keys.forget_expired()
    assert keys.asked_ms(account, public) == 0


def test_a_proof_key_of_a_member_or_a_link_is_taken_until_its_ten_minutes_are_over(
    at_noon: ManualClock, account: str
) -> None:
    keys = ProofKeys(at_noon)
    first, second = keys.new(account, ONE), keys.new(account, "KL" + "1" * 32)
    at_noon.advance(PROOF_MS - 1)
    assert keys.take(account, first).public == first
    at_noon.advance(1)
    for public in (first, second):
        with pytest.raises(KeyRefusedError, match=r"^no such key to prove with$"):
            keys.take(account, public)
