"""The recordings of one call: begun on its leg, told of by callbacks, and over when the media worker says so.

Source: Twilio, "Recording resource"; "TwiML Record" and "Dial" (recordingStatusCallback).
"""

from collections.abc import Awaitable
from typing import Literal

from ringfence.domain.call import RecordingOptions
from ringfence.domain.sealing.call import seal_recording_with
from ringfence.domain.sid import new_sid
from ringfence.ports.calls import RecordingRow, RecordingStatus
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.media import RecordingEnded, RecordingPlan
from ringfence.ports.store import NewEvent
from ringfence.usecases.voice.call_record import CallRecord, insist
from ringfence.usecases.voice.desk import Desk
from ringfence.usecases.voice.patience import patiently

MAX_LENGTH_S = 14_400
NOT_RECORDED = 13610


class Recordings:
    """Begins and ends recordings on the leg of `record`'s call."""

    def __init__(self, desk: Desk, record: CallRecord) -> None:
        self._desk = desk
        self._record = record
        self._running: dict[str, RecordingOptions] = {}
        self._urls: dict[str, str] = {}
        self._keys: dict[str, bytes] = {}

    @property
    def running(self) -> tuple[str, ...]:
        """The SIDs of those that have begun and are not over, in order."""
        return tuple(self._running)

    def url(self, sid: str) -> str:
        """Where a recording is fetched, without a credential for a day."""
        return self._urls.get(sid) or self._desk.links.plain(self._record.account, sid)

    async def begin(
        self,
        source: str,
        options: RecordingOptions,
        *,
        sid: str = "",
        max_length_s: int = MAX_LENGTH_S,
        silence_timeout_s: int | None = None,
    ) -> str | None:
        """Begin one: its SID, or None where it cannot be, which the timeline says."""
        record, now_ms = self._record, self._desk.clock.now_ms()
        sid = sid or new_sid("RE", now_ms)
        try:
            key = await patiently(lambda: self._desk.keys.seal_record(record.account, sid, record.content.to))
            self._urls[sid] = await self._desk.links.link(record.account, sid, key.key)
            self._keys[sid] = key.key
        except (KeyRefusedError, ConnectionError):
            record.step("error", "the recording has no key and was not made", code=NOT_RECORDED)
            return None
        row = RecordingRow(
            account=record.account,
            sid=sid,
            call_sid=record.sid,
            status="in-progress",
            channels=options.made_channels,
            source=source,
            track=options.track,
            epoch=key.epoch,
            started_ms=now_ms,
            created_ms=now_ms,
            updated_ms=now_ms,
            content=seal_recording_with(record.key, record.account, record.sid, sid, options),
        )
        await insist(lambda: self._desk.store.add_recording(row))
        self._running[sid] = options
        plan = RecordingPlan(
            account=record.account,
            sid=sid,
            key=key.key,
            channels=options.made_channels,
            tracks="inbound" if options.track == "inbound" else "outbound" if options.track == "outbound" else "both",
            max_length_s=max_length_s,
            silence_timeout_s=silence_timeout_s,
            trim=options.trim,
        )
        try:
            await self._desk.media.record(record.sid, plan)
        except ConnectionError:
            await self.lost(sid)
            return None
        record.step("media", "recording begins", fields=(("RecordingSid", sid),))
        await self._tell(sid, options, "in-progress")
        return sid

    async def stop(self, sid: str) -> None:
        """End one; its `RecordingEnded` follows."""
        await self._media(self._desk.media.stop_recording(self._record.sid, sid))

    async def pause(self, sid: str, *, silence: bool) -> None:
        """Leave out what follows, or record it as silence."""
        if sid in self._running:
            await self._media(self._desk.media.pause_recording(self._record.sid, sid, silence=silence))
            await self._move(sid, "paused")

    async def resume(self, sid: str) -> None:
        """Go on."""
        if sid in self._running:
            await self._media(self._desk.media.resume_recording(self._record.sid, sid))
            await self._move(sid, "in-progress")

    async def ended(self, event: RecordingEnded) -> None:
        """Settle one that the media worker has ended."""
        options = self._running.pop(event.sid, None)
        if options is None:
            return
        if event.cause == "failed" or event.duration_ms == 0:
            await self._settle(event.sid, options, "absent", 0, NOT_RECORDED if event.cause == "failed" else None)
        else:
            await self._settle(event.sid, options, "completed", event.duration_ms)
        self._record.step(
            "media",
            "recording ends",
            fields=(("RecordingSid", event.sid), ("Cause", event.cause), ("DurationMs", str(event.duration_ms))),
        )

    async def lost(self, sid: str) -> RecordingEnded:
        """Settle one whose media worker is gone by what it wrote, which can be heard up to its last second."""
        account, options = self._record.account, self._running.pop(sid, None)
        length_ms = await self._desk.written.length_ms(account, sid, self._keys[sid]) if sid in self._keys else None
        if options is not None and length_ms:
            self._record.step("warning", "the recording ends where its media worker did")
            await self._settle(sid, options, "completed", length_ms)
        elif options is not None:
            self._record.step("error", "the recording was lost with its media worker", code=NOT_RECORDED)
            await self._settle(sid, options, "absent", 0, NOT_RECORDED)
        cause: Literal["closed", "failed"] = "closed" if length_ms else "failed"
        return RecordingEnded(leg=self._record.sid, sid=sid, duration_ms=length_ms or 0, cause=cause)

    async def lose_all(self) -> list[RecordingEnded]:
        """Settle all that are not over, of which nothing is heard any more: what would have been heard."""
        return [await self.lost(sid) for sid in self.running]

    async def _settle(
        self,
        sid: str,
        options: RecordingOptions,
        status: RecordingStatus,
        duration_ms: int,
        error_code: int | None = None,
    ) -> None:
        events = self._events(sid, options, status, error_code)
        await insist(
            lambda: self._desk.store.move_recording(
                self._record.account,
                sid,
                status,
                self._desk.clock.now_ms(),
                duration_ms=duration_ms,
                error_code=error_code,
                events=events,
            )
        )
        if events:
            self._desk.wake.ring()

    async def _tell(self, sid: str, options: RecordingOptions, status: RecordingStatus) -> None:
        events = self._events(sid, options, status)
        if events:
            await insist(
                lambda: self._desk.store.move_recording(
                    self._record.account, sid, status, self._desk.clock.now_ms(), events=events
                )
            )
            self._desk.wake.ring()

    async def _move(self, sid: str, status: RecordingStatus) -> None:
        await insist(
            lambda: self._desk.store.move_recording(self._record.account, sid, status, self._desk.clock.now_ms())
        )

    def _events(
        self, sid: str, options: RecordingOptions, status: RecordingStatus, error_code: int | None = None
    ) -> list[NewEvent]:
        if not options.callback or status not in (options.events or ("completed",)):
            return []
        at_ms = self._desk.clock.now_ms()
        return [NewEvent(kind=f"recording.{status}", sequence=0, at_ms=at_ms, error_code=error_code, raw=sid)]

    async def _media(self, work: Awaitable[None]) -> None:
        try:
            await work
        except ConnectionError:
            # The worker is gone: the leg's failure says so, and settles its recordings.
            return
