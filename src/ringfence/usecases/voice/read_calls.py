"""A tenant reads its calls: rows from the store, keys from the key service, opened here."""

from collections.abc import Sequence

import msgspec

from ringfence.domain.call import Status
from ringfence.domain.clock import Clock
from ringfence.domain.sealing.blind_index import remote_index
from ringfence.domain.sealing.call import open_call
from ringfence.domain.sealing.record import RecordSealer
from ringfence.ports.calls import CallFilter, CallRow
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import AccountRow, Party, Store
from ringfence.usecases.voice.call_view import CallView

DAY_MS = 86_400_000


class CallsWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of a list, parsed; times half open, Unix milliseconds."""

    to: str | None = None
    sender: str | None = None
    status: Status | None = None
    parent_sid: str | None = None
    start_from_ms: int | None = None
    start_to_ms: int | None = None
    end_from_ms: int | None = None
    end_to_ms: int | None = None
    before: str | None = None
    limit: int = 50

    def __repr__(self) -> str:
        return "CallsWanted(…)"


class CallReader:
    """Reads with the keys of the credential that asks, and no others."""

    def __init__(self, store: Store, keys: TenantKeys, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock

    async def fetch(self, caller: Caller, account: AccountRow, sid: str) -> CallView | None:
        """The call, or None when the account has none of that sid."""
        row = await self._store.call(account.sid, sid)
        if row is None or row.brings_code:
            return None
        (view,) = await self.open(caller, account.sid, [row])
        return view

    async def list(self, caller: Caller, account: AccountRow, wanted: CallsWanted) -> Sequence[CallView]:
        """A page of calls, newest first."""
        chosen = CallFilter(
            to=await self._party(caller, account, wanted, wanted.to),
            sender=await self._party(caller, account, wanted, wanted.sender),
            status=wanted.status,
            parent_sid=wanted.parent_sid,
            start_from_ms=wanted.start_from_ms,
            start_to_ms=wanted.start_to_ms,
            end_from_ms=wanted.end_from_ms,
            end_to_ms=wanted.end_to_ms,
        )
        rows = await self._store.calls(account.sid, chosen, before=wanted.before, limit=wanted.limit)
        return await self.open(caller, account.sid, rows)

    async def open(self, caller: Caller, account: str, rows: Sequence[CallRow]) -> Sequence[CallView]:
        """Views of rows, in order; content is None where the credential opens no key of that hour."""
        epochs = sorted({row.epoch for row in rows})
        keys = await self._keys.open_epochs(caller, account, epochs) if epochs else {}
        sealers = {epoch: RecordSealer(key, account) for epoch, key in keys.items()}
        return [
            CallView(row, open_call(sealers[row.epoch], row.sid, row.content) if row.epoch in sealers else None)
            for row in rows
        ]

    async def _party(self, caller: Caller, account: AccountRow, wanted: CallsWanted, end: str | None) -> Party | None:
        if end is None:
            return None
        now_ms = self._clock.now_ms()
        first_ms = max(account.created_ms, wanted.start_from_ms or 0)
        last_ms = min(now_ms, wanted.start_to_ms or now_ms)
        days = list(range(first_ms // DAY_MS - 1, last_ms // DAY_MS + 2))
        keys = await self._keys.index_keys(caller, account.sid, days)
        return Party(number=end, indexes=frozenset(remote_index(key, day, end) for day, key in keys.items()))
