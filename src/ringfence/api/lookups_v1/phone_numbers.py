"""A number's form, carrier and caller name, as the first version of Lookup tells them. Source: Twilio, "Lookup v1"."""

from typing import Literal

import msgspec

from ringfence.api.lookups_v2.phone_numbers import PRODUCT, Country, lookups_of
from ringfence.api.resource import ApiRequest, Resource
from ringfence.domain.errors import ApiError
from ringfence.domain.lookups.packages import CallerName, LineTypeIntelligence
from ringfence.usecases.lookups.look_up import Asked

VERSION = "v1"
_FIELDS = {"carrier": "line_type_intelligence", "caller-name": "caller_name"}
_TYPES = {"mobile": "mobile", "landline": "landline", "fixedVoip": "voip", "nonFixedVoip": "voip"}

phone_numbers_v1 = Resource(
    "PhoneNumbers", item="PhoneNumber", listed="phone_numbers", product=PRODUCT, version=VERSION
)


class LookupForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    country_code: Country | None = None
    type: tuple[Literal["carrier", "caller-name"], ...] = ()
    add_ons: tuple[str, ...] = ()
    add_ons_data: str | None = None


class Carrier(msgspec.Struct, kw_only=True):
    """Whose line it is; the type is mobile, landline or voip, None for any other."""

    mobile_country_code: str | None
    mobile_network_code: str | None
    name: str | None
    type: str | None
    error_code: int | None


class Lookup(msgspec.Struct, kw_only=True):
    """A valid number's."""

    caller_name: CallerName | None
    country_code: str | None
    phone_number: str
    national_format: str | None
    carrier: Carrier | None
    add_ons: None
    url: str

    def __repr__(self) -> str:
        return "Lookup(…)"


@phone_numbers_v1.fetch(LookupForm, named="PhoneNumber")
async def fetch(request: ApiRequest[LookupForm]) -> Lookup | None:
    """None for what is no number."""
    form = request.form
    if form.add_ons:
        raise ApiError(20501, "AddOns are not available here.")
    asked = Asked(
        number=request.path["PhoneNumber"],
        country=form.country_code or "",
        fields=tuple(_FIELDS[kind] for kind in form.type),
    )
    found = await lookups_of(request).look_up(request.account.sid, asked)
    examined, packages = found.examined, found.packages
    if not examined.valid:
        return None
    return Lookup(
        caller_name=packages.caller_name,
        country_code=examined.country_code,
        phone_number=examined.phone_number,
        national_format=examined.national_format,
        carrier=None if packages.line_type_intelligence is None else carrier_of(packages.line_type_intelligence),
        add_ons=None,
        url=f"{request.root}/{VERSION}/PhoneNumbers/{examined.phone_number}",
    )


def carrier_of(line: LineTypeIntelligence) -> Carrier:
    """A line as the first version of Lookup shows it."""
    return Carrier(
        mobile_country_code=line.mobile_country_code,
        mobile_network_code=line.mobile_network_code,
        name=line.carrier_name,
        type=_TYPES.get(line.type or ""),
        error_code=line.error_code,
    )
