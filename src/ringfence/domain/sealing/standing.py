"""Standing configuration: what is needed when no tenant is present, sealed by the key service for itself.

Each account has a key of its own, derived from the standing key.
"""

from ringfence.domain.sealing import aead, hkdf

_SALT = b"ringfence/standing/v1"
_TABLES_SALT = b"ringfence/tables/v1"


class StandingSealer:
    """Seals and opens the standing configuration of one account. `name` is the record's own name, like a SID."""

    def __init__(self, standing_key: bytes, account: str) -> None:
        self._key = hkdf.derive(standing_key, _SALT, account.encode())
        self._account = account

    def seal(self, name: str, value: bytes) -> bytes:
        """Seal one value."""
        return aead.seal(self._key, value, aead.place(self._account, name, "standing"))

    def open(self, name: str, sealed: bytes) -> bytes:
        """Open one value, or UnsealError."""
        return aead.unseal(self._key, sealed, aead.place(self._account, name, "standing"))


def table_key(master: bytes, account: str) -> bytes:
    """The key of an account's blind indexes that the key service computes itself, from its master key."""
    return hkdf.derive(master, _TABLES_SALT, account.encode())
