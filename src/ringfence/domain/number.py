"""Phone numbers as Twilio takes them: E.164, short codes and alphanumeric senders, with region and kind.

Region is the country or territory, not the calling code: +1 809 is DO, not US.

Source: ITU-T E.164; phonenumbers (libphonenumber metadata); Twilio, "International phone number formatting"
and "Alphanumeric Sender ID".
"""

import functools
import re
from enum import StrEnum

import msgspec
import phonenumbers
from phonenumbers import PhoneNumberType, ValidationResult

from ringfence.domain.number_plans import region_of

CACHED_NUMBERS = 16_384
DEFAULT_REGION = "US"
HIDDEN_DIGITS = 6

# What people write between digits, and enough room for fifteen digits so written. A letter or an extension is not
# part of a number: phonenumbers would turn letters into digits and drop extensions.
_WRITTEN = re.compile(r"\+?[0-9 ().\-/]{5,32}", re.ASCII)
_E164 = re.compile(r"\+[1-9][0-9]{7,14}", re.ASCII)
_SHORT_CODE = re.compile(r"[1-9][0-9]{2,5}", re.ASCII)
_ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +\-_&]{1,11}", re.ASCII)
# Neither area code nor exchange begins with 0 or 1 in the North American plan; a rule that outlives metadata.
_NORTH_AMERICAN = re.compile(r"\+1[2-9][0-9]{2}[2-9][0-9]{6}", re.ASCII)


class NumberKind(StrEnum):
    """What is behind a number. `LOCAL` is a fixed line; in North America it cannot be told from a mobile."""

    LOCAL = "local"
    MOBILE = "mobile"
    FIXED_OR_MOBILE = "fixed_or_mobile"
    TOLL_FREE = "tollfree"
    PREMIUM = "premium"
    SHARED_COST = "shared_cost"
    VOIP = "voip"
    PERSONAL = "personal"
    PAGER = "pager"
    UAN = "uan"
    VOICEMAIL = "voicemail"
    UNKNOWN = "unknown"
    SHORT_CODE = "short_code"
    ALPHANUMERIC = "alphanumeric"


_KINDS: dict[int, NumberKind] = {
    PhoneNumberType.FIXED_LINE: NumberKind.LOCAL,
    PhoneNumberType.MOBILE: NumberKind.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: NumberKind.FIXED_OR_MOBILE,
    PhoneNumberType.TOLL_FREE: NumberKind.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: NumberKind.PREMIUM,
    PhoneNumberType.SHARED_COST: NumberKind.SHARED_COST,
    PhoneNumberType.VOIP: NumberKind.VOIP,
    PhoneNumberType.PERSONAL_NUMBER: NumberKind.PERSONAL,
    PhoneNumberType.PAGER: NumberKind.PAGER,
    PhoneNumberType.UAN: NumberKind.UAN,
    PhoneNumberType.VOICEMAIL: NumberKind.VOICEMAIL,
    PhoneNumberType.UNKNOWN: NumberKind.UNKNOWN,
}

_TEXTABLE = frozenset(NumberKind) - {
    NumberKind.LOCAL,
    NumberKind.PREMIUM,
    NumberKind.SHARED_COST,
    NumberKind.ALPHANUMERIC,
}


class Number(msgspec.Struct, frozen=True):
    """An address that texts go to or come from.

    `e164` is "+" and digits, or the digits of a short code, or an alphanumeric sender. `region` is ISO 3166
    alpha-2, "001" for a number of no country, "" for a short code or alphanumeric sender. The rest is looked up when
    it is asked for: it costs more than parsing, and a text on its way needs none of it.
    """

    e164: str
    region: str

    @property
    def kind(self) -> NumberKind:
        """What is behind it."""
        if not self.region:
            return NumberKind.SHORT_CODE if is_short_code(self.e164) else NumberKind.ALPHANUMERIC
        return _KINDS[phonenumbers.number_type(phonenumbers.parse(self.e164))]

    @property
    def calling_prefix(self) -> str:
        """What support may see without a grant: calling code and operator or area code ("+1 202"), or nothing.

        The last `HIDDEN_DIGITS` digits do not decide it: whoever knows it still guesses among a million numbers.
        """
        return _calling_prefix(self.e164[:-HIDDEN_DIGITS]) if self.region else ""

    @property
    def textable(self) -> bool:
        """False for fixed lines, premium and shared-cost numbers, and senders that cannot be answered."""
        return self.kind in _TEXTABLE

    def __repr__(self) -> str:
        return f"Number({self.region}, {self.kind})"


@functools.lru_cache(maxsize=CACHED_NUMBERS)
def parse_e164(text: str) -> Number | None:
    """The number that `text` writes, or None when it is none.

    Takes E.164 with or without separators, and a national number of the United States. Possible numbers are taken
    even when no metadata knows their range yet, so fictional and test numbers are; wrong lengths are not.
    """
    if _E164.fullmatch(text) is not None and (known := region_of(text)) is not None:
        return Number(text, known) if text[1] != "1" or _NORTH_AMERICAN.fullmatch(text) is not None else None
    written = text.strip(" ")
    if _WRITTEN.fullmatch(written) is None:
        return None
    try:
        parsed = phonenumbers.parse(written, DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(parsed) != ValidationResult.IS_POSSIBLE:
        return None
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    calling_code = parsed.country_code or 0
    if calling_code == 1 and _NORTH_AMERICAN.fullmatch(e164) is None:
        return None
    region = phonenumbers.region_code_for_number(parsed)
    # A range that metadata lacks still belongs to the plan's main country.
    return Number(e164=e164, region=region or phonenumbers.region_code_for_country_code(calling_code))


def parse_sender(text: str) -> Number | None:
    """What a message may be sent from: a number, a short code, or an alphanumeric sender; else None."""
    number = parse_e164(text)
    if number is not None:
        return number
    return Number(e164=text, region="") if is_short_code(text) or is_alphanumeric(text) else None


def is_short_code(text: str) -> bool:
    """True for three to six digits that do not begin with 0."""
    return _SHORT_CODE.fullmatch(text) is not None


def is_alphanumeric(text: str) -> bool:
    """True for an alphanumeric sender: at most 11 of A–Z, a–z, 0–9, space and + - _ &, at least one a letter."""
    return _ALPHANUMERIC.fullmatch(text) is not None and text == text.strip()


@functools.lru_cache(maxsize=CACHED_NUMBERS)
def _calling_prefix(block: str) -> str:
    """Of the numbers that begin with `block` and have `HIDDEN_DIGITS` more: nothing of these is looked at."""
    try:
        parsed = phonenumbers.parse(block + "0" * HIDDEN_DIGITS)
    except phonenumbers.NumberParseException:
        return ""
    code = f"+{parsed.country_code}"
    national: str = phonenumbers.national_significant_number(parsed)[:-HIDDEN_DIGITS]
    digits = min(phonenumbers.length_of_national_destination_code(parsed), len(national))
    return f"{code} {national[:digits]}" if digits else code
