"""Tell a tenant's program one event: one attempt, and what became of it."""

import asyncio
import hashlib
import random
from collections.abc import Callable, Sequence
from typing import Literal

import structlog

from ringfence.domain.clock import Clock
from ringfence.domain.sealing.attempt import seal_attempt
from ringfence.ports.http import HttpClient
from ringfence.ports.keys import DeliveryKeys, KeyRefusedError
from ringfence.ports.onlookers import Detours
from ringfence.ports.store import EventRow, Settlement, Store
from ringfence.usecases.webhooks.answer_text import TextAnswerer
from ringfence.usecases.webhooks.call_webhook import WebhookFailedError, WebhookRequest, call_webhook
from ringfence.usecases.webhooks.media_port import Media
from ringfence.usecases.webhooks.open_call import OpenedCall
from ringfence.usecases.webhooks.open_event import EventOpener
from ringfence.usecases.webhooks.open_notice import OpenedNotice
from ringfence.usecases.webhooks.open_text import OpenedText
from ringfence.usecases.webhooks.open_verify_event import OpenedVerifyEvent
from ringfence.usecases.webhooks.opened_event import NothingToTell, OpenedEvent, Shut
from ringfence.usecases.webhooks.recording_port import RecordingUrls
from ringfence.usecases.webhooks.reply_port import Replies
from ringfence.usecases.webhooks.retry_schedule import next_delay_ms
from ringfence.usecases.webhooks.text_form import status_form
from ringfence.usecases.webhooks.trace import Trace

# The answer to a status callback is not read for anything but its status.
MAX_STATUS_ANSWER_BYTES = 1 << 20
DELIVERY_S = 60.0

Keep = Literal["all", "failures", "none"]
"""Of which attempts the detail is kept, sealed: request, answer, timing. Their status and duration always are."""

_log = structlog.get_logger(__name__)


class EventDelivery:
    """Opens events and delivers them, one attempt a call; the result is for `Outbox.settle_events`.

    2xx is done. Time-outs, lost connections, 5xx, 408, 425 and 429 are tried again on the schedule of
    `retry_schedule`; all else, and the last attempt, leaves the event dead, to be replayed.
    """

    def __init__(
        self,
        store: Store,
        keys: DeliveryKeys,
        http: HttpClient,
        replies: Replies,
        media: Media,
        clock: Clock,
        *,
        keep: Keep = "all",
        detours: Detours | None = None,
        recordings: RecordingUrls | None = None,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._opener = EventOpener(store, keys, clock, detours, recordings)
        self._http = http
        self._clock = clock
        self._keep = keep
        self._random = random
        self._answerer = TextAnswerer(replies, media, clock)

    async def open(self, events: Sequence[EventRow]) -> list[OpenedEvent | Settlement | ConnectionError]:
        """Each event ready for `deliver`, or its settlement where nobody is to be called, or ConnectionError: later."""
        return [
            self._ready(event, opened) for event, opened in zip(events, await self._opener.open(events), strict=True)
        ]

    def _ready(
        self, event: EventRow, opened: OpenedEvent | NothingToTell | Shut
    ) -> OpenedEvent | Settlement | ConnectionError:
        if isinstance(opened, OpenedEvent | ConnectionError):
            return opened
        if isinstance(opened, KeyRefusedError):
            return self.failed(event, WebhookFailedError(None, "the key service refuses", transient=True))
        if opened.state == "dead":
            self._report(event, opened.cause, "dead")
        return self._settled(event, opened.state)

    async def deliver(self, opened: OpenedEvent) -> Settlement:
        """Make one attempt. Raises nothing but what nobody foresaw."""
        event = opened.event
        trace = Trace(self._http, self._clock)
        started_ms = self._clock.monotonic_ms()
        try:
            http_status, error_code = await self._tell(opened, trace)
        except WebhookFailedError as error:
            return self._failed(opened, trace, error, started_ms)
        except TimeoutError:
            too_long = WebhookFailedError(11200, "the whole took too long", transient=True)
            return self._failed(opened, trace, too_long, started_ms)
        return self._settled(
            event,
            "done",
            http_status=http_status,
            error_code=error_code,
            duration_ms=self._clock.monotonic_ms() - started_ms,
            detail=self._detail(opened, trace),
        )

    async def _tell(self, opened: OpenedEvent, trace: Trace) -> tuple[int, int | None]:
        """The status of the answer, and Twilio's code for what was wrong with it, if anything."""
        if isinstance(opened, OpenedCall):
            return await self._call(opened, opened.method, opened.form, trace), None
        if isinstance(opened, OpenedVerifyEvent | OpenedNotice):
            return await self._call(opened, "POST", opened.form, trace), None
        if not isinstance(opened, OpenedText):
            raise TypeError(type(opened).__name__)
        if opened.config is None:
            form = status_form(opened.row, opened.content, opened.event)
            return await self._call(opened, "POST", form, trace), None
        # A status callback is one call, which is bounded; documents may lead to documents.
        async with asyncio.timeout(DELIVERY_S):
            result = await self._answerer.answer(opened, token_of(opened.event), trace)
        return result.http_status, result.error_code

    def _failed(self, opened: OpenedEvent, trace: Trace, error: WebhookFailedError, started_ms: int) -> Settlement:
        duration_ms = self._clock.monotonic_ms() - started_ms
        return self.failed(opened.event, error, duration_ms, self._detail(opened, trace, error.cause))

    def _detail(self, opened: OpenedEvent, trace: Trace, cause: str = "") -> bytes:
        if (
            not opened.record_key
            or self._keep == "none"
            or (self._keep == "failures" and not cause and not trace.troubled)
        ):
            return b""
        event = opened.event
        return seal_attempt(opened.record_key, event.account, event.message_sid, event.id, trace.attempt(cause))

    def failed(
        self, event: EventRow, error: WebhookFailedError, duration_ms: int = 0, detail: bytes = b""
    ) -> Settlement:
        """The settlement of a failed attempt: pending again, or dead. `detail` is what was said in it, sealed."""
        delay_ms = next_delay_ms(event.attempts + 1, self._random, error.retry_after_s) if error.transient else None
        state = "dead" if delay_ms is None else "pending"
        self._report(event, error.cause, state, code=error.code, http_status=error.http_status, delay_ms=delay_ms)
        return self._settled(
            event,
            state,
            due_ms=self._clock.now_ms() + (delay_ms or 0),
            http_status=error.http_status,
            error_code=error.code,
            duration_ms=duration_ms,
            detail=detail,
        )

    async def _call(self, opened: OpenedEvent, method: str, form: Sequence[tuple[str, str]], trace: Trace) -> int:
        request = WebhookRequest(
            method=method,
            url=opened.url,
            target=opened.target,
            form=form,
            states=opened.states,
            token=token_of(opened.event),
            max_body_bytes=MAX_STATUS_ANSWER_BYTES,
            owner=opened.event.account,
        )
        return (await call_webhook(trace, self._clock, request)).response.status

    def _settled(
        self,
        event: EventRow,
        state: str,
        *,
        due_ms: int = 0,
        http_status: int | None = None,
        error_code: int | None = None,
        duration_ms: int = 0,
        detail: bytes = b"",
    ) -> Settlement:
        return Settlement(
            event_id=event.id,
            account=event.account,
            state=state,
            due_ms=due_ms,
            http_status=http_status,
            error_code=error_code,
            duration_ms=duration_ms,
            at_ms=self._clock.now_ms(),
            detail=detail,
        )

    def _report(
        self,
        event: EventRow,
        cause: str,
        status: str,
        *,
        code: int | None = None,
        http_status: int | None = None,
        delay_ms: int | None = None,
    ) -> None:
        _log.warning(
            "webhook failed",
            account=event.account,
            message_sid=event.message_sid,
            event_id=event.id,
            kind=event.kind,
            status=status,
            code=code,
            cause=cause,
            http_status=http_status,
            attempts=event.attempts + 1,
            delay_ms=delay_ms,
        )


def token_of(event: EventRow) -> str:
    """The idempotency token of an event: the same in every attempt and replay, in the form of a UUID."""
    named = f"webhook|{event.account}|{event.message_sid}|{event.kind}|{event.sequence}"
    digest = hashlib.sha256(named.encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
