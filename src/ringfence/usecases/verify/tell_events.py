"""Have the webhooks of a Verify Service told what happened to a factor or a challenge.

Source: Twilio, Verify v2, "Webhooks".
"""

from collections.abc import Sequence

from ringfence.domain.clock import Clock
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.verify_event import seal_verify_event
from ringfence.domain.sid import new_sid
from ringfence.domain.verify_event import VerifyEvent, decode_verify_webhook
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import Store
from ringfence.ports.verify_events import TellingRow
from ringfence.ports.wake import Wake
from ringfence.usecases.verify.configuration import WEBHOOK


class VerifyEventTeller:
    """Implements `ports.verify_events.VerifyEvents`. `wake` rings the dispatchers."""

    def __init__(self, store: Store, keys: TenantKeys, clock: Clock, wake: Wake) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._wake = wake

    async def tellings(self, caller: Caller, event: VerifyEvent) -> Sequence[TellingRow]:
        hooks = await self._store.verify_rows(event.account, "webhook", parent=event.service, limit=WEBHOOK.limit)
        # The oldest first, as they were made.
        wanting = [row for row in reversed(hooks) if decode_verify_webhook(row.settings).wants(event.kind)]
        if not wanting:
            return []
        sealing = await self._keys.sealing_key(caller, event.account)
        sealer = RecordSealer(sealing.epoch_key, event.account)
        rows = []
        for webhook in wanting:
            sid = new_sid("EV", self._clock.now_ms())
            row = TellingRow(
                account=event.account,
                sid=sid,
                service=event.service,
                webhook=webhook.sid,
                subject=event.subject,
                kind=event.kind,
                epoch=sealing.epoch,
                content=seal_verify_event(sealer, sid, event),
                at_ms=event.at_ms,
            )
            rows.append(row)
        return rows

    async def happened(self, caller: Caller, event: VerifyEvent) -> None:
        if rows := await self.tellings(caller, event):
            await self._store.add_tellings(rows)
            self._wake.ring()
