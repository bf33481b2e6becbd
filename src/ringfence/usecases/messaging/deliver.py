"""Open what is due for a sender queue, hand it to the carrier, and write down what the carrier said."""

import asyncio
from collections.abc import Sequence

import msgspec
import structlog

from ringfence.domain.carrier_trail import CarrierStep, Kind, encode_step, scrub
from ringfence.domain.clock import Clock
from ringfence.domain.message import Content, Direction, Status
from ringfence.domain.messaging_address import number_in
from ringfence.domain.rating import RateTable, rate
from ringfence.domain.sealing.content import open_content_with
from ringfence.ports.carrier import Carrier, Submit, Submitted
from ringfence.ports.keys import DeliveryKeys
from ringfence.ports.store import MessageRow, Outcome
from ringfence.ports.verification_codes import CodeOf, CodeReader
from ringfence.usecases.messaging.fetch_media import MediaFetcher, MediaFetchError
from ringfence.usecases.messaging.opt_out_pair import senders_of
from ringfence.usecases.messaging.second_look import OPT_OUT_AFTER_MS, OPTED_OUT, SecondLook

_log = structlog.get_logger(__name__)

VALIDITY_EXPIRED = 30036
UNKNOWN_ERROR = 30008


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A due message that the dispatcher can read."""

    row: MessageRow
    content: Content
    record_key: bytes

    def __repr__(self) -> str:
        return f"Opened({self.row.sid})"


class Throttled(msgspec.Struct, frozen=True, kw_only=True):
    """The carrier wants this one later; nothing has happened to it."""

    sid: str
    retry_after_ms: int


class Deliverer:
    """One carrier's way from a sealed row to a submit and its outcome."""

    def __init__(
        self,
        keys: DeliveryKeys,
        carrier: Carrier,
        clock: Clock,
        rates: RateTable,
        media: MediaFetcher,
        look: SecondLook,
        codes: CodeReader | None = None,
    ) -> None:
        """`codes` tells those that texts are to bring; without it such texts fail."""
        self._codes = codes
        self._media = media
        self._look = look
        self._keys = keys
        self._carrier = carrier
        self._clock = clock
        self._rates = rates

    async def open(self, account: str, rows: Sequence[MessageRow]) -> tuple[list[Opened], list[Outcome]]:
        """The rows that can be sent, in order, and outcomes for those that never will be."""
        now_ms = self._clock.now_ms()
        opened: list[Opened] = []
        lost: list[Outcome] = []
        barred = {local: await self._look.at_sender(account, local) for local in {row.local for row in rows}}
        keys = await self._keys.open_records(account, [(row.epoch, row.sid) for row in rows])
        for row, key in zip(rows, keys, strict=True):
            if row.valid_until_ms is not None and now_ms >= row.valid_until_ms:
                lost.append(self._ended(row, Status.FAILED, VALIDITY_EXPIRED, now_ms))
            elif (code := barred[row.local]) is not None:
                lost.append(self._ended(row, Status.FAILED, code, now_ms))
            elif key is None:
                _log.error("text cannot be opened any more", sid=row.sid)
                lost.append(self._ended(row, Status.FAILED, UNKNOWN_ERROR, now_ms))
            else:
                content = open_content_with(key, account, row.sid, row.content)
                opened.append(Opened(row=row, content=content, record_key=key))
        unwanted = await self._unwanted(account, opened, now_ms)
        lost += [self._ended(row, Status.FAILED, OPTED_OUT, now_ms) for row in rows if row.sid in unwanted]
        return [item for item in opened if item.row.sid not in unwanted], lost

    async def _unwanted(self, account: str, opened: Sequence[Opened], now_ms: int) -> set[str]:
        """Sids of texts whose recipient opted out while they waited. An answer to a text of theirs is not held back.

        Of a text that brings a code nobody asked when it was accepted.
        """
        waited = [
            item
            for item in opened
            if item.row.direction is Direction.OUTBOUND_API
            and (now_ms - item.row.created_ms >= OPT_OUT_AFTER_MS or item.content.code is not None)
        ]
        if not waited:
            return set()
        pairs = [(senders_of(item.row.local, item.row.messaging_service_sid), item.content.remote) for item in waited]
        out = await self._look.opted_out(account, pairs)
        return {item.row.sid for item, is_out in zip(waited, out, strict=True) if is_out}

    async def fetch_media(self, opened: Sequence[Opened]) -> list[Outcome]:
        """Keep the media that these messages name; outcomes for those whose media cannot be had. Takes seconds."""
        with_media = [item for item in opened if item.content.media_urls]
        codes = await asyncio.gather(*map(self._fetch_media, with_media))
        now_ms = self._clock.now_ms()
        return [
            self._ended(item.row, Status.FAILED, code, now_ms)
            for item, code in zip(with_media, codes, strict=True)
            if code is not None
        ]

    async def _fetch_media(self, item: Opened) -> int | None:
        try:
            await self._media.fetch(item.row, item.record_key, item.content.media_urls)
        except MediaFetchError as error:
            return error.code
        return None

    async def submit(self, batch: Sequence[Opened]) -> list[Outcome | Throttled]:
        """One answer for each, in the batch's order. ConnectionError: nothing is known, submit again later.

        The batch is one account's, and not empty. FrozenError: nothing has happened; some may have waited since they
        were opened, at a text a second for half a minute.
        """
        await self._look.refuse_frozen(batch[0].row.account)
        told = await self._told(batch)
        sendable = [item for item in batch if told.get(item.row.sid, "") is not None]
        asked_ms = self._clock.now_ms()
        answers = await self._carrier.submit(
            [
                Submit(
                    ref=item.row.sid,
                    sender=item.row.local,
                    to=item.content.remote,
                    body=told.get(item.row.sid) or item.content.body,
                    media_urls=item.content.media_urls,
                    subject="" if item.content.code is None else item.content.code.subject,
                )
                for item in sendable
            ]
        )
        now_ms = self._clock.now_ms()
        answered = iter(answers)
        return [
            self._ended(item.row, Status.FAILED, VALIDITY_EXPIRED, now_ms)
            if told.get(item.row.sid, "") is None
            else self._outcome(item.row, next(answered), asked_ms, now_ms)
            for item in batch
        ]

    async def _told(self, batch: Sequence[Opened]) -> dict[str, str | None]:
        """The texts that bring codes, with them, by sid; None where the code is gone. ConnectionError."""
        bringing = [(item, item.content.code) for item in batch if item.content.code is not None]
        if not bringing or self._codes is None:
            return dict.fromkeys((item.row.sid for item, _ in bringing), None)
        codes = await self._codes.reveal_codes(
            [
                CodeOf(
                    account=item.row.account,
                    sid=code.verification,
                    service=code.service,
                    to=number_in(item.content.remote),
                )
                for item, code in bringing
            ]
        )
        return {
            item.row.sid: None if value is None else code.with_code(value)
            for (item, code), value in zip(bringing, codes, strict=True)
        }

    def _outcome(self, row: MessageRow, answer: Submitted, asked_ms: int, now_ms: int) -> Outcome | Throttled:
        if answer.retry_after_ms is not None:
            return Throttled(sid=row.sid, retry_after_ms=answer.retry_after_ms)
        if answer.error_code is not None:
            trail = _step(answer, Status.FAILED, asked_ms, now_ms)
            return self._ended(row, Status.FAILED, answer.error_code, now_ms, trail)
        return Outcome(
            account=row.account,
            sid=row.sid,
            status=Status.SENT,
            at_ms=now_ms,
            carrier_ref=answer.carrier_ref,
            price_micros=self.price_micros(row),
            trail=_step(answer, Status.SENT, asked_ms, now_ms),
        )

    def price_micros(self, row: MessageRow) -> int:
        """What the tenant pays for this message."""
        return rate(row.num_segments, row.remote_region, inbound=row.direction is Direction.INBOUND, table=self._rates)

    def _ended(self, row: MessageRow, status: Status, code: int, now_ms: int, trail: str = "") -> Outcome:
        return Outcome(
            account=row.account,
            sid=row.sid,
            status=status,
            at_ms=now_ms,
            error_code=code,
            price_micros=0,
            trail=trail,
        )


def _step(answer: Submitted, status: Status, asked_ms: int, now_ms: int) -> str:
    return encode_step(
        CarrierStep(
            kind=Kind.SUBMIT,
            at_ms=asked_ms,
            heard_ms=now_ms,
            status=status,
            error_code=answer.error_code,
            carrier_ref=answer.carrier_ref or "",
            raw=scrub(answer.raw) if answer.raw else "",
        )
    )
