"""A tenant changes a call that lives: another document, an end; or erases one that is over.

Source: Twilio, "Update a Call resource"; error 21220 (a call that is not in progress).
"""

from typing import Literal

from ringfence.domain.call import FINAL, LIVE, Order, Status
from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.sealing.call import seal_order
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.retained import END
from ringfence.ports.calls import CallChange, CallOrder, CallRow
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import AccountRow, QueueFullError, Store
from ringfence.ports.wake import Wake
from ringfence.usecases.retention.parts import retained_end
from ringfence.usecases.voice.call_record import progress_events
from ringfence.usecases.voice.call_view import CallView
from ringfence.usecases.voice.given_twiml import check_given
from ringfence.usecases.voice.read_calls import CallReader

INVALID_STATE = 21220
NOT_OVER = 20009

WantedStatus = Literal["canceled", "completed"]


class CallChanger:
    """Leaves orders for the voice process that runs a call."""

    def __init__(self, store: Store, keys: TenantKeys, clock: Clock, wake: Wake, reader: CallReader) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._wake = wake
        self._reader = reader

    async def end(self, caller: Caller, account: AccountRow, sid: str, status: WantedStatus) -> CallView | None:
        """End a call; `canceled` is for one that nobody has answered. ApiError 21220 where it is too late for that."""
        view = await self._reader.fetch(caller, account, sid)
        if view is None:
            return None
        row = view.row
        if row.status in FINAL:
            # Ending what is over is nothing new; calling it off is too late.
            if status == "completed":
                return view
            raise ApiError(INVALID_STATE)
        if status == "canceled" and row.status is Status.IN_PROGRESS:
            raise ApiError(INVALID_STATE)
        if row.status is Status.QUEUED and not row.owner and await self._called_off(caller, view):
            return await self._reader.fetch(caller, account, sid)
        await self._order(row, "end", b"")
        return view

    async def redirect(self, caller: Caller, account: AccountRow, sid: str, order: Order) -> CallView | None:
        """Let a call run another document now, or change what else an order may change.

        ApiError 21220 where it is too late for that; those of `check_given`.
        """
        if order.twiml:
            check_given(order.twiml)
        view = await self._reader.fetch(caller, account, sid)
        if view is None:
            return None
        row = view.row
        if row.status not in LIVE or (row.status is not Status.IN_PROGRESS and (order.url or order.twiml)):
            raise ApiError(INVALID_STATE)
        epochs = await self._keys.open_epochs(caller, account.sid, [row.epoch])
        if row.epoch not in epochs:
            raise ApiError(20403)
        await self._order(row, "document", seal_order(RecordSealer(epochs[row.epoch], account.sid), sid, order))
        return view

    async def delete(self, account: str, sid: str) -> bool:
        """Erase a call that is over; False where there is none. ApiError 20009 while it lives."""
        row = await self._store.call(account, sid)
        if row is None or row.brings_code:
            return False
        if row.status in LIVE:
            raise ApiError(NOT_OVER)
        return await self._store.delete_call(account, sid)

    async def _called_off(self, caller: Caller, view: CallView) -> bool:
        """End a call that no process has taken. False where one has, just now."""
        row, at_ms = view.row, self._clock.now_ms()
        events = [] if view.content is None else progress_events(view.content, Status.CANCELED, at_ms)
        change = CallChange(status=Status.CANCELED, at_ms=at_ms)
        sealing = await self._keys.sealing_key(caller, row.account)
        retained = retained_end(sealing.retention_of(row.sid, END), row, at_ms)
        moved = await self._store.move_call(row.account, row.sid, change, events, retained)
        if moved is None:
            return False
        self._wake.ring()
        # A process that took it meanwhile finds this, and hangs up.
        await self._order(row, "end", b"", must=False)
        return True

    async def _order(self, row: CallRow, kind: str, content: bytes, *, must: bool = True) -> None:
        order = CallOrder(account=row.account, call_sid=row.sid, kind=kind, content=content, at_ms=self._clock.now_ms())
        try:
            left = await self._store.order(order)
        except QueueFullError:
            raise ApiError(20429) from None
        if not left and must:
            raise ApiError(INVALID_STATE)
        self._wake.ring()
