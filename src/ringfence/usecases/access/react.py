"""A key shows itself where it should not: freeze it, or its account, at once, as its owner has said.

It is in the ledger first. Where that cannot be written the freeze is made all the same: a thief does not wait.
"""

import structlog

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.key_watch import ALARM, FREEZE_ACCOUNT
from ringfence.ports.access_notes import FreezeNotes
from ringfence.ports.freezes import FreezeKind
from ringfence.ports.store import CredentialRow, QueueFullError, StoreFailedError
from ringfence.usecases.access.freeze import FreezableStore, freeze, frozen_with

_log = structlog.get_logger(__name__)


class Reactions:
    """`notes` has the ledger; without it nothing is written down."""

    def __init__(self, store: FreezableStore, clock: Clock, notes: FreezeNotes | None) -> None:
        self._store = store
        self._clock = clock
        self._notes = notes

    async def shown(self, credential: CredentialRow, cause: str) -> bool:
        """Do what the key's owner wants done; whether something is frozen by it. Never raises."""
        if credential.reaction == ALARM:
            return False
        kind: FreezeKind = "account" if credential.reaction == FREEZE_ACCOUNT else "key"
        name = credential.account if kind == "account" else credential.sid
        try:
            await self._write_down(credential, kind, name, cause)
            await freeze(self._store, self._clock, kind, name)
        except (StoreFailedError, QueueFullError) as error:
            # The key is refused all the same, and its next use tries again.
            _log.error("key not frozen", account=credential.account, sid=credential.sid, error=type(error).__name__)
        except ApiError:
            _log.warning("key not frozen: it, or its account, is gone", account=credential.account, sid=credential.sid)
        return True

    async def _write_down(self, credential: CredentialRow, kind: FreezeKind, name: str, cause: str) -> None:
        if self._notes is None:
            return
        stopped = await frozen_with(self._store, name) if kind == "account" else [credential.account]
        try:
            await self._notes.note_freeze(credential.sid, stopped, f"{kind}:{name}", cause)
        except ConnectionError:
            _log.error("a freeze is not in the ledger", account=credential.account, sid=credential.sid)
