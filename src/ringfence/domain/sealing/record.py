"""Records: every message, medium and event is encrypted once, under a key of its own, in the fields that are content.

The record key is HKDF of the epoch key and the record's SID, so whoever holds it opens that record and no other.
The associated data is account | SID | field: a ciphertext moved elsewhere does not open.
"""

from ringfence.domain.sealing import aead, hkdf

_SALT = b"ringfence/record/v1"


def seal_field(record_key: bytes, account: str, sid: str, field: str, plaintext: bytes) -> bytes:
    """Seal one field of one record."""
    return aead.seal(record_key, plaintext, aead.place(account, sid, field))


def open_field(record_key: bytes, account: str, sid: str, field: str, sealed: bytes) -> bytes:
    """Open what `seal_field` made, or UnsealError."""
    return aead.unseal(record_key, sealed, aead.place(account, sid, field))


class EpochRecords:
    """The record keys of one epoch. Keep it: the extraction is done once."""

    def __init__(self, epoch_key: bytes) -> None:
        self._expander = hkdf.Expander(hkdf.extract(_SALT, epoch_key))

    def key(self, sid: str) -> bytes:
        """The key of the record `sid`, 32 bytes."""
        return self._expander.expand(sid.encode())


class RecordSealer:
    """Seals and opens the records of one account and epoch."""

    def __init__(self, epoch_key: bytes, account: str) -> None:
        self._records = EpochRecords(epoch_key)
        self._account = account

    def key(self, sid: str) -> bytes:
        """The key of the record `sid`, for whoever may open that record alone."""
        return self._records.key(sid)

    def seal(self, sid: str, field: str, plaintext: bytes) -> bytes:
        """Seal one field of the record `sid`."""
        return seal_field(self._records.key(sid), self._account, sid, field, plaintext)

    def open(self, sid: str, field: str, sealed: bytes) -> bytes:
        """Open one field of the record `sid`, or UnsealError."""
        return open_field(self._records.key(sid), self._account, sid, field, sealed)
