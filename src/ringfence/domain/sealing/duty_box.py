"""An epoch's retained key in its box: sealed to the duty's key, and once more under a key of the key service.

The inner seal keeps the operator out, the outer one keeps officers from opening what the ledger does not know of: the
key service takes it off only after it has written down for whom.
"""

from ringfence.domain.sealing import aead, hpke
from ringfence.domain.sealing.hpke import Recipient

_INNER = "ringfence/duty-epoch/v1"
_OUTER = "ringfence/duty-box/v1"


def seal_box(outer_key: bytes, public: bytes, account: str, duty: int, epoch: int, key: bytes) -> bytes:
    """The retained key of an account's epoch, sealed twice. `outer_key` is 32 bytes."""
    inner = hpke.seal(public, key, aead.place(_INNER, account, str(duty), str(epoch)))
    return aead.seal(outer_key, inner, aead.place(_OUTER, account, str(duty), str(epoch)))


def lift_lid(outer_key: bytes, account: str, duty: int, epoch: int, box: bytes) -> bytes:
    """What is left for the officers to open; UnsealError."""
    return aead.unseal(outer_key, box, aead.place(_OUTER, account, str(duty), str(epoch)))


def open_box(duty_key: Recipient, account: str, duty: int, epoch: int, inner: bytes) -> bytes:
    """The epoch's retained key; UnsealError."""
    return duty_key.unseal(inner, aead.place(_INNER, account, str(duty), str(epoch)))
