"""MP3 by an encoder in a process of its own, which ends with whoever reads."""

import asyncio
import importlib.util
import shutil
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from ringfence.media import mp3_encoder
from ringfence.media.mp3_encoder import Mp3FailedError, Mp3MissingError, encode_mp3
from ringfence.media.sound_file import SoundFileReader
from unit.media.codecs.tones import strength_db, tone


async def pieces(sound: np.ndarray, size: int = 3_200) -> AsyncIterator[bytes]:
    data = sound.astype("<i2").tobytes()
    for at in range(0, len(data), size):
        yield data[at : at + size]


def encoded(sound: np.ndarray, channels: int = 1, rate_hz: int = 8_000) -> bytes:
    async def run() -> bytes:
        return b"".join([data async for data in encode_mp3(pieces(sound), channels, rate_hz)])

    return asyncio.run(run())


def decoded(mp3: bytes) -> np.ndarray:
    async def run() -> bytes:
        reader = SoundFileReader()
        try:
            return await reader.read(mp3)
        finally:
            await reader.close()

    return np.frombuffer(asyncio.run(run()), "<i2")


@pytest.fixture
def without_lameenc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)


def is_the_tone(mp3: bytes, seconds: float, channels: int) -> None:
    assert abs(len(mp3) - 4_000 * seconds * channels) < 2_000
    sound = decoded(mp3)
    assert abs(len(sound) - 8_000 * seconds) < 2_000
    assert strength_db(sound[2_000:-2_000], 1_000) > -1


def test_one_channel() -> None:
    is_the_tone(encoded(tone(1_000, 3)), 3, 1)


def test_two_channels_stay_apart() -> None:
    mp3 = encoded(np.stack([tone(1_000, 3), 0 * tone(1_000, 3)], axis=1), channels=2)
    is_the_tone(mp3, 3, 2)
    # The channel mode of a frame's header: 3 would be mono.
    assert mp3[3] >> 6 != 3


@pytest.mark.long
@pytest.mark.skipif(shutil.which("lame") is None, reason="no lame: apt-get install lame")
@pytest.mark.parametrize("channels", [1, 2])
def test_the_program_lame_serves_as_well(without_lameenc: None, channels: int) -> None:
    is_the_tone(encoded(np.repeat(tone(1_000, 3), channels), channels), 3, channels)


def test_without_any_the_error_says_what_to_install(without_lameenc: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(Mp3MissingError, match=r"ringfence\[mp3\].*lame"):
        encoded(tone(1_000))


def test_it_comes_while_it_is_still_recorded() -> None:
    """The first bytes are there before the last sound is."""

    async def run() -> None:
        more = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield bytes(400_000)
            await more.wait()
            yield bytes(400_000)

        stream = encode_mp3(slow(), 1, 8_000)
        async with asyncio.timeout(30):
            first = await anext(stream)
            more.set()
            rest = b"".join([data async for data in stream])
        assert first
        assert abs(len(first + rest) - 200_000) < 3_000

    asyncio.run(run())


def test_who_leaves_early_leaves_no_process_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "encoder"
    program.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec cat\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(mp3_encoder, "encoder_command", lambda channels, rate_hz: [str(program)])

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(1_000)
            await asyncio.sleep(0.001)

    async def run() -> None:
        stream = encode_mp3(endless(), 1, 8_000)
        assert await anext(stream)
        await stream.aclose()

    asyncio.run(run())
    assert not Path(f"/proc/{int((tmp_path / 'pid').read_text())}").exists()


def test_an_encoder_that_fails_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mp3_encoder, "encoder_command", lambda channels, rate_hz: ["/bin/sh", "-c", "exit 3"])
    with pytest.raises(Mp3FailedError, match="status 3"):
        encoded(tone(1_000, 20))


def test_sound_that_cannot_be_read_is_its_readers_error() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield bytes(1_000)
        raise OSError("the disk is gone")

    async def run() -> None:
        with pytest.raises(OSError, match="disk"):
            async for _ in encode_mp3(broken(), 1, 8_000):
                pass

    asyncio.run(run())
