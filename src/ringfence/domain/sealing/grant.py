"""Keys of a grant: record keys, or epoch keys, sealed again by the approver's browser for one session of staff.

The browser makes a key for this grant alone and seals it by HPKE to the session's public key, and that once more to the
key service's (`lid`). Both are of the hybrid, whatever the account is: keys of either kind pass here. Each key that is
granted is sealed under it by AES-GCM (60 bytes, a box), so that 5,000 of them cost two encapsulations. Whoever carries
them from browser to browser cannot go round the key service: it takes its own seal off when it has written down who
opens what. Lid and boxes are bound to grant, account, staff member, session and its key, and expiry, each box to its
name also: with any of them altered it does not open.
"""

import hashlib
import os
from collections.abc import Mapping
from typing import Protocol

import msgspec

from ringfence.domain.sealing import aead, hkdf, hpke
from ringfence.domain.sealing.aead import UnsealError

INNER_LID_BYTES = hkdf.KEY_BYTES + hpke.HYBRID_OVERHEAD_BYTES
LID_BYTES = INNER_LID_BYTES + hpke.HYBRID_OVERHEAD_BYTES
BOX_BYTES = hkdf.KEY_BYTES + aead.OVERHEAD_BYTES
_KEEPER = "ringfence/grant-keeper/v1"
_LID = "ringfence/grant-lid/v1"
_BOX = "ringfence/grant-box/v1"


class GrantBinding(msgspec.Struct, frozen=True, kw_only=True):
    """Whose grant it is, for whom and until when (`expires_ms`, Unix); `public` is the session's key of the hybrid."""

    grant: str
    account: str
    staff: str
    session: str
    public: bytes
    expires_ms: int

    @property
    def parts(self) -> tuple[str, ...]:
        """All of it as parts of a place; of the key its SHA-256, in hex."""
        key = hashlib.sha256(self.public).hexdigest()
        return self.grant, self.account, self.staff, self.session, key, str(self.expires_ms)

    def _place(self, kind: str, *more: str) -> bytes:
        return aead.place(kind, *self.parts, *more)

    @property
    def keeper_place(self) -> bytes:
        """HPKE's `info` of the key service's seal."""
        return self._place(_KEEPER)

    @property
    def lid_place(self) -> bytes:
        """HPKE's `info` of the session's seal, which is within it."""
        return self._place(_LID)

    def box_place(self, name: str) -> bytes:
        """The associated data of one box. `name` is a record's SID, or `epoch:<number>`."""
        return self._place(_BOX, name)


class SealedGrant(msgspec.Struct, frozen=True, kw_only=True):
    """What the approver's browser makes: the lid, and the boxes by name."""

    lid: bytes
    boxes: dict[str, bytes]

    def __repr__(self) -> str:
        return f"SealedGrant({len(self.boxes)} boxes)"


def seal_grant(binding: GrantBinding, keys: Mapping[str, bytes], keeper: bytes) -> SealedGrant:
    """Seal keys of 32 bytes by name; `keeper` is the key service's public key. ValueError for what is no key."""
    if any(len(key) != hkdf.KEY_BYTES for key in keys.values()):
        raise ValueError("a key of another length")
    grant_key = os.urandom(hkdf.KEY_BYTES)
    boxes = {name: aead.seal(grant_key, key, binding.box_place(name)) for name, key in keys.items()}
    inner = hpke.seal(binding.public, grant_key, binding.lid_place)
    return SealedGrant(lid=hpke.seal(keeper, inner, binding.keeper_place), boxes=boxes)


class Keeper(Protocol):
    """Whoever opens what is sealed to the key service."""

    def unseal(self, sealed: bytes, info: bytes) -> bytes:
        """The plaintext, or UnsealError."""


def unseal_lid(binding: GrantBinding, lid: bytes, keeper: Keeper) -> bytes:
    """The lid without the key service's seal, for the session. UnsealError where anything was altered."""
    inner = keeper.unseal(lid, binding.keeper_place)
    if len(inner) != INNER_LID_BYTES:
        raise UnsealError
    return inner


def open_grant(binding: GrantBinding, sealed: SealedGrant, session: hpke.Recipient) -> dict[str, bytes]:
    """The keys by name, for the holder of the session's private key; the lid is what `unseal_lid` gave.

    UnsealError where anything was altered.
    """
    grant_key = session.unseal(sealed.lid, binding.lid_place)
    if len(grant_key) != hkdf.KEY_BYTES:
        raise UnsealError
    return {name: aead.unseal(grant_key, box, binding.box_place(name)) for name, box in sealed.boxes.items()}
