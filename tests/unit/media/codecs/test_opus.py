"""Opus is spoken as others speak it, and nothing a stranger sends gives other than 20 ms of sound."""

import ctypes.util
import gc
import importlib.util
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.media.codecs import installed_codecs, opus
from ringfence.media.codecs.opus import MAX_PAYLOAD_BYTES, OpusCodec, OpusMissingError, find_libopus
from unit.media.codecs.ogg import ogg_of, packets_of
from unit.media.codecs.tones import FRAME, ffmpeg, framed, needs_ffmpeg, resemblance, speech, strength_db, tone

pytestmark = pytest.mark.skipif(find_libopus() is None, reason="no libopus: apt-get install libopus0")


@pytest.fixture
def forgetful() -> Iterator[None]:
    """Whatever was found of libopus is looked for again, in the test and after it."""
    opus.find_libopus.cache_clear()
    opus._library.cache_clear()
    yield
    opus.find_libopus.cache_clear()
    opus._library.cache_clear()


def spoken(sound: np.ndarray) -> list[bytes]:
    codec = OpusCodec()
    return [codec.encode(frame) for frame in framed(sound)]


def heard(packets: list[bytes]) -> np.ndarray:
    codec = OpusCodec()
    return np.concatenate([codec.decode(packet) for packet in packets])


def test_what_is_encoded_decodes() -> None:
    packets = spoken(speech())
    assert max(map(len, packets)) < 200
    assert resemblance(heard(packets), speech()) > 0.9


@needs_ffmpeg
def test_another_hears_what_we_say() -> None:
    data = ffmpeg(ogg_of(spoken(tone(1_000))), "-f", "ogg", "-i", "pipe:0", "-ar", "8000", "-f", "s16le")
    there = np.frombuffer(data, "<i2")
    assert 7_000 < len(there) < 9_000
    assert strength_db(there[800:7_000], 1_000) > -1


@needs_ffmpeg
@pytest.mark.parametrize("duration_ms", [10, 20, 40, 60])
def test_we_hear_what_another_says_whatever_its_packets_hold(duration_ms: int) -> None:
    """A packet of 60 ms is followed by two ticks for which none comes."""
    data = ffmpeg(
        tone(1_000, rate_hz=48_000).astype("<i2").tobytes(),
        *("-f", "s16le", "-ar", "48000", "-i", "pipe:0"),
        *("-c:a", "libopus", "-frame_duration", str(duration_ms), "-f", "ogg"),
    )
    codec = OpusCodec()
    sound = []
    for packet in packets_of(data):
        sound.append(codec.decode(packet)[: FRAME * duration_ms // 20])
        sound += [codec.lost() for _ in range(duration_ms // 20 - 1)]
    there = np.concatenate(sound)
    assert abs(len(there) - 8_000) <= 2 * FRAME * 3
    assert strength_db(there[1_600:7_000], 1_000) > -1


def test_we_hear_a_capture_of_another() -> None:
    """Half a second of 1 kHz in packets of 20 ms, as ffmpeg 5.1 with libopus coded it at 48,000 samples a second."""
    sound = heard(packets_of(Path(__file__).with_name("opus_1khz.ogg").read_bytes()))
    assert 4_000 <= len(sound) <= 4_800
    assert strength_db(sound[800:3_800], 1_000) > -1
    assert 5_000 < np.sqrt((sound[800:3_800].astype(float) ** 2).mean()) < 6_500


def test_a_loss_is_made_up_and_fades() -> None:
    codec = OpusCodec()
    for frame in framed(tone(500)):
        codec.decode(codec.encode(frame))
    made_up = [int(np.abs(codec.lost().astype(int)).max()) for _ in range(40)]
    assert made_up[0] > 1_000
    assert made_up[-1] < made_up[0] / 4


@given(payload=st.binary(max_size=1_600))
def test_any_payload_is_160_samples(payload: bytes) -> None:
    codec = OpusCodec()
    for _ in range(2):
        for sound in (codec.decode(payload), codec.lost()):
            assert sound.shape == (FRAME,)
            assert sound.dtype == np.int16


def test_what_a_broken_packet_left_is_not_heard() -> None:
    codec = OpusCodec()
    codec.decode(b"\xff\xff\xff")
    assert not codec.lost().any()


def test_a_stretch_of_a_longer_array_is_encoded_as_itself() -> None:
    sound = speech()
    woven = np.stack([sound, -sound], axis=1)
    one, other = OpusCodec(), OpusCodec()
    for at in range(0, 8_000, FRAME):
        assert one.encode(woven[at : at + FRAME, 0]) == other.encode(sound[at : at + FRAME])


def test_noise_fits_into_a_packet() -> None:
    codec = OpusCodec()
    for frame in np.random.default_rng(1).integers(-32_768, 32_767, (50, FRAME), dtype=np.int16):
        assert 0 < len(codec.encode(frame)) <= MAX_PAYLOAD_BYTES


def test_a_leg_that_is_gone_frees_what_it_held() -> None:
    codec = OpusCodec()
    gone = weakref.ref(codec)
    del codec
    gc.collect()
    assert gone() is None


def test_the_package_serves_where_the_system_has_none(forgetful: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    assert "opuslib_next" in (find_libopus() or "")
    assert resemblance(heard(spoken(speech())), speech()) > 0.9


def test_without_any_it_is_not_offered(forgetful: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "OPUS" not in installed_codecs()
    with pytest.raises(OpusMissingError, match="ringfence\\[opus\\]"):
        OpusCodec()


def test_both_are_offered_here() -> None:
    assert set(installed_codecs()) == {"G722", "OPUS"}
