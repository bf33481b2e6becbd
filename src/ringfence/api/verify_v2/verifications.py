"""Verifications. Source: Twilio, "Verification resource" of Verify v2."""

import ipaddress
import json
from typing import Annotated, Any, Literal

import msgspec

from ringfence.api.dates import iso8601
from ringfence.api.forms import VERIFY_PARAMETER, Rule, read_digits
from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.verify_v2.parents import service_of
from ringfence.api.verify_v2.read import is_text
from ringfence.api.verify_v2.services import PRODUCT, VERSION, service_url
from ringfence.api.verify_v2.verification_lookup import lookup_of
from ringfence.api.verifying import Verifying
from ringfence.domain.custom_message import holds_address, read_custom_message
from ringfence.domain.errors import ApiError
from ringfence.domain.mail_address import parse_mail_address
from ringfence.domain.spoken_code import CODE_PLACE
from ringfence.domain.verification import Status
from ringfence.domain.verify_settings import read_service_name
from ringfence.ports.verify_config import VerifyRow
from ringfence.usecases.verify.start_request import StartRequest
from ringfence.usecases.verify.verification_view import VerificationView

verifications = Resource(
    "Services/{ServiceSid}/Verifications", item="Verification", listed="", product=PRODUCT, version=VERSION
)

MAX_TAGS = 10
MAX_RATES = 10
MAX_RATE_CHARACTERS = 256
MAX_TAG_CHARACTERS = 128
MAX_SUBSTITUTIONS = 20
MAX_SUBSTITUTION_CHARACTERS = 128
MAX_MAIL_NAME_CHARACTERS = 64


def read_ip(text: str) -> str:
    """An IPv4 or IPv6 address."""
    return str(ipaddress.ip_address(text))


def read_tags(text: str) -> str:
    """JSON: at most ten pairs of strings, as it was written."""
    try:
        tags = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("expected JSON") from None
    if not isinstance(tags, dict) or len(tags) > MAX_TAGS:
        raise ValueError(f"expected an object of at most {MAX_TAGS} pairs")
    for part in (*tags, *tags.values()):
        if not is_text(part) or len(part) > MAX_TAG_CHARACTERS:
            raise ValueError(f"expected strings of at most {MAX_TAG_CHARACTERS} characters")
    return text


def read_rates(text: str) -> tuple[tuple[str, str], ...]:
    """JSON: names of rate limits, each with the value to be counted, a string or a number."""
    try:
        rates = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("expected JSON") from None
    if not isinstance(rates, dict) or len(rates) > MAX_RATES:
        raise ValueError(f"expected an object of at most {MAX_RATES} pairs")
    for name, value in rates.items():
        written = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not is_text(name) or not is_text(written) or not 0 < len(written) <= MAX_RATE_CHARACTERS:
            raise ValueError(f"expected values of 1 to {MAX_RATE_CHARACTERS} characters")
    return tuple((name, str(value)) for name, value in rates.items())


def read_payment(text: str) -> str:
    """What is shown of a payment: one line of printable characters."""
    if not text.isprintable() or len(text) > MAX_TAG_CHARACTERS:
        raise ValueError("expected one line")
    if CODE_PLACE in text:
        raise ValueError("expected no place for the code")
    return text


class MailFrom(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who a mail comes from; None for whoever the installation says."""

    address: str | None = msgspec.field(name="from", default=None)
    name: str | None = msgspec.field(name="from_name", default=None)

    def __repr__(self) -> str:
        return "MailFrom(…)"


def read_mail_from(text: str) -> MailFrom:
    """JSON: `from`, a mail address, and `from_name`, either or both."""
    try:
        mail = msgspec.json.decode(text, type=MailFrom)
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("expected an object of `from` and `from_name`") from None
    if mail.address and parse_mail_address(mail.address) is None:
        raise ValueError("expected a mail address as `from`")
    name = mail.name or ""
    if not name.isprintable() or len(name) > MAX_MAIL_NAME_CHARACTERS or CODE_PLACE in name:
        raise ValueError(f"expected at most {MAX_MAIL_NAME_CHARACTERS} characters as `from_name`")
    return mail


def read_substitutions(text: str) -> tuple[tuple[str, str], ...]:
    """JSON of an object: variables of a template, each with a string or a number. ApiError 60224."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict) or len(values) > MAX_SUBSTITUTIONS:
        raise ApiError(
            60224, f"TemplateCustomSubstitutions: expected a JSON object of at most {MAX_SUBSTITUTIONS} pairs"
        )
    return tuple((name, _substitution(value)) for name, value in values.items())


def _substitution(value: object) -> str:
    written = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    if not isinstance(written, str) or not is_text(written) or not written.isprintable():
        raise ApiError(60224, "TemplateCustomSubstitutions: expected strings of one line")
    if len(written) > MAX_SUBSTITUTION_CHARACTERS or CODE_PLACE in written:
        raise ApiError(
            60224,
            f"TemplateCustomSubstitutions: expected at most {MAX_SUBSTITUTION_CHARACTERS} characters "
            "and no place for the code",
        )
    if holds_address(written):
        raise ApiError(60224, "TemplateCustomSubstitutions: expected values without addresses of pages")
    return written


Payment = Annotated[str, Rule(read_payment, VERIFY_PARAMETER)]


class StartForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What starts a verification."""

    to: str | None = None
    channel: str | None = None
    custom_friendly_name: Annotated[str, Rule(read_service_name, VERIFY_PARAMETER)] | None = None
    custom_message: Annotated[str, Rule(read_custom_message, VERIFY_PARAMETER)] | None = None
    send_digits: Annotated[str, Rule(read_digits, VERIFY_PARAMETER)] | None = None
    locale: str | None = None
    custom_code: str | None = None
    amount: Payment | None = None
    payee: Payment | None = None
    rate_limits: Annotated[tuple[tuple[str, str], ...], Rule(read_rates, VERIFY_PARAMETER)] | None = None
    channel_configuration: Annotated[MailFrom, Rule(read_mail_from, VERIFY_PARAMETER)] | None = None
    app_hash: str | None = None
    template_sid: str | None = None
    template_custom_substitutions: str | None = None
    device_ip: Annotated[str, Rule(read_ip, VERIFY_PARAMETER)] | None = None
    enable_sna_client_token: bool | None = None
    risk_check: Literal["enable", "disable"] | None = None
    tags: Annotated[str, Rule(read_tags, VERIFY_PARAMETER)] | None = None

    def request(self) -> StartRequest:
        """As the use case takes it. ApiError for what is missing, or not available yet."""
        if not self.to:
            raise ApiError(VERIFY_PARAMETER, "Missing required parameter To")
        if not self.channel:
            raise ApiError(VERIFY_PARAMETER, "Missing required parameter Channel")
        mail = self.channel_configuration or MailFrom()
        return StartRequest(
            to=self.to,
            channel=self.channel.lower(),
            custom_code=self.custom_code or "",
            custom_friendly_name=self.custom_friendly_name or "",
            amount=self.amount or "",
            payee=self.payee or "",
            locale=self.locale or "",
            app_hash=self.app_hash or "",
            send_digits=self.send_digits or "",
            template_sid=self.template_sid or "",
            substitutions=read_substitutions(self.template_custom_substitutions or "{}"),
            device_ip=self.device_ip or "",
            tags=self.tags or "",
            rates=self.rate_limits or (),
            risk_check=self.risk_check != "disable",
            message=self.custom_message or "",
            mail_from=mail.address or "",
            mail_from_name=mail.name or "",
            client_token=bool(self.enable_sna_client_token),
        )


class UpdateForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What ends one."""

    status: str | None = None


class Verification(msgspec.Struct, kw_only=True):
    """A verification."""

    sid: str
    service_sid: str
    account_sid: str
    to: str | None
    channel: str
    status: str
    valid: bool
    lookup: dict[str, Any]
    amount: str | None
    payee: str | None
    send_code_attempts: list[dict[str, Any]]
    date_created: str
    date_updated: str
    sna: dict[str, str] | None
    url: str

    def __repr__(self) -> str:
        return f"Verification({self.sid})"


def driven(request: ApiRequest[Any]) -> Verifying:
    """What is driven here; ApiError 20501 where verifications are not."""
    if request.deps.verifying is None:
        raise ApiError(20501, "Verifications are not composed in this process.")
    return request.deps.verifying


async def shown(
    request: ApiRequest[Any], service: VerifyRow | None, view: VerificationView, sna_url: str = ""
) -> Verification:
    """As Twilio shows it. Only a start tells the `sna_url`."""
    row, secret = view.row, view.secret
    return Verification(
        sid=row.sid,
        service_sid=row.service,
        account_sid=row.account,
        to=None if secret is None else secret.to,
        channel=row.channel,
        status=row.status.value,
        valid=row.status is Status.APPROVED,
        lookup=await lookup_of(request, service, view),
        amount=secret.amount or None if secret is not None else None,
        payee=secret.payee or None if secret is not None else None,
        send_code_attempts=[
            {"time": iso8601(attempt.at_ms), "channel": attempt.channel.upper(), "attempt_sid": attempt.sid}
            for attempt in row.attempts
        ],
        date_created=iso8601(row.created_ms),
        date_updated=iso8601(row.updated_ms),
        sna={"url": sna_url} if sna_url else None,
        url=f"{service_url(request, row.service)}/Verifications/{row.sid}",
    )


@verifications.create(StartForm)
async def create(request: ApiRequest[StartForm]) -> Verification:
    service = await service_of(request)
    verifying = driven(request)
    view = await verifying.starter.start(request.caller, service, request.form.request())
    sna_url = "" if verifying.silent is None else await verifying.silent.url(view)
    return await shown(request, service, view, sna_url)


@verifications.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> Verification | None:
    reader = driven(request).reader
    view = await reader.fetch(request.caller, request.account.sid, request.path["ServiceSid"], request.sid)
    if view is None:
        return None
    to = "" if view.secret is None else view.secret.to
    view = msgspec.structs.replace(view, row=await driven(request).settler.settled(view.row, to))
    service = await request.deps.store.verify_row(request.account.sid, "service", request.path["ServiceSid"])
    return await shown(request, service, view)


@verifications.update(UpdateForm)
async def update(request: ApiRequest[UpdateForm]) -> Verification | None:
    changer = driven(request).changer
    service = await service_of(request)
    match request.form.status:
        case "approved" | "canceled" as status:
            view = await changer.update(
                request.caller, request.account.sid, request.path["ServiceSid"], request.sid, status
            )
            return None if view is None else await shown(request, service, view)
        case _:
            raise ApiError(VERIFY_PARAMETER, "Invalid parameter `Status`: expected approved or canceled")
