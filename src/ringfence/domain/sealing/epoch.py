"""Epochs: one random key an account and hour, or 2^16 records, sealed to the account's content key.

An epoch's number holds its hour and its place within the hour: hours since 1970 shifted left by 8, plus 0 to 255.
Index keys are kept the same way, one an account and day.
"""

import os

from ringfence.domain.sealing import hkdf, hpke
from ringfence.domain.sealing.aead import place

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
CLOSE_AFTER_MS = 600_000
# What is unfinished of an epoch when it closes is named in one call, and held in memory for it: 5 MB at most.
RECORDS_PER_EPOCH = 1 << 16
LAST_OF_HOUR = 255

_EPOCH = "ringfence/epoch/v1"
_INDEX = "ringfence/index/v1"


def first_epoch(at_ms: int) -> int:
    """The number of the first epoch of the hour that holds `at_ms` (Unix, milliseconds)."""
    return at_ms // HOUR_MS << 8


def last_epoch(at_ms: int) -> int:
    """The highest number an epoch of that hour can have."""
    return first_epoch(at_ms) | LAST_OF_HOUR


def ended_ms(epoch: int) -> int:
    """The end of the epoch's hour."""
    return ((epoch >> 8) + 1) * HOUR_MS


def closes_ms(epoch: int) -> int:
    """When the dispatcher's copy of the epoch key may no longer stay."""
    return ended_ms(epoch) + CLOSE_AFTER_MS


def index_day(at_ms: int) -> int:
    """The day whose index key covers `at_ms`: days since 1970, in UTC."""
    return at_ms // DAY_MS


def index_closes_ms(day: int) -> int:
    """When the dispatcher's copy of a day's index key may no longer stay."""
    return (day + 1) * DAY_MS + CLOSE_AFTER_MS


def new_key() -> bytes:
    """32 bytes from the system's random source."""
    return os.urandom(hkdf.KEY_BYTES)


def seal_epoch_key(key: bytes, public: bytes, account: str, epoch: int) -> bytes:
    """An epoch key for the holder of the account's content key."""
    return hpke.seal(public, key, place(_EPOCH, account, str(epoch)))


def open_epoch_key(sealed: bytes, content_key: hpke.Recipient, account: str, epoch: int) -> bytes:
    """Open what `seal_epoch_key` made, or UnsealError."""
    return content_key.unseal(sealed, place(_EPOCH, account, str(epoch)))


def seal_index_key(key: bytes, public: bytes, account: str, day: int) -> bytes:
    """An index key for the holder of the account's content key."""
    return hpke.seal(public, key, place(_INDEX, account, str(day)))


def open_index_key(sealed: bytes, content_key: hpke.Recipient, account: str, day: int) -> bytes:
    """Open what `seal_index_key` made, or UnsealError."""
    return content_key.unseal(sealed, place(_INDEX, account, str(day)))
