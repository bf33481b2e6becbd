"""WAV files: the header of what we write, and the format and samples of what others wrote.

Source: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0" (RIFF, WAVE); RFC 2361 (format tags).
"""

import struct

import msgspec

HEADER_BYTES = 44
SAMPLE_BYTES = 2
MIN_RATE_HZ, MAX_RATE_HZ = 4_000, 384_000

PCM, FLOAT, ALAW, ULAW, EXTENSIBLE = 0x0001, 0x0003, 0x0006, 0x0007, 0xFFFE

_RIFF = struct.Struct("<4sI4s")
_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")
_EXTENSION_TAG_AT = 24
# A file that was written to a pipe says that its length is not known, in one of these ways.
_UNKNOWN_LENGTHS = (0, 0x7FFFFFFF, 0xFFFFFFFF)


class InvalidWavError(Exception):
    """Not a WAV file that can be read. The reason holds nothing of it."""


class WavFormat(msgspec.Struct, frozen=True, kw_only=True):
    """What a file's samples are: `tag` is PCM, FLOAT, ALAW or ULAW, `start` and `length` where they are, in bytes."""

    tag: int
    channels: int
    rate_hz: int
    bits: int
    start: int
    length: int


def write_header(data_bytes: int, channels: int, rate_hz: int) -> bytes:
    """The 44 bytes before `data_bytes` of 16-bit little-endian samples."""
    frame = channels * SAMPLE_BYTES
    return (
        _RIFF.pack(b"RIFF", HEADER_BYTES - 8 + data_bytes, b"WAVE")
        + _CHUNK.pack(b"fmt ", _FORMAT.size)
        + _FORMAT.pack(PCM, channels, rate_hz, rate_hz * frame, frame, 8 * SAMPLE_BYTES)
        + _CHUNK.pack(b"data", data_bytes)
    )


def is_wav(data: bytes) -> bool:
    """Whether it begins as WAV files do."""
    return len(data) >= _RIFF.size and data[:4] == b"RIFF" and data[8:12] == b"WAVE"


def parse_wav(data: bytes) -> WavFormat:
    """Where and what the samples are, or InvalidWavError. Of a file that was cut, what is there."""
    if not is_wav(data):
        raise InvalidWavError("no RIFF header")
    found: tuple[int, int, int, int] | None = None
    at = _RIFF.size
    while at + _CHUNK.size <= len(data):
        name, length = _CHUNK.unpack_from(data, at)
        at += _CHUNK.size
        if name == b"fmt ":
            found = _format(data[at : at + min(length, 64)])
        elif name == b"data":
            if found is None:
                raise InvalidWavError("samples before their format")
            left = len(data) - at
            length = left if length in _UNKNOWN_LENGTHS else min(length, left)
            tag, channels, rate_hz, bits = found
            frame = channels * bits // 8
            return WavFormat(
                tag=tag, channels=channels, rate_hz=rate_hz, bits=bits, start=at, length=length - length % frame
            )
        # Chunks begin at even places.
        at += length + length % 2
    raise InvalidWavError("no samples")


def _format(data: bytes) -> tuple[int, int, int, int]:
    """Tag, channels, rate, bits."""
    if len(data) < _FORMAT.size:
        raise InvalidWavError("a format that is cut")
    tag, channels, rate_hz, _, align, bits = _FORMAT.unpack_from(data)
    if tag == EXTENSIBLE:
        if len(data) < _EXTENSION_TAG_AT + 2:
            raise InvalidWavError("a format that is cut")
        (tag,) = struct.unpack_from("<H", data, _EXTENSION_TAG_AT)
    widths = {PCM: (8, 16, 24, 32), FLOAT: (32, 64), ALAW: (8,), ULAW: (8,)}.get(tag, ())
    if bits not in widths:
        raise InvalidWavError("an encoding that is not read")
    if not 1 <= channels <= 8 or align != channels * bits // 8 or not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise InvalidWavError("a format out of bounds")
    return tag, channels, rate_hz, bits
