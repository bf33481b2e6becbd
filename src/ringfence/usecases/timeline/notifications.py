"""What went wrong in an account's calls, opened with the credential that asks."""

from collections.abc import Sequence

import msgspec

from ringfence.domain.call_step import StepDetail
from ringfence.domain.sealing.call import open_step
from ringfence.domain.sealing.record import RecordSealer
from ringfence.ports.calls import StepRow
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import Store
from ringfence.usecases.timeline.read_call import StepView


class TroublesWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which, as `ports.calls.CallStore.troubles` takes them."""

    call_sid: str | None = None
    warnings: bool | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    before: tuple[int, int] | None = None
    limit: int = 50


class NotificationReader:
    """Reads with the keys of the credential that asks, and no others."""

    def __init__(self, store: Store, keys: TenantKeys) -> None:
        self._store = store
        self._keys = keys

    async def read(self, caller: Caller, account: str, wanted: TroublesWanted) -> list[StepView]:
        """Newest first."""
        before = wanted.before
        if wanted.to_ms is not None:
            before = min(before or (wanted.to_ms, 0), (wanted.to_ms, 0))
        rows = await self._store.troubles(
            account,
            call_sid=wanted.call_sid,
            warnings=wanted.warnings,
            from_ms=wanted.from_ms,
            before=before,
            limit=wanted.limit,
        )
        return await self._opened(caller, account, rows)

    async def fetch(self, caller: Caller, account: str, at_ms: int, step_id: int) -> StepView | None:
        """One, or None where there is no such."""
        row = await self._store.trouble(account, at_ms, step_id)
        return None if row is None else (await self._opened(caller, account, [row]))[0]

    async def _opened(self, caller: Caller, account: str, rows: Sequence[StepRow]) -> list[StepView]:
        sids = sorted({row.call_sid for row in rows})
        calls = {
            row.sid: row for row in await self._store.calls_of([(account, sid) for sid in sids]) if row is not None
        }
        epochs = sorted({row.epoch for row in calls.values()})
        keys = await self._keys.open_epochs(caller, account, epochs) if epochs else {}
        sealers = {epoch: RecordSealer(key, account) for epoch, key in keys.items()}
        views = []
        for row in rows:
            call = calls.get(row.call_sid)
            sealer = None if call is None else sealers.get(call.epoch)
            views.append(StepView(row=row, detail=_detail(sealer, row)))
        return views


def _detail(sealer: RecordSealer | None, row: StepRow) -> StepDetail | None:
    return open_step(sealer, row.call_sid, row.detail) if sealer is not None and row.detail else None
