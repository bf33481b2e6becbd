"""Have the webhooks of a Verify Service told what happened to a factor or a challenge.

Source: Twilio, Verify v2, "Webhooks".
"""

from collections.abc import Sequence

from ringfence.domain.clock import Clock
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.verify_event import seal_verify_event
from ringfence.domain.sid import new_sid
from ringfence.domain.verify_event import VerifyEvent
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import Store
from ringfence.ports.verify_events import TellingRow
from ringfence.ports.wake import Wake
from ringfence.usecases.verify.tellings import telling_of, webhooks_wanting


class VerifyEventTeller:
    """Implements `ports.verify_events.VerifyEvents`. `wake` rings the dispatchers."""

    def __init__(self, store: Store, keys: TenantKeys, clock: Clock, wake: Wake) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._wake = wake

    async def tellings(self, caller: Caller, event: VerifyEvent) -> Sequence[TellingRow]:
        wanting = await webhooks_wanting(self._store, event.account, event.service, event.kind)
        if not wanting:
            return []
        sealing = await self._keys.sealing_key(caller, event.account)
        sealer = RecordSealer(sealing.epoch_key, event.account)
        rows = []
        for webhook in wanting:
            sid = new_sid("EV", self._clock.now_ms())
            content = seal_verify_event(sealer, sid, event)
            rows.append(telling_of(event, sid=sid, webhook=webhook, epoch=sealing.epoch, content=content))
        return rows

    def told(self, rows: Sequence[TellingRow]) -> None:
        if rows:
            self._wake.ring()
