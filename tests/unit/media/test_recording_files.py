"""The folder of recordings: opened by key, read as WAV and MP3 a piece at a time, erased."""

import asyncio
import importlib.util
import io
import shutil
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ringfence.domain.sealing.aead import UnsealError
from ringfence.media import recording_files
from ringfence.media.recording_files import RecordingFolder
from ringfence.media.sound_file import SoundFileReader
from ringfence.ports.recordings import RecordingGoneError, RecordingUnreadableError
from unit.media.codecs.tones import framed, strength_db, tone
from unit.media.recordings import ACCOUNT, Deck, companded, key, sid


async def recorded(folder: Path, number: int = 1, *, seconds: float = 3) -> np.ndarray:
    deck = Deck(folder)
    sound = companded(tone(1_000, seconds))
    slot = deck.begin(number, tracks="inbound")
    deck.feed(slot, framed(sound))
    deck.recorder.stop(slot, "stopped")
    await deck.recorder.close()
    return sound


async def whole(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


def test_it_is_read_as_wav_and_as_mp3(tmp_path: Path) -> None:
    async def scene() -> None:
        sound = await recorded(tmp_path)
        opened = await RecordingFolder(tmp_path).open(ACCOUNT, sid(), key())
        assert (opened.duration_ms, opened.damaged) == (3_000, False)
        data = await whole(opened.wav(0, opened.wav_bytes))
        assert len(data) == opened.wav_bytes
        with wave.open(io.BytesIO(data)) as file:
            assert file.readframes(file.getnframes()) == sound.astype("<i2").tobytes()
        assert await whole(opened.wav(100, 1_100)) == data[100:1_100]
        mp3 = await whole(opened.mp3())
        await opened.close()
        reader = SoundFileReader()
        heard = np.frombuffer(await reader.read(mp3), "<i2")
        await reader.close()
        assert strength_db(heard[2_000:-2_000], 1_000) > -1

    asyncio.run(scene())


def test_a_long_one_comes_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording_files, "PIECE_BYTES", 1_000)

    async def scene() -> None:
        sound = await recorded(tmp_path)
        opened = await RecordingFolder(tmp_path).open(ACCOUNT, sid(), key())
        pieces = [piece async for piece in opened.wav(0, opened.wav_bytes)]
        assert {len(piece) for piece in pieces[:-1]} == {1_000}
        assert b"".join(pieces)[44:] == sound.astype("<i2").tobytes()
        assert await whole(opened._samples()) == sound.astype("<i2").tobytes()
        await opened.close()

    asyncio.run(scene())


def test_another_key_opens_nothing_and_leaves_nothing_open(tmp_path: Path) -> None:
    async def scene() -> None:
        await recorded(tmp_path)
        folder = RecordingFolder(tmp_path)
        before = len(list(Path("/proc/self/fd").iterdir()))
        with pytest.raises(UnsealError):
            await folder.open(ACCOUNT, sid(), key(2))
        assert len(list(Path("/proc/self/fd").iterdir())) == before

    asyncio.run(scene())


def test_one_that_was_cut_is_heard_up_to_there(tmp_path: Path) -> None:
    async def scene() -> None:
        await recorded(tmp_path)
        path = tmp_path / ACCOUNT / sid()
        path.write_bytes(path.read_bytes()[:-3_000])
        opened = await RecordingFolder(tmp_path).open(ACCOUNT, sid(), key())
        assert opened.damaged
        assert 1_000 < opened.duration_ms < 3_000
        await opened.close()

    asyncio.run(scene())


@pytest.mark.parametrize(("account", "name"), [(ACCOUNT, sid(9)), (ACCOUNT, "../x"), ("..", sid()), ("", "")])
def test_what_is_not_there_is_gone(tmp_path: Path, account: str, name: str) -> None:
    async def scene() -> None:
        with pytest.raises(RecordingGoneError):
            await RecordingFolder(tmp_path).open(account, name, key())

    asyncio.run(scene())


def test_an_erased_one_is_gone_and_again_is_no_error(tmp_path: Path) -> None:
    async def scene() -> None:
        await recorded(tmp_path)
        folder = RecordingFolder(tmp_path)
        await folder.delete(ACCOUNT, sid())
        assert not (tmp_path / ACCOUNT / sid()).exists()
        await folder.delete(ACCOUNT, sid())
        await RecordingFolder(tmp_path / "none").delete(ACCOUNT, sid())

    asyncio.run(scene())


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    async def scene() -> None:
        with pytest.raises(RecordingUnreadableError, match=r"ringfence\[voice\]"):
            await RecordingFolder(tmp_path).open(ACCOUNT, sid(), key())

    asyncio.run(scene())


@pytest.mark.parametrize("found", [True, False])
def test_it_says_whether_mp3_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: bool) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found or None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert RecordingFolder(tmp_path).can_mp3() is found


def test_no_more_encoders_run_at_once_than_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running: list[int] = [0, 0]

    async def encoder(*_: Any) -> AsyncIterator[bytes]:
        running[0] += 1
        running[1] = max(running)
        await asyncio.sleep(0.01)
        yield b"mp3"
        running[0] -= 1

    monkeypatch.setattr(recording_files, "encode_mp3", encoder)

    async def scene() -> None:
        await recorded(tmp_path, seconds=0.1)
        folder = RecordingFolder(tmp_path)
        opened = [await folder.open(ACCOUNT, sid(), key()) for _ in range(12)]
        assert await asyncio.gather(*(whole(one.mp3()) for one in opened)) == [b"mp3"] * 12
        for one in opened:
            await one.close()

    asyncio.run(scene())
    assert running == [0, recording_files.MP3_AT_ONCE]
