"""Attempts to bring a code. Source: Twilio, "Verification Attempts" and their "Summary" of Verify v2."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from ringfence.api.dates import iso8601
from ringfence.api.forms import VERIFY_PARAMETER, Instant, Rule
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.verify_v2.services import PRODUCT, VERSION
from ringfence.api.verify_v2.verification_lookup import lookup_of
from ringfence.api.verify_v2.verifications import driven
from ringfence.domain.rating import format_price
from ringfence.domain.sid import is_sid
from ringfence.domain.verification import Status
from ringfence.ports.calls import CallRow
from ringfence.ports.verification_attempts import AttemptFilter
from ringfence.usecases.verify.read_attempts import AttemptView

attempts = Resource("Attempts", item="Attempt", listed="attempts", product=PRODUCT, version=VERSION)
attempts_summary = Resource("Attempts/Summary", item="Summary", listed="", product=PRODUCT, version=VERSION)

CHANNELS = ("sms", "call", "email", "whatsapp", "rbm")
NOBODY: Mapping[str, Any] = {}
CONVERTED = {"converted": True, "unconverted": False}


def _one_of(known: tuple[str, ...]) -> Any:
    def read(text: str) -> str:
        if text.lower() not in known:
            raise ValueError(f"expected {', '.join(known[:-1])} or {known[-1]}")
        return text.lower()

    return read


def _sid_of(prefix: str) -> Any:
    def read(text: str) -> str:
        if not is_sid(text, prefix):
            raise ValueError(f"expected {prefix} and 32 hexadecimal digits")
        return text

    return read


def read_country(text: str) -> str:
    """ISO 3166-1, two letters."""
    if re.fullmatch(r"[A-Za-z]{2}", text) is None:
        raise ValueError("expected a country's two letters")
    return text.upper()


def read_prefix(text: str) -> str:
    """The first digits of numbers in E.164 form."""
    if re.fullmatch(r"\+?[0-9]{1,15}", text) is None:
        raise ValueError("expected the first digits of a number in E.164 form")
    return f"+{text.lstrip('+')}"


class _Filter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Which attempts. `DateCreatedAfter` includes what it names, `DateCreatedBefore` does not."""

    date_created_after: Instant | None = None
    date_created_before: Instant | None = None
    country: Annotated[str, Rule(read_country, VERIFY_PARAMETER)] | None = None
    channel: Annotated[str, Rule(_one_of(CHANNELS), VERIFY_PARAMETER)] | None = None
    verify_service_sid: Annotated[str, Rule(_sid_of("VA"), VERIFY_PARAMETER)] | None = None

    def wanted(self) -> AttemptFilter:
        """As the store takes it."""
        return AttemptFilter(
            service=self.verify_service_sid,
            channel=self.channel,
            country=self.country,
            from_ms=self.date_created_after,
            to_ms=self.date_created_before,
        )


class SummaryFilter(_Filter, frozen=True, kw_only=True, rename="pascal"):
    """Which attempts are counted."""

    destination_prefix: Annotated[str, Rule(read_prefix, VERIFY_PARAMETER)] | None = None


class ListFilter(_Filter, frozen=True, kw_only=True, rename="pascal"):
    """Which attempts are listed."""

    channel_data_to: str | None = msgspec.field(name="ChannelData.To", default=None)
    verification_sid: Annotated[str, Rule(_sid_of("VE"), VERIFY_PARAMETER)] | None = None
    status: Annotated[str, Rule(_one_of(tuple(CONVERTED)), VERIFY_PARAMETER)] | None = None

    def wanted(self) -> AttemptFilter:
        """As the store takes it."""
        converted = None if self.status is None else CONVERTED[self.status]
        return msgspec.structs.replace(_Filter.wanted(self), verification=self.verification_sid, converted=converted)


class Attempt(msgspec.Struct, kw_only=True):
    """An attempt. `price` is that of its text or call, as soon as that is known."""

    sid: str
    account_sid: str
    service_sid: str
    verification_sid: str
    date_created: str
    date_updated: str
    conversion_status: str
    channel: str
    price: dict[str, str] | None
    channel_data: dict[str, Any]
    url: str

    def __repr__(self) -> str:
        return f"Attempt({self.sid})"


class Summary(msgspec.Struct, kw_only=True):
    """How many attempts were made, and how many converted."""

    total_attempts: int
    total_converted: int
    total_unconverted: int
    conversion_rate_percentage: str
    url: str


def _status(view: AttemptView) -> str:
    if view.row.converted:
        return "confirmed"
    return "expired" if view.status is Status.EXPIRED else "unconfirmed"


def _channel_data(view: AttemptView, carrier: Mapping[str, Any]) -> dict[str, Any]:
    """What the channel tells of it; what is not known of its words and its line is None."""
    row, secret, sent = view.row, view.verification.secret, view.sent
    data: dict[str, Any] = {
        "verification_sid": row.verification,
        "to": None if secret is None else secret.to,
        "status": _status(view),
        "country": row.country,
        **_words(view),
        "mcc": carrier.get("mobile_country_code"),
        "mnc": carrier.get("mobile_network_code"),
        "carrier": carrier.get("name"),
    }
    error_code = row.refusal
    if sent is not None:
        data["call_status" if isinstance(sent, CallRow) else "message_status"] = sent.status.value
        error_code = error_code or sent.error_code
    elif row.refusal is not None:
        data["call_status" if row.channel == "call" else "message_status"] = "failed"
    if error_code is not None:
        data["error_code"] = str(error_code)
    return data


def _words(view: AttemptView) -> dict[str, Any]:
    """How long the code is that it brought, and in which language."""
    secret, attempts = view.verification.secret, view.verification.row.attempts
    if secret is None or view.row.channel == "sna" or not attempts:
        return {"code_length": None, "locale": None}
    return {"code_length": attempts[0].code_length or secret.code_length or None, "locale": view.locale}


def _shown(request: ApiRequest[Any], view: AttemptView, carrier: Mapping[str, Any] = NOBODY) -> Attempt:
    row, sent, verification = view.row, view.sent, view.verification.row
    updated_ms = max(row.at_ms, sent.updated_ms if sent is not None else 0)
    if row.converted:
        updated_ms = max(updated_ms, verification.updated_ms)
    price = None
    if sent is not None and sent.price_micros is not None:
        # A charge, so without the sign that a text's price has.
        price = {"value": format_price(-sent.price_micros), "currency": sent.price_unit.lower()}
    return Attempt(
        sid=row.sid,
        account_sid=row.account,
        service_sid=row.service,
        verification_sid=row.verification,
        date_created=iso8601(row.at_ms),
        date_updated=iso8601(updated_ms),
        conversion_status="converted" if row.converted else "unconverted",
        channel=row.channel,
        price=price,
        channel_data=_channel_data(view, carrier),
        url=f"{request.root}/{VERSION}/Attempts/{row.sid}",
    )


@attempts.list(ListFilter)
async def list_attempts(request: ApiRequest[ListFilter], cursor: Cursor) -> list[Attempt]:
    form, reader = request.form, driven(request).attempts
    views = await reader.page(
        request.caller,
        request.account.sid,
        form.wanted(),
        to=form.channel_data_to or "",
        before=cursor.before,
        limit=cursor.limit,
    )
    return [_shown(request, view) for view in views]


@attempts.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> Attempt | None:
    view = await driven(request).attempts.fetch(request.caller, request.account.sid, request.sid)
    if view is None:
        return None
    # A list asks nobody: a page of it would be a thousand lookups.
    service = await request.deps.store.verify_row(request.account.sid, "service", view.row.service)
    looked_up = await lookup_of(request, service, view.verification)
    return _shown(request, view, looked_up.get("carrier", NOBODY))


@attempts_summary.only(SummaryFilter)
async def summary(request: ApiRequest[SummaryFilter]) -> Summary:
    form, reader = request.form, driven(request).attempts
    found = await reader.summary(
        request.caller, request.account.sid, form.wanted(), prefix=form.destination_prefix or ""
    )
    rate = found.converted / found.total * 100 if found.total else 0.0
    return Summary(
        total_attempts=found.total,
        total_converted=found.converted,
        total_unconverted=found.total - found.converted,
        conversion_rate_percentage=f"{rate:.9f}",
        url=f"{request.root}/{VERSION}/Attempts/Summary",
    )
