"""Opus is spoken as others speak it, and nothing a stranger sends gives other than 20 ms of sound."""

import ctypes.util
import gc
import importlib.util
import platform
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.media.codecs import installed_codecs, opus
from ringfence.media.codecs.opus import MAX_PAYLOAD_BYTES, OpusCodec, OpusMissingError, find_libopus, packet_length_us
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
    data = ffmpeg(
        tone(1_000, rate_hz=48_000).astype("<i2").tobytes(),
        *("-f", "s16le", "-ar", "48000", "-i", "pipe:0"),
        *("-c:a", "libopus", "-frame_duration", str(duration_ms), "-f", "ogg"),
    )
    codec = OpusCodec()
    packets = packets_of(data)
    assert {codec.length_ms(packet) for packet in packets} == {max(10, duration_ms)}
    there = np.concatenate([codec.decode(packet)[: 8 * duration_ms] for packet in packets])
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
def test_any_payload_is_whole_ten_milliseconds_and_no_more_than_120(payload: bytes) -> None:
    codec = OpusCodec()
    assert 10 <= codec.length_ms(payload) <= 120
    for _ in range(2):
        sound = codec.decode(payload)
        assert len(sound) in range(80, 961, 80)
        assert sound.dtype == np.int16
        assert codec.lost().shape == (FRAME,)


@pytest.mark.parametrize(
    ("first", "second", "length_us"),
    [
        (0 << 3, 0, 10_000),
        (2 << 3, 0, 40_000),
        (3 << 3, 0, 60_000),
        (11 << 3, 0, 60_000),
        (12 << 3, 0, 10_000),
        (15 << 3, 0, 20_000),
        (16 << 3, 0, 2_500),
        (31 << 3, 0, 20_000),
        (1 << 3 | 1, 0, 40_000),
        (1 << 3 | 2, 0, 40_000),
        (0 << 3 | 3, 3, 30_000),
        (17 << 3 | 3, 0xC0 | 5, 25_000),
    ],
)
def test_a_packet_says_how_much_it_holds(first: int, second: int, length_us: int) -> None:
    assert packet_length_us(bytes([first, second, 9])) == length_us


def test_a_packet_of_two_octets_says_how_many_frames_it_holds() -> None:
    assert packet_length_us(b"\x03\x02") == 20_000


@pytest.mark.parametrize(("first", "length_ms"), [(16 << 3, 10), (16 << 3 | 3, 20), (0, 10), (3 << 3, 60), (27, 120)])
def test_lengths_are_whole_ten_milliseconds_rounded_up(first: int, length_ms: int) -> None:
    # Six frames where the packet says how many.
    assert OpusCodec().length_ms(bytes([first, 6])) == length_ms


def test_a_packet_that_says_nothing_holds_nothing() -> None:
    assert packet_length_us(b"") == packet_length_us(b"\x03") == 0


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


class Noted:
    """libopus, and what is asked of it; `missing` is a half that it does not make."""

    def __init__(self, missing: str = "") -> None:
        self.settings: dict[int, int] = {}
        self.made: list[int] = []
        self.freed: list[int] = []
        self._library = opus._library()
        self._missing = missing

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._library, name)

        def noting(*arguments: Any) -> Any:
            if name == self._missing:
                return None
            given = function(*arguments)
            if name.endswith("_create"):
                self.made.append(given)
            elif name.endswith("_destroy"):
                self.freed.append(arguments[0])
            elif name == "opus_encoder_ctl":
                self.settings[arguments[1]] = arguments[2]
            return given

        return noting


# Bit rate, effort, and that what was lost may be told by the next packet: opus_defines.h.
SETTINGS = {4_002: 24_000, 4_010: 3, 4_012: 1, 4_014: 5}


@pytest.mark.parametrize(
    ("system", "machine", "settings"),
    [
        ("linux", "x86_64", SETTINGS),
        ("linux", "arm64", SETTINGS),
        ("darwin", "x86_64", SETTINGS),
        ("darwin", "arm64", {}),
    ],
)
def test_it_is_set_up_for_speech_where_that_can_be_said(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, settings: dict[int, int]
) -> None:
    noted = Noted()
    monkeypatch.setattr(opus, "_library", lambda: noted)
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    OpusCodec()
    assert noted.settings == settings


def test_both_halves_are_made_once_and_freed_with_the_leg(monkeypatch: pytest.MonkeyPatch) -> None:
    noted = Noted()
    monkeypatch.setattr(opus, "_library", lambda: noted)
    codec = OpusCodec()
    assert len(set(noted.made)) == 2
    assert noted.freed == []
    del codec
    assert sorted(noted.freed) == sorted(noted.made)


@pytest.mark.parametrize("half", ["opus_encoder_create", "opus_decoder_create"])
def test_half_of_it_is_none(monkeypatch: pytest.MonkeyPatch, half: str) -> None:
    noted = Noted(missing=half)
    monkeypatch.setattr(opus, "_library", lambda: noted)
    with pytest.raises(MemoryError, match=r"^libopus gave neither coder nor decoder$"):
        OpusCodec()


def test_samples_of_another_type_are_encoded_as_themselves_and_come_back_as_16_bits() -> None:
    sound = speech()
    one, other = OpusCodec(), OpusCodec()
    for at in range(0, 8_000, FRAME):
        packet = one.encode(sound[at : at + FRAME].astype(np.int32))
        assert packet == other.encode(sound[at : at + FRAME])
        assert one.decode(packet).dtype == np.int16
    assert one.lost().dtype == np.int16


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
    said = r"^Opus needs libopus: install it by the system's package, or ringfence\[opus\]$"
    with pytest.raises(OpusMissingError, match=said):
        OpusCodec()


def test_both_are_offered_here() -> None:
    assert set(installed_codecs()) == {"G722", "OPUS"}
