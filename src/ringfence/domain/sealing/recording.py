"""A recording's file: sealed chunk by chunk as it is made, so that it opens up to its last whole chunk at any time.

    header | frame | frame | … | last frame

A frame is a 4-byte word (bit 31: the last one; the rest: how many bytes follow) and AES-256-GCM ciphertext with its
tag. The nonce is the frame's number, from 0, under a key of this file alone: HKDF of the recording's key and the
header's random salt, so that no two files ever share one. The associated data is the whole header, the frame's number
and whether it is the last: a frame that was moved, swapped, taken from another file or cut away is found out. The last
frame holds no sound: it says how much there is, and what of it is to be heard. A file without it was cut short.

Integers are big-endian. Source of the construction: NIST SP 800-38D, section 8.2.1 (deterministic nonces).
"""

import os
import struct
from typing import Literal, get_args

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ringfence.domain.sealing import hkdf
from ringfence.domain.sealing.aead import TAG_BYTES, UnsealError
from ringfence.domain.sid import LENGTH, is_sid

MAGIC = b"RFREC\x01"
ULAW = 1
SALT_BYTES = 16
MAX_CHUNK_BYTES = 1 << 20
MAX_CHUNKS = 1 << 32

# Magic, encoding, channels, samples a second, salt, account, sid.
_HEADER = struct.Struct(f">6sBBI{SALT_BYTES}s{LENGTH}s{LENGTH}s")
_WORD = struct.Struct(">I")
_PLACE = struct.Struct(">QB")
# Samples a channel, from where and up to where they are to be heard, cause.
_END = struct.Struct(">QQQB")

HEADER_BYTES = _HEADER.size
WORD_BYTES = _WORD.size
END_FRAME_BYTES = WORD_BYTES + _END.size + TAG_BYTES
FRAME_OVERHEAD_BYTES = WORD_BYTES + TAG_BYTES
_LAST = 1 << 31

Cause = Literal["stopped", "length", "silence", "closed", "failed"]
_CAUSES: tuple[Cause, ...] = get_args(Cause)


class InvalidRecordingError(Exception):
    """Not a recording's file, or one of a version that is not known."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in clear at a recording's beginning. Its sound is G.711 µ-law, the channels' samples in turn."""

    account: str
    sid: str
    channels: int
    rate_hz: int = 8_000
    salt: bytes = b""

    def __repr__(self) -> str:
        return f"Header({self.sid}, {self.channels})"


class End(msgspec.Struct, frozen=True, kw_only=True):
    """How a recording ended: `samples` of each channel, of which [`heard_from`, `heard_to`) are to be heard."""

    samples: int
    heard_from: int
    heard_to: int
    cause: Cause


def recording_key(record_key: bytes, sid: str) -> bytes:
    """The key that opens the sound of the recording `sid`, and nothing else that its record key opens."""
    return hkdf.expand(record_key, f"ringfence/recording/v1|{sid}".encode())


def write_header(header: Header) -> bytes:
    """A header's bytes, with a fresh salt where it has none. ValueError for what is no account or recording."""
    if not (is_sid(header.account, "AC") and is_sid(header.sid, "RE")):
        raise ValueError("no SIDs of an account and a recording")
    if header.channels not in (1, 2):
        raise ValueError("one or two channels")
    salt = header.salt or os.urandom(SALT_BYTES)
    return _HEADER.pack(
        MAGIC, ULAW, header.channels, header.rate_hz, salt, header.account.encode(), header.sid.encode()
    )


def parse_header(data: bytes) -> Header:
    """The header at the beginning of `data`, or InvalidRecordingError."""
    if len(data) < HEADER_BYTES:
        raise InvalidRecordingError("too short")
    magic, encoding, channels, rate_hz, salt, account, sid = _HEADER.unpack_from(data)
    if magic != MAGIC or encoding != ULAW or channels not in (1, 2) or not rate_hz:
        raise InvalidRecordingError("no recording that is known")
    try:
        header = Header(account=account.decode(), sid=sid.decode(), channels=channels, rate_hz=rate_hz, salt=salt)
    except UnicodeDecodeError:
        raise InvalidRecordingError("no recording that is known") from None
    if not (is_sid(header.account, "AC") and is_sid(header.sid, "RE")):
        raise InvalidRecordingError("no recording that is known")
    return header


class RecordingSealer:
    """Writes one file's frames, in order. `key` is what `recording_key` answers."""

    def __init__(self, key: bytes, header: Header) -> None:
        self.header = write_header(header)
        self._cipher = _cipher(key, self.header)
        self._number = 0

    def chunk(self, sound: bytes) -> bytes:
        """The next frame: 20 bytes more than its sound, of which it takes 1 MB at most (ValueError)."""
        if not 0 < len(sound) <= MAX_CHUNK_BYTES:
            raise ValueError("a chunk of no known size")
        return self._frame(sound, last=0)

    def end(self, end: End) -> bytes:
        """The last frame; nothing may follow it."""
        return self._frame(_END.pack(end.samples, end.heard_from, end.heard_to, _CAUSES.index(end.cause)), last=1)

    def _frame(self, plaintext: bytes, last: int) -> bytes:
        if self._number >= MAX_CHUNKS:
            raise ValueError("the file is full, or has its last frame")
        number, self._number = self._number, MAX_CHUNKS if last else self._number + 1
        word = _WORD.pack((len(plaintext) + TAG_BYTES) | (_LAST if last else 0))
        place = self.header + _PLACE.pack(number, last)
        return word + self._cipher.encrypt(_nonce(number), plaintext, place)


class RecordingOpener:
    """Opens one file's frames, each by its number. InvalidRecordingError where there is no header."""

    def __init__(self, key: bytes, header: bytes) -> None:
        self.header = parse_header(header)
        self._bytes = header[:HEADER_BYTES]
        self._cipher = _cipher(key, self._bytes)

    def chunk(self, number: int, ciphertext: bytes) -> bytes:
        """The sound of frame `number`; UnsealError unless it is the one that was sealed as that."""
        return self._open(number, ciphertext, last=0)

    def end(self, number: int, ciphertext: bytes) -> End:
        """The last frame, which has as many before it as its number says; UnsealError."""
        plaintext = self._open(number, ciphertext, last=1)
        try:
            samples, heard_from, heard_to, cause = _END.unpack(plaintext)
            return End(samples=samples, heard_from=heard_from, heard_to=heard_to, cause=_CAUSES[cause])
        except (struct.error, IndexError):
            raise UnsealError from None

    def _open(self, number: int, ciphertext: bytes, last: int) -> bytes:
        if len(ciphertext) < TAG_BYTES:
            raise UnsealError
        try:
            return self._cipher.decrypt(_nonce(number), ciphertext, self._bytes + _PLACE.pack(number, last))
        except InvalidTag:
            raise UnsealError from None


def parse_word(word: bytes) -> tuple[int, bool]:
    """How many bytes of ciphertext follow, and whether they are the last; InvalidRecordingError for too many or few."""
    (value,) = _WORD.unpack(word)
    length = value & ~_LAST
    if not TAG_BYTES < length <= MAX_CHUNK_BYTES + TAG_BYTES:
        raise InvalidRecordingError("a frame of no known size")
    return length, bool(value & _LAST)


def _cipher(key: bytes, header: bytes) -> AESGCM:
    salt = _HEADER.unpack_from(header)[4]
    return AESGCM(hkdf.expand(key, b"ringfence/recording-file/v1|" + salt))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12)
