"""A tenant reads its messages: rows from the store, keys from the key service, opened here."""

from collections.abc import Sequence

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.sealing.blind_index import remote_index
from ringfence.domain.sealing.content import open_content
from ringfence.domain.sealing.sealer_cache import SealerCache
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import AccountRow, MessageFilter, MessageRow, Party, Store
from ringfence.usecases.messaging.view import MessageView

DAY_MS = 86_400_000


class ListRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of a list, parsed: numbers in E.164, times half open on the date the message was made."""

    to: str | None = None
    sender: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    before: str | None = None
    limit: int = 50

    def __repr__(self) -> str:
        return "ListRequest(…)"


class Reader:
    """Reads with the keys of the credential that asks, and no others."""

    def __init__(self, store: Store, keys: TenantKeys, clock: Clock):
        self._store = store
        self._keys = keys
        self._clock = clock
        self._sealers = SealerCache()

    async def fetch(self, caller: Caller, account: AccountRow, sid: str) -> MessageView | None:
        """The message, or None when the account has none of that sid."""
        row = await self._store.message(account.sid, sid)
        if row is None:
            return None
        (view,) = await self.open(caller, account.sid, [row])
        return view

    async def list(self, caller: Caller, account: AccountRow, request: ListRequest) -> Sequence[MessageView]:
        """A page of messages, newest first."""
        wanted = MessageFilter(
            to=await self._party(caller, account, request, request.to),
            sender=await self._party(caller, account, request, request.sender),
            from_ms=request.from_ms,
            to_ms=request.to_ms,
        )
        rows = await self._store.messages(account.sid, wanted, before=request.before, limit=request.limit)
        return await self.open(caller, account.sid, rows)

    async def open(self, caller: Caller, account: str, rows: Sequence[MessageRow]) -> Sequence[MessageView]:
        """Views of rows, in order; content is None where the credential opens no key of that hour."""
        sealed = sorted({row.epoch for row in rows if row.content})
        keys = await self._keys.open_epochs(caller, account, sealed) if sealed else {}
        views = []
        for row in rows:
            key = keys.get(row.epoch) if row.content else None
            content = open_content(self._sealers.of(account, key), row.sid, row.content) if key is not None else None
            views.append(MessageView(row=row, content=content))
        return views

    async def _party(
        self, caller: Caller, account: AccountRow, request: ListRequest, number: str | None
    ) -> Party | None:
        if number is None:
            return None
        first_ms = max(account.created_ms, request.from_ms or 0)
        last_ms = min(self._clock.now_ms(), request.to_ms or self._clock.now_ms())
        days = list(range(first_ms // DAY_MS - 1, last_ms // DAY_MS + 2))
        keys = await self._keys.index_keys(caller, account.sid, days)
        return Party(number=number, indexes=frozenset(remote_index(key, day, number) for day, key in keys.items()))
