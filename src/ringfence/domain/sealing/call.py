"""What of a call is content, in and out of its sealed form: under the record key of the call's SID.

The API holds the epoch key and seals by a `RecordSealer`; the voice process and the dispatcher hold single record keys.
"""

from typing import TypeVar

import msgspec

from ringfence.domain.call import Content, Order, RecordingOptions
from ringfence.domain.call_step import StepDetail
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.record import RecordSealer, open_field, seal_field

CONTENT = "content"
ORDER = "order"
STEP = "step"

T = TypeVar("T")

_encode = msgspec.msgpack.Encoder().encode


def seal_call(sealer: RecordSealer, sid: str, content: Content) -> bytes:
    """A call's content, for the API."""
    return sealer.seal(sid, CONTENT, _encode(content))


def open_call(sealer: RecordSealer, sid: str, sealed: bytes) -> Content:
    """The inverse of seal_call; UnsealError when it was altered or belongs elsewhere."""
    return _decoded(sealer.open(sid, CONTENT, sealed), Content)


def seal_call_with(record_key: bytes, account: str, sid: str, content: Content) -> bytes:
    """A call's content under its record key."""
    return seal_field(record_key, account, sid, CONTENT, _encode(content))


def open_call_with(record_key: bytes, account: str, sid: str, sealed: bytes) -> Content:
    """The inverse of seal_call_with; UnsealError."""
    return _decoded(open_field(record_key, account, sid, CONTENT, sealed), Content)


def seal_order(sealer: RecordSealer, sid: str, order: Order | RecordingOptions) -> bytes:
    """What is wanted of a live call, for the API."""
    return sealer.seal(sid, ORDER, _encode(order))


def open_order_with(record_key: bytes, account: str, sid: str, sealed: bytes) -> Order:
    """A document to run now; UnsealError."""
    return _decoded(open_field(record_key, account, sid, ORDER, sealed), Order)


def open_recording_order_with(record_key: bytes, account: str, sid: str, sealed: bytes) -> RecordingOptions:
    """How a recording that is to begin now is to be made; UnsealError."""
    return _decoded(open_field(record_key, account, sid, ORDER, sealed), RecordingOptions)


def seal_step_with(record_key: bytes, account: str, sid: str, detail: StepDetail) -> bytes:
    """One step of the call's timeline."""
    return seal_field(record_key, account, sid, STEP, _encode(detail))


def open_step(sealer: RecordSealer, sid: str, sealed: bytes) -> StepDetail:
    """The inverse of seal_step_with, for the tenant; UnsealError."""
    return _decoded(sealer.open(sid, STEP, sealed), StepDetail)


def seal_recording_with(record_key: bytes, account: str, sid: str, recording: str, options: RecordingOptions) -> bytes:
    """`RecordingRow.content`, under the record key of the call `sid`: whom to tell of it."""
    return seal_field(record_key, account, sid, _recording(recording), _encode(options))


def open_recording_with(record_key: bytes, account: str, sid: str, recording: str, sealed: bytes) -> RecordingOptions:
    """The inverse of seal_recording_with; UnsealError."""
    return _decoded(open_field(record_key, account, sid, _recording(recording), sealed), RecordingOptions)


def _recording(sid: str) -> str:
    return f"recording:{sid}"


def _decoded(plaintext: bytes, kind: type[T]) -> T:
    try:
        return msgspec.msgpack.decode(plaintext, type=kind)
    except msgspec.DecodeError:
        raise UnsealError from None
