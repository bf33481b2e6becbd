"""What an account used, by day and by month: texts, calls, recordings, codes and what they cost, from counts alone."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

import msgspec

from ringfence.console.charts import Chart, stacked
from ringfence.console.refusals import RefusedError
from ringfence.console.tenant.days import day_of
from ringfence.console.tenant.spent import shown_price
from ringfence.domain.message import Direction
from ringfence.ports.code_counts import CodeCounts, CodeMeasure
from ringfence.ports.day_counts import DAY_MS, DayCounts

MONTHS: Final = 12
"""As many months are told together, the one that is asked for last."""
SPENT: Final = ("texts", "calls", "codes")


class Counted(DayCounts, CodeCounts, Protocol):
    """The counts of the store."""


class Used(msgspec.Struct, kw_only=True):
    """What a day (YYYY-MM-DD) or a month (YYYY-MM) brought, UTC.

    Texts and calls that bring codes are among neither: `sent_codes` has them, with those by mail and the like.
    `spent_micros` is by currency and what it went for, one of `SPENT`, in millionths.
    """

    when: str
    sent: int = 0
    sent_segments: int = 0
    received: int = 0
    received_segments: int = 0
    calls: int = 0
    call_seconds: int = 0
    recordings: int = 0
    recorded_seconds: int = 0
    verifications: int = 0
    approved: int = 0
    sent_codes: int = 0
    spent_micros: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)

    @property
    def by_currency(self) -> Mapping[str, int]:
        """All that was spent, in millionths."""
        whole: Counter[str] = Counter()
        for (unit, _), micros in self.spent_micros.items():
            whole[unit] += micros
        return whole

    @property
    def spent(self) -> str:
        return ", ".join(shown_price(micros, unit) for unit, micros in sorted(self.by_currency.items())) or "–"


class TenantUsage:
    """Reads, and writes nothing."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted

    async def days(self, account: str, first_ms: int, after_ms: int) -> Sequence[Used]:
        """Each day that begins in [`first_ms`, `after_ms`), the latest first."""
        days = {day_of(at_ms): Used(when=day_of(at_ms)) for at_ms in range(after_ms - DAY_MS, first_ms - 1, -DAY_MS)}
        for text in await self._counted.texts_by_day(account, first_ms, after_ms):
            day = days[day_of(text.day_ms)]
            _spend(day, "codes" if text.brings_code else "texts", text.price_unit, text.spent_micros)
            if text.brings_code:
                continue
            if text.direction is Direction.INBOUND:
                day.received += text.texts
                day.received_segments += text.segments
            else:
                day.sent += text.texts
                day.sent_segments += text.segments
        for call in await self._counted.calls_by_day(account, first_ms, after_ms):
            day = days[day_of(call.day_ms)]
            _spend(day, "codes" if call.brings_code else "calls", call.price_unit, call.spent_micros)
            if not call.brings_code:
                day.calls += call.calls
                day.call_seconds += call.seconds
        for recorded in await self._counted.recordings_by_day(account, first_ms, after_ms):
            day = days[day_of(recorded.day_ms)]
            day.recordings += recorded.recordings
            day.recorded_seconds += recorded.seconds
        for codes in await self._counted.codes_by_day(account, first_ms, after_ms):
            day = days[day_of(codes.day_ms)]
            if codes.measure is CodeMeasure.STARTED:
                day.verifications += codes.number
            elif codes.measure is CodeMeasure.APPROVED:
                day.approved += codes.number
            elif codes.measure is CodeMeasure.SENT:
                day.sent_codes += codes.number
        return list(days.values())


def summed(when: str, parts: Iterable[Used]) -> Used:
    """All of them together, under a name of its own."""
    whole = Used(when=when)
    for part in parts:
        for field in Used.__struct_fields__:
            if field != "when":
                setattr(whole, field, getattr(whole, field) + getattr(part, field))
    return whole


def by_month(days: Sequence[Used]) -> Sequence[Used]:
    """Months of days, in the order of those."""
    months: dict[str, list[Used]] = {}
    for day in days:
        months.setdefault(day.when[:7], []).append(day)
    return [summed(month, found) for month, found in months.items()]


def drawn(days: Sequence[Used]) -> Sequence[Chart]:
    """Days, the latest of which is first, as drawings, in which it is last. Spending is drawn by currency."""
    rising = days[::-1]
    units = sorted({unit for day in days for unit in day.by_currency})
    return [
        stacked("Segments", ("sent", "received"), [(d.when, (d.sent_segments, d.received_segments)) for d in rising]),
        stacked("Minutes of calls", ("calls",), [(d.when, (d.call_seconds,)) for d in rising], _minutes),
        *(
            stacked(
                f"Spent, {unit}",
                SPENT,
                [(day.when, [day.spent_micros[unit, what] for what in SPENT]) for day in rising],
                lambda micros, unit=unit: shown_price(micros, unit),  # type: ignore[misc]
            )
            for unit in units
        ),
    ]


def month_of(at_ms: int) -> str:
    """YYYY-MM."""
    return day_of(at_ms)[:7]


def month_ms(month: str, later: int = 0) -> int:
    """When a month begins, or the one so many months later. RefusedError with 400 for what is no month."""
    try:
        asked = datetime.strptime(month, "%Y-%m")
        number = asked.year * 12 + asked.month - 1 + later
        return round(datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC).timestamp() * 1_000)
    except (ValueError, OverflowError):
        raise RefusedError("A month is written YYYY-MM.", status=400) from None


def _spend(day: Used, what: str, unit: str, micros: int) -> None:
    if micros:
        day.spent_micros[unit, what] += abs(micros)


def _minutes(seconds: int) -> str:
    return f"{seconds / 60:.1f}"
