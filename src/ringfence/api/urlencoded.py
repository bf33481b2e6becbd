"""Names and values out of `application/x-www-form-urlencoded` bytes, strictly: nothing is guessed.

Source: WHATWG URL Standard, section 5.1; what it lets pass in silence (a stray %, bytes that are no UTF-8) is refused.
"""

import re

from fast_query_parsers import parse_query_string

from ringfence.domain.errors import ApiError

MAX_PAIRS = 500

_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
# The parser takes an escaped = in a name for the one that ends it; no name of Twilio's has one.
_EQUALS_IN_NAME = re.compile(rb"(?:^|&)[^=&]*%3[Dd]")


def parse_pairs(raw: bytes) -> list[tuple[str, str]]:
    """(name, value) in the order sent; ApiError 20001 for broken escapes, bytes not UTF-8, NUL, or too many pairs."""
    if not raw:
        return []
    if not raw.isascii():
        try:
            raw.decode()
        except UnicodeDecodeError:
            raise ApiError(20001, "The parameters are not valid UTF-8.") from None
    if b"%" in raw and (_BROKEN_ESCAPE.search(raw) or (b"%3D" in raw.upper() and _EQUALS_IN_NAME.search(raw))):
        raise ApiError(20001, "The parameters hold a broken percent escape.")
    # No text of a program's holds one, and a database may not keep it.
    if b"%00" in raw or b"\x00" in raw:
        raise ApiError(20001, "The parameters hold a NUL character.")
    if raw.count(b"&") >= MAX_PAIRS:
        raise ApiError(20001, f"More than {MAX_PAIRS} parameters.")
    pairs = parse_query_string(raw, "&")
    # A pair whose bytes are no UTF-8 comes back undecoded, as one name with its % in it.
    for name, _ in pairs:
        if "%" in name:
            raise ApiError(20001, "A parameter is not valid UTF-8.")
    return pairs
