"""WAV headers: ours are read by others, and others' are read within bounds."""

import io
import struct
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.media.wav import (
    ALAW,
    EXTENSIBLE,
    FLOAT,
    HEADER_BYTES,
    PCM,
    ULAW,
    InvalidWavError,
    WavFormat,
    is_wav,
    parse_wav,
    write_header,
)


def wav_of(
    data: bytes,
    *,
    tag: int = PCM,
    channels: int = 1,
    rate_hz: int = 8_000,
    bits: int = 16,
    align: int | None = None,
    extension: bytes = b"",
    before: bytes = b"",
    length: int | None = None,
) -> bytes:
    """A file as others may write it: chunks in front, an extended format, a length that is not true."""
    align = channels * bits // 8 if align is None else align
    form = struct.pack("<HHIIHH", tag, channels, rate_hz, rate_hz * align, align, bits) + extension
    body = b"WAVE" + before + b"fmt " + struct.pack("<I", len(form)) + form
    body += b"data" + struct.pack("<I", len(data) if length is None else length) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


@given(samples=st.binary(max_size=400), channels=st.sampled_from([1, 2]), rate_hz=st.integers(4_000, 384_000))
def test_a_header_of_ours_is_read_by_another_and_by_us(samples: bytes, channels: int, rate_hz: int) -> None:
    samples = samples[: len(samples) // (2 * channels) * 2 * channels]
    data = write_header(len(samples), channels, rate_hz) + samples
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (channels, 2, rate_hz)
        assert file.readframes(1_000) == samples
    assert parse_wav(data) == WavFormat(
        tag=PCM, channels=channels, rate_hz=rate_hz, bits=16, start=HEADER_BYTES, length=len(samples)
    )
    assert struct.unpack_from("<I", data, 4) == (len(data) - 8,)
    assert struct.unpack_from("<I", data, 28) == (rate_hz * channels * 2,)


def test_other_chunks_are_passed_over_at_even_places() -> None:
    odd = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    data = wav_of(b"\1\2\3\4", before=odd)
    form = parse_wav(data)
    assert data[form.start : form.start + form.length] == b"\1\2\3\4"


@pytest.mark.parametrize("tag", [PCM, ALAW, ULAW, FLOAT])
def test_an_extended_format_names_its_encoding_inside(tag: int) -> None:
    bits = {PCM: 24, FLOAT: 32}.get(tag, 8)
    extension = struct.pack("<HHIH", 22, bits, 0, tag) + bytes(14)
    form = parse_wav(wav_of(bytes(48), tag=EXTENSIBLE, bits=bits, channels=2, extension=extension))
    assert (form.tag, form.bits, form.channels, form.length) == (tag, bits, 2, 48)


@pytest.mark.parametrize("length", [0, 0x7FFFFFFF, 0xFFFFFFFF, 1_000])
def test_a_length_that_is_not_known_or_not_true_is_what_is_there(length: int) -> None:
    assert parse_wav(wav_of(bytes(10), length=length)).length == 10


def test_half_a_sample_at_the_end_is_left_away() -> None:
    assert parse_wav(wav_of(bytes(11), channels=2)).length == 8


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"RIFX" + wav_of(bytes(4))[4:],
        wav_of(bytes(4))[:36],
        wav_of(bytes(4), tag=2),
        wav_of(bytes(4), tag=0x11, bits=4, align=1),
        wav_of(bytes(4), bits=12),
        wav_of(bytes(4), tag=FLOAT, bits=16),
        wav_of(bytes(4), tag=ULAW, bits=16),
        wav_of(bytes(4), channels=0, align=2),
        wav_of(bytes(4), channels=9),
        wav_of(bytes(4), align=3),
        wav_of(bytes(4), rate_hz=3_999),
        wav_of(bytes(4), rate_hz=384_001),
        wav_of(bytes(4), tag=EXTENSIBLE),
        wav_of(bytes(4), tag=EXTENSIBLE, extension=bytes(24)),
        b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd",
        b"RIFF\0\0\0\0WAVEfmt \4\0\0\0abcd",
    ],
)
def test_what_is_no_wav_file_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidWavError):
        parse_wav(data)


@given(data=st.data())
def test_any_bytes_are_read_within_bounds_or_refused(data: st.DataObject) -> None:
    file = bytearray(wav_of(bytes(40), channels=2))
    for _ in range(data.draw(st.integers(1, 4))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    try:
        form = parse_wav(bytes(file))
    except InvalidWavError:
        return
    assert is_wav(bytes(file))
    assert 0 <= form.start <= form.start + form.length <= len(file)
    assert form.length % (form.channels * form.bits // 8) == 0
