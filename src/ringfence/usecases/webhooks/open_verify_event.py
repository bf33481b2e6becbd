"""Events of factors and challenges: which webhook is told, and with which fields.

Source: Twilio, Verify v2, "Webhooks".
"""

from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.verify_event import open_verify_event_with
from ringfence.domain.standing import verify_webhook_record
from ringfence.domain.verify_event import decode_verify_webhook
from ringfence.ports.outbox import EventRow
from ringfence.ports.store import Store
from ringfence.ports.verify_events import TellingRow
from ringfence.usecases.webhooks.event_batch import EventBatch
from ringfence.usecases.webhooks.opened_event import NO_TOKEN, NothingToTell, OpenedEvent
from ringfence.usecases.webhooks.standing_cache import StandingCache
from ringfence.usecases.webhooks.verify_form import Form, verify_form


class OpenedVerifyEvent(OpenedEvent, frozen=True, kw_only=True):
    """An event of a factor or a challenge. It is told by POST."""

    form: Form


class VerifyEventOpener:
    """Opens them."""

    def __init__(self, store: Store, standing: StandingCache) -> None:
        self._store = store
        self._standing = standing

    async def open(
        self, event: EventRow, row: TellingRow | None, batch: EventBatch
    ) -> OpenedVerifyEvent | NothingToTell:
        """The event, ready. KeyRefusedError, ConnectionError."""
        if row is None:
            return NothingToTell("dead", "the event's content is gone")
        key = batch.key_of(row)
        if key is None:
            return NothingToTell("dead", "the event's content can no longer be opened")
        try:
            happened = open_verify_event_with(key, row.account, row.sid, row.content)
        except UnsealError:
            return NothingToTell("dead", "the event's content does not open")
        webhook = await self._store.verify_row(row.account, "webhook", row.webhook, parent=row.service)
        if webhook is None:
            return NothingToTell("done", "the webhook was deleted")
        settings = decode_verify_webhook(webhook.settings)
        if not settings.enabled:
            return NothingToTell("done", "the webhook is disabled")
        states = await batch.states_of(row.account)
        if states is None:
            return NO_TOKEN
        opened = await self._standing.open(row.account, verify_webhook_record(webhook.sid), webhook.standing)
        url = opened.decode()
        return OpenedVerifyEvent(
            event=event,
            url=url,
            target=batch.target_of(url),
            states=states,
            record_key=key,
            form=verify_form(row.sid, happened, settings.version),
        )
