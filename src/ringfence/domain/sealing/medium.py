"""A medium's own key, one step below its message's record key, and the capability that hands that key out.

A program fetches MediaUrl0 without a credential. The URL therefore carries all that opens this one object and nothing
else: its key, until when, and a tag by which the key service's table key vouches for the two.
"""

import struct

import msgspec

from ringfence.domain.base64url import decode_base64url, encode_base64url
from ringfence.domain.sealing import aead, hkdf

TABLE = "capability"
TAG_BYTES = 16

_FIELD = "media"
_TOKEN = struct.Struct(f">{hkdf.KEY_BYTES}sQ{TAG_BYTES}s")


def medium_key(record_key: bytes, media_sid: str) -> bytes:
    """The key of one medium of the message that `record_key` opens; from it the message cannot be opened."""
    return hkdf.expand(record_key, f"ringfence/medium/v1|{media_sid}".encode())


def seal_medium(key: bytes, account: str, media_sid: str, data: bytes) -> bytes:
    """A medium's bytes under its own key."""
    return aead.seal(key, data, aead.place(account, media_sid, _FIELD))


def open_medium(key: bytes, account: str, media_sid: str, sealed: bytes) -> bytes:
    """The inverse, or UnsealError."""
    return aead.unseal(key, sealed, aead.place(account, media_sid, _FIELD))


class Capability(msgspec.Struct, frozen=True):
    """The right to one medium until `expires_ms` (Unix, milliseconds). `tag` is the blind index of `vouched`."""

    key: bytes
    expires_ms: int
    tag: bytes = b""

    def __repr__(self) -> str:
        return f"Capability({self.expires_ms})"

    def vouched(self, media_sid: str) -> str:
        """What the tag is made of."""
        return f"{media_sid}|{self.expires_ms}|{self.key.hex()}"


def encode_capability(capability: Capability) -> str:
    """Text for a URL's query."""
    packed = _TOKEN.pack(capability.key, capability.expires_ms, capability.tag)
    return encode_base64url(packed)


def decode_capability(text: str) -> Capability | None:
    """What encode_capability wrote; None for anything else."""
    try:
        return Capability(*_TOKEN.unpack(decode_base64url(text)))
    except (ValueError, struct.error):
        return None
