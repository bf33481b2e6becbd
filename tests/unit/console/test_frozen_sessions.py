"""Sessions of an account that a key froze end once for each freeze, whatever comes in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.unit.console.test_session_rows import AC, OTHER, Room

from ringfence.console import frozen_sessions
from ringfence.console.frozen_sessions import FrozenSessions
from ringfence.console.lockout import Lockout
from ringfence.kms.memory import memory_key_service
from ringfence.ports.store import AccountRow, CredentialRow
from ringfence.store.memory import MemoryStore
from ringfence.usecases.access.freeze import freeze, thaw


class Watched(Room):
    """Two accounts, of which the second is the first one's subaccount, and who looks for freezes of them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.store = MemoryStore()
        self.following = FrozenSessions(self.store, Lockout(self.storage, memory_key_service(self.clock), self.clock))

    async def has(self, sid: str, parent: str | None = None) -> None:
        await self.store.create_account(
            AccountRow(sid=sid, tenant=parent or sid, parent=parent, friendly_name="", created_ms=1, updated_ms=1),
            CredentialRow(
                account=sid, sid=sid, kind="auth_token", verifier=b"", hmac_states=b"", created_ms=1, updated_ms=1
            ),
        )

    async def accounts_in(self) -> list[str]:
        """Those of whose members somebody is signed in."""
        return sorted(each.account for each in await self.sessions.open_now("member"))


@asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[Watched]:
    it = Watched(folder)
    await it.storage.open()
    await it.store.open()
    try:
        await it.has(AC)
        await it.has(OTHER, AC)
        yield it
    finally:
        await it.storage.close()


def test_a_freeze_ends_the_sessions_that_there_are_once(run: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with watched(tmp_path) as it:
            for account in (AC, OTHER, AC):
                await it.opened(account=account)
            await freeze(it.store, it.clock, "platform", "platform")
            await it.following.look()
            assert await it.accounts_in() == [AC, AC, OTHER]
            await freeze(it.store, it.clock, "account", AC)
            await it.following.look()
            assert await it.accounts_in() == []
            # Who signs in while it lasts is refused elsewhere; a freeze is looked at once.
            await it.opened(account=AC)
            await it.following.look()
            assert await it.accounts_in() == [AC]
            # Each is its own: of the subaccount beside its parent's, and of the same account anew.
            await it.opened(account=OTHER)
            await freeze(it.store, it.clock, "account", OTHER)
            await it.following.look()
            assert await it.accounts_in() == [AC]
            await thaw(it.store, it.clock, "account", AC)
            await it.following.look()
            await freeze(it.store, it.clock, "account", AC)
            await it.following.look()
            assert await it.accounts_in() == []

    run(story())


def test_what_could_not_be_ended_is_ended_at_the_next_look(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frozen_sessions, "EVERY_S", 0.001)

    async def story() -> None:
        async with watched(tmp_path) as it:
            await it.opened(account=AC)
            await freeze(it.store, it.clock, "account", AC)
            await it.storage.close()
            with capture_logs() as logged:
                following = asyncio.create_task(it.following.run())
                while not logged:
                    await asyncio.sleep(0)
                await it.storage.open()
                while await it.accounts_in():
                    await asyncio.sleep(0)
                following.cancel()
            said = {"event": "freezes cannot be looked for now", "error": "ConnectionError", "log_level": "warning"}
            assert logged[0] == said
            assert [each for each in logged if each != said] == []

    run(story())
