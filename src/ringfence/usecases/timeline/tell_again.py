"""Tell one event of a text or a call again, for the tenant whose credential is present.

The hour of an older one is closed to the dispatcher, which could not open it to tell anything: so the tenant lends it
that one record first.
"""

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.ports.calls import CallRow
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import MessageRow, Store
from ringfence.ports.verify_events import TellingRow
from ringfence.ports.wake import Wake

STILL_PENDING = 20409


class EventTeller:
    """Makes told and given-up events pending again; they carry the idempotency token they had."""

    def __init__(self, store: Store, keys: TenantKeys, clock: Clock, wake: Wake) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._wake = wake

    async def tell_again(self, caller: Caller, account: str, sid: str, event_id: int) -> bool:
        """True: it is pending again. False: the account has no such text or call, or that has no such event.

        ApiError 20409 while it is pending; KeyRefusedError where the credential does not open the text or call.
        """
        row = await self._row(account, sid)
        events = await self._store.events(account, sid)
        if row is None or all(event.id != event_id for event in events):
            return False
        await self._keys.lend_record(caller, account, row.epoch, sid)
        if not await self._store.replay(account, event_id, self._clock.now_ms()):
            raise ApiError(STILL_PENDING, "This event is still to be told.")
        self._wake.ring()
        return True

    async def _row(self, account: str, sid: str) -> MessageRow | CallRow | TellingRow | None:
        if sid.startswith("EV"):
            (row,) = await self._store.tellings_of([(account, sid)])
            return row
        return await (self._store.call if sid.startswith("CA") else self._store.message)(account, sid)
