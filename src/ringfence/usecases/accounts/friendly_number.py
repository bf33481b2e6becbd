"""A number as people of its country write it."""

import phonenumbers


def friendly_number(e164: str, region: str) -> str:
    """`(808) 925-1571` for a US or Canadian number, else the international form."""
    try:
        parsed = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    national = region in ("US", "CA")
    style = phonenumbers.PhoneNumberFormat.NATIONAL if national else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, style)
