"""Texts that answer other texts: from TwiML, and to the default opt-out keywords. No tenant is present."""

import hashlib

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.message import Content, Direction, Status
from ringfence.domain.number import Number, parse_e164
from ringfence.domain.sealing.content import seal_content_with
from ringfence.domain.segments import segment
from ringfence.domain.sid import made_ms
from ringfence.domain.smart_encoding import smart_encode
from ringfence.ports.keys import DeliveryKeys
from ringfence.ports.store import MessageRow, NumberRow, Store
from ringfence.ports.wake import Wake
from ringfence.usecases.messaging.opt_out_pair import opted_out, senders_of
from ringfence.usecases.messaging.send import BODY_LIMIT_CHARACTERS
from ringfence.usecases.retention.parts import retained_text


class Replier:
    """Accepts replies under single record keys. Sending the same sid twice is a no-op."""

    def __init__(self, store: Store, keys: DeliveryKeys, clock: Clock, wake: Wake, *, carrier: str):
        self._store = store
        self._keys = keys
        self._clock = clock
        self._wake = wake
        self._carrier = carrier

    async def send(
        self,
        account: str,
        sender: str,
        to: str,
        body: str,
        media_urls: tuple[str, ...],
        status_callback: str | None,
        sid: str,
    ) -> None:
        """Accept one TwiML message; ApiError with Twilio's code when it may not be sent."""
        owned = await self._store.number_by_e164(sender)
        if owned is None or owned.account != account:
            raise ApiError(21606, sender=sender)
        if len(body) > BODY_LIMIT_CHARACTERS:
            raise ApiError(21617)
        remote = parse_e164(to)
        if remote is None:
            raise ApiError(21211, to=to)
        service = await self._store.service_of(account, owned.sid)
        senders = senders_of(owned.number, None if service is None else service.sid)
        if await opted_out(self._store, self._keys, account, senders, remote.e164):
            raise ApiError(21610)
        if service is not None and service.smart_encoding:
            body = smart_encode(body)
        content = Content(remote=remote.e164, body=body, status_callback=status_callback, media_urls=media_urls)
        told = content.status_callback is not None or (service is not None and service.has_status_callback)
        await self._accept(account, sender, remote, content, sid, None if service is None else service.sid, told=told)

    async def answer_keyword(
        self, owned: NumberRow, remote: str, body: str, *, for_sid: str, at_ms: int, service: str | None
    ) -> None:
        """The default answer to STOP, START or HELP; it is sent even to a subscriber who has just opted out."""
        digest = hashlib.sha256(f"keyword|{for_sid}".encode()).hexdigest()
        # One millisecond on, so that it sorts behind the text it answers.
        sid = f"SM{(at_ms + 1) & 0xFFFFFFFFFFFF:012x}{digest[:20]}"
        content = Content(remote=remote, body=body)
        await self._accept(owned.account, owned.number, parse_e164(remote), content, sid, service, told=False)

    async def _accept(
        self,
        account: str,
        sender: str,
        remote: Number | None,
        content: Content,
        sid: str,
        service: str | None,
        *,
        told: bool,
    ) -> None:
        key = await self._keys.seal_record(account, sid, content.remote)
        now_ms = max(self._clock.now_ms(), made_ms(sid))
        row = MessageRow(
            account=account,
            sid=sid,
            direction=Direction.OUTBOUND_REPLY,
            status=Status.QUEUED,
            local=sender,
            remote_index=key.index,
            remote_region="" if remote is None else remote.region,
            remote_prefix="" if remote is None else remote.calling_prefix,
            epoch=key.epoch,
            content=seal_content_with(key.key, account, sid, content),
            num_segments=segment(content.body).count,
            num_media=len(content.media_urls),
            messaging_service_sid=service,
            created_ms=now_ms,
            updated_ms=now_ms,
            due_ms=now_ms,
            carrier=self._carrier,
            has_callback=told,
        )
        await self._store.accept(row, retained=retained_text(key.retention, row, content.remote))
        self._wake.ring()
