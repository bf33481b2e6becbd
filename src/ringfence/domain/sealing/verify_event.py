"""An event of a factor or a challenge in and out of its sealed form: under the record key of its telling's SID."""

import msgspec

from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.record import RecordSealer, open_field, seal_field
from ringfence.domain.verify_event import VerifyEvent

FIELD = "verify_event"

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(VerifyEvent).decode


def seal_verify_event(sealer: RecordSealer, sid: str, event: VerifyEvent) -> bytes:
    """For the API, which holds the epoch key."""
    return sealer.seal(sid, FIELD, _encode(event))


def seal_verify_event_with(record_key: bytes, account: str, sid: str, event: VerifyEvent) -> bytes:
    """Under a single record key, for what a device makes known."""
    return seal_field(record_key, account, sid, FIELD, _encode(event))


def open_verify_event_with(record_key: bytes, account: str, sid: str, sealed: bytes) -> VerifyEvent:
    """The inverse, for the dispatcher, which holds the record key; UnsealError when it was altered or is another's."""
    try:
        return _decode(open_field(record_key, account, sid, FIELD, sealed))
    except msgspec.DecodeError:
        raise UnsealError from None
