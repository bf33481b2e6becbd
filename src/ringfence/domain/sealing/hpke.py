"""HPKE, base mode, single shot, HKDF-SHA256 and AES-256-GCM (RFC 9180), by one of two KEMs.

X25519 (suite 0x0020 0x0001 0x0002), or the hybrid of ML-KEM-768 with X25519 that is called X-Wing (0x647a), which holds
as long as either of the two does. The length of a public key tells which. A sealed value is the encapsulated key, then
ciphertext and tag.

Source: RFC 9180; draft-connolly-cfrg-xwing-kem, sections 5.2 and 5.8; FIPS 203.
"""

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from ringfence.domain.sealing.aead import UnsealError

ENCAPSULATED_BYTES = 32
OVERHEAD_BYTES = ENCAPSULATED_BYTES + 16
PUBLIC_BYTES = 32
HYBRID_PUBLIC_BYTES = 1_216
HYBRID_OVERHEAD_BYTES = 1_120 + 16

_MLKEM_PUBLIC_BYTES = 1_184
_MLKEM_SEED_BYTES = 64
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_HYBRID = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def is_hybrid(public: bytes) -> bool:
    """Whether a public key is of the hybrid."""
    return len(public) == HYBRID_PUBLIC_BYTES


def x25519_half(public: bytes) -> bytes:
    """The 32 bytes of X25519 in a public key of either kind."""
    return public[_MLKEM_PUBLIC_BYTES:] if is_hybrid(public) else public


def is_public(public: bytes, *, like: bytes) -> bool:
    """Whether there is something to seal to: a key of the kind of `like`, its coefficients reduced (FIPS 203, section
    7.2), and no point of small order."""
    try:
        seal(public, b"", b"")
    except ValueError:
        return False
    return len(public) == len(like)


def seal(public: bytes, plaintext: bytes, info: bytes) -> bytes:
    """Seal to a public key: 32 bytes of X25519, or 1,216 of the hybrid. ValueError where `public` is no such key."""
    if not is_hybrid(public):
        return _SUITE.encrypt(plaintext, X25519PublicKey.from_public_bytes(public), info=info)
    mlkem = MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC_BYTES])
    x25519 = X25519PublicKey.from_public_bytes(public[_MLKEM_PUBLIC_BYTES:])
    return _HYBRID.encrypt(plaintext, MLKEM768X25519PublicKey(mlkem, x25519), info=info)


class Recipient:
    """The private half, ready to open; making one costs as much as half an opening, so keep it while you need it.

    Its 32 bytes are an X25519 key, or, where it is `hybrid`, the seed that X-Wing has for a private key. They must
    never be used as both: who breaks the one public key would have the other.
    """

    def __init__(self, private: bytes, *, hybrid: bool = False) -> None:
        self.hybrid = hybrid
        self._key: X25519PrivateKey | MLKEM768X25519PrivateKey
        if not hybrid:
            self.x25519 = self._key = X25519PrivateKey.from_private_bytes(private)
            self._suite, self.public = _SUITE, self.x25519.public_key().public_bytes_raw()
            return
        if len(private) != ENCAPSULATED_BYTES:
            raise ValueError("expected a seed of 32 bytes")
        expanded = hashlib.shake_256(private).digest(_MLKEM_SEED_BYTES + ENCAPSULATED_BYTES)
        mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_BYTES])
        self.x25519 = X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_BYTES:])
        self._suite, self._key = _HYBRID, MLKEM768X25519PrivateKey(mlkem, self.x25519)
        self.public = mlkem.public_key().public_bytes_raw() + self.x25519.public_key().public_bytes_raw()

    def unseal(self, sealed: bytes, info: bytes) -> bytes:
        """The plaintext, or UnsealError."""
        try:
            return self._suite.decrypt(sealed, self._key, info=info)
        except InvalidTag:
            raise UnsealError from None
