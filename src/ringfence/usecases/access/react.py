"""A key shows itself where it should not: freeze it, or its account, at once, as its owner has said.

It is in the ledger first. Where that cannot be written the freeze is made all the same: a thief does not wait. It is
an incident, which goes on until staff say that they know.
"""

from typing import Protocol

import structlog

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.key_watch import ALARM, FREEZE_ACCOUNT
from ringfence.domain.sid import new_sid
from ringfence.ports.access_notes import FreezeNotes
from ringfence.ports.freezes import FreezeKind
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.operations import INCIDENT, Incident, OperationsStore
from ringfence.ports.store import CredentialRow, QueueFullError, StoreFailedError
from ringfence.usecases.access.freeze import FreezableStore, freeze, frozen_with

_log = structlog.get_logger(__name__)


# A thief who tries a thousand times a second is one incident.
TELL_EVERY_MS = 60_000
TOLD_MAX = 10_000


class WatchfulStore(FreezableStore, OperationsStore, Protocol):
    """What is frozen, and incidents."""


class Reactions:
    """`notes` has the ledger; without it nothing is written down."""

    def __init__(self, store: WatchfulStore, clock: Clock, notes: FreezeNotes | None) -> None:
        self._store = store
        self._clock = clock
        self._notes = notes
        self._told_ms: dict[str, int] = {}

    async def shown(self, credential: CredentialRow, cause: str) -> bool:
        """Do what the key's owner wants done; whether something is frozen by it. Never raises."""
        await self._tell_staff(credential, cause)
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

    async def _tell_staff(self, credential: CredentialRow, cause: str) -> None:
        now_ms = self._clock.now_ms()
        if now_ms - self._told_ms.get(credential.sid, now_ms - TELL_EVERY_MS) < TELL_EVERY_MS:
            return
        if len(self._told_ms) >= TOLD_MAX:
            self._told_ms.clear()
        self._told_ms[credential.sid] = now_ms
        what = f"{credential.sid} of {credential.account}"
        row = Incident(sid=new_sid(INCIDENT, now_ms), kind=cause, what=what, began_ms=now_ms)
        try:
            await self._store.begin_incident(row)
        except (StoreFailedError, QueueFullError) as error:
            _log.error("an incident is not written down", sid=credential.sid, error=type(error).__name__)

    async def _write_down(self, credential: CredentialRow, kind: FreezeKind, name: str, cause: str) -> None:
        if self._notes is None:
            return
        stopped = await frozen_with(self._store, name) if kind == "account" else [credential.account]
        try:
            await self._notes.note_freeze(credential.sid, stopped, f"{kind}:{name}", cause)
        except (ConnectionError, KeyRefusedError):
            # Refused is one whose slot has gone already: it is being revoked.
            _log.error("a freeze is not in the ledger", account=credential.account, sid=credential.sid)
