"""Calls that nobody runs, their process being dead or they frozen: each ends, and its program is told."""

import asyncio
from collections.abc import Sequence

import msgspec
import structlog

from ringfence.domain.call import Status
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.call import open_call_with, open_recording_with
from ringfence.ports.calls import CallChange, CallRow, RecordingRow, RecordingStatus
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.store import NewEvent
from ringfence.usecases.voice.call_record import CallRecord, insist
from ringfence.usecases.voice.desk import Desk
from ringfence.usecases.voice.recordings import NOT_RECORDED

PAGE = 100
AT_ONCE = 32

_log = structlog.get_logger(__name__)


class WhyEnded(msgspec.Struct, frozen=True):
    """Twilio's code, and what the call's timeline says."""

    code: int
    cause: str


LOST_PROCESS = WhyEnded(31005, "the process that ran the call ended")
FROZEN = WhyEnded(10001, "an operator has frozen the account")


class OrphanEnder:
    """Ends calls that nobody runs any more, or yet."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def end(self, rows: Sequence[CallRow], why: WhyEnded = LOST_PROCESS) -> None:
        """End these. ConnectionError where the key service is away: nothing is lost, they are found again."""
        accounts: dict[str, list[CallRow]] = {}
        for row in rows:
            accounts.setdefault(row.account, []).append(row)
        for account, theirs in accounts.items():
            try:
                keys = await self._desk.keys.open_records(account, [(row.epoch, row.sid) for row in theirs])
            except KeyRefusedError:
                keys = [None] * len(theirs)
            turns = asyncio.Semaphore(AT_ONCE)
            ends = (self._in_turn(turns, row, key, why) for row, key in zip(theirs, keys, strict=True))
            for failed in await asyncio.gather(*ends, return_exceptions=True):
                if isinstance(failed, BaseException):
                    raise failed

    async def _in_turn(self, turns: asyncio.Semaphore, row: CallRow, key: bytes | None, why: WhyEnded) -> None:
        async with turns:
            await self._end(row, key, why)

    async def _end(self, row: CallRow, key: bytes | None, why: WhyEnded) -> None:
        _log.warning(
            "voice.orphan_ended", account=row.account, call_sid=row.sid, status=row.status.value, code=why.code
        )
        status = Status.COMPLETED if row.answered_ms is not None else Status.FAILED
        record = self._record(row, key)
        if record is None:
            await self._end_unread(row, status, why)
            return
        for recording in await self._desk.store.recordings(row.account, call_sid=row.sid, limit=PAGE):
            if recording.status in {"in-progress", "paused"}:
                await self._end_recording(record, recording)
        record.step("error", why.cause, code=why.code)
        await record.move(status, error_code=why.code)

    def _record(self, row: CallRow, key: bytes | None) -> CallRecord | None:
        if key is None:
            return None
        try:
            return CallRecord(self._desk, row, open_call_with(key, row.account, row.sid, row.content), key)
        except UnsealError:
            return None

    async def _end_unread(self, row: CallRow, status: Status, why: WhyEnded) -> None:
        """End a call whose content does not open: nobody can be told."""
        change = CallChange(status=status, at_ms=self._desk.clock.now_ms(), error_code=why.code)
        retained = await self._desk.ends.of(row, change.at_ms)
        await insist(lambda: self._desk.store.move_call(row.account, row.sid, change, (), retained))

    async def _end_recording(self, record: CallRecord, recording: RecordingRow) -> None:
        """What was written is kept: the file opens up to its last whole chunk."""
        at_ms = self._desk.clock.now_ms()
        duration_ms = await self._written_ms(recording, max(0, at_ms - recording.started_ms))
        status: RecordingStatus = "completed" if duration_ms else "absent"
        events = self._events(record, recording, status, at_ms)
        await insist(
            lambda: self._desk.store.move_recording(
                record.account,
                recording.sid,
                status,
                at_ms,
                duration_ms=duration_ms,
                error_code=None if duration_ms else NOT_RECORDED,
                events=events,
            )
        )

    async def _written_ms(self, recording: RecordingRow, at_most_ms: int) -> int:
        """How long one can listen to it; all the time since it began where that cannot be told."""
        try:
            (key,) = await self._desk.keys.open_records(recording.account, [(recording.epoch, recording.sid)])
        except KeyRefusedError:
            key = None
        if key is None:
            return at_most_ms
        found_ms = await self._desk.written.length_ms(recording.account, recording.sid, key)
        return at_most_ms if found_ms is None else found_ms

    def _events(
        self, record: CallRecord, recording: RecordingRow, status: RecordingStatus, at_ms: int
    ) -> list[NewEvent]:
        try:
            options = open_recording_with(record.key, record.account, record.sid, recording.sid, recording.content)
        except UnsealError:
            return []
        if not options.callback or status not in (options.events or ("completed",)):
            return []
        error_code = NOT_RECORDED if status == "absent" else None
        return [NewEvent(kind=f"recording.{status}", sequence=0, at_ms=at_ms, error_code=error_code, raw=recording.sid)]
