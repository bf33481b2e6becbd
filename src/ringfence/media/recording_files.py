"""The folder of recordings: each is a file named by account and recording, opened, turned into WAV or MP3, or erased.

What reads sound is imported when the first recording is read: whoever serves none needs none of it.
"""

import asyncio
import contextlib
import importlib.util
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING

from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.recording import InvalidRecordingError
from ringfence.domain.sid import is_sid
from ringfence.media.mp3_encoder import Mp3MissingError, encode_mp3, encoder_command
from ringfence.ports.recordings import RecordingGoneError, RecordingUnreadableError

if TYPE_CHECKING:
    from ringfence.media.recording_reader import RecordingReader

PIECE_BYTES = 256 << 10
# Encoders at once: each takes a core while somebody reads as fast as it writes.
MP3_AT_ONCE = 4
_SAMPLE_BYTES = 2


class OpenRecording:
    """`ports.recordings.OpenedRecording` over a reader. The disk is waited for in other threads."""

    def __init__(self, reader: "RecordingReader", encoders: asyncio.Semaphore) -> None:
        self._reader = reader
        self._encoders = encoders

    @property
    def channels(self) -> int:
        return self._reader.channels

    def mix(self) -> None:
        self._reader.mix()

    @property
    def wav_bytes(self) -> int:
        return self._reader.wav_bytes

    @property
    def duration_ms(self) -> int:
        return self._reader.duration_ms

    @property
    def damaged(self) -> bool:
        return bool(self._reader.damage)

    async def wav(self, start: int, end: int) -> AsyncGenerator[bytes]:
        for at in range(start, end, PIECE_BYTES):
            yield await asyncio.to_thread(self._reader.read_wav, at, min(PIECE_BYTES, end - at))

    async def mp3(self) -> AsyncGenerator[bytes]:
        async with self._encoders:
            stream = encode_mp3(self._samples(), self._reader.channels, self._reader.header.rate_hz)
            async with contextlib.aclosing(stream):
                async for data in stream:
                    yield data

    async def close(self) -> None:
        await asyncio.to_thread(self._reader.close)

    async def _samples(self) -> AsyncGenerator[bytes]:
        count = PIECE_BYTES // _SAMPLE_BYTES // self._reader.channels
        for first in range(0, self._reader.samples, count):
            sound = await asyncio.to_thread(self._reader.read, first, count)
            yield sound.astype("<i2").tobytes()


class RecordingFolder:
    """`ports.recordings.RecordingFiles` and `SealedRecordings`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._encoders = asyncio.Semaphore(MP3_AT_ONCE)

    async def open(self, account: str, sid: str, key: bytes) -> OpenRecording:
        if importlib.util.find_spec("numpy") is None:
            raise RecordingUnreadableError("recordings are read with ringfence[voice]")
        path = self._path(account, sid)
        return OpenRecording(await asyncio.to_thread(_opened, path, key), self._encoders)

    async def sealed(self, account: str, sid: str) -> AsyncGenerator[bytes]:
        path = self._path(account, sid)
        try:
            descriptor = await asyncio.to_thread(os.open, path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            raise RecordingGoneError("no such recording") from None
        return _pieces(descriptor)

    def can_mp3(self) -> bool:
        try:
            return bool(encoder_command(1, 8_000))
        except Mp3MissingError:
            return False

    async def delete(self, account: str, sid: str) -> None:
        await asyncio.to_thread(_erase, self._path(account, sid))

    def _path(self, account: str, sid: str) -> Path:
        if not (is_sid(account, "AC") and is_sid(sid, "RE")):
            raise RecordingGoneError("no recording's name")
        return self._folder / account / sid


async def _pieces(descriptor: int) -> AsyncGenerator[bytes]:
    at = 0
    try:
        while piece := await asyncio.to_thread(os.pread, descriptor, PIECE_BYTES, at):
            at += len(piece)
            yield piece
    finally:
        os.close(descriptor)


def _opened(path: Path, key: bytes) -> "RecordingReader":
    from ringfence.media.recording_reader import RecordingReader

    try:
        reader = RecordingReader(path, key)
    except (OSError, InvalidRecordingError):
        raise RecordingGoneError("no such recording") from None
    if reader.damage == "altered" and not reader.samples:
        reader.close()
        raise UnsealError
    return reader


def _erase(path: Path) -> None:
    """Gone from the disk too, when this returns."""
    path.unlink(missing_ok=True)
    if not path.parent.is_dir():
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
