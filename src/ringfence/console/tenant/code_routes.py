"""How codes do, for members: of the account or one Verify Service, drawn and as tables; and what could be phished."""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.csv_file import csv_file
from ringfence.console.json_routes import answering
from ringfence.console.pages import Pages
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.tenant.code_report import CodeReport, TenantCodes
from ringfence.domain.clock import Clock
from ringfence.domain.phishing_report import Line
from ringfence.domain.rating import MICROS
from ringfence.domain.sid import is_sid
from ringfence.domain.verify_service import decode_verify_service
from ringfence.ports.verify_config import VerifyConfigStore

TITLE: Final = "Codes"
PERIODS: Final = (14, 30, 90)
OFFERED_MAX: Final = 100
LINES_SHOWN: Final = 200
HEADS: Final = ("day_utc", "what", "of", "number", "spent")


def code_routes(
    pages: Pages, codes: TenantCodes, services: VerifyConfigStore, clock: Clock, *, keys_origin: str
) -> list[BaseRoute]:
    """All of them are for a session of a member."""

    def page(name: str, request: Request, **values: Any) -> Response:
        return pages.page(name, title=TITLE, session=session_of(request), keys=keys_origin, periods=PERIODS, **values)

    async def found(request: Request) -> tuple[str, int, CodeReport]:
        service, days = request.query_params.get("service", ""), _days(request)
        if service and not is_sid(service, "VA"):
            raise RefusedError("There is no such service.", status=400)
        account = session_of(request).account
        return service, days, await codes.report(account, clock.now_ms(), days, service or None)

    async def shown(request: Request) -> Response:
        service, days, report = await found(request)
        rows = await services.verify_rows(session_of(request).account, "service", limit=OFFERED_MAX)
        named = {row.sid: decode_verify_service(row.settings).friendly_name for row in rows}
        # One that is gone has its counts still.
        named.setdefault(service, service)
        named.pop("", None)
        return page(
            "member_codes.html",
            request,
            report=report,
            services=named,
            service=service,
            days=days,
            query=urlencode({"service": service, "days": days}),
        )

    async def exported(request: Request) -> Response:
        _, _, report = await found(request)
        return csv_file("codes", HEADS, _rows(report))

    async def phishing(request: Request) -> Response:
        days = _days(request)
        report = await codes.phishable(session_of(request).account, clock.now_ms(), days)
        return page("member_phishing.html", request, report=report, lines=report.lines[:LINES_SHOWN], days=days)

    async def phishing_exported(request: Request) -> Response:
        report = await codes.phishable(session_of(request).account, clock.now_ms(), _days(request))
        return csv_file("phishing-report", Line.__struct_fields__, map(msgspec.structs.astuple, report.lines))

    return [
        Route("/codes", answering(shown), methods=["GET"]),
        Route("/codes/export", answering(exported), methods=["GET"]),
        Route("/codes/phishing", answering(phishing), methods=["GET"]),
        Route("/codes/phishing/export", answering(phishing_exported), methods=["GET"]),
    ]


def _days(request: Request) -> int:
    """One of `PERIODS`. RefusedError with 400."""
    asked = request.query_params.get("days") or str(PERIODS[0])
    if asked not in map(str, PERIODS):
        raise RefusedError("There is no such period.", status=400)
    return int(asked)


def _rows(report: CodeReport) -> Iterator[Sequence[object]]:
    for day in report.days:
        yield day.day, "started", None, day.started, None
        yield day.day, "approved", None, day.approved, None
        for what, counts in (("sent", day.sent), ("converted", day.converted), ("refused", day.refused)):
            yield from ((day.day, what, of, number, None) for of, number in sorted(counts.items()) if number)
        for unit, micros in sorted(day.spent_micros.items()):
            yield day.day, "spent", unit, None, micros / MICROS
