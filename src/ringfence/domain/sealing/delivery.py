"""The dispatcher's copies, sealed to its key of the day: destroying that key is what deletes them.

They never leave the key service, which holds the day key, so AES-GCM serves where HPKE would cost fifty times as much.
"""

from ringfence.domain.sealing import aead, hkdf

_EPOCH = "ringfence/delivery-epoch/v1"
_INDEX = "ringfence/delivery-index/v1"
_RESIDUE = "ringfence/residue/v1"


class DayKey:
    """The dispatcher's key of one day."""

    def __init__(self, day: int, secret: bytes) -> None:
        self.day = day
        self._key = hkdf.derive(secret, salt=b"ringfence/day/v1", info=str(day).encode())

    def __repr__(self) -> str:
        return f"DayKey({self.day})"

    def seal_epoch(self, account: str, epoch: int, key: bytes) -> bytes:
        return aead.seal(self._key, key, aead.place(_EPOCH, account, str(epoch)))

    def open_epoch(self, account: str, epoch: int, sealed: bytes) -> bytes:
        return aead.unseal(self._key, sealed, aead.place(_EPOCH, account, str(epoch)))

    def seal_index(self, account: str, day: int, key: bytes) -> bytes:
        return aead.seal(self._key, key, aead.place(_INDEX, account, str(day)))

    def open_index(self, account: str, day: int, sealed: bytes) -> bytes:
        return aead.unseal(self._key, sealed, aead.place(_INDEX, account, str(day)))

    def seal_residue(self, account: str, epoch: int, sid: str, key: bytes) -> bytes:
        """The record key of one unfinished record."""
        return aead.seal(self._key, key, aead.place(_RESIDUE, account, str(epoch), sid))

    def open_residue(self, account: str, epoch: int, sid: str, sealed: bytes) -> bytes:
        return aead.unseal(self._key, sealed, aead.place(_RESIDUE, account, str(epoch), sid))
