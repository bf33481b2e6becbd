"""All that happened to one text, read by its tenant: rows from the store, opened with the credential that asks.

The same opening as for reading the text itself, and so the same entry in the key service's ledger.
"""

import msgspec

from ringfence.domain.carrier_trail import CarrierStep, Effect, decode_trail, with_effects
from ringfence.domain.message import Content
from ringfence.domain.sealing.content import open_content
from ringfence.domain.sealing.record import RecordSealer
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import MessageRow, Store
from ringfence.usecases.timeline.webhooks import WebhookView, read_webhooks


class TimelineView(msgspec.Struct, frozen=True, kw_only=True):
    """A text's life. `content` is None where this credential opens no key of that hour."""

    row: MessageRow
    content: Content | None
    steps: tuple[tuple[CarrierStep, Effect], ...]
    webhooks: tuple[WebhookView, ...]

    def __repr__(self) -> str:
        return f"TimelineView({self.row.sid})"


class TimelineReader:
    """Reads with the keys of the credential that asks, and no others."""

    def __init__(self, store: Store, keys: TenantKeys) -> None:
        self._store = store
        self._keys = keys

    async def read(self, caller: Caller, account: str, sid: str) -> TimelineView | None:
        """The timeline, or None when the account has no such text."""
        row = await self._store.message(account, sid)
        if row is None:
            return None
        trail = await self._store.carrier_trail(account, sid)
        key = (await self._keys.open_epochs(caller, account, [row.epoch])).get(row.epoch)
        sealer = None if key is None else RecordSealer(key, account)
        return TimelineView(
            row=row,
            content=open_content(sealer, sid, row.content) if sealer is not None and row.content else None,
            steps=tuple(with_effects(decode_trail(trail))),
            webhooks=await read_webhooks(self._store, sealer, account, sid),
        )
