"""Frames on a stream: a 4-byte big-endian length, then that many bytes of msgpack.

A frame holds a batch: an array of `Request` one way, an array of `Reply` the other. Arguments and values stay
encoded (`msgspec.Raw`) until the verb says what type they are.
"""

import asyncio
import struct
from collections.abc import Iterator, Sequence

import msgspec

MAX_FRAME_BYTES = 8 << 20
_LENGTH = struct.Struct(">I")
ENVELOPE_BYTES = 96  # more than an id, a verb and the array headers ever take


class Request(msgspec.Struct, frozen=True, array_like=True):
    """One call: `payload` is its arguments, an encoded array."""

    id: int
    verb: str
    payload: msgspec.Raw

    def __repr__(self) -> str:
        return f"Request({self.id}, {self.verb})"


class Reply(msgspec.Struct, frozen=True, array_like=True):
    """One answer: `payload` is an encoded value when `ok`, an encoded `faults.Fault` when not."""

    id: int
    ok: bool
    payload: msgspec.Raw

    def __repr__(self) -> str:
        return f"Reply({self.id}, ok={self.ok})"


class FrameError(ConnectionError):
    """The stream does not hold frames, or one is larger than agreed: the connection is of no more use."""


_encoder = msgspec.msgpack.Encoder()
_requests = msgspec.msgpack.Decoder(list[Request])
_replies = msgspec.msgpack.Decoder(list[Reply])


def encode(value: object) -> msgspec.Raw:
    """A value as msgpack, ready to stand in a `Request` or `Reply`."""
    return msgspec.Raw(_encoder.encode(value))


def fits(payload: msgspec.Raw, max_bytes: int = MAX_FRAME_BYTES) -> bool:
    """True when a frame can hold `payload`, alone if need be."""
    return len(memoryview(payload)) + 2 * ENVELOPE_BYTES <= max_bytes


def pack(batch: Sequence[Request | Reply], max_bytes: int = MAX_FRAME_BYTES) -> Iterator[bytes]:
    """The batch as one frame where it can be, as several where not; each item alone must fit."""
    start = 0
    size = ENVELOPE_BYTES
    for at, item in enumerate(batch):
        item_bytes = len(memoryview(item.payload)) + ENVELOPE_BYTES
        if size + item_bytes > max_bytes:
            yield _frame(batch[start:at])
            start, size = at, ENVELOPE_BYTES
        size += item_bytes
    yield _frame(batch[start:])


def _frame(batch: Sequence[object]) -> bytes:
    payload = _encoder.encode(batch)
    return _LENGTH.pack(len(payload)) + payload


async def read_frame(reader: asyncio.StreamReader, max_bytes: int = MAX_FRAME_BYTES) -> bytes | None:
    """The next frame's payload, None at a clean end of the stream, FrameError otherwise."""
    try:
        head = await reader.readexactly(_LENGTH.size)
    except asyncio.IncompleteReadError as end:
        if end.partial:
            raise FrameError("stream ended inside a frame") from None
        return None
    (length,) = _LENGTH.unpack(head)
    if length > max_bytes:
        raise FrameError("frame larger than agreed")
    try:
        return await reader.readexactly(length)
    except asyncio.IncompleteReadError:
        raise FrameError("stream ended inside a frame") from None


def unpack_requests(payload: bytes) -> list[Request]:
    """The requests of one frame, or FrameError."""
    try:
        return _requests.decode(payload)
    except (msgspec.DecodeError, RecursionError):
        raise FrameError("frame holds no requests") from None


def unpack_replies(payload: bytes) -> list[Reply]:
    """The replies of one frame, or FrameError."""
    try:
        return _replies.decode(payload)
    except (msgspec.DecodeError, RecursionError):
        raise FrameError("frame holds no replies") from None
