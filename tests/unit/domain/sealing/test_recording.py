"""A recording's file opens frame by frame with its own key, and tells when it was altered or cut."""

import struct

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.recording import (
    END_FRAME_BYTES,
    FRAME_OVERHEAD_BYTES,
    HEADER_BYTES,
    MAX_CHUNK_BYTES,
    WORD_BYTES,
    End,
    Header,
    InvalidRecordingError,
    RecordingOpener,
    RecordingSealer,
    parse_header,
    parse_word,
    recording_key,
    write_header,
)

ACCOUNT = "AC" + "a" * 32
SID = "RE" + "1" * 32
KEY = recording_key(bytes(range(32)), SID)
HEADER = Header(account=ACCOUNT, sid=SID, channels=2, salt=bytes(range(16)))
END = End(samples=24_000, heard_from=160, heard_to=23_840, cause="stopped")


def frames_of(file: bytes) -> list[tuple[bytes, bool]]:
    """(ciphertext, last) of each frame."""
    frames = []
    at = HEADER_BYTES
    while at < len(file):
        length, last = parse_word(file[at : at + WORD_BYTES])
        ciphertext = file[at + WORD_BYTES : at + WORD_BYTES + length]
        if len(ciphertext) < length:
            raise InvalidRecordingError("cut off")
        frames.append((ciphertext, last))
        at += WORD_BYTES + length
    return frames


def read(file: bytes) -> tuple[list[bytes], End]:
    """A whole file's sound and end, each frame opened as what its word says it is."""
    opener = RecordingOpener(KEY, file)
    chunks = []
    for number, (ciphertext, last) in enumerate(frames_of(file)):
        if last:
            return chunks, opener.end(number, ciphertext)
        chunks.append(opener.chunk(number, ciphertext))
    raise UnsealError


def file_of(*chunks: bytes, header: Header = HEADER, end: End | None = END) -> bytes:
    sealer = RecordingSealer(KEY, header)
    frames = [sealer.chunk(chunk) for chunk in chunks]
    return sealer.header + b"".join(frames) + (sealer.end(end) if end else b"")


@given(chunks=st.lists(st.binary(min_size=1, max_size=300), max_size=8), channels=st.sampled_from([1, 2]))
def test_what_is_sealed_opens_again(chunks: list[bytes], channels: int) -> None:
    header = Header(account=ACCOUNT, sid=SID, channels=channels)
    file = file_of(*chunks, header=header)
    assert read(file) == (chunks, END)
    opener = RecordingOpener(KEY, file)
    assert (opener.header.account, opener.header.sid, opener.header.channels) == (ACCOUNT, SID, channels)


def test_the_form_is_the_one_that_was_agreed() -> None:
    file = file_of(b"\xff" * 4, b"\x00\x7f")
    assert HEADER_BYTES == 96
    assert file[:HEADER_BYTES] == b"RFREC\x01\x01\x02\x00\x00\x1f\x40" + bytes(range(16)) + (ACCOUNT + SID).encode()
    assert file[HEADER_BYTES:].hex() == (
        "00000014ae8202a4e7425d3bbdb8bf38e52b35fff4805f65"
        "000000121d9bc521c88b8b691cb5a99c5826ec6ae200"
        "80000029929b8487a0faf05c5716282cf4c04bfcd41369a37f93e280f9b86aff6e7849165dc7ea2c9d32da19ad"
    )


def test_another_hand_opens_it_by_the_form_alone() -> None:
    """With HKDF and AES-GCM from the library, and nothing of ours."""
    own = HKDFExpand(SHA256(), 32, b"ringfence/recording/v1|" + SID.encode()).derive(bytes(range(32)))
    of_file = HKDFExpand(SHA256(), 32, b"ringfence/recording-file/v1|" + bytes(range(16))).derive(own)
    file = file_of(b"\xff" * 4, b"\x00\x7f")
    second = file[HEADER_BYTES + 24 + WORD_BYTES :][:18]
    place = file[:HEADER_BYTES] + (1).to_bytes(8) + b"\x00"
    assert AESGCM(of_file).decrypt((1).to_bytes(12), second, place) == b"\x00\x7f"


def test_sizes_are_as_the_constants_say() -> None:
    sealer = RecordingSealer(KEY, HEADER)
    assert len(sealer.header) == HEADER_BYTES
    assert len(sealer.chunk(b"x" * 100)) == 100 + FRAME_OVERHEAD_BYTES
    assert len(sealer.end(END)) == END_FRAME_BYTES


@given(data=st.data())
def test_a_changed_bit_anywhere_is_found(data: st.DataObject) -> None:
    file = bytearray(file_of(b"first" * 8, b"second" * 8))
    at = data.draw(st.integers(0, len(file) * 8 - 1))
    file[at // 8] ^= 1 << at % 8
    with pytest.raises((UnsealError, InvalidRecordingError, struct.error)):
        read(bytes(file))


def test_a_frame_opens_only_at_its_own_place() -> None:
    (first, _), (second, _), (last, _) = frames_of(file_of(b"one", b"two"))
    opener = RecordingOpener(KEY, write_header(HEADER))
    for number, ciphertext in ((0, second), (1, first), (2, second), (0, last)):
        with pytest.raises(UnsealError):
            opener.chunk(number, ciphertext)
    with pytest.raises(UnsealError):
        opener.end(1, last)
    with pytest.raises(UnsealError):
        opener.end(0, first)
    with pytest.raises(UnsealError):
        opener.chunk(2, last)


@pytest.mark.parametrize(
    "other",
    [
        Header(account="AC" + "b" * 32, sid=SID, channels=2, salt=bytes(range(16))),
        Header(account=ACCOUNT, sid="RE" + "2" * 32, channels=2, salt=bytes(range(16))),
        Header(account=ACCOUNT, sid=SID, channels=1, salt=bytes(range(16))),
        Header(account=ACCOUNT, sid=SID, channels=2, rate_hz=16_000, salt=bytes(range(16))),
        Header(account=ACCOUNT, sid=SID, channels=2, salt=bytes(16)),
    ],
)
def test_no_frame_opens_under_another_header(other: Header) -> None:
    (first, _), _ = frames_of(file_of(b"one"))
    with pytest.raises(UnsealError):
        RecordingOpener(KEY, write_header(other)).chunk(0, first)


def test_two_files_of_one_recording_share_nothing() -> None:
    header = Header(account=ACCOUNT, sid=SID, channels=1)
    first, second = file_of(b"same", header=header), file_of(b"same", header=header)
    (one, _), _ = frames_of(first)
    (two, _), _ = frames_of(second)
    assert one != two
    with pytest.raises(UnsealError):
        RecordingOpener(KEY, first).chunk(0, two)


def test_another_key_opens_nothing() -> None:
    (first, _), (last, _) = frames_of(file_of(b"one"))
    for key in (recording_key(bytes(range(32)), "RE" + "2" * 32), bytes(range(32))):
        opener = RecordingOpener(key, write_header(HEADER))
        with pytest.raises(UnsealError):
            opener.chunk(0, first)
        with pytest.raises(UnsealError):
            opener.end(1, last)


def test_nothing_follows_the_last_frame() -> None:
    sealer = RecordingSealer(KEY, HEADER)
    sealer.end(END)
    with pytest.raises(ValueError):
        sealer.chunk(b"more")
    with pytest.raises(ValueError):
        sealer.end(END)


@pytest.mark.parametrize("size", [0, MAX_CHUNK_BYTES + 1])
def test_a_chunk_has_bounds(size: int) -> None:
    with pytest.raises(ValueError):
        RecordingSealer(KEY, HEADER).chunk(bytes(size))


def test_the_largest_chunk_is_read_again() -> None:
    frame = RecordingSealer(KEY, HEADER).chunk(bytes(MAX_CHUNK_BYTES))
    assert parse_word(frame[:WORD_BYTES]) == (MAX_CHUNK_BYTES + 16, False)


@pytest.mark.parametrize("length", [0, 16, MAX_CHUNK_BYTES + 17, 2**31 - 1])
def test_no_frame_is_longer_or_shorter_than_a_chunk(length: int) -> None:
    with pytest.raises(InvalidRecordingError):
        parse_word(struct.pack(">I", length))


@pytest.mark.parametrize("part", [{"account": "../../etc"}, {"sid": "MM" + "1" * 32}, {"channels": 3}, {"sid": "/"}])
def test_only_accounts_and_recordings_have_files(part: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        write_header(Header(**{"account": ACCOUNT, "sid": SID, "channels": 1, **part}))  # type: ignore[arg-type]


@given(data=st.binary(max_size=200))
def test_other_bytes_are_no_recording(data: bytes) -> None:
    with pytest.raises(InvalidRecordingError):
        parse_header(data)


@pytest.mark.parametrize(("at", "byte"), [(5, 2), (6, 2), (7, 0), (7, 3), (28, 0x2F), (62, 0xFF)])
def test_a_header_of_another_kind_is_refused(at: int, byte: int) -> None:
    data = bytearray(write_header(HEADER))
    data[at] = byte
    with pytest.raises(InvalidRecordingError):
        parse_header(bytes(data))


def test_neither_header_nor_reprs_show_a_key() -> None:
    assert KEY not in write_header(HEADER)
    assert repr(HEADER) == f"Header({SID}, 2)"
