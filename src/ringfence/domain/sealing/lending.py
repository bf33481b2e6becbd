"""A record's key, lent by its tenant's browser: sealed to the key service alone, for that record alone."""

from ringfence.domain.sealing import aead, hkdf, hpke
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.grant import Keeper

LENT_BYTES = hkdf.KEY_BYTES + hpke.HYBRID_OVERHEAD_BYTES
_LENT = "ringfence/lent-record/v1"


def seal_lent(keeper: bytes, account: str, epoch: int, sid: str, key: bytes) -> bytes:
    """As the browser does it; `keeper` is the key service's public key, `ports.grants.GrantKeys.grant_keeper`."""
    return hpke.seal(keeper, key, _place(account, epoch, sid))


def unseal_lent(keeper: Keeper, account: str, epoch: int, sid: str, sealed: bytes) -> bytes:
    """The key. UnsealError for what was sealed for another record, or to another key, or is no key."""
    key = keeper.unseal(sealed, _place(account, epoch, sid))
    if len(key) != hkdf.KEY_BYTES:
        raise UnsealError
    return key


def _place(account: str, epoch: int, sid: str) -> bytes:
    return aead.place(_LENT, account, str(epoch), sid)
