"""Say to staff what the ledger says that it does not have: each gap is an incident until somebody knows of it."""

import asyncio
import hashlib

import structlog

from ringfence.ports.ledger import GapRecords, LedgerGap
from ringfence.ports.operations import INCIDENT, Incident, OperationsStore
from ringfence.ports.store import QueueFullError, StoreFailedError

EVERY_S = 60.0
KIND = "ledger_gap"

_log = structlog.get_logger(__name__)


class GapWatch:
    """Runs until cancelled. A ledger that cannot be read now is read a minute later."""

    def __init__(self, records: GapRecords, incidents: OperationsStore) -> None:
        self._records = records
        self._incidents = incidents

    async def run(self) -> None:
        """A look a minute."""
        while True:
            try:
                await self.look()
            except (ConnectionError, QueueFullError, StoreFailedError) as away:
                _log.warning("ledger.gaps_not_read", error=type(away).__name__)
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Begin one for each gap that has none, nor had one."""
        for gap in await self._records.gaps():
            if await self._incidents.begin_incident(_incident(gap)):
                _log.error("ledger.gap", count=gap.count)


def _incident(gap: LedgerGap) -> Incident:
    what = f"{gap.count} openings are not written down one by one: entry {gap.n}"
    # The same gap has the same SID, so that it is one incident, also once that has ended.
    rest = hashlib.sha256(what.encode()).hexdigest()[:20]
    sid = f"{INCIDENT}{gap.last_ms & 0xFFFFFFFFFFFF:012x}{rest}"
    return Incident(sid=sid, kind=KIND, what=what, began_ms=gap.first_ms)
