"""Events of texts: whom to tell, by which configuration."""

import msgspec

from ringfence.domain.message import Content
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.content import open_content_with
from ringfence.domain.standing import (
    NumberConfig,
    ServiceConfig,
    application_record,
    decode_application_config,
    decode_number_config,
    decode_service_config,
    number_record,
    service_record,
)
from ringfence.ports.messaging_services import ServiceRow
from ringfence.ports.onlookers import Detours
from ringfence.ports.outbox import EventRow
from ringfence.ports.store import MessageRow, NumberRow, Store
from ringfence.usecases.webhooks.event_batch import EventBatch
from ringfence.usecases.webhooks.opened_event import NO_TOKEN, NothingToTell, OpenedEvent
from ringfence.usecases.webhooks.standing_cache import StandingCache

INBOUND = "message.received"


class OpenedText(OpenedEvent, frozen=True, kw_only=True):
    """A text's event. `number` and `config` are inbound's."""

    row: MessageRow
    content: Content
    number: NumberRow | None = None
    config: NumberConfig | None = None


class TextOpener:
    """Opens events of texts. `detours` say where inbound ones are told meanwhile."""

    def __init__(self, store: Store, standing: StandingCache, detours: Detours) -> None:
        self._store = store
        self._standing = standing
        self._detours = detours

    async def open(self, event: EventRow, row: MessageRow | None, batch: EventBatch) -> OpenedText | NothingToTell:
        """The event, ready. KeyRefusedError, ConnectionError."""
        if row is None or not row.content:
            return NothingToTell("dead", "the message's content is gone")
        key = batch.key_of(row)
        if key is None:
            return NothingToTell("dead", "the message's content can no longer be opened")
        try:
            content = open_content_with(key, row.account, row.sid, row.content)
        except UnsealError:
            return NothingToTell("dead", "the message's content does not open")
        if event.kind != INBOUND:
            url = content.status_callback or await self._callback_of_service(row)
            number, config = None, None
            if not url:
                return NothingToTell("done", "no status callback")
        else:
            number = await self._store.number_by_e164(row.local)
            if number is None or number.account != row.account:
                return NothingToTell("done", "the number is no longer the account's")
            config = await self._inbound_config(row, number)
            url = config.sms_url
            if not url:
                return NothingToTell("done", "no webhook for texts")
        states = await batch.states_of(row.account)
        if states is None:
            return NO_TOKEN
        return OpenedText(
            event=event,
            row=row,
            content=content,
            url=url,
            target=batch.target_of(url),
            states=states,
            record_key=key,
            number=number,
            config=config,
        )

    async def _inbound_config(self, row: MessageRow, number: NumberRow) -> NumberConfig:
        config = await self._text_config(row, number)
        detour = self._detours.of(number.number)
        if detour is not None:
            config = msgspec.structs.replace(config, sms_url=detour, sms_fallback_url="")
        return config

    async def _text_config(self, row: MessageRow, number: NumberRow) -> NumberConfig:
        """What is to be done about a text: the service says, in whose pool the number was, unless it leaves that.

        Else the number's application says, and without one the number itself.
        """
        if row.messaging_service_sid is not None:
            service = await self._store.service(row.account, row.messaging_service_sid)
            if service is not None and not service.use_inbound_webhook_on_number:
                return (await self._service_config(service)).of_its_numbers
        value = await self._standing.open(row.account, number_record(number.sid), number.standing)
        config = decode_number_config(value)
        if not config.sms_application_sid:
            return config
        application = await self._store.application(row.account, config.sms_application_sid)
        if application is None:
            return config
        record = application_record(application.sid)
        value = await self._standing.open(row.account, record, application.standing)
        return decode_application_config(value).of_texts

    async def _callback_of_service(self, row: MessageRow) -> str:
        if row.messaging_service_sid is None:
            return ""
        service = await self._store.service(row.account, row.messaging_service_sid)
        if service is None or not service.has_status_callback:
            return ""
        return (await self._service_config(service)).status_callback

    async def _service_config(self, service: ServiceRow) -> ServiceConfig:
        return decode_service_config(
            await self._standing.open(service.account, service_record(service.sid), service.standing)
        )
