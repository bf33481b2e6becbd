"""`Members` over a database, a store and a key service, without a console around it; and people with browsers."""

import json
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.types import Receive, Scope, Send
from tests.unit.console.conftest import ORIGINS, WatchedLedger
from tests.unit.console.test_members import AC, KL, LINK_SECRET, account, link
from tests.unit.console.test_members import Member as Browser
from tests.unit.console.test_session_rows import JWK, Room, room

from ringfence.console.passkey_book import KeptPasskey
from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Session
from ringfence.console.standstill import Standstill
from ringfence.console.tenant.member_rows import Member
from ringfence.console.tenant.members import Asked, Members
from ringfence.console.tenant.slot_json import SlotJson, read_slot
from ringfence.console.tenant.slot_name import slot_name
from ringfence.domain.passkeys.answers import RegistrationAnswer, parse_registration
from ringfence.kms.memory import MemoryKeyFiles, MemoryKeyStore
from ringfence.kms.service import KeyService
from ringfence.ports.console_keys import BrowserSlot
from ringfence.ports.keys import Caller
from ringfence.ports.passkeys import RelyingParty
from ringfence.store.memory import MemoryStore
from ringfence.webauthn.passkeys import WebauthnPasskeys
from software_authenticator import SoftwareAuthenticator, b64, unb64

PARTY = RelyingParty(id="keys.localhost", name="Acme", origins=(ORIGINS.keys,))


async def no_console(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("nothing here is asked of a console")


class House:
    """An account, whose links are made by its Auth Token, and its members."""

    caller: Caller

    def __init__(self, of: Room, ledger: WatchedLedger) -> None:
        self.clock, self.storage, self.sessions, self.ledger = of.clock, of.storage, of.sessions, ledger
        self.store = MemoryStore()
        self.keys = KeyService(Path(), of.clock, ledger, files=MemoryKeyFiles(), store=MemoryKeyStore())
        self.members = Members(
            *(of.storage, self.keys, WebauthnPasskeys(), PARTY, of.clock, Standstill(self.store)),
        )

    async def link(self, *, owner: bool = False) -> None:
        await link(self, self.caller, owner=owner)

    def browser(self, *, prf: bool = True) -> Browser:
        return Browser(no_console, self.clock, prf=prf)

    async def came(self, *, prf: bool = True, owner: bool = False) -> tuple[Member, Browser]:
        """Somebody who became a member by a link, and the browser that has the passkey."""
        await self.link(owner=owner)
        browser = self.browser(prf=prf)
        asked = await self.members.begin_enrolling(AC, KL)
        answer, slot = made(browser, asked, KL, LINK_SECRET)
        member = await self.members.finish(asked.ceremony, answer, slot, None)
        browser.opened_by = slot.credential
        # Whoever came before another is listed before them.
        self.clock.advance(1)
        return member, browser

    async def session(self, member: Member) -> Session:
        session, cookie = self.sessions.new("member", member.id, member.account, JWK)
        await self.sessions.keep(session, cookie)
        return session

    async def adds(self, session: Session, browser: Browser) -> str:
        """A further passkey of whose session it is, and the name of its slot."""
        asked = await self.members.begin_adding(session)
        answer, slot = made(browser, asked)
        await self.members.finish(asked.ceremony, answer, slot, session)
        return slot.credential

    async def held(self, member: Member) -> list[KeptPasskey]:
        (found,) = [held for each, held in await self.members.of(AC) if each.id == member.id]
        return list(found)


def made(browser: Browser, asked: Asked, by: str = "", secret: str = "") -> tuple[RegistrationAnswer, BrowserSlot]:
    """A new passkey of another authenticator, and its slot, by what opens the account: the browser's own unless `by`.

    Each of a person's authenticators gives the same secret here.
    """
    browser.open(by or browser.opened_by, secret or browser.secret, [(number, b64(box)) for number, box in asked.boxes])
    browser.authenticator = SoftwareAuthenticator()
    answer = browser.authenticator.create(asked.options, ORIGINS.keys)
    slot = browser.slot(slot_name(unb64(answer["id"])), b64(asked.proof_key))
    return parse_registration(json.dumps(answer).encode()), read_slot(msgspec.convert(slot, SlotJson))


async def refusal(work: Awaitable[Any]) -> tuple[str, int]:
    with pytest.raises(RefusedError) as refused:
        await work
    return refused.value.text, refused.value.status


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    ledger = WatchedLedger(folder)
    async with room(folder) as of:
        await ledger.open(of.clock.now_ms())
        it = House(of, ledger)
        await it.store.open()
        await it.keys.open()
        it.caller = await account(it)
        try:
            yield it
        finally:
            await it.keys.close()
            await ledger.close()
