"""HKDF-SHA256 (RFC 5869), with outputs of one hash length: every key here is 32 bytes."""

import hmac

from ringfence.domain.sealing.keyed_hash import KeyedHash

KEY_BYTES = 32


def extract(salt: bytes, material: bytes) -> bytes:
    """A pseudorandom key of 32 bytes from secret `material`."""
    return hmac.digest(salt or bytes(KEY_BYTES), material, "sha256")


def expand(pseudorandom_key: bytes, info: bytes) -> bytes:
    """The first 32 bytes of output for `info`."""
    return hmac.digest(pseudorandom_key, info + b"\x01", "sha256")


class Expander:
    """Expands one pseudorandom key again and again."""

    __slots__ = ("_hash",)

    def __init__(self, pseudorandom_key: bytes) -> None:
        self._hash = KeyedHash(pseudorandom_key)

    def expand(self, info: bytes) -> bytes:
        """As the function of that name."""
        return self._hash.digest(info + b"\x01")


def derive(material: bytes, salt: bytes, info: bytes) -> bytes:
    """Extract, then expand: 32 bytes."""
    return expand(extract(salt, material), info)
