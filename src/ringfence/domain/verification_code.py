"""One-time codes: derived from a key, never chosen and kept.

A code is HMAC-SHA256 over the verification, the number and the service, as a decimal number of so many digits. The
same verification has the same code for as long as its key lives, so that a resend says the same; another number or
service has another. Of 2^256 values each code has the same share but for one part in 2^220.
"""

import hmac
from typing import Final

from ringfence.domain.sealing.keyed_hash import KeyedHash

CHECKS_MAX: Final = 5
LIFE_MS: Final = 10 * 60_000
CUSTOM_MIN: Final = 4
CUSTOM_MAX: Final = 10


def derive_code(key: KeyedHash, verification: str, to: str, service: str, length: int) -> str:
    """`length` decimal digits; `key` is of 32 bytes."""
    # Each part goes with its length, so that no two triples run together into one.
    message = b"".join(
        len(part).to_bytes(4, "big") + part for part in (s.encode() for s in (verification, to, service))
    )
    number = int.from_bytes(key.digest(b"ringfence/code/v1" + message), "big")
    return f"{number % 10**length:0{length}d}"


def same_code(guess: str, code: str) -> bool:
    """In a time that does not tell how much of it is right."""
    return hmac.compare_digest(guess.encode(), code.encode())
