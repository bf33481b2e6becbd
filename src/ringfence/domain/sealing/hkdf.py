"""HKDF-SHA256 (RFC 5869), with outputs of one hash length: every key here is 32 bytes."""

import hmac

KEY_BYTES = 32


def extract(salt: bytes, material: bytes) -> bytes:
    """A pseudorandom key of 32 bytes from secret `material`."""
    return hmac.digest(salt or bytes(KEY_BYTES), material, "sha256")


def expand(pseudorandom_key: bytes, info: bytes) -> bytes:
    """The first 32 bytes of output for `info`."""
    return hmac.digest(pseudorandom_key, info + b"\x01", "sha256")


def derive(material: bytes, salt: bytes, info: bytes) -> bytes:
    """Extract, then expand: 32 bytes."""
    return expand(extract(salt, material), info)
