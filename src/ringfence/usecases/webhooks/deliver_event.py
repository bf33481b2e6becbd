"""Tell a tenant's program one event: one attempt, and what became of it."""

import hashlib
import random
from collections.abc import Callable

import structlog

from ringfence.domain.clock import Clock
from ringfence.ports.http import HttpClient
from ringfence.ports.keys import DeliveryKeys, KeyRefusedError
from ringfence.ports.store import EventRow, Settlement, Store
from ringfence.usecases.webhooks.answer_text import TextAnswerer
from ringfence.usecases.webhooks.call_webhook import WebhookFailedError, WebhookRequest, call_webhook
from ringfence.usecases.webhooks.callback_form import status_form
from ringfence.usecases.webhooks.media_port import Media
from ringfence.usecases.webhooks.open_event import EventOpener, OpenedEvent
from ringfence.usecases.webhooks.reply_port import Replies
from ringfence.usecases.webhooks.retry_schedule import next_delay_ms

# The answer to a status callback is not read for anything but its status.
MAX_STATUS_ANSWER_BYTES = 1 << 20

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
        random: Callable[[], float] = random.random,
    ) -> None:
        self._opener = EventOpener(store, keys, clock)
        self._http = http
        self._clock = clock
        self._random = random
        self._answerer = TextAnswerer(http, replies, media, clock)

    async def open(self, event: EventRow) -> OpenedEvent | Settlement:
        """The event ready for `deliver`, or its settlement where nobody is to be called. ConnectionError: try later."""
        try:
            opened = await self._opener.open(event)
        except KeyRefusedError:
            return self.failed(event, WebhookFailedError(None, "the key service refuses", transient=True))
        if isinstance(opened, OpenedEvent):
            return opened
        if opened.state == "dead":
            self._tell(event, opened.cause, "dead")
        return self._settled(event, opened.state)

    async def deliver(self, opened: OpenedEvent) -> Settlement:
        """Make one attempt. Raises nothing but what nobody foresaw."""
        event = opened.event
        started_ms = self._clock.monotonic_ms()
        try:
            if opened.config is not None:
                result = await self._answerer.answer(opened, token_of(event))
                http_status, error_code = result.http_status, result.error_code
            else:
                http_status, error_code = await self._tell_status(opened), None
        except WebhookFailedError as error:
            return self.failed(event, error, self._clock.monotonic_ms() - started_ms)
        return self._settled(
            event,
            "done",
            http_status=http_status,
            error_code=error_code,
            duration_ms=self._clock.monotonic_ms() - started_ms,
        )

    def failed(self, event: EventRow, error: WebhookFailedError, duration_ms: int = 0) -> Settlement:
        """The settlement of a failed attempt: pending again, or dead."""
        delay_ms = next_delay_ms(event.attempts + 1, self._random, error.retry_after_s) if error.transient else None
        state = "dead" if delay_ms is None else "pending"
        self._tell(event, error.cause, state, code=error.code, http_status=error.http_status, delay_ms=delay_ms)
        return self._settled(
            event,
            state,
            due_ms=self._clock.now_ms() + (delay_ms or 0),
            http_status=error.http_status,
            error_code=error.code,
            duration_ms=duration_ms,
        )

    async def _tell_status(self, opened: OpenedEvent) -> int:
        request = WebhookRequest(
            method="POST",
            url=opened.url,
            form=status_form(opened.row, opened.content, opened.event),
            states=opened.states,
            token=token_of(opened.event),
            max_body_bytes=MAX_STATUS_ANSWER_BYTES,
            owner=opened.event.account,
        )
        return (await call_webhook(self._http, self._clock, request)).response.status

    def _settled(
        self,
        event: EventRow,
        state: str,
        *,
        due_ms: int = 0,
        http_status: int | None = None,
        error_code: int | None = None,
        duration_ms: int = 0,
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
        )

    def _tell(
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
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
