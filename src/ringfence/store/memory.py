"""The store in memory: the whole port, nothing on disk. For tests and for programs that embed ringfence."""

from ringfence.store.memory_applications import MemoryApplications
from ringfence.store.memory_fraud import MemoryFraud
from ringfence.store.memory_freezes import MemoryFreezes
from ringfence.store.memory_invitations import MemoryInvitations
from ringfence.store.memory_lookups import MemoryLookups
from ringfence.store.memory_notices import MemoryNotices
from ringfence.store.memory_operations import MemoryOperations
from ringfence.store.memory_oversight import MemoryOversight
from ringfence.store.memory_sip_access import MemorySipAccess
from ringfence.store.memory_verify_config import MemoryVerifyConfig
from ringfence.store.memory_verify_rates import MemoryVerifyRates


class MemoryStore(
    MemoryOversight,
    MemoryFreezes,
    MemoryOperations,
    MemoryApplications,
    MemorySipAccess,
    MemoryVerifyConfig,
    MemoryLookups,
    MemoryFraud,
    MemoryInvitations,
    MemoryVerifyRates,
    MemoryNotices,
):
    """`ports.store.Store` for one process: what it holds is gone when it is."""

    def __init__(self) -> None:
        MemoryOversight.__init__(self)
        MemoryFreezes.__init__(self)
        MemoryOperations.__init__(self)
        MemorySipAccess.__init__(self)
        MemoryVerifyConfig.__init__(self)
        MemoryApplications.__init__(self)
        MemoryLookups.__init__(self)
        MemoryFraud.__init__(self)
        MemoryInvitations.__init__(self)
        MemoryVerifyRates.__init__(self)
        MemoryNotices.__init__(self)
        self._open = False

    async def open(self) -> None:
        self._open = True

    async def close(self) -> None:
        self._open = False

    async def ready(self) -> bool:
        return self._open

    def _accounts_of(self, tenant: str) -> list[str]:
        return [row.sid for row in self._accounts.values() if row.tenant == tenant]

    def next_due_ms(self) -> int | None:
        """When a text or an event falls due next, perhaps in the past; None where nothing waits.

        For whoever moves the clock by hand, and would not miss a moment.
        """
        waiting = [due_ms for due_ms in (self._next_text_ms(), self._next_event_ms()) if due_ms is not None]
        return min(waiting, default=None)
