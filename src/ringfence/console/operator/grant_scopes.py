"""What a request of staff covers, and what is read of it: texts, calls and recordings by SID, or whole hours."""

from collections.abc import Sequence
from typing import Final

import msgspec

from ringfence.console.refusals import RefusedError
from ringfence.domain.access.scope import Scope, epoch_name, is_call, is_recording
from ringfence.domain.clock import Clock
from ringfence.domain.sealing.epoch import CLOSE_AFTER_MS, HOUR_MS, ended_ms, first_epoch, last_epoch
from ringfence.domain.sid import is_sid
from ringfence.ports.calls import PLAYABLE, CallFilter, CallRow, RecordingRow
from ringfence.ports.grants import BOXES_AT_ONCE
from ringfence.ports.operator_view import OperatorView
from ringfence.ports.store import MessageFilter, MessageRow

RECORDS_MAX: Final = 50
HOURS_MAX: Final = 24
READ_AT_ONCE: Final = 200
# An hour's last epoch is that of one of its latest records: several processes seal at once.
LATEST: Final = 50


class Behind(msgspec.Struct, frozen=True):
    """After which text, call and recording of the hours to go on; "" for the newest."""

    text: str = ""
    call: str = ""
    recording: str = ""


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """What is read at once: keys by `names`, and rows. `behind` leads further, None where there is no more.

    Of `recordings` each is opened by itself: `names` are of texts and calls, none where there are none.
    """

    names: Sequence[str]
    texts: Sequence[MessageRow]
    calls: Sequence[CallRow]
    recordings: Sequence[RecordingRow]
    behind: Behind | None = None


class GrantScopes:
    """RefusedError says to a person why not."""

    def __init__(self, view: OperatorView, clock: Clock) -> None:
        self._view = view
        self._clock = clock

    async def of_records(self, account: str, sids: Sequence[str]) -> Scope:
        """Texts, calls and recordings of the account, by their SIDs."""
        if not 1 <= len(sids) <= RECORDS_MAX:
            raise RefusedError(f"Name 1 to {RECORDS_MAX} texts, calls or recordings by their SIDs, or whole hours.")
        for sid in sids:
            if not is_sid(sid) or await self._row(account, sid) is None:
                raise RefusedError("One of those is no text, call or recording of that account.", status=404)
        return Scope(records=tuple(sids))

    async def of_hours(self, account: str, from_ms: int, hours: int) -> tuple[Scope, Sequence[int]]:
        """The hours from the one that holds `from_ms` (Unix) on, as far as the account sealed something in them.

        With it when each of the others begins (Unix ms). Only such as have ended: the tenant would grant what it has
        yet to send.
        """
        if not 1 <= hours <= HOURS_MAX or not 0 <= from_ms <= self._clock.now_ms():
            raise RefusedError(f"Name 1 to {HOURS_MAX} hours that have ended.")
        start_ms = from_ms - from_ms % HOUR_MS
        if start_ms + hours * HOUR_MS > self._clock.now_ms():
            raise RefusedError("An hour can be asked for once it has ended.")
        epochs: list[int] = []
        empty: list[int] = []
        for hour_ms in range(start_ms, start_ms + hours * HOUR_MS, HOUR_MS):
            found = await self._epochs_of(account, hour_ms)
            epochs += found
            if not found:
                empty.append(hour_ms)
        if not epochs:
            raise RefusedError("There is nothing of that account in those hours.", status=404)
        if len(epochs) > BOXES_AT_ONCE:
            raise RefusedError("That is too much at once: ask for fewer hours.")
        return Scope(epochs=tuple(epochs)), empty

    async def covered(self, account: str, scope: Scope, behind: Behind) -> Covered:
        """Rows of what was granted, the newest first."""
        if scope.records:
            # What was granted and may be no longer has no row here, and its key is not asked for.
            rows = [row for sid in scope.records if (row := await self._row(account, sid)) is not None]
            return Covered(
                names=[row.sid for row in rows if not is_recording(row.sid)],
                texts=[row for row in rows if isinstance(row, MessageRow)],
                calls=[row for row in rows if isinstance(row, CallRow)],
                recordings=[row for row in rows if isinstance(row, RecordingRow)],
            )
        from_ms = ended_ms(min(scope.epochs)) - HOUR_MS
        # What was sealed in an hour's last moments may be written down a little later.
        to_ms = ended_ms(max(scope.epochs)) + CLOSE_AFTER_MS
        texts = await self._view.messages(
            account, MessageFilter(from_ms=from_ms, to_ms=to_ms), before=behind.text or None, limit=READ_AT_ONCE
        )
        calls = await self._view.calls(
            account,
            CallFilter(start_from_ms=from_ms, start_to_ms=to_ms),
            before=behind.call or None,
            limit=READ_AT_ONCE,
        )
        recordings = await self._view.recordings(
            account, from_ms=from_ms, to_ms=to_ms, before=behind.recording or None, limit=READ_AT_ONCE
        )
        more = READ_AT_ONCE in (len(texts), len(calls), len(recordings))
        within = set(scope.epochs)
        return Covered(
            names=scope.names,
            texts=[row for row in texts if row.epoch in within],
            calls=[row for row in calls if row.epoch in within and not row.brings_code],
            recordings=[row for row in recordings if row.epoch in within and row.status in PLAYABLE],
            behind=Behind(
                text=texts[-1].sid if texts else behind.text,
                call=calls[-1].sid if calls else behind.call,
                recording=recordings[-1].sid if recordings else behind.recording,
            )
            if more
            else None,
        )

    async def recording(self, account: str, scope: Scope, sid: str) -> tuple[RecordingRow, str]:
        """A recording that the scope covers, and the name of the key that opens it."""
        row = await self._recording(account, sid)
        if row is not None:
            for name in (row.sid, epoch_name(row.epoch)):
                if name in scope.names:
                    return row, name
        raise RefusedError("There is no such recording among what was granted.", status=404)

    async def _recording(self, account: str, sid: str) -> RecordingRow | None:
        row = await self._view.recording(account, sid)
        if row is None or row.status not in PLAYABLE:
            return None
        call = await self._view.call(account, row.call_sid)
        return None if call is not None and call.brings_code else row

    async def _row(self, account: str, sid: str) -> MessageRow | CallRow | RecordingRow | None:
        """One that brings a code is nobody's to ask for."""
        if is_recording(sid):
            return await self._recording(account, sid)
        row = await (self._view.call if is_call(sid) else self._view.message)(account, sid)
        return None if row is None or row.brings_code else row

    async def _epochs_of(self, account: str, start_ms: int) -> list[int]:
        end_ms = start_ms + HOUR_MS
        texts = await self._view.messages(account, MessageFilter(from_ms=start_ms, to_ms=end_ms), limit=LATEST)
        calls = await self._view.calls(account, CallFilter(start_from_ms=start_ms, start_to_ms=end_ms), limit=LATEST)
        # Of a call that began before, this may be all that the hour holds.
        recordings = await self._view.recordings(account, from_ms=start_ms, to_ms=end_ms, limit=LATEST)
        first, last = first_epoch(start_ms), last_epoch(start_ms)
        sealed_in = [row.epoch for rows in (texts, calls) for row in rows]
        sealed_in += [row.epoch for row in recordings if row.status in PLAYABLE]
        found = [epoch for epoch in sealed_in if first <= epoch <= last]
        return list(range(first, max(found) + 1)) if found else []
