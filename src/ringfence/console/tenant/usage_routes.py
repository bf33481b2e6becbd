"""What an account used and may use, for its members: a month by day, a year by month, all of it to keep, and limits."""

from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.csv_file import csv_file
from ringfence.console.json_routes import answering
from ringfence.console.live.looked import Looked, Now
from ringfence.console.live.pages import Followed
from ringfence.console.pages import Pages
from ringfence.console.session_guard import session_of
from ringfence.console.tenant.limits import NEAR, TenantLimits
from ringfence.console.tenant.usage import MONTHS, TenantUsage, Used, by_month, drawn, month_ms, month_of, summed
from ringfence.domain.clock import Clock
from ringfence.domain.rating import MICROS
from ringfence.ports.day_counts import DAY_MS

COLUMNS: Final = (
    *("sent", "sent_segments", "received", "received_segments", "calls", "call_seconds"),
    *("recordings", "recorded_seconds", "verifications", "approved", "sent_codes"),
)


def usage_routes(
    pages: Pages, usage: TenantUsage, limits: TenantLimits, clock: Clock, *, keys_origin: str
) -> list[BaseRoute]:
    """All of them are for a session of a member."""

    async def year(request: Request) -> tuple[str, Sequence[Used]]:
        """The month that is asked for, and all days of the year that ends with it, but for those to come."""
        month = month_of(month_ms(request.query_params.get("month") or month_of(clock.now_ms())))
        first_ms, after_ms = month_ms(month, 1 - MONTHS), month_ms(month, 1)
        tomorrow_ms = (clock.now_ms() // DAY_MS + 1) * DAY_MS
        days = await usage.days(session_of(request).account, first_ms, max(first_ms, min(after_ms, tomorrow_ms)))
        return month, days

    async def shown(request: Request) -> Response:
        month, days = await year(request)
        found = [day for day in days if day.when.startswith(month)]
        return pages.page(
            "member_usage.html",
            title="Usage",
            session=session_of(request),
            keys=keys_origin,
            month=month,
            days=found,
            whole=summed(month, found),
            months=by_month(days),
            charts=drawn(found),
            earlier=month_of(month_ms(month, -MONTHS)),
        )

    async def exported(request: Request) -> Response:
        _, days = await year(request)
        units = sorted({unit for day in days for unit in day.by_currency})
        heads = ("day_utc", *COLUMNS, *(f"spent_{unit}" for unit in units))
        return csv_file("usage", heads, (_cells(day, units) for day in days))

    async def bounds(request: Request) -> Response:
        session = session_of(request)
        found = await limits.of(session.account)
        return pages.page(
            "member_limits.html", title="Usage", session=session, keys=keys_origin, groups=found, near=NEAR
        )

    async def bounds_now(looked: Looked) -> Now:
        return dict(await limits.of(looked.account))

    return [
        Followed("/usage/limits", answering(bounds), bounds_now),
        Route("/usage", answering(shown), methods=["GET"]),
        Route("/usage/export", answering(exported), methods=["GET"]),
    ]


def _cells(day: Used, units: Sequence[str]) -> Sequence[object]:
    spent = (day.by_currency.get(unit, 0) / MICROS for unit in units)
    return day.when, *(getattr(day, column) for column in COLUMNS), *spent
