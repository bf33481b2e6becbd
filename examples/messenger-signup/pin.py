"""The PIN of a registration lock: which PINs are taken, and what is kept of one."""

import hashlib
import hmac
import secrets
import threading
import unicodedata

MIN_CHARACTERS, MAX_CHARACTERS = 6, 64
SALT_BYTES = HASH_BYTES = 32
# RFC 7914: 32 MB and about a tenth of a second for each guess. OWASP, "Password Storage": N=2^15, r=8, p=3 or more.
COST, BLOCK, PARALLEL = 2**15, 8, 3
MAX_MEMORY_BYTES = 64 << 20
# More at once would be a way to use up the memory.
_AT_ONCE = threading.Semaphore(4)
_RUNS = "01234567890123456789", "98765432109876543210"


class WeakPinError(ValueError):
    """The text says why, and never the PIN."""


def read_pin(text: str) -> str:
    """The PIN in one form, however it was typed. WeakPinError for one that is short or among the first guesses."""
    pin = unicodedata.normalize("NFKC", text)
    if not MIN_CHARACTERS <= len(pin) <= MAX_CHARACTERS:
        raise WeakPinError(f"{MIN_CHARACTERS} to {MAX_CHARACTERS} characters")
    if len(set(pin)) < 3 or any(pin in run for run in _RUNS):
        raise WeakPinError("too easily guessed")
    return pin


def new_salt() -> bytes:
    return secrets.token_bytes(SALT_BYTES)


def slow_hash(pin: str, salt: bytes, pepper: bytes) -> bytes:
    """What is kept. `pepper` is not in the database: who has that alone cannot guess at all."""
    peppered = hmac.digest(pepper, unicodedata.normalize("NFKC", pin).encode(), "sha256")
    with _AT_ONCE:
        return hashlib.scrypt(
            peppered, salt=salt, n=COST, r=BLOCK, p=PARALLEL, maxmem=MAX_MEMORY_BYTES, dklen=HASH_BYTES
        )
