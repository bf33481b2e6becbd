"""AES-256-GCM with a random 96-bit nonce in front, bound to the place the ciphertext belongs to (NIST SP 800-38D)."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ringfence.domain.random_bytes import RandomBytes

NONCE_BYTES = 12
TAG_BYTES = 16
OVERHEAD_BYTES = NONCE_BYTES + TAG_BYTES
_nonce = RandomBytes(NONCE_BYTES)


class UnsealError(Exception):
    """A wrong key, another place, or changed bytes: which of them cannot be told."""

    def __init__(self) -> None:
        super().__init__("does not open")


def place(*parts: str) -> bytes:
    """The associated data of one place: its parts joined by "|", which none of them may hold (ValueError)."""
    joined = "|".join(parts)
    if joined.count("|") != len(parts) - 1:
        raise ValueError("a part of a place holds the separator")
    return joined.encode()


def seal(key: bytes, plaintext: bytes, where: bytes) -> bytes:
    """Nonce, ciphertext, tag: 28 bytes more than `plaintext`. `key` is 32 bytes."""
    nonce = _nonce()
    return nonce + AESGCM(key).encrypt(nonce, plaintext, where)


def unseal(key: bytes, sealed: bytes, where: bytes) -> bytes:
    """The plaintext, or UnsealError."""
    if len(sealed) < OVERHEAD_BYTES:
        raise UnsealError
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], where)
    except InvalidTag:
        raise UnsealError from None
