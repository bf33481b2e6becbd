"""Proof that whoever adds a slot holds the content key that he sealed to it, without a secret on the way.

The key service makes an X25519 key for one proof. Both sides know one shared secret then: the key service by its
private half and the content key's public half, the holder the other way round. The proof is an HMAC under it, over all
that is to be kept. Without it whoever reaches the key service could add a slot of his own to a tenant, and would be
given the next content key. Of a hybrid key it is made with the half of X25519: like a signature, a proof is worth
nothing to whoever breaks it later. Source: RFC 7748, section 6.1; RFC 5869; RFC 2104.
"""

import hashlib
import hmac
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from ringfence.domain.sealing import hkdf, hpke
from ringfence.domain.sealing.aead import place

PROOF_BYTES = 32
_INFO = b"ringfence/slot-proof/v1"

Boxes = Sequence[tuple[int, bytes]]


class ProofKey:
    """The key service's half, for one proof."""

    def __init__(self) -> None:
        self._private = X25519PrivateKey.generate()
        self.public = self._private.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        return "ProofKey(…)"

    def holds(self, proof: bytes, content_public: bytes, what: bytes) -> bool:
        """Whether `proof` of `what` was made with the content key, or slot, whose public half this is."""
        shared = self._private.exchange(X25519PublicKey.from_public_bytes(hpke.x25519_half(content_public)))
        return hmac.compare_digest(proof, _proof(shared, what))


def prove(private: bytes, proof_public: bytes, what: bytes, *, hybrid: bool = False) -> bytes:
    """What the holder of a content key, or slot, sends: 32 bytes. ValueError where `proof_public` is no such key."""
    holder = hpke.Recipient(private, hybrid=hybrid)
    return _proof(holder.x25519.exchange(X25519PublicKey.from_public_bytes(proof_public)), what)


def new_slot(account: str, credential: str, generation: int, public: bytes, boxes: Boxes) -> bytes:
    """What is proved: a slot's place, its public half, and a hash of the content keys sealed to it, as sent."""
    kept = hashlib.sha256()
    for number, sealed in boxes:
        kept.update(number.to_bytes(8) + len(sealed).to_bytes(8) + sealed)
    return place(_INFO.decode(), account, credential, str(generation), public.hex(), kept.hexdigest())


def _proof(shared: bytes, what: bytes) -> bytes:
    return hmac.digest(hkdf.derive(shared, salt=b"", info=_INFO), what, "sha256")
