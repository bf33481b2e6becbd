"""Reads sound files that were fetched from strangers: WAV, MP3, FLAC and Ogg Vorbis, of any usual rate.

Short WAV files are read here, by code that can do nothing but read them. All others are decoded in a process of their
own, whose crash is an unreadable sound and nothing more.
"""

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import Process

import msgspec

from ringfence.media import sound_process, wav
from ringfence.media.telephone_sound import telephone_sound
from ringfence.media.wav_samples import mono_samples
from ringfence.ports.sound import UnreadableSoundError

MAX_BYTES = 40 << 20
# What is read at once: some 8 ms of work for the loop.
SHORT_BYTES = 1 << 19
WITHIN_S = 60.0
AT_ONCE = 2


class ReaderLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds: of a file, and of what decodes files at once."""

    max_bytes: int = MAX_BYTES
    within_s: float = WITHIN_S
    at_once: int = AT_ONCE


class SoundFileReader:
    """`ports.sound.SoundReader`: at most 40 MB and an hour of sound. Close it.

    After the first file a decoder is kept that has started already: it needs 200 ms for that, and few for a prompt.
    """

    def __init__(self, limits: ReaderLimits | None = None) -> None:
        self._limits = limits or ReaderLimits()
        self._turns = asyncio.Semaphore(self._limits.at_once)
        self._spare: asyncio.Task[Process] | None = None

    async def read(self, data: bytes) -> bytes:
        """16-bit little-endian mono at 8,000 samples a second, at least one. UnreadableSoundError."""
        if len(data) > self._limits.max_bytes:
            raise UnreadableSoundError(f"over {self._limits.max_bytes >> 20} MB")
        if wav.is_wav(data) and len(data) <= SHORT_BYTES:
            return _read_wav(data)
        async with self._turns:
            spare, self._spare = self._spare, None
            decoder = await (spare or _started())
            try:
                async with asyncio.timeout(self._limits.within_s):
                    return await _decoded(decoder, data)
            except TimeoutError:
                raise UnreadableSoundError("decoding it takes too long") from None
            finally:
                await _end(decoder)
                if self._spare is None:
                    self._spare = asyncio.create_task(_started())

    async def close(self) -> None:
        """End the decoder that waits."""
        spare, self._spare = self._spare, None
        if spare is not None:
            await _end(await spare)


def _read_wav(data: bytes) -> bytes:
    try:
        form = wav.parse_wav(data)
    except wav.InvalidWavError as error:
        raise UnreadableSoundError(f"a WAV file with {error}") from None
    sound = b"".join(telephone_sound(mono_samples(data, form), form.rate_hz))
    if not sound:
        raise UnreadableSoundError("a sound file without sound")
    return sound


async def _started() -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", sound_process.__name__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=_environment(),
    )


async def _decoded(decoder: Process, data: bytes) -> bytes:
    sound, _ = await decoder.communicate(data)
    match decoder.returncode:
        case sound_process.OK:
            return sound
        case sound_process.TOO_LONG:
            raise UnreadableSoundError("over an hour of sound")
        case sound_process.BROKEN:
            raise UnreadableSoundError("no sound file that is read (WAV, MP3, FLAC, Ogg Vorbis), or a broken one")
        case _:
            raise UnreadableSoundError("a sound file that cannot be decoded")


async def _end(decoder: Process) -> None:
    if decoder.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            decoder.kill()
        await decoder.communicate()


def _environment() -> dict[str, str]:
    # How numpy's library is to compute is the machine's affair; that it starts threads is not wanted.
    kept = {name: value for name, value in os.environ.items() if name.startswith("OPENBLAS_")}
    return {**kept, "OPENBLAS_NUM_THREADS": "1"}
