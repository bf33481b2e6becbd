"""Events of calls and their recordings: whom to tell, where the program asked to be told.

Source: Twilio, "Call resource" (StatusCallback), "Recording resource" (RecordingStatusCallback).
"""

from ringfence.domain.call import Content, RecordingOptions
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.call import open_call_with, open_recording_with
from ringfence.ports.calls import CallRow, RecordingRow
from ringfence.ports.outbox import EventRow
from ringfence.ports.store import Store
from ringfence.usecases.webhooks.call_form import Form, event_of, progress_form, recording_form
from ringfence.usecases.webhooks.event_batch import EventBatch
from ringfence.usecases.webhooks.opened_event import NO_TOKEN, NothingToTell, OpenedEvent
from ringfence.usecases.webhooks.recording_port import RecordingUrls

RECORDING = "recording."
COMPLETED = "completed"
# Of a whole call, asked for when it was made: the only kind that its own callback tells of.
WHOLE_CALL = "OutboundAPI"


class OpenedCall(OpenedEvent, frozen=True, kw_only=True):
    """A call's event, or a recording's: how to tell it, and with which fields."""

    method: str
    form: Form


class CallOpener:
    """Opens events of calls."""

    def __init__(self, store: Store, urls: RecordingUrls) -> None:
        self._store = store
        self._urls = urls

    async def open(self, event: EventRow, row: CallRow | None, batch: EventBatch) -> OpenedCall | NothingToTell:
        """The event, ready. KeyRefusedError, ConnectionError."""
        if row is None or not row.content:
            return NothingToTell("dead", "the call's content is gone")
        key = batch.key_of(row)
        if key is None:
            return NothingToTell("dead", "the call's content can no longer be opened")
        try:
            if event.kind.startswith(RECORDING):
                told = await self._recording(event, row, key)
            else:
                content = open_call_with(key, row.account, row.sid, row.content)
                told = await self._progress(event, row, content)
        except UnsealError:
            return NothingToTell("dead", "the call's content does not open")
        if isinstance(told, NothingToTell):
            return told
        states = await batch.states_of(row.account)
        if states is None:
            return NO_TOKEN
        url, method, form = told
        return OpenedCall(
            event=event,
            url=url,
            target=batch.target_of(url),
            states=states,
            record_key=key,
            method=method,
            form=form,
        )

    async def _progress(self, event: EventRow, row: CallRow, content: Content) -> tuple[str, str, Form] | NothingToTell:
        if not content.status_callback:
            return NothingToTell("done", "no status callback")
        name = event_of(event)
        if name not in (content.status_events or (COMPLETED,)):
            return NothingToTell("done", "not one of the events that were asked for")
        recording = await self._recording_of(row) if name == COMPLETED and content.record else None
        url = "" if recording is None else await self._urls.url(recording)
        form = progress_form(row, content, event, recording, url)
        return content.status_callback, content.status_method, form

    async def _recording_of(self, row: CallRow) -> RecordingRow | None:
        found = await self._store.recordings(row.account, call_sid=row.sid)
        return next((one for one in reversed(found) if one.source == WHOLE_CALL and one.status != "absent"), None)

    async def _recording(self, event: EventRow, row: CallRow, key: bytes) -> tuple[str, str, Form] | NothingToTell:
        recording = await self._store.recording(row.account, event.raw)
        if recording is None or not recording.content:
            return NothingToTell("dead", "the recording was deleted")
        options: RecordingOptions = open_recording_with(key, row.account, row.sid, recording.sid, recording.content)
        if not options.callback:
            return NothingToTell("done", "no recording status callback")
        if event.kind.removeprefix(RECORDING) not in (options.events or (COMPLETED,)):
            return NothingToTell("done", "not one of the events that were asked for")
        return options.callback, options.method, recording_form(recording, event, await self._urls.url(recording))
