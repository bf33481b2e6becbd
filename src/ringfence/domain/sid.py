"""Identifiers in Twilio's form: two capitals and 32 hex digits, sorted by the time they were made."""

import re
import time

from ringfence.domain.random_bytes import RandomBytes

_SID = re.compile(r"[A-Z]{2}[0-9a-f]{32}")
LENGTH = 34
_random_bits = RandomBytes(10)


def new_sid(prefix: str, now_ms: int | None = None) -> str:
    """A fresh identifier: 48 bits of `now_ms` (Unix, milliseconds), then 80 random bits."""
    at_ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    return f"{prefix}{at_ms & 0xFFFFFFFFFFFF:012x}{_random_bits().hex()}"


def is_sid(text: str, prefix: str = "") -> bool:
    """True when `text` has the form of an identifier and begins with `prefix`."""
    return text.startswith(prefix) and _SID.fullmatch(text) is not None


def made_ms(sid: str) -> int:
    """The time a `new_sid` was made, Unix milliseconds."""
    return int(sid[2:14], 16)
