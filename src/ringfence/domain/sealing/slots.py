"""Slots: the ways into a tenant's content key, one a credential.

A slot is a key pair derived from the credential's secret: of X25519, or, in an account that is sealed for longer, of
the hybrid with ML-KEM. Its public half is stored, and the content key sealed to it; its private half, the seed, exists
only while the credential is being used.
"""

import os

from ringfence.domain.sealing import hkdf, hpke
from ringfence.domain.sealing.aead import place

_SEED_INFO = b"ringfence/slot/v1"
_CREDENTIAL = "ringfence/content-key/slot/v1"
_PARENT = "ringfence/content-key/parent/v1"
# What follows the seed of a hybrid key where it is sealed. A key of X25519 stands alone.
_HYBRID = b"\1"


def slot_seed(secret: str, credential: str) -> bytes:
    """The private half of a slot: 32 bytes from a secret and the identifier of its credential."""
    return hkdf.derive(secret.encode(), salt=credential.encode(), info=_SEED_INFO)


def slot_public(seed: bytes, *, hybrid: bool = False) -> bytes:
    """The public half of a slot, of which the key service keeps one alone."""
    return hpke.Recipient(seed, hybrid=hybrid).public


def box_bytes(public: bytes) -> int:
    """How long a content key is that is sealed to a slot of this public half."""
    if hpke.is_hybrid(public):
        return hkdf.KEY_BYTES + len(_HYBRID) + hpke.HYBRID_OVERHEAD_BYTES
    return hkdf.KEY_BYTES + hpke.OVERHEAD_BYTES


class ContentKey:
    """One generation of an account's content key: it opens every epoch of that generation.

    `generation` counts from 0; a new one begins when a credential is revoked. Sealed, a `hybrid` one has a byte more.
    """

    def __init__(self, account: str, generation: int, private: bytes, *, hybrid: bool = False) -> None:
        self.account = account
        self.generation = generation
        self.recipient = hpke.Recipient(private, hybrid=hybrid)
        self._private = private
        self._sealed = private + _HYBRID if hybrid else private

    def __repr__(self) -> str:
        return f"ContentKey({self.account}, {self.generation})"

    @classmethod
    def new(cls, account: str, generation: int, *, hybrid: bool = False) -> "ContentKey":
        """A fresh key from the system's random source."""
        return cls(account, generation, os.urandom(hkdf.KEY_BYTES), hybrid=hybrid)

    @classmethod
    def _read(cls, account: str, generation: int, opened: bytes) -> "ContentKey":
        hybrid = len(opened) > hkdf.KEY_BYTES
        return cls(account, generation, opened[: hkdf.KEY_BYTES], hybrid=hybrid)

    @property
    def public(self) -> bytes:
        return self.recipient.public

    def bundle_key(self) -> bytes:
        """The symmetric key of this generation's bundles."""
        return hkdf.derive(self._private, salt=b"", info=b"ringfence/bundle/v1")

    def seal_to_slot(self, public: bytes, credential: str) -> bytes:
        """This key for the holder of one slot."""
        return hpke.seal(public, self._sealed, self._where(_CREDENTIAL, credential))

    def seal_to_parent(self, parent: "ContentKey | tuple[str, int, bytes]") -> bytes:
        """This key for a parent account's content key, given whole or as (account, generation, public half)."""
        account, generation, public = (
            (parent.account, parent.generation, parent.public) if isinstance(parent, ContentKey) else parent
        )
        return hpke.seal(public, self._sealed, self._where(_PARENT, account, str(generation)))

    @classmethod
    def from_slot(
        cls, account: str, generation: int, sealed: bytes, slot: hpke.Recipient, credential: str
    ) -> "ContentKey":
        """Open what `seal_to_slot` made, or UnsealError."""
        where = place(_CREDENTIAL, account, str(generation), credential)
        return cls._read(account, generation, slot.unseal(sealed, where))

    @classmethod
    def from_parent(cls, account: str, generation: int, sealed: bytes, parent: "ContentKey") -> "ContentKey":
        """Open what `seal_to_parent` made, or UnsealError."""
        where = place(_PARENT, account, str(generation), parent.account, str(parent.generation))
        return cls._read(account, generation, parent.recipient.unseal(sealed, where))

    def _where(self, kind: str, *holder: str) -> bytes:
        return place(kind, self.account, str(self.generation), *holder)
