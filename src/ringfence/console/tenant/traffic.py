"""An account's texts for its members: what is clear of them by page and by day, and what is sealed as it is kept."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec

from ringfence.domain.base64url import encode_base64url
from ringfence.domain.clock import Clock
from ringfence.domain.message import Direction, Status
from ringfence.ports.store import MessageFilter, MessageRow

PAGE_TEXTS = 50
READ_AT_ONCE = 500
# As many are looked at for one page of a filter, or for the overview: more would keep others waiting.
LOOKED_AT_MAX = 5_000
OVERVIEW_DAYS = 14
DAY_MS = 86_400_000
_GONE_WRONG = frozenset({Status.FAILED, Status.UNDELIVERED})


class Texts(Protocol):
    """The part of `ports.store.MessageStore` that is read."""

    async def messages(
        self, account: str, wanted: MessageFilter, *, before: str | None = None, limit: int = 50
    ) -> list[MessageRow]: ...


class TextsWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which texts: of a day (UTC, YYYY-MM-DD), a status, a direction; those after the page that ended with `before`."""

    day: str = ""
    status: Status | None = None
    direction: Direction | None = None
    before: str | None = None


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


class Day(msgspec.Struct, kw_only=True):
    """What a day brought. `spent` is by currency, in millionths."""

    day: str
    sent: int = 0
    received: int = 0
    delivered: int = 0
    gone_wrong: int = 0
    spent_micros: Counter[str] = msgspec.field(default_factory=Counter)

    @property
    def delivery(self) -> str:
        """Of those sent whose end is known, how many were delivered."""
        known = self.delivered + self.gone_wrong
        return f"{100 * self.delivered / known:.0f} %" if known else "–"

    @property
    def spent(self) -> str:
        return ", ".join(shown_price(micros, unit) for unit, micros in sorted(self.spent_micros.items())) or "–"


class TenantTraffic:
    """Reads, and writes nothing."""

    def __init__(self, texts: Texts, clock: Clock) -> None:
        self._texts = texts
        self._clock = clock

    async def page(self, account: str, wanted: TextsWanted) -> tuple[list[SealedText], str | None]:
        """A page, the newest first, and what to ask the next one with: None where there is none.

        ValueError for a day that is none. A filter that few texts meet may give a page that is not full.
        """
        asked = MessageFilter()
        if wanted.day:
            start_ms = _start_ms(wanted.day)
            asked = MessageFilter(from_ms=start_ms, to_ms=start_ms + DAY_MS)
        found: list[MessageRow] = []
        before, looked = wanted.before, 0
        at_once = READ_AT_ONCE if wanted.status or wanted.direction else PAGE_TEXTS + 1
        while looked < LOOKED_AT_MAX:
            rows = await self._texts.messages(account, asked, before=before, limit=at_once)
            for row in rows:
                if len(found) == PAGE_TEXTS:
                    return [_sealed(each) for each in found], before
                before = row.sid
                if wanted.status in (None, row.status) and wanted.direction in (None, row.direction):
                    found.append(row)
            looked += len(rows)
            if len(rows) < at_once:
                return [_sealed(each) for each in found], None
        return [_sealed(each) for each in found], before

    async def days(self, account: str) -> tuple[Sequence[Day], bool]:
        """The last fortnight by day, today first, and whether all of its texts were counted."""
        today = datetime.fromtimestamp(self._clock.now_ms() / 1_000, UTC).date()
        days = {
            each: Day(day=each)
            for each in ((today - timedelta(days=back)).isoformat() for back in range(OVERVIEW_DAYS))
        }
        asked = MessageFilter(from_ms=_start_ms(min(days)))
        before, looked = None, 0
        while looked < LOOKED_AT_MAX:
            rows = await self._texts.messages(account, asked, before=before, limit=READ_AT_ONCE)
            for row in rows:
                _count(days, row)
            if len(rows) < READ_AT_ONCE:
                return list(days.values()), True
            before, looked = rows[-1].sid, looked + len(rows)
        return list(days.values()), False


def shown_price(micros: int | None, unit: str) -> str:
    """Millionths of a currency as people read them."""
    return "" if micros is None else f"{abs(micros) / 1_000_000:.4f} {unit}"


def _count(days: dict[str, Day], row: MessageRow) -> None:
    day = days.get(datetime.fromtimestamp(row.created_ms / 1_000, UTC).date().isoformat())
    if day is None:
        return
    if row.direction is Direction.INBOUND:
        day.received += 1
    else:
        day.sent += 1
        day.delivered += row.status in (Status.DELIVERED, Status.READ)
        day.gone_wrong += row.status in _GONE_WRONG
    if row.price_micros:
        day.spent_micros[row.price_unit] += abs(row.price_micros)


def _start_ms(day: str) -> int:
    return round(datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1_000)


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
