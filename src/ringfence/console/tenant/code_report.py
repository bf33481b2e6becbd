"""How an account's codes do, by day: started, approved, by channel, refused by reason, and what they cost."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec

from ringfence.console.charts import Chart, stacked
from ringfence.console.tenant.days import day_of
from ringfence.console.tenant.spent import shown_price
from ringfence.domain.errors import describe
from ringfence.domain.phishing_report import PhishingReport, SignIns, phishing_report
from ringfence.ports.code_counts import CodeCounts, CodeMeasure
from ringfence.ports.day_counts import DAY_MS
from ringfence.ports.sign_ins import SignInStore

DRAWN_MAX: Final = 4
"""As many channels or reasons are drawn by themselves; the table has all."""
OTHERS: Final = "others"


class CodesCounted(CodeCounts, SignInStore, Protocol):
    """What of the store is read."""


class CodeDay(msgspec.Struct, kw_only=True):
    """What a day brought. `sent` and `converted` are by channel, `refused` by Twilio's code, money by currency."""

    day: str
    started: int = 0
    approved: int = 0
    sent: Counter[str] = msgspec.field(default_factory=Counter)
    converted: Counter[str] = msgspec.field(default_factory=Counter)
    refused: Counter[str] = msgspec.field(default_factory=Counter)
    spent_micros: Counter[str] = msgspec.field(default_factory=Counter)

    @property
    def conversion(self) -> str:
        """Of those that were started, how many were approved."""
        return share(self.approved, self.started)

    @property
    def spent(self) -> str:
        return ", ".join(shown_price(micros, unit) for unit, micros in sorted(self.spent_micros.items())) or "–"


class CodeReport(msgspec.Struct, frozen=True, kw_only=True):
    """Days, the latest first, and all of them together."""

    days: Sequence[CodeDay]
    whole: CodeDay

    @property
    def channels(self) -> Sequence[tuple[str, int, int, str]]:
        """Channel, codes sent, of which converted, and their share: the most used first."""
        return [
            (name, sent, self.whole.converted[name], share(self.whole.converted[name], sent))
            for name, sent in _ordered(self.whole.sent)
        ]

    @property
    def reasons(self) -> Sequence[tuple[str, str, int]]:
        """Twilio's code, what it says, and how often: the most frequent first."""
        return [(code, describe(int(code)), number) for code, number in _ordered(self.whole.refused)]

    @property
    def charts(self) -> Sequence[Chart]:
        """The same as drawings, in which the latest day is last."""
        rising = self.days[::-1]
        verified = [(day.day, (day.approved, day.started - day.approved)) for day in rising]
        return [
            stacked("Verifications", ("approved", "not approved"), verified),
            *_by_part("Codes sent by channel", rising, _ordered(self.whole.sent), lambda day: day.sent),
            *_by_part("Starts refused by reason", rising, _ordered(self.whole.refused), lambda day: day.refused),
            *(
                stacked(
                    f"Spent, {unit}",
                    ("codes",),
                    [(day.day, (day.spent_micros[unit],)) for day in rising],
                    lambda micros, unit=unit: shown_price(micros, unit),  # type: ignore[misc]
                )
                for unit in sorted(self.whole.spent_micros)
            ),
        ]


class TenantCodes:
    """Reads, and writes nothing."""

    def __init__(self, counted: CodesCounted) -> None:
        self._counted = counted

    async def report(self, account: str, now_ms: int, days: int, service: str | None = None) -> CodeReport:
        """The last `days` days, today among them; of one service or of all."""
        after_ms = (now_ms // DAY_MS + 1) * DAY_MS
        first_ms = after_ms - days * DAY_MS
        found = {day_of(at_ms): CodeDay(day=day_of(at_ms)) for at_ms in range(after_ms - DAY_MS, first_ms - 1, -DAY_MS)}
        whole = CodeDay(day="")
        for each in await self._counted.codes_by_day(account, first_ms, after_ms, service=service):
            for day in (found[day_of(each.day_ms)], whole):
                if each.measure is CodeMeasure.STARTED:
                    day.started += each.number
                elif each.measure is CodeMeasure.APPROVED:
                    day.approved += each.number
                elif each.measure is CodeMeasure.SENT:
                    day.sent[each.channel] += each.number
                elif each.measure is CodeMeasure.CONVERTED:
                    day.converted[each.channel] += each.number
                elif each.measure is CodeMeasure.REFUSED:
                    day.refused[str(each.refusal)] += each.number
                else:
                    day.spent_micros[each.price_unit] += abs(each.spent_micros)
        return CodeReport(days=list(found.values()), whole=whole)

    async def phishable(self, account: str, now_ms: int, days: int) -> PhishingReport:
        """Of the sign-ins of so many days until now, how many a look-alike site could have taken."""
        counts: list[SignIns] = []
        for back in range(days, 0, -1):
            from_ms = now_ms + 1 - back * DAY_MS
            counts += await self._counted.sign_ins(account, from_ms, from_ms + DAY_MS)
            # What is approved is read row by row: let others in between days.
            await asyncio.sleep(0)
        return phishing_report(counts)


def share(part: int, whole: int) -> str:
    """In percent, for people."""
    return f"{100 * part / whole:.0f} %" if whole else "–"


def _ordered(counts: Counter[str]) -> Sequence[tuple[str, int]]:
    return sorted(((name, number) for name, number in counts.items() if number), key=lambda each: (-each[1], each[0]))


def _by_part(
    title: str, days: Sequence[CodeDay], parts: Sequence[tuple[str, int]], of: Callable[[CodeDay], Counter[str]]
) -> Sequence[Chart]:
    """The most frequent parts each by itself, the rest together; nothing where there is none."""
    if not parts:
        return []
    drawn = [name for name, _ in parts[:DRAWN_MAX]]
    rows = [(day.day, [of(day)[name] for name in drawn]) for day in days]
    if len(parts) > DRAWN_MAX:
        drawn.append(OTHERS)
        rows = [(day.day, [*known, of(day).total() - sum(known)]) for day, (_, known) in zip(days, rows, strict=True)]
    return [stacked(title, drawn, rows)]
