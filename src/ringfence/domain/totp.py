"""Codes of authenticator apps: what a shared secret and the time make of each other.

Source: RFC 6238 (TOTP), RFC 4226 section 5.3 (truncation), RFC 4648 section 6 (Base32); the key URI format of
authenticator apps.
"""

import base64
import binascii
import hmac
import re
import secrets
from typing import Final, Literal
from urllib.parse import quote, urlencode

import msgspec

Algorithm = Literal["sha1", "sha256", "sha512"]

SECRET_MIN_BYTES: Final = 10
"""What older authenticator apps made, so that their users need not enrol anew. Ours have the length of the hash."""
SECRET_MAX_BYTES: Final = 64
DRIFT_MAX_STEPS: Final = 4
"""How far the clock of an app may have wandered, step by step, and still be followed."""
NEVER: Final = -1
"""The last used step of a secret that was never used."""

_HASH_BYTES: Final[dict[Algorithm, int]] = {"sha1": 20, "sha256": 32, "sha512": 64}
_CODE = re.compile(r"[0-9]{3,8}", re.ASCII)


class TotpShape(msgspec.Struct, frozen=True, kw_only=True):
    """How codes are made. `time_step` in seconds; `skew` is how many steps to either side are good too."""

    alg: Algorithm = "sha1"
    time_step: int = 30
    skew: int = 1
    code_length: int = 6


def new_secret(alg: Algorithm) -> bytes:
    """As many random bytes as the hash has (RFC 6238 section 5.1)."""
    return secrets.token_bytes(_HASH_BYTES[alg])


def read_secret(text: str) -> bytes:
    """A secret in Base32, in any case, with or without padding and spaces. ValueError for what is none."""
    bare = text.replace(" ", "").rstrip("=").upper()
    try:
        secret = base64.b32decode(bare + "=" * (-len(bare) % 8))
    except (binascii.Error, ValueError):
        raise ValueError("expected Base32") from None
    if not SECRET_MIN_BYTES <= len(secret) <= SECRET_MAX_BYTES:
        raise ValueError(f"expected a secret of {SECRET_MIN_BYTES} to {SECRET_MAX_BYTES} bytes")
    return secret


def write_secret(secret: bytes) -> str:
    """In Base32, without padding: as apps read it."""
    return base64.b32encode(secret).decode().rstrip("=")


def is_code(text: str) -> bool:
    """Three to eight decimal digits, and ASCII ones."""
    return _CODE.fullmatch(text) is not None


def step_at(now_ms: int, shape: TotpShape) -> int:
    """The time step of a moment (Unix, milliseconds)."""
    return now_ms // (shape.time_step * 1_000)


def code_at(secret: bytes, step: int, shape: TotpShape) -> str:
    """The code of a time step."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), shape.alg)
    place = digest[-1] & 0x0F
    number = int.from_bytes(digest[place : place + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**shape.code_length:0{shape.code_length}d}"


def matching_step(secret: bytes, shape: TotpShape, guess: str, step: int, drift: int, last: int) -> int | None:
    """The newest step after `last` whose code `guess` is, among those around `step` as `drift` moves it; else None.

    All are computed and compared, whatever the guess: the time does not tell which one was right.
    """
    found: int | None = None
    for candidate in range(step + drift - shape.skew, step + drift + shape.skew + 1):
        right = hmac.compare_digest(guess.encode(), code_at(secret, max(candidate, 0), shape).encode())
        if right and candidate > last:
            found = candidate
    return found


def followed_drift(matched: int, step: int) -> int:
    """How far the app's clock is from ours, in steps, as far as we follow it (RFC 6238 section 6)."""
    return max(-DRIFT_MAX_STEPS, min(DRIFT_MAX_STEPS, matched - step))


def step_in_other_shape(last: int, before: TotpShape, after: TotpShape) -> int:
    """The last used step as `after` counts: nothing that was used before is good again."""
    if last == NEVER or before.time_step == after.time_step:
        return last
    return ((last + 1) * before.time_step - 1) // after.time_step


def key_uri(secret: bytes, issuer: str, name: str, shape: TotpShape) -> str:
    """What an app reads off a QR code."""
    label = f"{quote(issuer, safe='')}:{quote(name, safe='')}"
    fields = {
        "secret": write_secret(secret),
        "issuer": issuer,
        "algorithm": shape.alg.upper(),
        "digits": shape.code_length,
        "period": shape.time_step,
    }
    return f"otpauth://totp/{label}?{urlencode(fields, quote_via=quote)}"
