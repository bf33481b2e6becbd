"""From an outbox entry to what must be said to whom: the one place where webhooks see content in the clear."""

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.message import Content
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.content import open_content_with
from ringfence.domain.standing import (
    NumberConfig,
    ServiceConfig,
    decode_number_config,
    decode_service_config,
    hmac_states_record,
    number_record,
    service_record,
)
from ringfence.domain.web_url import InvalidUrlError, parse_url
from ringfence.ports.keys import DeliveryKeys
from ringfence.ports.messaging_services import ServiceRow
from ringfence.ports.onlookers import Detours, NoDetours
from ringfence.ports.store import EventRow, MessageRow, NumberRow, Store
from ringfence.usecases.webhooks.standing_cache import StandingCache

INBOUND = "message.received"


class OpenedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event with all that its webhook needs. `host` is whom to be patient with; `number` and `config` are inbound's.

    `states` are the HMAC states of the account's Auth Token, `record_key` what opened the content.
    """

    event: EventRow
    row: MessageRow
    content: Content
    url: str
    host: str
    states: bytes
    record_key: bytes
    number: NumberRow | None = None
    config: NumberConfig | None = None

    def __repr__(self) -> str:
        return f"OpenedEvent({self.event.id})"


class NothingToTell(msgspec.Struct, frozen=True):
    """Nobody is to be called: `state` is done where that is as it should be, dead where something is lost."""

    state: str
    cause: str


class EventOpener:
    """Opens events for delivery. `detours` say where inbound texts are told meanwhile."""

    def __init__(self, store: Store, keys: DeliveryKeys, clock: Clock, detours: Detours | None = None) -> None:
        self._store = store
        self._keys = keys
        self._standing = StandingCache(keys, clock)
        self._detours = detours or NoDetours()

    async def open(self, event: EventRow) -> OpenedEvent | NothingToTell:
        """KeyRefusedError where the key service will not, ConnectionError where it is away."""
        row = await self._store.message(event.account, event.message_sid)
        if row is None or not row.content:
            return NothingToTell("dead", "the message's content is gone")
        (key,) = await self._keys.open_records(row.account, [(row.epoch, row.sid)])
        if key is None:
            return NothingToTell("dead", "the message's content can no longer be opened")
        try:
            content = open_content_with(key, row.account, row.sid, row.content)
        except UnsealError:
            return NothingToTell("dead", "the message's content does not open")
        if event.kind == INBOUND:
            return await self._inbound(event, row, content, key)
        url = content.status_callback or await self._callback_of_service(row)
        if not url:
            return NothingToTell("done", "no status callback")
        return await self._opened(event, row, content, key, url)

    async def _inbound(
        self, event: EventRow, row: MessageRow, content: Content, key: bytes
    ) -> OpenedEvent | NothingToTell:
        number = await self._store.number_by_e164(row.local)
        if number is None or number.account != row.account:
            return NothingToTell("done", "the number is no longer the account's")
        config = await self._text_config(row, number)
        detour = self._detours.of(number.number)
        if detour is not None:
            config = msgspec.structs.replace(config, sms_url=detour, sms_fallback_url="")
        if not config.sms_url:
            return NothingToTell("done", "no webhook for texts")
        return await self._opened(event, row, content, key, config.sms_url, number, config)

    async def _text_config(self, row: MessageRow, number: NumberRow) -> NumberConfig:
        """What is to be done about a text: the service says, in whose pool the number was, unless it leaves that."""
        if row.messaging_service_sid is not None:
            service = await self._store.service(row.account, row.messaging_service_sid)
            if service is not None and not service.use_inbound_webhook_on_number:
                return (await self._service_config(service)).of_its_numbers
        return decode_number_config(await self._standing.open(row.account, number_record(number.sid), number.standing))

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

    async def _opened(
        self,
        event: EventRow,
        row: MessageRow,
        content: Content,
        key: bytes,
        url: str,
        number: NumberRow | None = None,
        config: NumberConfig | None = None,
    ) -> OpenedEvent | NothingToTell:
        # An account's Auth Token is the credential with the account's own sid.
        credential = await self._store.credential(row.account)
        if credential is None:
            return NothingToTell("dead", "the account has no Auth Token to sign with")
        states = await self._standing.open(row.account, hmac_states_record(credential.sid), credential.hmac_states)
        return OpenedEvent(
            event=event,
            row=row,
            content=content,
            url=url,
            host=_host(url),
            states=states,
            record_key=key,
            number=number,
            config=config,
        )


def _host(url: str) -> str:
    """Host and port, or "" where the URL is not valid: those fail together, without a connection."""
    try:
        parsed = parse_url(url)
    except InvalidUrlError:
        return ""
    return f"{parsed.host}:{parsed.port}"
