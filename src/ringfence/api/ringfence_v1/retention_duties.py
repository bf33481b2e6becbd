"""Which legal duties to retain metadata were declared: every account may know. Ours: Twilio has no such resource.

Reference: docs/howto/check-the-ledger.md, "What a duty keeps". Times are ISO 8601 in UTC, milliseconds.
"""

import msgspec

from ringfence.api.resource import OURS, ApiRequest, Resource
from ringfence.api.ringfence_v1.webhook_shown import iso
from ringfence.domain.retention.facts import Field
from ringfence.ports.retention import Duty

retention_duties = Resource(
    "Accounts/{AccountSid}/RetentionDuties", item="RetentionDuties", listed="", product=OURS, version="v1"
)


class ShownDuty(msgspec.Struct, kw_only=True):
    """It stands while `date_ended` is null; once `erased` nothing that it kept opens any more.

    `officers` are those of whom two together open what it kept.
    """

    number: int
    fields: tuple[Field, ...]
    days: int
    basis: str
    officers: tuple[str, ...]
    date_declared: str
    date_ended: str | None
    erased: bool


class RetentionDuties(msgspec.Struct, kw_only=True):
    """All that were ever declared, the newest first. Nothing is retained where none stands."""

    account_sid: str
    duties: list[ShownDuty]


@retention_duties.only()
async def read(request: ApiRequest[msgspec.Struct]) -> RetentionDuties:
    found = await request.deps.keys.duties()
    return RetentionDuties(account_sid=request.account.sid, duties=[_shown(each) for each in found])


def _shown(duty: Duty) -> ShownDuty:
    return ShownDuty(
        number=duty.number,
        fields=duty.fields,
        days=duty.days,
        basis=duty.basis,
        officers=duty.officers,
        date_declared=iso(duty.declared_ms),
        date_ended=None if duty.ended_ms is None else iso(duty.ended_ms),
        erased=duty.erased,
    )
