"""A message's content in and out of its sealed form, by epoch key or by a single record key."""

import msgspec

from ringfence.domain.message import Content
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.record import RecordSealer, open_field, seal_field

FIELD = "content"

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Content)


def seal_content(sealer: RecordSealer, sid: str, content: Content) -> bytes:
    """Content under the record key of `sid`, for the API, which holds the epoch key."""
    return sealer.seal(sid, FIELD, _encoder.encode(content))


def open_content(sealer: RecordSealer, sid: str, sealed: bytes) -> Content:
    """The inverse of seal_content; UnsealError when it was altered or belongs elsewhere."""
    return _decoded(sealer.open(sid, FIELD, sealed))


def seal_content_with(record_key: bytes, account: str, sid: str, content: Content) -> bytes:
    """Content under a single record key, for the dispatcher, which never holds an epoch key."""
    return seal_field(record_key, account, sid, FIELD, _encoder.encode(content))


def open_content_with(record_key: bytes, account: str, sid: str, sealed: bytes) -> Content:
    """The inverse of seal_content_with; UnsealError when it was altered or belongs elsewhere."""
    return _decoded(open_field(record_key, account, sid, FIELD, sealed))


def _decoded(plaintext: bytes) -> Content:
    try:
        return _decoder.decode(plaintext)
    except msgspec.DecodeError:
        raise UnsealError from None
