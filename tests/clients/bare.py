"""baresip on loopback, with a tone for a microphone and nothing for a loudspeaker."""

import asyncio
import contextlib
import math
import shutil
import struct
import subprocess
import wave
from collections.abc import AsyncIterator
from pathlib import Path

from tests.unit.carriers.sip.wire import HOST, eventually

MODULES = next(
    (
        folder
        for folder in (Path("/usr/lib/baresip/modules"), *Path("/usr/lib").glob("*/baresip/modules"))
        if folder.is_dir()
    ),
    None,
)
MISSING = "" if shutil.which("baresip") and MODULES else "baresip is not installed (Debian: baresip-core)"
RATE_HZ = 8_000
TONE_HZ = 440

CONFIG = """\
sip_listen {host}:{port}
audio_source {source}
audio_player aubridge,player
audio_alert aubridge,alert
module_path {modules}
module g711.so
module aufile.so
module aubridge.so
module srtp.so
module_app account.so
module_app menu.so
"""


@contextlib.asynccontextmanager
async def baresip(
    folder: Path, account: str, *commands: str, port: int = 0, echoes: bool = False
) -> AsyncIterator[None]:
    """It runs with one account (its line of the `accounts` file) and does as the commands say; port 0 is a free one.

    One that `echoes` says what it hears."""
    folder.mkdir()
    source = "aubridge,player" if echoes else f"aufile,{folder}/tone.wav"
    (folder / "config").write_text(CONFIG.format(host=HOST, port=port, source=source, modules=MODULES))
    (folder / "accounts").write_text(account + "\n")
    tone(folder / "tone.wav")
    arguments = [part for command in commands for part in ("-e", command)]
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        "baresip", "-4", "-f", str(folder), "-t", "25", *arguments, stdin=quiet, stdout=quiet, stderr=quiet
    )
    try:
        # A call that comes before it listens is lost.
        if port:
            await eventually(lambda: listens(port))
        yield
    finally:
        await ended(process)


def listens(port: int) -> bool:
    """Whether a process has this UDP port."""
    rows = Path("/proc/net/udp").read_text().splitlines()[1:]
    return any(int(row.split()[1].rpartition(":")[2], 16) == port for row in rows)


async def ended(process: asyncio.subprocess.Process) -> None:
    """Ask a peer to end. One that says good-bye to somebody who is no longer there would take half a minute."""
    for ask in (process.terminate, process.kill):
        with contextlib.suppress(ProcessLookupError):
            ask()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 3)
            return
    await process.wait()


def tone(path: Path, seconds: int = 30) -> None:
    """A file with a sine tone."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        samples = (round(9_000 * math.sin(2 * math.pi * TONE_HZ * n / RATE_HZ)) for n in range(RATE_HZ * seconds))
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))


def certificate(folder: Path) -> Path:
    """A certificate for loopback with its key, in one file, as `sip_certificate` wants it."""
    path = folder / "sip.pem"
    make_certificate(path, "localhost")
    return path


def make_certificate(path: Path, name: str) -> None:
    """A certificate of this name, signed by itself, with its key, in one file."""
    alone = path.with_suffix(".certificate")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"),
            *("-keyout", str(path), "-out", str(alone)),
        ],
        check=True,
        capture_output=True,
    )
    path.write_bytes(path.read_bytes() + alone.read_bytes())
