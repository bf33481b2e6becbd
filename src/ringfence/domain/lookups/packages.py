"""What a lookup answers beyond the number's form: a package a field, each with the error that stands in for it.

Source: Twilio, "Lookup v2 API", data packages; errors 60600 to 60626.
"""

from typing import Literal

import msgspec

LineType = Literal[
    "mobile",
    "landline",
    "tollFree",
    "fixedVoip",
    "nonFixedVoip",
    "personal",
    "premium",
    "voicemail",
    "sharedCost",
    "uan",
    "pager",
    "unknown",
]
Match = Literal["exact_match", "high_partial_match", "partial_match", "no_match", "no_data_available"]

VALIDATION = "validation"
"""The field that is always answered."""

# No source knows this number; nobody is asked for this field; the source failed.
OUT_OF_COVERAGE = 60600
NOT_ENABLED = 60606
FAILED = 60608
NOT_MOBILE = 60612
RATE_EXCEEDED = 60616
TOO_FEW_PARAMETERS = 60617
MALFORMED_PARAMETER = 60618
VERIFICATION_NOT_FOUND = 60623
NUMBER_RATE_EXCEEDED = 60626


class CallerName(msgspec.Struct, frozen=True, kw_only=True):
    """Whose number it is, as callers are shown (CNAM): `caller_type` is BUSINESS, CONSUMER or UNDETERMINED."""

    caller_name: str | None = None
    caller_type: str | None = None
    error_code: int | None = None

    def __repr__(self) -> str:
        return f"CallerName({self.caller_type}, {self.error_code})"


class LastSimSwap(msgspec.Struct, frozen=True, kw_only=True):
    """When the SIM was changed last, ISO 8601, and whether that lies within `swapped_period` (ISO 8601 duration)."""

    last_sim_swap_date: str | None = None
    swapped_period: str | None = None
    swapped_in_period: bool | None = None


class SimSwap(msgspec.Struct, frozen=True, kw_only=True):
    """The last change of the number's SIM."""

    last_sim_swap: LastSimSwap | None = None
    carrier_name: str | None = None
    mobile_country_code: str | None = None
    mobile_network_code: str | None = None
    error_code: int | None = None


class CallForwarding(msgspec.Struct, frozen=True, kw_only=True):
    """Whether all calls are forwarded."""

    call_forwarding_enabled: bool | None = None
    error_code: int | None = None


class LineStatus(msgspec.Struct, frozen=True, kw_only=True):
    """active, reachable, unreachable, inactive or unknown."""

    status: str | None = None
    error_code: int | None = None


class LineTypeIntelligence(msgspec.Struct, frozen=True, kw_only=True):
    """What kind of line it is, and whose."""

    mobile_country_code: str | None = None
    mobile_network_code: str | None = None
    carrier_name: str | None = None
    type: LineType | None = None
    error_code: int | None = None


class IdentityMatch(msgspec.Struct, frozen=True, kw_only=True):
    """How well what was claimed agrees with what is known; None for what was not claimed. The score is 0 to 100."""

    first_name_match: Match | None = None
    last_name_match: Match | None = None
    address_lines_match: Match | None = None
    city_match: Match | None = None
    state_match: Match | None = None
    postal_code_match: Match | None = None
    address_country_match: Match | None = None
    national_id_match: Match | None = None
    date_of_birth_match: Match | None = None
    summary_score: int | None = None
    error_code: int | None = None
    error_message: str | None = None


class ReassignedNumber(msgspec.Struct, frozen=True, kw_only=True):
    """Whether somebody else has had the number since `last_verified_date`: yes, no or no_data_available.

    Its `error_code` is text, as Twilio has it.
    """

    last_verified_date: str | None = None
    is_number_reassigned: str | None = None
    error_code: str | None = None


class SmsPumpingRisk(msgspec.Struct, frozen=True, kw_only=True):
    """How likely it is that texts to the number are pumped: 0 to 100; the carrier's risk is low to high."""

    carrier_risk_category: str | None = None
    number_blocked: bool | None = None
    number_blocked_date: str | None = None
    number_blocked_last_3_months: bool | None = None
    sms_pumping_risk_score: int | None = None
    error_code: int | None = None


class PhoneNumberQualityScore(msgspec.Struct, frozen=True, kw_only=True):
    """What is thought of the number, in scores of 0 to 100 and categories of low to high."""

    carrier_risk_score: int | None = None
    carrier_risk_category: str | None = None
    disposable_phone_risk_score: int | None = None
    disposable_phone_risk_category: str | None = None
    quality_score: int | None = None
    quality_category: str | None = None
    velocity_risk_score: int | None = None
    velocity_risk_category: str | None = None
    error_code: int | None = None


class PreFill(msgspec.Struct, frozen=True, kw_only=True):
    """Who owns the number, for a form that they have verified it for."""

    first_name: str | None = None
    last_name: str | None = None
    address_line: str | None = None
    country_code: str | None = None
    state: str | None = None
    postal_code: str | None = None
    error_code: int | None = None

    def __repr__(self) -> str:
        return "PreFill(…)"


class Packages(msgspec.Struct, frozen=True, kw_only=True):
    """The packages of one number, None where none was asked for, or nothing is known."""

    caller_name: CallerName | None = None
    sim_swap: SimSwap | None = None
    call_forwarding: CallForwarding | None = None
    line_status: LineStatus | None = None
    line_type_intelligence: LineTypeIntelligence | None = None
    identity_match: IdentityMatch | None = None
    reassigned_number: ReassignedNumber | None = None
    sms_pumping_risk: SmsPumpingRisk | None = None
    phone_number_quality_score: PhoneNumberQualityScore | None = None
    pre_fill: PreFill | None = None

    def __repr__(self) -> str:
        return f"Packages({', '.join(name for name in FIELDS if getattr(self, name) is not None)})"


FIELDS: tuple[str, ...] = Packages.__struct_fields__
_KINDS: dict[str, type[msgspec.Struct]] = {
    "caller_name": CallerName,
    "sim_swap": SimSwap,
    "call_forwarding": CallForwarding,
    "line_status": LineStatus,
    "line_type_intelligence": LineTypeIntelligence,
    "identity_match": IdentityMatch,
    "sms_pumping_risk": SmsPumpingRisk,
    "phone_number_quality_score": PhoneNumberQualityScore,
    "pre_fill": PreFill,
}


def failed(field: str, code: int) -> msgspec.Struct:
    """The package of a field that says nothing but why."""
    if field == "reassigned_number":
        return ReassignedNumber(error_code=str(code))
    return _KINDS[field](error_code=code)
