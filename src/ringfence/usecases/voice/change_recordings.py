"""A tenant begins, pauses, resumes, ends and erases recordings of a call that lives.

The voice process that runs the call does it; what is answered is what it wrote down, as soon as it has.

Source: Twilio, "Recordings subresource" of Calls; errors 21220 (a call that is not in progress) and 20009.
"""

import asyncio
from collections.abc import Callable
from typing import Literal

from ringfence.domain.call import RecordingOptions, Status
from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.sealing.call import seal_order
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sid import new_sid
from ringfence.ports.calls import CallOrder, CallRow, RecordingRow
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.recordings import RecordingFiles
from ringfence.ports.store import QueueFullError, Store
from ringfence.ports.wake import Wake

CURRENT = "Twilio.CURRENT"
INVALID_STATE = 21220
NOT_OVER = 20009
UNDER_WAY = frozenset({"in-progress", "paused"})

# How long the voice process is waited for; it takes a few milliseconds where it runs.
ANSWERED_WITHIN_S = 3.0
_LOOK_AGAIN_S = 0.02

RecordingOrder = Literal["in-progress", "paused", "stopped"]


class RecordingChanger:
    """Leaves orders for the voice process that runs a call, and erases what is over."""

    def __init__(self, store: Store, keys: TenantKeys, clock: Clock, wake: Wake, files: RecordingFiles) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._wake = wake
        self._files = files

    async def begin(
        self, caller: Caller, account: str, call_sid: str, options: RecordingOptions
    ) -> RecordingRow | None:
        """Begin one; None: no such call. ApiError 21220 where it is not in progress, 20503 where nothing came of it."""
        call = await self._store.call(account, call_sid)
        if call is None or call.brings_code:
            return None
        if call.status is not Status.IN_PROGRESS:
            raise ApiError(INVALID_STATE)
        epochs = await self._keys.open_epochs(caller, account, [call.epoch])
        if call.epoch not in epochs:
            raise ApiError(20403)
        sid = new_sid("RE", self._clock.now_ms())
        content = seal_order(RecordSealer(epochs[call.epoch], account), call_sid, options)
        await self._order(call, "recording.start", sid, content)
        begun = await self._until(account, sid, lambda row: True)
        if begun is None:
            raise ApiError(20503)
        return begun

    async def change(
        self, account: str, call_sid: str, sid: str, status: RecordingOrder, *, skip: bool
    ) -> RecordingRow | None:
        """Pause (leaving the pause out with `skip`, else as silence), resume or end one; None: there is none.

        `sid` may be Twilio.CURRENT: the newest that is under way. ApiError 21220 where it is over.
        """
        row = await self._meant(account, call_sid, sid)
        call = await self._store.call(account, call_sid)
        if row is None or call is None:
            return None
        if row.status not in UNDER_WAY:
            raise ApiError(INVALID_STATE)
        if row.status == status:
            return row
        kind = {"in-progress": "resume", "stopped": "stop", "paused": "skip" if skip else "pause"}[status]
        await self._order(call, f"recording.{kind}", row.sid, b"")

        def done(found: RecordingRow) -> bool:
            return found.status == status or found.status not in UNDER_WAY

        return await self._until(account, row.sid, done) or row

    async def delete(self, account: str, sid: str, call_sid: str | None = None) -> bool:
        """Erase one that is over, its sound first; False where there is none. ApiError 20009 while it is made."""
        row = await self._store.recording(account, sid)
        if row is None or row.status == "deleted" or call_sid not in (None, row.call_sid):
            return False
        if row.status in UNDER_WAY:
            raise ApiError(NOT_OVER)
        await self._files.delete(account, sid)
        return await self._store.delete_recording(account, sid, self._clock.now_ms())

    async def _meant(self, account: str, call_sid: str, sid: str) -> RecordingRow | None:
        if sid != CURRENT:
            row = await self._store.recording(account, sid)
            return row if row is not None and row.call_sid == call_sid and row.status != "deleted" else None
        rows = await self._store.recordings(account, call_sid=call_sid)
        return next((row for row in rows if row.status in UNDER_WAY), None)

    async def _order(self, call: CallRow, kind: str, sid: str, content: bytes) -> None:
        order = CallOrder(
            account=call.account,
            call_sid=call.sid,
            kind=kind,
            argument=sid,
            content=content,
            at_ms=self._clock.now_ms(),
        )
        try:
            left = await self._store.order(order)
        except QueueFullError:
            raise ApiError(20429) from None
        if not left:
            raise ApiError(INVALID_STATE)
        self._wake.ring()

    async def _until(self, account: str, sid: str, done: Callable[[RecordingRow], bool]) -> RecordingRow | None:
        """The row once that is so; else what there is in the end."""
        row = None
        for _ in range(round(ANSWERED_WITHIN_S / _LOOK_AGAIN_S)):
            row = await self._store.recording(account, sid)
            if row is not None and done(row):
                break
            await asyncio.sleep(_LOOK_AGAIN_S)
        return row
