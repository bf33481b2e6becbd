"""Many numbers at once. Source: Twilio, "Lookups v2", batch/query."""

import asyncio
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ringfence.api.lookups_v2.phone_numbers import (
    PRODUCT,
    VERSION,
    Told,
    lookups_of,
    members,
    read_country,
    read_fields,
)
from ringfence.api.resource import ApiRequest, Resource
from ringfence.domain.errors import ApiError
from ringfence.domain.lookups.identity import Identity
from ringfence.usecases.lookups.look_up import Asked

MAX_NUMBERS = 100

batch = Resource("batch", item="Query", listed="phone_numbers", product=PRODUCT, version=VERSION)


class Claims(msgspec.Struct, frozen=True, kw_only=True):
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

    def __repr__(self) -> str:
        return "Claims(…)"


class Reassigned(msgspec.Struct, frozen=True, kw_only=True):
    last_verified_date: str | None = None


class Risk(msgspec.Struct, frozen=True, kw_only=True):
    partner_sub_id: str | None = None


class NumberQuery(msgspec.Struct, frozen=True, kw_only=True):
    phone_number: str
    correlation_id: str | None = None
    fields: tuple[str, ...] | None = None
    country_code: str | None = None
    identity_match: Claims | None = None
    reassigned_number: Reassigned | None = None
    sms_pumping_risk: Risk | None = None

    def __repr__(self) -> str:
        return "NumberQuery(…)"


class Query(msgspec.Struct, frozen=True, kw_only=True):
    phone_numbers: Annotated[tuple[NumberQuery, ...], Meta(max_length=MAX_NUMBERS)] | None = None


class NumberAnswer(Told, kw_only=True):
    """As the answer to one lookup, with what its request was called."""

    correlation_id: str | None
    twilio_error_code: int | None = None


class Answer(msgspec.Struct, kw_only=True):
    """In the order of the request."""

    phone_numbers: list[NumberAnswer]


@batch.at("POST", "query", body=Query)
async def query(request: ApiRequest[Query]) -> Answer:
    """Up to 100 numbers; a wrong one of them is answered as such, and a wrong field refuses all."""
    wanted = request.form.phone_numbers or ()
    asked = [_asked(one) for one in wanted]
    lookups = lookups_of(request)
    found = await asyncio.gather(*(lookups.look_up(request.account.sid, one) for one in asked))
    answers: list[dict[str, Any]] = [members(one) for one in found]
    return Answer(
        phone_numbers=[
            NumberAnswer(correlation_id=one.correlation_id, **answer)
            for one, answer in zip(wanted, answers, strict=True)
        ]
    )


def _asked(one: NumberQuery) -> Asked:
    claims = one.identity_match or Claims()
    try:
        fields = read_fields(",".join(one.fields or ()))
        country = read_country(one.country_code) if one.country_code else ""
    except ValueError as wrong:
        raise ApiError(20001, f"Invalid value in phone_numbers: {wrong}.") from None
    return Asked(
        number=one.phone_number,
        country=country,
        fields=fields,
        claimed=Identity(**{name: getattr(claims, name) or "" for name in Identity.__struct_fields__}),
        last_verified_date=(one.reassigned_number or Reassigned()).last_verified_date or "",
        partner_sub_id=(one.sms_pumping_risk or Risk()).partner_sub_id or "",
    )
