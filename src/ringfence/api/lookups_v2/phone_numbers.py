"""What a number is. Source: Twilio, "Lookup v2 API"."""

from typing import Annotated, Any

import msgspec

from ringfence.api.forms import Rule
from ringfence.api.resource import ApiRequest, Resource
from ringfence.domain.lookups.identity import Identity
from ringfence.domain.lookups.packages import (
    FIELDS,
    VALIDATION,
    CallerName,
    CallForwarding,
    IdentityMatch,
    LineStatus,
    LineTypeIntelligence,
    PhoneNumberQualityScore,
    PreFill,
    ReassignedNumber,
    SimSwap,
    SmsPumpingRisk,
)
from ringfence.domain.lookups.validation import is_country
from ringfence.usecases.lookups.look_up import Asked, Found, Lookups

PRODUCT = "lookups"
VERSION = "v2"

phone_numbers = Resource("PhoneNumbers", item="PhoneNumber", listed="phone_numbers", product=PRODUCT, version=VERSION)


def read_fields(text: str) -> tuple[str, ...]:
    """Names of fields, between commas."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not set(names) <= {*FIELDS, VALIDATION}:
        raise ValueError(f"expected some of {', '.join((VALIDATION, *FIELDS))}")
    return names


def read_country(text: str) -> str:
    """An ISO 3166 code of two letters."""
    if not is_country(text):
        raise ValueError("expected a country's code of two letters")
    return text.upper()


Fields = Annotated[str, Rule(lambda text: ",".join(read_fields(text)))]
Country = Annotated[str, Rule(read_country)]


class LookupForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    fields: Fields | None = None
    country_code: Country | None = None
    first_name: str | None = None
    last_name: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    address_country_code: str | None = None
    national_id: str | None = None
    date_of_birth: str | None = None
    last_verified_date: str | None = None
    verification_sid: str | None = None
    partner_sub_id: str | None = None

    def __repr__(self) -> str:
        return "LookupForm(…)"


class Told(msgspec.Struct, kw_only=True):
    """A number's form, and the packages that were asked for."""

    calling_country_code: str | None
    country_code: str | None
    phone_number: str
    national_format: str | None
    valid: bool
    validation_errors: tuple[str, ...]
    caller_name: CallerName | None
    sim_swap: SimSwap | None
    call_forwarding: CallForwarding | None
    line_status: LineStatus | None
    line_type_intelligence: LineTypeIntelligence | None
    identity_match: IdentityMatch | None
    reassigned_number: ReassignedNumber | None
    sms_pumping_risk: SmsPumpingRisk | None
    phone_number_quality_score: PhoneNumberQualityScore | None
    pre_fill: PreFill | None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class Lookup(Told, kw_only=True):
    """The answer to one lookup."""

    url: str


def lookups_of(request: ApiRequest[Any]) -> Lookups:
    """Whoever looks numbers up, with what this installation has."""
    deps = request.deps
    return Lookups(deps.store, deps.keys, deps.clock, deps.intelligence)


def members(found: Found) -> dict[str, Any]:
    """What an answer says of a number, by name."""
    examined = found.examined
    return {
        "calling_country_code": examined.calling_country_code,
        "country_code": examined.country_code,
        "phone_number": examined.phone_number,
        "national_format": examined.national_format,
        "valid": examined.valid,
        "validation_errors": examined.errors,
        **{field: getattr(found.packages, field) for field in FIELDS},
    }


@phone_numbers.fetch(LookupForm, named="PhoneNumber")
async def fetch(request: ApiRequest[LookupForm]) -> Lookup:
    form = request.form
    asked = Asked(
        number=request.path["PhoneNumber"],
        country=form.country_code or "",
        fields=read_fields(form.fields or ""),
        claimed=Identity(**{name: getattr(form, name) or "" for name in Identity.__struct_fields__}),
        last_verified_date=form.last_verified_date or "",
        partner_sub_id=form.partner_sub_id or "",
        verification_sid=form.verification_sid or "",
    )
    found = await lookups_of(request).look_up(request.account.sid, asked)
    url = f"{request.root}/{VERSION}/PhoneNumbers/{found.examined.phone_number}"
    return Lookup(**members(found), url=url)
