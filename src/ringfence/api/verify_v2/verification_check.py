"""Checks of codes. Source: Twilio, "Verification check resource" of Verify v2."""

from collections.abc import Sequence
from typing import Any

import msgspec

from ringfence.api.dates import iso8601
from ringfence.api.forms import VERIFY_PARAMETER
from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.verify_v2.parents import service_of
from ringfence.api.verify_v2.services import PRODUCT, VERSION
from ringfence.api.verify_v2.verifications import driven
from ringfence.domain.errors import ApiError
from ringfence.domain.recipient import address_of
from ringfence.domain.sid import is_sid
from ringfence.domain.verification import Status
from ringfence.usecases.verify.silent_auth import CHANNEL
from ringfence.usecases.verify.start_verification import recipient_of
from ringfence.usecases.verify.verification_view import VerificationView

verification_check = Resource(
    "Services/{ServiceSid}/VerificationCheck", item="VerificationCheck", listed="", product=PRODUCT, version=VERSION
)


class CheckForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A code, and whose: by number or by verification. `amount` and `payee` are of the payment."""

    code: str | None = None
    to: str | None = None
    verification_sid: str | None = None
    amount: str | None = None
    payee: str | None = None
    sna_client_token: str | None = None


class VerificationCheck(msgspec.Struct, kw_only=True):
    """What a check came to."""

    sid: str
    service_sid: str
    account_sid: str
    to: str | None
    channel: str
    status: str
    valid: bool
    amount: str | None
    payee: str | None
    date_created: str
    date_updated: str
    sna_attempts_error_codes: list[dict[str, Any]] | None = None

    def __repr__(self) -> str:
        return f"VerificationCheck({self.sid})"


@verification_check.create(CheckForm, status=200)
async def create(request: ApiRequest[CheckForm]) -> VerificationCheck | None:
    form, checker = request.form, driven(request).checker
    service = await service_of(request)
    if not (form.to or form.verification_sid):
        raise ApiError(60221)
    silent = driven(request).silent
    if not form.code and silent is None:
        raise ApiError(VERIFY_PARAMETER, "Missing required parameter Code")
    if form.verification_sid and not is_sid(form.verification_sid, "VE"):
        raise ApiError(VERIFY_PARAMETER, "Invalid parameter `VerificationSid`: expected VE and 32 hexadecimal digits")
    to = address_of(recipient_of(form.to)) if form.to and not form.verification_sid else ""
    if silent is not None and not form.code:
        account, named = request.account.sid, form.verification_sid or to
        found = await silent.check(request.caller, account, service.sid, named, form.sna_client_token or "")
        return None if found is None else _shown(found.view, found.errors)
    view = await checker.check(
        request.caller,
        service,
        form.code or "",
        to=to,
        sid=form.verification_sid or "",
        payment=(form.amount or "", form.payee or ""),
    )
    return None if view is None else _shown(view)


def _shown(view: VerificationView, errors: Sequence[tuple[str, int]] = ()) -> VerificationCheck:
    row, secret = view.row, view.secret
    silent = bool(row.attempts) and row.attempts[-1].channel == CHANNEL
    return VerificationCheck(
        sid=row.sid,
        service_sid=row.service,
        account_sid=row.account,
        to=None if secret is None else secret.to,
        channel=row.channel,
        status=row.status.value,
        valid=row.status is Status.APPROVED,
        amount=secret.amount or None if secret is not None else None,
        payee=secret.payee or None if secret is not None else None,
        date_created=iso8601(row.created_ms),
        date_updated=iso8601(row.updated_ms),
        sna_attempts_error_codes=[{"attempt_sid": sid, "code": code} for sid, code in errors] if silent else None,
    )
