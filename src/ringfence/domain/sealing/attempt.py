"""What was said in a webhook attempt, in and out of its sealed form: under the record key of its message."""

import msgspec

from ringfence.domain.attempt import Attempt
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.record import RecordSealer, seal_field

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Attempt)


def seal_attempt(record_key: bytes, account: str, sid: str, event_id: int, attempt: Attempt) -> bytes:
    """One attempt of the event `event_id` of message `sid`, for the dispatcher."""
    return seal_field(record_key, account, sid, _field(event_id), _encoder.encode(attempt))


def open_attempt(sealer: RecordSealer, sid: str, event_id: int, sealed: bytes) -> Attempt:
    """The inverse, for the tenant; UnsealError when it was altered or belongs elsewhere."""
    plaintext = sealer.open(sid, _field(event_id), sealed)
    try:
        return _decoder.decode(plaintext)
    except msgspec.DecodeError:
        raise UnsealError from None


def _field(event_id: int) -> str:
    return f"attempt:{event_id}"
