"""From outbox entries to what must be said to whom: the one place where webhooks see content in the clear."""

import asyncio
from collections.abc import Sequence

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
from ringfence.domain.web_url import InvalidUrlError, WebUrl, parse_url
from ringfence.ports.keys import DeliveryKeys, KeyRefusedError
from ringfence.ports.messaging_services import ServiceRow
from ringfence.ports.onlookers import Detours, NoDetours
from ringfence.ports.store import EventRow, MessageRow, NumberRow, Store
from ringfence.usecases.webhooks.standing_cache import StandingCache

INBOUND = "message.received"


class OpenedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event with all that its webhook needs. `number` and `config` are inbound's.

    `target` is `url` read, None where it is not valid; `states` are the HMAC states of the account's Auth Token,
    `record_key` what opened the content.
    """

    event: EventRow
    row: MessageRow
    content: Content
    url: str
    target: WebUrl | None
    states: bytes
    record_key: bytes
    number: NumberRow | None = None
    config: NumberConfig | None = None

    @property
    def host(self) -> str:
        """Whom to be patient with: host and port, or "" for URLs that are not valid: those fail together."""
        return "" if self.target is None else f"{self.target.host}:{self.target.port}"

    def __repr__(self) -> str:
        return f"OpenedEvent({self.event.id})"


class NothingToTell(msgspec.Struct, frozen=True):
    """Nobody is to be called: `state` is done where that is as it should be, dead where something is lost."""

    state: str
    cause: str


Shut = KeyRefusedError | ConnectionError
"""Why the key service opened nothing: it will not, or it is away."""


class EventOpener:
    """Opens events for delivery. `detours` say where inbound texts are told meanwhile."""

    def __init__(self, store: Store, keys: DeliveryKeys, clock: Clock, detours: Detours | None = None) -> None:
        self._store = store
        self._keys = keys
        self._standing = StandingCache(keys, clock)
        self._detours = detours or NoDetours()

    async def open(self, events: Sequence[EventRow]) -> list["OpenedEvent | NothingToTell | Shut"]:
        """One answer each, in order. Each account's keys are asked for once."""
        rows = await self._store.messages_of([(event.account, event.message_sid) for event in events])
        tellable = [row for row in rows if row is not None and row.content]
        batch = _Batch(self._store, self._keys, self._standing)
        await batch.fetch_keys(tellable)
        return [await self._open(event, row, batch) for event, row in zip(events, rows, strict=True)]

    async def _open(
        self, event: EventRow, row: MessageRow | None, batch: "_Batch"
    ) -> "OpenedEvent | NothingToTell | Shut":
        if row is None or not row.content:
            return NothingToTell("dead", "the message's content is gone")
        try:
            return await self._read(event, row, batch.key_of(row), batch)
        except (KeyRefusedError, ConnectionError) as error:
            return error

    async def _read(
        self, event: EventRow, row: MessageRow, key: bytes | None, batch: "_Batch"
    ) -> OpenedEvent | NothingToTell:
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
            return NothingToTell("dead", "the account has no Auth Token to sign with")
        return OpenedEvent(
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


class _Batch:
    """What the events of one batch have in common, looked up once."""

    def __init__(self, store: Store, keys: DeliveryKeys, standing: StandingCache) -> None:
        self._store = store
        self._keys = keys
        self._standing = standing
        self._record_keys: dict[tuple[str, str], bytes | None] = {}
        self._shut: dict[str, Shut] = {}
        self._states: dict[str, bytes] = {}
        self._targets: dict[str, WebUrl | None] = {}

    async def fetch_keys(self, rows: Sequence[MessageRow]) -> None:
        """Have the record keys of these messages."""
        accounts: dict[str, dict[str, int]] = {}
        for row in rows:
            accounts.setdefault(row.account, {})[row.sid] = row.epoch
        await asyncio.gather(*(self._fetch_keys(account, epochs) for account, epochs in accounts.items()))

    async def _fetch_keys(self, account: str, epochs: dict[str, int]) -> None:
        try:
            keys = await self._keys.open_records(account, [(epoch, sid) for sid, epoch in epochs.items()])
        except (KeyRefusedError, ConnectionError) as error:
            self._shut[account] = error
            return
        for sid, key in zip(epochs, keys, strict=True):
            self._record_keys[account, sid] = key

    def key_of(self, row: MessageRow) -> bytes | None:
        """The message's record key; raises what the key service said about its account."""
        if row.account in self._shut:
            raise self._shut[row.account]
        return self._record_keys[row.account, row.sid]

    async def states_of(self, account: str) -> bytes | None:
        """The HMAC states of the account's Auth Token: the credential with the account's own sid."""
        if account not in self._states:
            credential = await self._store.credential(account)
            if credential is None:
                return None
            record = hmac_states_record(credential.sid)
            self._states[account] = await self._standing.open(account, record, credential.hmac_states)
        return self._states[account]

    def target_of(self, url: str) -> WebUrl | None:
        if url not in self._targets:
            try:
                self._targets[url] = parse_url(url)
            except InvalidUrlError:
                self._targets[url] = None
        return self._targets[url]
