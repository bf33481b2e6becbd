"""Links to the console: who makes one, for whom, and for how long."""

import os
from pathlib import Path
from typing import Any

import pytest
from tests.unit.kms.test_browser_slots import KL, MINUTE_MS, PK, PK2, Browser
from tests.unit.kms.test_browser_slots import _link as a_link
from tests.unit.kms.test_browser_slots import browser as browser

from ringfence.domain.recovery_kit import recovery_credential
from ringfence.domain.sealing.slots import slot_public
from ringfence.ports.keys import Caller, KeyRefusedError, Slot


def test_a_link_for_an_owner_is_made_by_the_auth_token_or_the_kit_and_by_no_key(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any, browser: Browser, ledger: Any, at_noon: Any
) -> None:
    kit = Caller(account=account, credential=recovery_credential(account), seed=os.urandom(32))

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot, api_key.slot])
            await service.add_slot(token.caller, account, Slot(credential=kit.credential, public=slot_public(kit.seed)))
            await browser.open(service)
            until_ms, (_, slot) = at_noon.now_ms() + MINUTE_MS, a_link(account)
            with pytest.raises(KeyRefusedError, match="Auth Token"):
                await service.open_console_link(api_key.caller, account, slot, until_ms, True)
            for caller, owner in ((api_key.caller, False), (token.caller, True), (kit, True)):
                await service.open_console_link(caller, account, slot, until_ms, owner)
                await browser.open(service)
                passkey = f"PK{os.urandom(16).hex()}"
                made = await browser.slot_for(service, passkey, os.urandom(32))
                assert await service.add_browser_slot(account, made, KL, "link") is owner
            await browser.open(service)
            made = await browser.slot_for(service, PK, os.urandom(32))
            assert await service.add_browser_slot(account, made, passkey, "passkey") is False

    run(scene())
    assert [(entry.actor, entry.verb) for entry in ledger.entries if "_link" in entry.verb] == [
        (api_key.sid, "open_console_link"),
        (account, "open_owner_link"),
        (kit.credential, "open_owner_link"),
    ]
    assert [(entry.actor, entry.verb) for entry in ledger.later] == [(api_key.sid, "refused.open_owner_link")]


def test_a_link_lasts_ten_minutes_at_most_and_is_called_one(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            for name, minutes in ((KL, 11), ("SK" + "1" * 32, 1)):
                _, slot = a_link(account)
                slot = Slot(credential=name, public=slot.public)
                with pytest.raises(ValueError, match=r"^a link to the console is called KL"):
                    await service.open_console_link(token.caller, account, slot, at_noon.now_ms() + minutes * MINUTE_MS)

    run(scene())


def test_a_link_lets_nobody_in_once_its_time_is_over(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any, browser: Browser
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await browser.open(service)
            _, link = a_link(account)
            await service.open_console_link(token.caller, account, link, at_noon.now_ms() + MINUTE_MS)
            slot = await browser.slot_for(service, PK, os.urandom(32))
            at_noon.advance(MINUTE_MS)
            with pytest.raises(KeyRefusedError, match=r"^no slot of a passkey$"):
                await service.add_browser_slot(account, slot, KL, "link")

    run(scene())


def test_of_two_that_a_link_let_in_at_once_one_gets_a_slot(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any, browser: Browser
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await browser.open(service)
            _, link = a_link(account)
            await service.open_console_link(token.caller, account, link, at_noon.now_ms() + MINUTE_MS)
            first, second = [await browser.slot_for(service, name, os.urandom(32)) for name in (PK, PK2)]
            service._browsers.check(account, second, KL, "link")
            await service.add_browser_slot(account, first, KL, "link")
            with pytest.raises(KeyRefusedError, match=r"^this link was used$"):
                await service._browsers.add(account, second, KL)
            # Nor is what it opened handed to anybody who asked for it before that.
            with pytest.raises(KeyRefusedError, match=r"^this link opens nothing$"):
                await service._browsers.hand(account, KL)

    run(scene())


@pytest.mark.parametrize("end", ["used", "past"])
def test_what_a_link_opened_is_not_left_in_the_log_of_the_database_either(
    run: Any, service_at: Any, kms_dir: Path, account: str, token: Any, at_noon: Any, browser: Browser, end: str
) -> None:
    def on_disk() -> bytes:
        return b"".join(path.read_bytes() for path in sorted(kms_dir.glob("kms.db*")))

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await browser.open(service)
            _, link = a_link(account)
            await service.open_console_link(token.caller, account, link, at_noon.now_ms() + MINUTE_MS)
            ((_, sealed),) = await service.link_boxes(account, KL)
            await service.tidy()
            assert sealed in on_disk()
            if end == "used":
                slot = await browser.slot_for(service, PK, os.urandom(32))
                await service.add_browser_slot(account, slot, KL, "link")
            else:
                at_noon.advance(MINUTE_MS)
                await service._browsers.tidy()
            await service._store.scrub()
            assert sealed not in on_disk()

    run(scene())
