"""Sound files of many kinds become telephone sound; what is none becomes an error, whatever it does to its decoder."""

import asyncio
import contextlib
import math
import os
import stat
import struct
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringfence.media import g711, sound_file
from ringfence.media.mp3_encoder import encode_mp3
from ringfence.media.sound_file import SHORT_BYTES, ReaderLimits, SoundFileReader
from ringfence.media.wav import ALAW, EXTENSIBLE, FLOAT, PCM, ULAW
from ringfence.ports.sound import UnreadableSoundError
from unit.media.codecs.tones import ffmpeg, needs_ffmpeg, strength_db, tone
from unit.media.test_wav import wav_of


def read(data: bytes, limits: ReaderLimits | None = None) -> np.ndarray:
    async def run() -> bytes:
        reader = SoundFileReader(limits)
        try:
            return await reader.read(data)
        finally:
            await reader.close()

    return np.frombuffer(asyncio.run(run()), "<i2")


def refused(data: bytes, limits: ReaderLimits | None = None) -> str:
    with pytest.raises(UnreadableSoundError) as error:
        read(data, limits)
    return str(error.value)


def mp3_of(sound: np.ndarray, rate_hz: int = 44_100, channels: int = 1) -> bytes:
    async def run() -> bytes:
        async def pieces() -> AsyncIterator[bytes]:
            yield sound.astype("<i2").tobytes()

        return b"".join([data async for data in encode_mp3(pieces(), channels, rate_hz)])

    return asyncio.run(run())


def is_the_tone(sound: np.ndarray, hz: float = 1_000, seconds: float = 1.0) -> None:
    assert abs(len(sound) - 8_000 * seconds) < 1_500
    middle = sound[1_300:-1_300]
    assert strength_db(middle, hz) > -1
    assert 3_500 < np.sqrt((middle.astype(float) ** 2).mean()) < 6_500


class TestWav:
    @pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 44_100, 48_000])
    def test_of_any_rate(self, rate_hz: int) -> None:
        is_the_tone(read(wav_of(tone(1_000, rate_hz=rate_hz).astype("<i2").tobytes(), rate_hz=rate_hz)))

    @pytest.mark.parametrize(
        ("tag", "bits", "encoded"),
        [
            (PCM, 8, (tone(1_000) // 256 + 128).astype(np.uint8).tobytes()),
            (PCM, 16, tone(1_000).astype("<i2").tobytes()),
            (PCM, 24, b"".join((int(x) * 256).to_bytes(3, "little", signed=True) for x in tone(1_000))),
            (PCM, 32, (tone(1_000).astype("<i4") << 16).tobytes()),
            (FLOAT, 32, (tone(1_000) / 32_768).astype("<f4").tobytes()),
            (FLOAT, 64, (tone(1_000) / 32_768).astype("<f8").tobytes()),
            (ULAW, 8, g711.encode(tone(1_000), "PCMU").tobytes()),
            (ALAW, 8, g711.encode(tone(1_000), "PCMA").tobytes()),
        ],
    )
    def test_of_any_encoding(self, tag: int, bits: int, encoded: bytes) -> None:
        sound = read(wav_of(encoded, tag=tag, bits=bits))
        assert np.abs(sound.astype(int) - tone(1_000)).max() <= 260
        extension = struct.pack("<HHIH", 22, bits, 0, tag) + bytes(14)
        assert np.array_equal(read(wav_of(encoded, tag=EXTENSIBLE, bits=bits, extension=extension)), sound)

    def test_at_its_own_rate_is_left_as_it_is(self) -> None:
        samples = np.random.default_rng(1).integers(-32_768, 32_767, 5_000, dtype=np.int16)
        assert np.array_equal(read(wav_of(samples.astype("<i2").tobytes())), samples)

    def test_of_two_channels_is_their_mean(self) -> None:
        stereo = np.stack([tone(1_000), -tone(1_000) // 2], axis=1)
        sound = read(wav_of(stereo.astype("<i2").tobytes(), channels=2))
        assert np.abs(sound - tone(1_000) / 4).max() <= 1

    def test_that_is_full_scale_does_not_turn_over(self) -> None:
        square = np.tile(np.repeat(np.array([32_767, -32_768], np.int16), 22), 500)
        sound = read(wav_of(square.astype("<i2").tobytes(), rate_hz=44_100))
        assert sound.max() == 32_767
        assert sound.min() == -32_768
        assert np.abs(np.diff(sound[200:-200].astype(int))).max() < 65_535

    def test_of_floats_that_are_no_numbers_is_silence_there(self) -> None:
        floats = np.array([math.nan, math.inf, -math.inf, 5.0, 0.5] * 10, "<f4")
        assert read(wav_of(floats.tobytes(), tag=FLOAT, bits=32)).tolist() == [0, 0, 0, 32_767, 16_384] * 10

    def test_without_samples_is_unreadable(self) -> None:
        assert "without sound" in refused(wav_of(b""))

    def test_that_is_long_is_read_like_a_short_one(self) -> None:
        samples = np.random.default_rng(1).integers(-32_768, 32_767, SHORT_BYTES, dtype=np.int16)
        assert np.array_equal(read(wav_of(samples.astype("<i2").tobytes())), samples)

    def test_that_is_long_and_broken_is_unreadable(self) -> None:
        assert "broken" in refused(wav_of(bytes(SHORT_BYTES), bits=12))


class TestOthers:
    @pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 44_100])
    def test_mp3(self, rate_hz: int) -> None:
        """Its encoder puts some silence in front, more of it at low rates."""
        is_the_tone(read(mp3_of(tone(1_000, 4, rate_hz), rate_hz)), seconds=4)

    @needs_ffmpeg
    @pytest.mark.parametrize(
        "arguments",
        [
            ("-c:a", "libmp3lame", "-f", "mp3"),
            ("-c:a", "libmp3lame", "-q:a", "4", "-ac", "2", "-metadata", "title=x", "-f", "mp3"),
            ("-c:a", "flac", "-f", "flac"),
            ("-c:a", "flac", "-ac", "2", "-f", "flac"),
            ("-c:a", "libvorbis", "-f", "ogg"),
            ("-c:a", "pcm_s16le", "-f", "wav"),
            ("-c:a", "pcm_mulaw", "-ar", "8000", "-f", "wav"),
        ],
    )
    def test_as_ffmpeg_writes_them(self, arguments: tuple[str, ...]) -> None:
        sound = tone(1_000, rate_hz=44_100).astype("<i2").tobytes()
        is_the_tone(read(ffmpeg(sound, "-f", "s16le", "-ar", "44100", "-i", "pipe:0", *arguments)))

    def test_several_at_once(self) -> None:
        async def run() -> list[bytes]:
            reader = SoundFileReader()
            try:
                return await asyncio.gather(*(reader.read(mp3) for mp3 in files))
            finally:
                await reader.close()

        files = [mp3_of(tone(hz, rate_hz=44_100)) for hz in (500, 1_000, 1_500, 2_000)]
        for hz, sound in zip((500, 1_000, 1_500, 2_000), asyncio.run(run()), strict=True):
            is_the_tone(np.frombuffer(sound, "<i2"), hz)


class TestBounds:
    def test_a_large_file(self) -> None:
        assert "40 MB" in refused(bytes((40 << 20) + 1))

    def test_an_hour_of_sound_and_no_more(self) -> None:
        hour = wav_of(bytes(4_000 * 3_600), bits=8, rate_hz=4_000)
        assert len(read(hour)) == 8_000 * 3_600
        assert "hour" in refused(wav_of(bytes(4_000 * 3_601), bits=8, rate_hz=4_000))

    def program(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
        """What is run in the decoder's place."""
        path = tmp_path / "decoder"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(sound_file.sys, "executable", str(path))

    def test_a_decoder_that_crashes(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.program(tmp_path, monkeypatch, "kill -SEGV $$")
        assert "cannot be decoded" in refused(b"ID3" * 100_000)

    def test_a_decoder_that_crashes_after_some_sound(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.program(tmp_path, monkeypatch, "cat >/dev/null; echo sound; kill -SEGV $$")
        assert "cannot be decoded" in refused(b"ID3")

    def test_a_decoder_that_never_ends(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        # By a rename, for it may be ended before it has written anything.
        script = f"echo $$ > {tmp_path}/written && mv {tmp_path}/written {tmp_path}/pid; exec sleep 600"
        self.program(tmp_path, monkeypatch, script)
        assert "too long" in refused(b"ID3", ReaderLimits(within_s=0.5))
        if (tmp_path / "pid").exists():
            with pytest.raises(ProcessLookupError):
                os.kill(int((tmp_path / "pid").read_text()), 0)

    def test_the_decoder_gets_no_environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RINGFENCE_SECRET", "secret")
        self.program(tmp_path, monkeypatch, 'cat >/dev/null; printf "%s.." "$RINGFENCE_SECRET$HOME"')
        assert read(b"ID3").tobytes() == b".."

    def test_the_decoder_can_write_no_file(self, tmp_path: Path) -> None:
        script = (
            "import sys\nfrom ringfence.media import sound_process\nsound_process.confine()\n"
            f"try: open({str(tmp_path / 'file')!r}, 'w')\nexcept OSError: sys.exit(7)"
        )
        assert subprocess.run([sys.executable, "-c", script]).returncode == 7
        assert not (tmp_path / "file").exists()


@pytest.fixture(scope="module")
def sounds() -> list[bytes]:
    mp3 = mp3_of(tone(1_000, seconds=0.3, rate_hz=16_000), 16_000)
    sound = tone(1_000, 0.3, 44_100).astype("<i2").tobytes()
    try:
        others = [
            ffmpeg(sound, "-f", "s16le", "-ar", "44100", "-i", "pipe:0", "-c:a", coder, "-f", form)
            for coder, form in (("flac", "flac"), ("libvorbis", "ogg"))
        ]
    except FileNotFoundError:
        others = []
    return [mp3, *others, wav_of(sound, rate_hz=44_100)]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_done_to_a_file_it_is_sound_or_an_error(sounds: list[bytes], data: st.DataObject) -> None:
    """Damaged, cut and doubled files, each to its own decoder."""
    file = bytearray(data.draw(st.sampled_from(sounds)))
    for _ in range(data.draw(st.integers(1, 20))):
        at = data.draw(st.integers(0, len(file) - 1))
        match data.draw(st.sampled_from(["byte", "cut", "double", "flood"])):
            case "byte":
                file[at] = data.draw(st.integers(0, 255))
            case "cut":
                del file[max(1, at) :]
            case "double":
                file[at:at] = file[: min(at, 2_000)]
            case "flood":
                file[at : at + 16] = b"\xff" * 16
    with contextlib.suppress(UnreadableSoundError):
        assert len(read(bytes(file))) > 0


@given(data=st.binary(max_size=200))
@settings(max_examples=10)
def test_garbage_is_an_error(data: bytes) -> None:
    refused(data)
