"""Accept a text from a program: check, seal, write, and only then say 201.

Source: Twilio, "Create a Message resource".
"""

import msgspec

from ringfence.domain import magic_numbers
from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.message import Content, Direction, Status
from ringfence.domain.number import Number, parse_e164, parse_sender
from ringfence.domain.sealing.content import seal_content
from ringfence.domain.sealing.sealer_cache import SealerCache
from ringfence.domain.segments import segment
from ringfence.domain.sid import new_sid
from ringfence.domain.smart_encoding import smart_encode
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.messaging_services import ServiceRow
from ringfence.ports.store import AccountRow, MessageRow, NewEvent, Store
from ringfence.ports.wake import Wake
from ringfence.usecases.messaging.opt_out_pair import opted_out, senders_of
from ringfence.usecases.messaging.pool_sender import PoolSender
from ringfence.usecases.messaging.queue_bound import QueueBound
from ringfence.usecases.messaging.view import MessageView
from ringfence.usecases.retention.parts import retained_text

BODY_LIMIT_CHARACTERS = 1_600
MEDIA_LIMIT = 10
SCHEDULE_MIN_MS = 5 * 60_000
SCHEDULE_MAX_MS = 35 * 86_400_000
VALIDITY_MAX_S = 36_000
QUEUE_OVERFLOW = 30001


class SendRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a program asks for, parsed but not yet judged. Times in Unix milliseconds, validity in seconds."""

    to: str | None = None
    sender: str | None = None
    body: str | None = None
    media_urls: tuple[str, ...] = ()
    status_callback: str | None = None
    messaging_service_sid: str | None = None
    schedule_type: str | None = None
    send_at_ms: int | None = None
    validity_period_s: int | None = None
    smart_encoded: bool | None = None

    def __repr__(self) -> str:
        return "SendRequest(…)"


class Sender:
    """Accepts texts for accounts whose credential is present."""

    def __init__(
        self,
        store: Store,
        keys: TenantKeys,
        clock: Clock,
        wake: Wake,
        *,
        carrier: str,
        magic_numbers: bool,
        bound: QueueBound | None = None,
    ):
        """`bound` refuses texts for which no room is in their number's queue."""
        self._bound = bound
        self._store = store
        self._keys = keys
        self._clock = clock
        self._wake = wake
        self._carrier = carrier
        self._magic_numbers = magic_numbers
        self._sealers = SealerCache()
        self._pools = PoolSender(store, keys, clock)

    async def send(self, caller: Caller, account: AccountRow, request: SendRequest) -> MessageView:
        """The accepted message, durable. ApiError with Twilio's code when it is refused; nothing is written then."""
        body = _body_of(request)
        to = self._recipient(request.to)
        service = await self._service_of(account, request)
        now_ms = self._clock.now_ms()
        due_ms = _due_ms(request, now_ms)
        valid_until_ms = _valid_until_ms(request, due_ms, service)
        local = await self._sender_of(account, request, service, to)
        if await self._opted_out(account.sid, local, service, to.e164):
            raise ApiError(21610)
        overflows = self._bound is not None and due_ms <= now_ms and await self._bound.overflows(account.sid, local)
        if overflows and service is None:
            raise ApiError(21611)
        if _smart_encodes(request, service):
            body = smart_encode(body)
        sealing = await self._keys.sealing_key(caller, account.sid)
        content = Content(
            remote=to.e164, body=body, status_callback=request.status_callback or None, media_urls=request.media_urls
        )
        sid = new_sid("MM" if request.media_urls else "SM", now_ms)
        row = MessageRow(
            account=account.sid,
            sid=sid,
            direction=Direction.OUTBOUND_API,
            status=_first_status(service, later=due_ms > now_ms),
            local=local,
            remote_index=self._sealers.indexer(sealing.index_key, sealing.index_day).index(to.e164),
            remote_region=to.region,
            remote_prefix=to.calling_prefix,
            epoch=sealing.epoch,
            content=seal_content(self._sealers.of(account.sid, sealing.epoch_key), sid, content),
            num_segments=segment(body).count,
            num_media=len(request.media_urls),
            messaging_service_sid=None if service is None else service.sid,
            created_ms=now_ms,
            updated_ms=now_ms,
            due_ms=due_ms,
            valid_until_ms=valid_until_ms,
            carrier=self._carrier,
            has_callback=content.status_callback is not None or (service is not None and service.has_status_callback),
        )
        retained = retained_text(sealing.retention_of(sid), row, to.e164)
        if overflows:
            row, events = _overflown(row)
            await self._store.accept(row, events, retained)
            return MessageView(row=row, content=content)
        await self._store.accept(row, retained=retained)
        if row.status is not Status.SCHEDULED:
            self._wake.ring()
        return MessageView(row=row, content=content)

    async def _opted_out(self, account: str, local: str, service: ServiceRow | None, remote: str) -> bool:
        # The key service alone can name the pair: a call that most accounts do not need.
        if not await self._store.any_opt_outs(account):
            return False
        if service is None and (owned := await self._store.number_by_e164(local)) is not None:
            service = await self._store.service_of(account, owned.sid)
        senders = senders_of(local, None if service is None else service.sid)
        return await opted_out(self._store, self._keys, account, senders, remote)

    async def _service_of(self, account: AccountRow, request: SendRequest) -> ServiceRow | None:
        if request.messaging_service_sid is None:
            return None
        return await self._pools.service(account.sid, request.messaging_service_sid)

    def _recipient(self, to: str | None) -> Number:
        if not to:
            raise ApiError(21604)
        number = parse_e164(to)
        if number is None:
            raise ApiError(21211, to=to)
        if self._magic_numbers and (code := magic_numbers.TO.get(number.e164)):
            raise ApiError(code, to=to)
        return number

    async def _sender_of(
        self, account: AccountRow, request: SendRequest, service: ServiceRow | None, to: Number
    ) -> str:
        if service is not None and not request.sender:
            return await self._pools.pick(service, to, media=bool(request.media_urls))
        if not request.sender:
            raise ApiError(21603)
        number = parse_sender(request.sender)
        if self._magic_numbers and number is not None:
            if number.e164 == magic_numbers.VALID_FROM:
                return number.e164
            if code := magic_numbers.FROM.get(number.e164):
                raise ApiError(code, sender=request.sender)
        if number is None:
            raise ApiError(21212, sender=request.sender)
        owned = await self._store.number_by_e164(number.e164)
        if owned is None or owned.account != account.sid or "sms" not in owned.capabilities:
            raise ApiError(21606, sender=request.sender)
        if service is not None:
            await self._pools.check(service, number.e164)
        return number.e164


def _body_of(request: SendRequest) -> str:
    body = request.body or ""
    if not body and not request.media_urls:
        raise ApiError(21602)
    if len(body) > BODY_LIMIT_CHARACTERS:
        raise ApiError(21617)
    if len(request.media_urls) > MEDIA_LIMIT:
        raise ApiError(21623)
    return body


def _due_ms(request: SendRequest, now_ms: int) -> int:
    if request.schedule_type is None and request.send_at_ms is None:
        return now_ms
    if request.schedule_type != "fixed":
        raise ApiError(35112 if request.schedule_type is None else 35113)
    if request.send_at_ms is None:
        raise ApiError(35111)
    if not SCHEDULE_MIN_MS <= request.send_at_ms - now_ms <= SCHEDULE_MAX_MS:
        raise ApiError(35114)
    if request.messaging_service_sid is None:
        raise ApiError(35118)
    return request.send_at_ms


def _first_status(service: ServiceRow | None, *, later: bool) -> Status:
    if later:
        return Status.SCHEDULED
    return Status.QUEUED if service is None else Status.ACCEPTED


def _smart_encodes(request: SendRequest, service: ServiceRow | None) -> bool:
    if request.smart_encoded is not None:
        return request.smart_encoded
    return service is not None and service.smart_encoding


def _valid_until_ms(request: SendRequest, due_ms: int, service: ServiceRow | None) -> int | None:
    if request.validity_period_s is None:
        return None if service is None else due_ms + service.validity_period_s * 1000
    if not 1 <= request.validity_period_s <= VALIDITY_MAX_S:
        raise ApiError(20001, f"ValidityPeriod must be from 1 to {VALIDITY_MAX_S} seconds")
    return due_ms + request.validity_period_s * 1000


def _overflown(row: MessageRow) -> tuple[MessageRow, list[NewEvent]]:
    """The text as failed, before it was ever queued."""
    failed = msgspec.structs.replace(row, status=Status.FAILED, error_code=QUEUE_OVERFLOW, price_micros=0, sequence=1)
    event = NewEvent(kind="message.failed", sequence=1, at_ms=row.created_ms, error_code=QUEUE_OVERFLOW)
    return failed, [event] if row.has_callback else []
