"""How a platform asks a tenant's approver to let staff in, as drills see it."""

import os
import random
from typing import Protocol

from ringfence.domain.access.grant import MINUTES
from ringfence.domain.access.matching import DIGITS, VALUE_BYTES
from ringfence.domain.access.refusal import AccessRefusedError
from ringfence.domain.access.scope import Scope
from ringfence.drills.grant_room import Room, StaffBrowser, Tenant
from ringfence.usecases.access.answer_grant import approve_grant, look_at_grant, refuse_grant, show_value


class Approvals(Protocol):
    """How a platform asks a tenant's approver."""

    async def ask(self, browser: StaffBrowser, tenant: Tenant) -> str | None:
        """What comes up at the approver's; None where the platform takes no more requests now."""

    async def say_yes(self, request: str, browser: StaffBrowser, tenant: Tenant) -> bool:
        """The approver says yes to whatever it is; whether somebody is let in by that."""

    async def say_no(self, request: str, tenant: Tenant) -> None: ...


class ByNumber:
    """Ours: three wait at once, a no makes the asker wait, and a yes needs the number that the asker sees."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._chance = random.Random(99)  # noqa: S311 - what somebody types who was told nothing

    async def ask(self, browser: StaffBrowser, tenant: Tenant) -> str | None:
        browser.value = os.urandom(VALUE_BYTES)
        scope = Scope(records=tuple(text.sid for text in tenant.texts[:2]))
        try:
            return (await self._room.ask(browser, tenant, scope)).sid
        except AccessRefusedError:
            return None

    async def say_yes(self, request: str, browser: StaffBrowser, tenant: Tenant) -> bool:
        room, now_ms = self._room, self._room.clock.now_ms()
        approver, expires_ms = tenant.approver(now_ms), now_ms + MINUTES * 60_000
        await look_at_grant(room.book, room.clock, request, approver, os.urandom(VALUE_BYTES), expires_ms)
        grant = await show_value(room.book, room.clock, request, browser.session, browser.value)
        typed = f"{self._chance.randrange(10**DIGITS):0{DIGITS}d}"
        try:
            await approve_grant(
                room.book,
                room.keys,
                room.keys,
                room.clock,
                request,
                approver,
                typed=typed,
                sealed=await room.seal(grant, tenant),
            )
        except AccessRefusedError:
            return False
        return True

    async def say_no(self, request: str, tenant: Tenant) -> None:
        room = self._room
        await refuse_grant(room.book, room.keys, room.clock, request, tenant.approver(room.clock.now_ms()))
