"""`Staff` over a database and a ledger on disk, without a console around it."""

import json
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.unit.console.conftest import WatchedLedger
from tests.unit.console.test_session_rows import JWK, Room, room

from ringfence.console.operator.staff import DELAY_MS, Staff
from ringfence.console.operator.staff_rows import StaffMember
from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Session
from ringfence.domain.access.staff_role import StaffRole
from ringfence.domain.passkeys.answers import RegistrationAnswer, parse_registration
from ringfence.kms.memory import MemoryKeyFiles, MemoryKeyStore
from ringfence.kms.service import KeyService
from ringfence.ports.passkeys import AttestationPolicy, RelyingParty
from ringfence.webauthn.passkeys import WebauthnPasskeys
from software_authenticator import SoftwareAuthenticator

ORIGIN = "http://operator.localhost:8421"
PARTY = RelyingParty(id="operator.localhost", name="Acme", origins=(ORIGIN,))


class Office:
    """Staff over a database and a ledger on disk."""

    def __init__(self, of: Room, ledger: WatchedLedger, policy: AttestationPolicy) -> None:
        self.clock, self.storage, self.sessions, self.ledger = of.clock, of.storage, of.sessions, ledger
        self.keys = KeyService(Path(), of.clock, ledger, files=MemoryKeyFiles(), store=MemoryKeyStore())
        self.staff = Staff(of.storage, WebauthnPasskeys(policy), PARTY, self.keys, of.clock, self.keys)

    async def joins(self, secret: str, authenticator: SoftwareAuthenticator | None = None) -> StaffMember:
        """Who holds a link enrols."""
        ceremony, options = await self.staff.begin_joining(secret)
        return await self.staff.join(ceremony, made_by(authenticator or SoftwareAuthenticator(), options))

    async def ada(self) -> StaffMember:
        return await self.joins(await self.staff.invite_first("Ada"))

    async def ada_and_bob(self) -> tuple[StaffMember, StaffMember]:
        """Two who can both sign in."""
        ada = await self.ada()
        self.clock.advance(1)
        secret = await self.staff.invite(ada.id, "Bob", [StaffRole.SECURITY])
        assert secret is not None
        bob = await self.joins(secret)
        self.clock.advance(DELAY_MS)
        return ada, bob

    async def adds(self, member: str) -> SoftwareAuthenticator:
        authenticator = SoftwareAuthenticator()
        ceremony, options = await self.staff.begin_adding(member)
        await self.staff.add(member, ceremony, made_by(authenticator, options))
        return authenticator

    async def signed_in(self, member: str) -> Session:
        session, cookie = self.sessions.new("staff", member, "", JWK)
        await self.sessions.keep(session, cookie)
        return session

    async def told(self) -> list[tuple[str, int, str]]:
        return [(each.text, each.at_ms, each.refusable) for each in await self.staff.notices()]


def made_by(authenticator: SoftwareAuthenticator, options: dict[str, Any]) -> RegistrationAnswer:
    return parse_registration(json.dumps(authenticator.create(options, ORIGIN)).encode())


@asynccontextmanager
async def office(folder: Path, policy: AttestationPolicy | None = None) -> AsyncIterator[Office]:
    ledger = WatchedLedger(folder)
    async with room(folder) as of:
        await ledger.open(of.clock.now_ms())
        it = Office(of, ledger, policy or AttestationPolicy())
        await it.keys.open()
        try:
            yield it
        finally:
            await it.keys.close()
            await ledger.close()


async def refused(work: Awaitable[object]) -> str:
    with pytest.raises(RefusedError) as error:
        await work
    assert error.value.status == 409
    return error.value.text
