"""Bundles: many closed epoch keys or index keys under one AES-GCM seal, so that a year opens as quickly as a day.

A bundle covers `SPAN_DAYS` days and is made anew when a key joins it. It holds nothing that is not also sealed by HPKE.
Plaintext: 8 bytes of number, big-endian, then 32 bytes of key, for each key, by rising number.
"""

import struct
from collections.abc import Mapping

from ringfence.domain.sealing import aead, hkdf

SPAN_DAYS = 32
EPOCHS = "epochs"
INDEXES = "indexes"

_ENTRY = struct.Struct(f">Q{hkdf.KEY_BYTES}s")


def epoch_span(epoch: int) -> int:
    """The bundle an epoch belongs to."""
    return (epoch >> 8) // (24 * SPAN_DAYS)


def index_span(day: int) -> int:
    """The bundle an index key belongs to."""
    return day // SPAN_DAYS


def seal_bundle(bundle_key: bytes, account: str, kind: str, span: int, keys: Mapping[int, bytes]) -> bytes:
    """Seal keys by number; `kind` is EPOCHS or INDEXES. ValueError where a key is not 32 bytes."""
    if any(len(key) != hkdf.KEY_BYTES for key in keys.values()):
        raise ValueError("a key of another length")
    plaintext = b"".join(_ENTRY.pack(number, keys[number]) for number in sorted(keys))
    return aead.seal(bundle_key, plaintext, aead.place("ringfence/bundle/v1", account, kind, str(span)))


def open_bundle(bundle_key: bytes, account: str, kind: str, span: int, sealed: bytes) -> dict[int, bytes]:
    """Open what `seal_bundle` made, or UnsealError."""
    plaintext = aead.unseal(bundle_key, sealed, aead.place("ringfence/bundle/v1", account, kind, str(span)))
    return dict(_ENTRY.iter_unpack(plaintext))
