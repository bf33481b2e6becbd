"""All that happened to one call, read by its tenant: steps, webhooks and recordings, opened with its own credential.

The same opening as for reading the call itself, and so the same entry in the key service's ledger.
"""

import msgspec

from ringfence.domain.call import Content
from ringfence.domain.call_step import StepDetail
from ringfence.domain.sealing.call import open_call, open_step
from ringfence.domain.sealing.record import RecordSealer
from ringfence.ports.calls import CallFilter, CallRow, RecordingRow, StepRow
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import Store
from ringfence.usecases.timeline.webhooks import WebhookView, read_webhooks

MAX_CHILDREN = 100
MAX_RECORDINGS = 100


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """One step; `detail` is None where this credential does not open it."""

    row: StepRow
    detail: StepDetail | None


class CallTimelineView(msgspec.Struct, frozen=True, kw_only=True):
    """A call's life. `content` is None where this credential opens no key of that hour; `children` its Dial made."""

    row: CallRow
    content: Content | None
    steps: tuple[StepView, ...]
    webhooks: tuple[WebhookView, ...]
    recordings: tuple[RecordingRow, ...]
    children: tuple[CallRow, ...]

    def __repr__(self) -> str:
        return f"CallTimelineView({self.row.sid})"


class CallTimelineReader:
    """Reads with the keys of the credential that asks, and no others."""

    def __init__(self, store: Store, keys: TenantKeys) -> None:
        self._store = store
        self._keys = keys

    async def read(self, caller: Caller, account: str, sid: str) -> CallTimelineView | None:
        """The timeline, or None when the account has no such call."""
        row = await self._store.call(account, sid)
        if row is None:
            return None
        key = (await self._keys.open_epochs(caller, account, [row.epoch])).get(row.epoch)
        sealer = None if key is None else RecordSealer(key, account)
        children = await self._store.calls(account, CallFilter(parent_sid=sid), limit=MAX_CHILDREN)
        return CallTimelineView(
            row=row,
            content=open_call(sealer, sid, row.content) if sealer is not None and row.content else None,
            steps=tuple(
                StepView(row=step, detail=_opened(sealer, step)) for step in await self._store.steps(account, sid)
            ),
            webhooks=await read_webhooks(self._store, sealer, account, sid),
            recordings=tuple(await self._store.recordings(account, call_sid=sid, limit=MAX_RECORDINGS)),
            children=tuple(reversed(children)),
        )


def _opened(sealer: RecordSealer | None, step: StepRow) -> StepDetail | None:
    return open_step(sealer, step.call_sid, step.detail) if sealer is not None and step.detail else None
