"""G.722 is spoken as others speak it, and nothing a stranger sends gives other than 20 ms of sound."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.media.codecs.g722 import G722Codec
from unit.media.codecs.tones import FRAME, ffmpeg, framed, likeness_db, needs_ffmpeg, speech, strength_db, tone


def spoken(sound: np.ndarray) -> bytes:
    codec = G722Codec()
    return b"".join(codec.encode(frame) for frame in framed(sound))


def heard(payload: bytes) -> np.ndarray:
    codec = G722Codec()
    return np.concatenate([codec.decode(payload[at : at + 160]) for at in range(0, len(payload), 160)])


def test_twenty_milliseconds_are_160_octets() -> None:
    assert len(G722Codec().encode(tone(440)[:FRAME])) == 160


def test_what_is_encoded_decodes() -> None:
    assert likeness_db(heard(spoken(speech())), speech()) > 20


@needs_ffmpeg
def test_another_hears_what_we_say() -> None:
    there = np.frombuffer(ffmpeg(spoken(speech()), "-f", "g722", "-i", "pipe:0", "-ar", "8000", "-f", "s16le"), "<i2")
    assert abs(len(there) - len(speech())) <= FRAME
    assert likeness_db(there, speech()) > 15


@needs_ffmpeg
def test_we_hear_what_another_says() -> None:
    wide = speech(rate_hz=16_000)
    payload = ffmpeg(wide.astype("<i2").tobytes(), "-f", "s16le", "-ar", "16000", "-i", "pipe:0", "-f", "g722")
    assert likeness_db(heard(payload), speech()) > 12


def test_we_hear_a_capture_of_another() -> None:
    """Half a second of 1 kHz, as ffmpeg 5.1 coded it at 16,000 samples a second."""
    sound = heard(Path(__file__).with_name("g722_1khz.bin").read_bytes())
    assert len(sound) == 4_000
    assert strength_db(sound[400:], 1_000) > -1
    assert 5_000 < np.sqrt((sound[400:].astype(float) ** 2).mean()) < 6_500


@needs_ffmpeg
@pytest.mark.parametrize("hz", [300, 1_000, 3_000])
def test_a_tone_arrives_as_itself(hz: int) -> None:
    there = np.frombuffer(ffmpeg(spoken(tone(hz)), "-f", "g722", "-i", "pipe:0", "-f", "s16le"), "<i2")
    assert strength_db(there, hz, 16_000) > -1


@given(payload=st.binary(max_size=1_200))
def test_any_payload_is_whole_ten_milliseconds_and_no_more_than_120(payload: bytes) -> None:
    codec = G722Codec()
    for _ in range(3):
        sound = codec.decode(payload)
        assert len(sound) == codec.length_ms(payload) * 8
        assert 80 <= len(sound) <= 960
        assert len(sound) % 80 == 0
        assert 0 <= len(sound) - min(len(payload), 960) <= 80
        assert sound.dtype == np.int16


@pytest.mark.parametrize("ptime_ms", [10, 20, 30, 40, 60])
def test_it_is_the_same_sound_in_packets_of_any_length(ptime_ms: int) -> None:
    payload, codec = spoken(speech()), G722Codec()
    parts = [payload[at : at + ptime_ms * 8] for at in range(0, len(payload), ptime_ms * 8)]
    sound = np.concatenate([codec.decode(part) for part in parts])
    assert np.array_equal(sound[: len(payload)], heard(payload))


def test_a_loss_after_short_packets_is_both_of_them_again() -> None:
    payload, codec = spoken(tone(1_000))[:1_600], G722Codec()
    sound = np.concatenate([codec.decode(payload[at : at + 80]) for at in range(0, 1_600, 80)])
    assert np.array_equal(codec.lost(), sound[-FRAME:] >> 1)


def test_a_loss_is_what_was_heard_last_and_fades() -> None:
    codec = G722Codec()
    for frame in framed(tone(1_000)):
        last = codec.decode(codec.encode(frame))
    sizes = [np.abs(codec.lost()).max() for _ in range(5)]
    assert np.abs(last).max() // 2 >= sizes[0] > sizes[1] > sizes[2] > 0 == sizes[3] == sizes[4]
    codec.decode(codec.encode(framed(tone(1_000))[0]))
    assert codec.lost().any()


def test_legs_do_not_hear_each_other() -> None:
    one, other = G722Codec(), G722Codec()
    for frame in framed(tone(700)):
        one.decode(one.encode(frame))
    assert np.abs(other.decode(other.encode(np.zeros(FRAME, np.int16)))).max() < 50
