"""Whether a written number is one, and how it is written rightly. Offline, from libphonenumber's metadata.

Source: Twilio, "Lookup v2 API", "Validation" and its answers to wrong numbers; phonenumbers.
"""

import re
from typing import Literal

import msgspec
import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

DEFAULT_COUNTRY = "US"
MAX_CHARACTERS = 64

Fault = Literal[
    "TOO_SHORT", "TOO_LONG", "INVALID_BUT_POSSIBLE", "INVALID_COUNTRY_CODE", "INVALID_LENGTH", "NOT_A_NUMBER"
]

_COUNTRY = re.compile(r"[A-Za-z]{2}", re.ASCII)
# Whatever people write between digits; phonenumbers would turn letters into digits.
_WRITTEN = re.compile(r"\+?[0-9 ().\-/]+", re.ASCII)
_PARSING: dict[int, Fault] = {
    NumberParseException.INVALID_COUNTRY_CODE: "INVALID_COUNTRY_CODE",
    NumberParseException.NOT_A_NUMBER: "NOT_A_NUMBER",
    NumberParseException.TOO_SHORT_AFTER_IDD: "TOO_SHORT",
    NumberParseException.TOO_SHORT_NSN: "TOO_SHORT",
    NumberParseException.TOO_LONG: "TOO_LONG",
}
_LENGTHS: dict[int, Fault] = {
    ValidationResult.INVALID_COUNTRY_CODE: "INVALID_COUNTRY_CODE",
    ValidationResult.TOO_SHORT: "TOO_SHORT",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "TOO_SHORT",
    ValidationResult.TOO_LONG: "TOO_LONG",
    ValidationResult.INVALID_LENGTH: "INVALID_LENGTH",
}


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """What a written number is. Of one that is none, `phone_number` is what was written, after "+" and a calling code.

    `country_code` is ISO 3166 alpha-2, None for a number of no country; the calling code is digits.
    """

    phone_number: str
    valid: bool
    calling_country_code: str | None = None
    country_code: str | None = None
    national_format: str | None = None
    errors: tuple[Fault, ...] = ()

    def __repr__(self) -> str:
        return f"Examined({self.country_code}, valid={self.valid})"


def is_country(code: str) -> bool:
    """True for the ISO 3166 code of a country that has numbers, in either case."""
    return _COUNTRY.fullmatch(code) is not None and code.upper() in phonenumbers.SUPPORTED_REGIONS


def examine(text: str, country: str = "") -> Examined:
    """The number that `text` writes, in E.164 or in the national format of `country` (else the United States)."""
    country = country.upper() or DEFAULT_COUNTRY
    written = text.strip()[:MAX_CHARACTERS]
    if _WRITTEN.fullmatch(written) is None:
        return _none(written, country, "NOT_A_NUMBER")
    try:
        parsed = phonenumbers.parse(written, country)
    except NumberParseException as error:
        return _none(written, country, _PARSING[error.error_type])
    e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    fault = _LENGTHS.get(phonenumbers.is_possible_number_with_reason(parsed))
    if fault is None and not phonenumbers.is_valid_number(parsed):
        fault = "INVALID_BUT_POSSIBLE"
    if fault is not None:
        return Examined(phone_number=e164, valid=False, errors=(fault,))
    region = phonenumbers.region_code_for_number(parsed)
    return Examined(
        phone_number=e164,
        valid=True,
        calling_country_code=str(parsed.country_code),
        country_code=None if region is None or region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY else region,
        national_format=phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL),
    )


def _none(written: str, country: str, fault: Fault) -> Examined:
    calling_code = phonenumbers.country_code_for_region(country)
    number = written if written.startswith("+") else f"+{calling_code or ''}{written}"
    return Examined(phone_number=number, valid=False, errors=(fault,))
