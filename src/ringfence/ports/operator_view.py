"""The part of the store that the operator's console reads. It is given nothing to write with."""

from collections.abc import Sequence
from typing import Protocol

from ringfence.ports.calls import CallFilter, CallRow, RecordingRow
from ringfence.ports.day_counts import DayCounts
from ringfence.ports.freezes import FreezeRow
from ringfence.ports.operations import OperationsView
from ringfence.ports.oversight import TENANTS_LOOKED, OversightStore, TenantFilter
from ringfence.ports.store import AccountRow, MessageFilter, MessageRow
from ringfence.ports.verification_attempts import AttemptFilter, VerificationAttemptRow


class OperatorView(OversightStore, OperationsView, DayCounts, Protocol):
    """Reads of `ports.store.Store`: rows are sealed, and what is in the clear of them is metadata."""

    async def account(self, sid: str) -> AccountRow | None: ...

    async def accounts(self, tenant: str | None, *, before: str | None = None, limit: int = 50) -> list[AccountRow]: ...

    async def tenants(
        self, wanted: TenantFilter, *, before: str | None = None, limit: int = 50, looked: int = TENANTS_LOOKED
    ) -> list[AccountRow]: ...

    async def tenants_edge(
        self, since_ms: int, *, before: str | None = None, looked: int = TENANTS_LOOKED
    ) -> str | None: ...

    async def number_regions(self, account: str) -> list[str]: ...

    async def freezes(self) -> Sequence[FreezeRow]: ...

    async def messages(
        self, account: str, wanted: MessageFilter, *, before: str | None = None, limit: int = 50
    ) -> list[MessageRow]: ...

    async def message(self, account: str, sid: str) -> MessageRow | None: ...

    async def carrier_trail(self, account: str, sid: str) -> str: ...

    async def call(self, account: str, sid: str) -> CallRow | None: ...

    async def calls(
        self, account: str, wanted: CallFilter, *, before: str | None = None, limit: int = 50
    ) -> list[CallRow]: ...

    async def recording(self, account: str, sid: str) -> RecordingRow | None: ...

    async def recordings(
        self,
        account: str,
        *,
        from_ms: int | None = None,
        to_ms: int | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[RecordingRow]: ...

    async def verification_attempts(
        self, account: str, wanted: AttemptFilter, *, before: str | None = None, limit: int = 50
    ) -> Sequence[VerificationAttemptRow]: ...
