"""End the sessions of members whose account a key has frozen: that is done where no session of a console is known.

Who is frozen is refused at each request already; a session that was only refused would go on after a thaw.
"""

import asyncio

import structlog

from ringfence.console.lockout import Lockout
from ringfence.ports.freezes import FreezeRow
from ringfence.ports.store import QueueFullError, StoreFailedError
from ringfence.usecases.access.freeze import FreezableStore, frozen_with

EVERY_S = 2.0

_log = structlog.get_logger(__name__)


class FrozenSessions:
    """Looks for freezes that are new to it. Nobody signs in while one lasts, so once for each is enough."""

    def __init__(self, store: FreezableStore, lockout: Lockout) -> None:
        self._store = store
        self._lockout = lockout
        self._ended: set[FreezeRow] = set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
            except (ConnectionError, QueueFullError, StoreFailedError) as error:
                _log.warning("freezes cannot be looked for now", error=type(error).__name__)
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """End what is to be ended by now. StoreFailedError, QueueFullError, ConnectionError."""
        frozen = {row for row in await self._store.freezes() if row.kind == "account"}
        self._ended &= frozen
        for row in frozen - self._ended:
            await self._lockout.end_sessions(await frozen_with(self._store, row.name))
            self._ended.add(row)
