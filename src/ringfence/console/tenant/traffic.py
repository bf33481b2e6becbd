"""An account's texts for its members: what is clear of them by page and by day, and what is sealed as it is kept."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec

from ringfence.console.tenant.counted_days import CountedDays
from ringfence.console.tenant.days import FORTNIGHT, bounds_ms, day_of, fortnight
from ringfence.console.tenant.looked_through import looked_through
from ringfence.console.tenant.spent import SpentDay, shown_price
from ringfence.console.tenant.wanted import Wanted
from ringfence.domain.base64url import encode_base64url
from ringfence.domain.carrier_trail import Effect, Kind, decode_trail, with_effects
from ringfence.domain.clock import Clock
from ringfence.domain.message import FINAL, Direction, Status
from ringfence.ports.day_counts import DAY_MS, DayTexts
from ringfence.ports.store import MessageFilter, MessageRow

# Far beyond all that is counted.
END_OF_TIME_MS = 1 << 52
_GONE_WRONG = frozenset({Status.FAILED, Status.UNDELIVERED})


class Texts(Protocol):
    """The part of `ports.store.MessageStore` that is read."""

    async def messages(
        self, account: str, wanted: MessageFilter, *, before: str | None = None, limit: int = 50
    ) -> list[MessageRow]: ...

    async def ended_messages(
        self,
        account: str,
        status: Status,
        wanted: MessageFilter,
        *,
        direction: Direction | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[MessageRow]: ...

    async def texts_by_day(self, account: str, from_ms: int, to_ms: int) -> list[DayTexts]: ...

    async def message(self, account: str, sid: str) -> MessageRow | None: ...

    async def carrier_trail(self, account: str, sid: str) -> str: ...


TextsWanted = Wanted[Status, Direction]


class SealedText(msgspec.Struct, frozen=True, kw_only=True):
    """A text for the key origin to open: `content` is sealed, base64url."""

    sid: str
    epoch: int
    content: str
    direction: Direction
    status: Status
    local: str
    created_ms: int
    price: str
    error_code: int | None


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a carrier said of a text, and what that did to it."""

    kind: Kind
    at_ms: int
    heard_ms: int
    status: Status
    error_code: int | None
    raw: str
    effect: Effect


class Day(SpentDay, kw_only=True):
    """What a day brought of texts."""

    sent: int = 0
    received: int = 0
    delivered: int = 0
    gone_wrong: int = 0

    @property
    def delivery(self) -> str:
        """Of those sent whose end is known, how many were delivered."""
        known = self.delivered + self.gone_wrong
        return f"{100 * self.delivered / known:.0f} %" if known else "–"


class TenantTraffic:
    """Reads, and writes nothing."""

    def __init__(self, texts: Texts, clock: Clock) -> None:
        self._texts = texts
        self._clock = clock

    async def page(self, account: str, wanted: TextsWanted) -> tuple[list[SealedText], str | None]:
        """A page, the newest first, and what to ask the next one with: None where there is none. RefusedError."""
        from_ms, to_ms = bounds_ms(wanted.day)
        exact = wanted.status in FINAL or (wanted.status is None and wanted.direction is None)
        found, before = await looked_through(
            await self._reader(account, wanted, from_ms, to_ms),
            None if exact else lambda row: _meets(row, wanted),
            lambda row: row.sid,
            wanted.before,
        )
        return [_sealed(each) for each in found], before

    async def _reader(
        self, account: str, wanted: TextsWanted, from_ms: int | None, to_ms: int | None
    ) -> Callable[[str | None, int], Awaitable[Sequence[MessageRow]]]:
        """What reads the fewest texts that others may be among: of an end by it, else of days that have some by day."""
        texts, status, direction = self._texts, wanted.status, wanted.direction
        asked = MessageFilter(from_ms=from_ms, to_ms=to_ms)
        if status in FINAL:
            return lambda behind, limit: texts.ended_messages(
                account, status, asked, direction=direction, before=behind, limit=limit
            )
        if status is None and direction is None:
            return lambda behind, limit: texts.messages(account, asked, before=behind, limit=limit)
        counts = await texts.texts_by_day(account, from_ms or 0, END_OF_TIME_MS if to_ms is None else to_ms)
        days = (
            each.day_ms
            for each in counts
            if not each.brings_code and status in (None, each.status) and direction in (None, each.direction)
        )
        return CountedDays(
            days,
            lambda start_ms, end_ms, behind, limit: texts.messages(
                account, MessageFilter(from_ms=start_ms, to_ms=end_ms), before=behind, limit=limit
            ),
        ).rows

    async def text(self, account: str, sid: str) -> SealedText | None:
        """One text of the account. One that brings a code is none of it."""
        row = await self._texts.message(account, sid)
        return None if row is None or row.brings_code else _sealed(row)

    async def trail(self, account: str, sid: str) -> list[Said]:
        """What its carrier said, in order."""
        steps = with_effects(decode_trail(await self._texts.carrier_trail(account, sid)))
        return [
            Said(
                kind=step.kind,
                at_ms=step.at_ms,
                heard_ms=step.heard_ms,
                status=step.status,
                error_code=step.error_code,
                raw=step.raw,
                effect=effect,
            )
            for step, effect in steps
        ]

    async def days(self, account: str) -> Sequence[Day]:
        """The last fortnight by day, today first. Texts that bring codes are not among them."""
        days = {each: Day(day=each) for each in fortnight(self._clock.now_ms())}
        from_ms = bounds_ms(min(days))[0] or 0
        for each in await self._texts.texts_by_day(account, from_ms, from_ms + FORTNIGHT * DAY_MS):
            if not each.brings_code:
                _count(days[day_of(each.day_ms)], each)
        return list(days.values())


def _count(day: Day, counted: DayTexts) -> None:
    if counted.direction is Direction.INBOUND:
        day.received += counted.texts
    else:
        day.sent += counted.texts
        day.delivered += counted.texts if counted.status in (Status.DELIVERED, Status.READ) else 0
        day.gone_wrong += counted.texts if counted.status in _GONE_WRONG else 0
    if counted.spent_micros:
        day.spent_micros[counted.price_unit] += abs(counted.spent_micros)


def _meets(row: MessageRow, wanted: TextsWanted) -> bool:
    return wanted.status in (None, row.status) and wanted.direction in (None, row.direction)


def _sealed(row: MessageRow) -> SealedText:
    return SealedText(
        sid=row.sid,
        epoch=row.epoch,
        content=encode_base64url(row.content),
        direction=row.direction,
        status=row.status,
        local=row.local,
        created_ms=row.created_ms,
        price=shown_price(row.price_micros, row.price_unit),
        error_code=row.error_code,
    )
