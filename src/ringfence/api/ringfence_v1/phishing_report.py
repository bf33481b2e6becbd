"""How many of an account's sign-ins could have been phished. Ours: Twilio has no such resource.

Reference: docs/reference/phishing-report.md. Times are ISO 8601 in UTC, milliseconds.
"""

import msgspec

from ringfence.api.forms import DAY_MS, MomentFilter
from ringfence.api.resource import OURS, ApiRequest, Resource
from ringfence.api.ringfence_v1.webhook_shown import iso
from ringfence.domain.errors import ApiError
from ringfence.domain.phishing_report import phishing_report

DEFAULT_DAYS = 30
MAX_DAYS = 366

report = Resource("Accounts/{AccountSid}/PhishingReport", item="PhishingReport", listed="", product=OURS, version="v1")


class PeriodForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """From when on, and until when, the latter not with it: days or times. Without them the last thirty days."""

    start_date: MomentFilter | None = None
    end_date: MomentFilter | None = None


class ReportLine(msgspec.Struct, kw_only=True):
    """One service's sign-ins by one channel or type of factor; `advice` is null where nothing need be done."""

    service_sid: str
    channel: str
    sign_ins: int
    phishable: int
    stepped_down: int
    advice: str | None


class Report(msgspec.Struct, kw_only=True):
    """Sign-ins that were approved in the period."""

    account_sid: str
    start_date: str
    end_date: str
    sign_ins: int
    phishable: int
    stepped_down: int
    lines: list[ReportLine]
    url: str


@report.only(PeriodForm)
async def read(request: ApiRequest[PeriodForm]) -> Report:
    form, deps, account = request.form, request.deps, request.account.sid
    until_ms = form.end_date.from_ms if form.end_date is not None else deps.clock.now_ms()
    from_ms = form.start_date.from_ms if form.start_date is not None else until_ms - DEFAULT_DAYS * DAY_MS
    if not 0 <= until_ms - from_ms <= MAX_DAYS * DAY_MS:
        raise ApiError(20001, f"Invalid parameter `StartDate`: a period is of at most {MAX_DAYS} days")
    found = phishing_report(await deps.store.sign_ins(account, from_ms, until_ms))
    return Report(
        account_sid=account,
        start_date=iso(from_ms),
        end_date=iso(until_ms),
        sign_ins=found.sign_ins,
        phishable=found.phishable,
        stepped_down=found.stepped_down,
        lines=[
            ReportLine(
                service_sid=line.service,
                channel=line.channel,
                sign_ins=line.sign_ins,
                phishable=line.phishable,
                stepped_down=line.stepped_down,
                advice=line.advice or None,
            )
            for line in found.lines
        ],
        url=f"/{OURS}/v1/Accounts/{account}/PhishingReport",
    )
