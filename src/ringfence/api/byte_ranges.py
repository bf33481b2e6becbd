"""Which part of a body a request asks for. Source: RFC 9110, section 14.

One range is answered; a request for several gets the whole, as a server may.
"""

import re

_RANGE = re.compile(rb"bytes=[ \t]*([0-9]{0,15})-([0-9]{0,15})[ \t]*", re.IGNORECASE)


class UnsatisfiableRangeError(Exception):
    """Nothing of the body is within what was asked for."""


def asked_range(header: bytes, length: int) -> tuple[int, int] | None:
    """The bytes [start, end) of a body of `length`; None for the whole. UnsatisfiableRangeError."""
    match = _RANGE.fullmatch(header)
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        start, end = max(0, length - int(match[2])), length
        if not int(match[2]):
            raise UnsatisfiableRangeError
    else:
        start = int(match[1])
        if match[2] and int(match[2]) < start:
            return None
        end = min(length, int(match[2]) + 1) if match[2] else length
    if start >= length:
        raise UnsatisfiableRangeError
    return start, end
