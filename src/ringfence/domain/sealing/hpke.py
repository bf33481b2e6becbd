"""HPKE, base mode, single shot: X25519, HKDF-SHA256, AES-256-GCM (RFC 9180, suite 0x0020 0x0001 0x0002).

A sealed value is the 32-byte encapsulated key, then ciphertext and tag.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from ringfence.domain.sealing.aead import UnsealError

ENCAPSULATED_BYTES = 32
OVERHEAD_BYTES = ENCAPSULATED_BYTES + 16

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def seal(public: bytes, plaintext: bytes, info: bytes) -> bytes:
    """Seal to an X25519 public key (32 bytes). ValueError where `public` is no such key."""
    return _SUITE.encrypt(plaintext, X25519PublicKey.from_public_bytes(public), info=info)


class Recipient:
    """The private half, ready to open; making one costs as much as half an opening, so keep it while you need it."""

    def __init__(self, private: bytes) -> None:
        self._key = X25519PrivateKey.from_private_bytes(private)

    @property
    def public(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def unseal(self, sealed: bytes, info: bytes) -> bytes:
        """The plaintext, or UnsealError."""
        try:
            return _SUITE.decrypt(sealed, self._key, info=info)
        except InvalidTag:
            raise UnsealError from None
