"""Take in a text from a handset: find its tenant, seal it, keep the default opt-outs, tell the tenant.

Source: Twilio, "Twilio support for opt-out keywords".
"""

import hashlib
from collections.abc import Callable, Sequence

import structlog

from ringfence.domain.clock import Clock
from ringfence.domain.message import Content, Direction, Status
from ringfence.domain.number import parse_e164
from ringfence.domain.opt_out import OptOut, classify, reply_text
from ringfence.domain.sealing.content import seal_content_with
from ringfence.domain.segments import segment
from ringfence.ports.carrier import Arrival
from ringfence.ports.keys import DeliveryKeys
from ringfence.ports.store import MessageRow, NewEvent, NumberRow, Store
from ringfence.ports.wake import Wake
from ringfence.usecases.messaging.opt_out_pair import opt_out_pairs, opted_out, senders_of
from ringfence.usecases.messaging.pool_number import POOL_LIMIT
from ringfence.usecases.messaging.reply import Replier
from ringfence.usecases.retention.parts import retained_text

_log = structlog.get_logger(__name__)


class Receiver:
    """Writes arrivals down before their carrier may forget them."""

    def __init__(
        self,
        store: Store,
        keys: DeliveryKeys,
        clock: Clock,
        wake: Wake,
        replier: Replier,
        *,
        carrier: str,
        count: Callable[[str], None] = lambda _: None,
    ):
        """`count` is told the end of each arrival: taken, repeated or dropped."""
        self._store = store
        self._keys = keys
        self._clock = clock
        self._wake = wake
        self._replier = replier
        self._carrier = carrier
        self._count = count

    async def arrivals(self, arrivals: Sequence[Arrival]) -> list[bool]:
        """All True once durable. A text to a number nobody owns is counted, logged without its content and dropped."""
        for arrival in arrivals:
            await self._receive(arrival)
        self._wake.ring()
        return [True] * len(arrivals)

    async def _receive(self, arrival: Arrival) -> None:
        owned = await self._store.number_by_e164(arrival.to)
        remote = parse_e164(arrival.sender)
        if owned is None or remote is None:
            _log.warning("inbound text dropped", cause="number not owned" if owned is None else "sender unreadable")
            self._count("dropped")
            return
        sid = _sid_of(self._carrier, arrival)
        service = await self._store.service_of(owned.account, owned.sid)
        service_sid = None if service is None else service.sid
        opt_out = await self._keep_opt_out(owned, service_sid, remote.e164, arrival, sid)
        key = await self._keys.seal_record(owned.account, sid, remote.e164)
        content = Content(remote=remote.e164, body=arrival.body, media_urls=arrival.media_urls)
        row = MessageRow(
            account=owned.account,
            sid=sid,
            direction=Direction.INBOUND,
            status=Status.RECEIVED,
            local=owned.number,
            remote_index=key.index,
            remote_region=remote.region,
            remote_prefix=remote.calling_prefix,
            epoch=key.epoch,
            content=seal_content_with(key.key, owned.account, sid, content),
            num_segments=segment(arrival.body).count,
            num_media=len(arrival.media_urls),
            messaging_service_sid=service_sid,
            created_ms=arrival.at_ms,
            updated_ms=arrival.at_ms,
            sent_ms=arrival.at_ms,
            sequence=1,
            carrier=self._carrier,
            carrier_ref=arrival.carrier_ref,
        )
        event = NewEvent(
            kind="message.received", sequence=0, at_ms=arrival.at_ms, raw=opt_out.value if opt_out is not None else ""
        )
        retained = retained_text(key.retention, row, remote.e164)
        self._count("taken" if await self._store.accept(row, [event], retained) else "repeated")

    async def _keep_opt_out(
        self, owned: NumberRow, service: str | None, remote: str, arrival: Arrival, sid: str
    ) -> OptOut | None:
        word = classify(arrival.body)
        if word is None:
            return None
        account = owned.account
        senders = senders_of(owned.number, service)
        out = await opted_out(self._store, self._keys, account, senders, remote)
        if word.only_when_opted_out and not out:
            return None
        if word.kind is OptOut.STOP:
            await self._set_opt_out(account, senders, remote, True, arrival.at_ms)
            if out:
                return word.kind
        elif word.kind is OptOut.START:
            # Back in the service, whichever of its numbers was told to stop.
            pool = [] if service is None else await self._store.pool(account, service, limit=POOL_LIMIT)
            everywhere = dict.fromkeys([*senders, *(row.number for row in pool)])
            await self._set_opt_out(account, list(everywhere), remote, False, arrival.at_ms)
        text = reply_text(word.kind)
        await self._replier.answer_keyword(owned, remote, text, for_sid=sid, at_ms=arrival.at_ms, service=service)
        return word.kind

    async def _set_opt_out(self, account: str, senders: Sequence[str], remote: str, out: bool, at_ms: int) -> None:
        for pair in await opt_out_pairs(self._keys, account, senders, remote):
            # What was never set need not be taken back.
            if out or await self._store.opted_out(account, pair):
                await self._store.set_opt_out(account, pair, out, at_ms)


def _sid_of(carrier: str, arrival: Arrival) -> str:
    """The same sid for the same delivery, so that a carrier that repeats itself changes nothing."""
    digest = hashlib.sha256(f"{carrier}|{arrival.carrier_ref}".encode()).hexdigest()
    prefix = "MM" if arrival.media_urls else "SM"
    return f"{prefix}{arrival.at_ms & 0xFFFFFFFFFFFF:012x}{digest[:20]}"
