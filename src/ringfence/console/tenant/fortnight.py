"""The overview's drawings: texts, calls and what they cost, a fortnight by day."""

from collections.abc import Sequence

from ringfence.console.charts import Chart, stacked
from ringfence.console.tenant.calls import CallDay
from ringfence.console.tenant.spent import shown_price
from ringfence.console.tenant.traffic import Day

TEXTS = ("delivered", "on their way", "gone wrong", "received")
CALLS = ("connected", "not connected")
SPENT = ("texts", "calls")


def charts_of(texts: Sequence[Day], calls: Sequence[CallDay]) -> Sequence[Chart]:
    """Today is first in both; in a drawing it is last. Spending is drawn by currency."""
    days, rung = texts[::-1], calls[::-1]
    spent = [each.spent_micros for each in texts] + [each.spent_micros for each in calls]
    units = sorted({unit for each in spent for unit in each})
    return [
        stacked("Texts", TEXTS, [(each.day, _texts(each)) for each in days]),
        stacked("Calls", CALLS, [(each.day, (each.connected, each.not_connected)) for each in rung]),
        *(_spent(unit, days, rung) for unit in units),
    ]


def _texts(day: Day) -> Sequence[int]:
    waiting = day.sent - day.delivered - day.gone_wrong
    return day.delivered, waiting, day.gone_wrong, day.received


def _spent(unit: str, days: Sequence[Day], rung: Sequence[CallDay]) -> Chart:
    parts = [
        (text.day, (text.spent_micros[unit], call.spent_micros[unit])) for text, call in zip(days, rung, strict=True)
    ]
    return stacked("Spent", SPENT, parts, lambda micros: shown_price(micros, unit))
