"""MP3 from samples, by an encoder in a process of its own, a piece at a time."""

import asyncio
import contextlib
import importlib.util
import shutil
import sys
from collections.abc import AsyncGenerator, AsyncIterable
from pathlib import Path

_PROGRAM = Path(__file__).with_name("mp3_process.py")
KBPS_A_CHANNEL = 32
_READ_BYTES = 1 << 16


class Mp3MissingError(Exception):
    """There is no encoder on this machine: says how to get one."""

    def __init__(self) -> None:
        super().__init__("recordings as MP3 need an encoder: install ringfence[mp3], or the program lame")


class Mp3FailedError(Exception):
    """The encoder ended before it should: with which status."""


def encoder_command(channels: int, rate_hz: int) -> list[str]:
    """What encodes 16-bit little-endian samples of its standard input. Mp3MissingError."""
    kbps = KBPS_A_CHANNEL * channels
    if importlib.util.find_spec("lameenc") is not None:
        return [sys.executable, "-I", str(_PROGRAM), str(channels), str(rate_hz), str(kbps)]
    lame = shutil.which("lame")
    if lame is None:
        raise Mp3MissingError
    form = ["--signed", "--little-endian", "--bitwidth", "16", "-s", f"{rate_hz / 1_000:g}"]
    mode = ["-m", "m" if channels == 1 else "j"]
    return [lame, "--quiet", "-r", *form, *mode, "--cbr", "-b", str(kbps), "-q", "5", "-", "-"]


async def encode_mp3(sound: AsyncIterable[bytes], channels: int, rate_hz: int) -> AsyncGenerator[bytes]:
    """MP3 of 16-bit little-endian samples, the channels' in turn. Mp3MissingError, Mp3FailedError.

    The encoder ends with whoever reads: leaving the iteration ends it at once.
    """
    process = await asyncio.create_subprocess_exec(
        *encoder_command(channels, rate_hz),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    feeding = asyncio.create_task(_feed(process.stdin, sound))
    try:
        while data := await process.stdout.read(_READ_BYTES):
            yield data
        status = await process.wait()
        if status:
            raise Mp3FailedError(f"status {status}")
        await feeding
    finally:
        feeding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await feeding
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _feed(pipe: asyncio.StreamWriter, sound: AsyncIterable[bytes]) -> None:
    try:
        async for data in sound:
            pipe.write(data)
            await pipe.drain()
    except (BrokenPipeError, ConnectionResetError):
        # An encoder that ended early says so by its status.
        return
    finally:
        pipe.close()
