"""Keys of a grant: record keys, or epoch keys, sealed again by the approver's browser for one session of staff.

The browser makes a key for this grant alone, and seals it by HPKE to the session's X25519 public key (`lid`); each key
that is granted is sealed under it by AES-GCM (60 bytes, a box). So 5,000 keys cost one X25519 exchange. Lid and boxes
are bound to grant, account, staff member, session and its key, and expiry, each box to its name also: with any of them
altered it does not open.
"""

import os
from collections.abc import Mapping

import msgspec

from ringfence.domain.sealing import aead, hkdf, hpke
from ringfence.domain.sealing.aead import UnsealError

LID_BYTES = hkdf.KEY_BYTES + hpke.OVERHEAD_BYTES
BOX_BYTES = hkdf.KEY_BYTES + aead.OVERHEAD_BYTES
_LID = "ringfence/grant-lid/v1"
_BOX = "ringfence/grant-box/v1"


class GrantBinding(msgspec.Struct, frozen=True, kw_only=True):
    """Whose grant it is, for whom and until when (`expires_ms`, Unix). `public` is the session's 32-byte public key."""

    grant: str
    account: str
    staff: str
    session: str
    public: bytes
    expires_ms: int

    def _place(self, kind: str, *more: str) -> bytes:
        return aead.place(
            kind, self.grant, self.account, self.staff, self.session, self.public.hex(), str(self.expires_ms), *more
        )

    @property
    def lid_place(self) -> bytes:
        """HPKE's `info` of the lid."""
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


def seal_grant(binding: GrantBinding, keys: Mapping[str, bytes]) -> SealedGrant:
    """Seal keys of 32 bytes by name. ValueError where one has another length, or `public` is no key."""
    if any(len(key) != hkdf.KEY_BYTES for key in keys.values()):
        raise ValueError("a key of another length")
    grant_key = os.urandom(hkdf.KEY_BYTES)
    boxes = {name: aead.seal(grant_key, key, binding.box_place(name)) for name, key in keys.items()}
    return SealedGrant(lid=hpke.seal(binding.public, grant_key, binding.lid_place), boxes=boxes)


def open_grant(binding: GrantBinding, sealed: SealedGrant, session: hpke.Recipient) -> dict[str, bytes]:
    """The keys by name, for the holder of the session's private key. UnsealError where anything was altered."""
    grant_key = session.unseal(sealed.lid, binding.lid_place)
    if len(grant_key) != hkdf.KEY_BYTES:
        raise UnsealError
    return {name: aead.unseal(grant_key, box, binding.box_place(name)) for name, box in sealed.boxes.items()}
