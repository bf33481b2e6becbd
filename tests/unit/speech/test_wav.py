"""WAV files of 16-bit mono sound."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.speech.wav import NotWavError, Sound, read_wav, write_wav


@given(st.integers(1, 192_000), st.lists(st.integers(0, 255), max_size=400))
def test_what_is_written_reads_back(rate_hz: int, values: list[int]) -> None:
    sound = Sound(rate_hz, bytes(values[: len(values) // 2 * 2]))
    assert read_wav(write_wav(sound)) == sound


def test_the_header_says_16_bit_mono() -> None:
    assert write_wav(Sound(8_000, b"\1\2")).hex() == (
        "524946462600000057415645666d74201000000001000100401f0000803e0000020010006461746102000000" + "0102"
    )


@pytest.mark.parametrize("data", [b"", b"RIFF", b"ID3" * 100, b"RIFF\x24\0\0\0WAVEfmt "])
def test_what_is_no_wav_is_refused(data: bytes) -> None:
    with pytest.raises(NotWavError):
        read_wav(data)


def test_stereo_is_refused() -> None:
    file = bytearray(write_wav(Sound(8_000, b"\1\2\3\4")))
    file[22] = 2
    with pytest.raises(NotWavError):
        read_wav(bytes(file))
