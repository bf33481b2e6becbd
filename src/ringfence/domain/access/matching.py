"""Number matching: six digits by which two people see that both of their browsers mean the same request and key.

The asker's browser publishes a commitment to a value before the approver's browser draws its own; only then is the
asker's value shown. A console between the two that puts its own key in the place of the asker's cannot choose values
until the digits agree: it has one guess in a million, and a wrong one is a number that does not match.
Source: S. Vaudenay, "Secure communications over insecure channels based on short authenticated strings", CRYPTO 2005.
"""

import hashlib
import hmac

VALUE_BYTES = 32
DIGITS = 6

_COMMIT = b"ringfence/grant-commit/v1"
_NUMBER = b"ringfence/grant-number/v1"


def commitment(value: bytes, public: bytes) -> bytes:
    """What the asker publishes: SHA-256 over its 32-byte value and its session's public key."""
    return hashlib.sha256(_COMMIT + value + public).digest()


def keeps(committed: bytes, value: bytes, public: bytes) -> bool:
    """True where `value` is the one that was committed to."""
    return len(value) == VALUE_BYTES and hmac.compare_digest(committed, commitment(value, public))


def number(asker: bytes, approver: bytes, statement: bytes) -> str:
    """The six digits, from both values of 32 bytes and the statement that both sides make of the request."""
    digest = hashlib.sha256(_NUMBER + asker + approver + statement).digest()
    return f"{int.from_bytes(digest[:8]) % 10**DIGITS:0{DIGITS}d}"
