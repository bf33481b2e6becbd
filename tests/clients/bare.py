"""baresip on loopback, with a tone for a microphone and nothing for a loudspeaker."""

import asyncio
import contextlib
import math
import shutil
import socket
import struct
import subprocess
import wave
from collections.abc import AsyncIterator, Sequence
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
    folder: Path, account: str, *commands: str, is_called: bool = False, echoes: bool = False
) -> AsyncIterator[int]:
    """It runs with one account (its line of the `accounts` file) and does as the commands say.

    One that `is_called` has the UDP port that is yielded, and listens there: another yields 0. One that `echoes` says
    what it hears. A failure tells what it heard.
    """
    folder.mkdir()
    (folder / "accounts").write_text(account + "\n")
    tone(folder / "tone.wav")
    for attempts_left in range(4, -1, -1):
        port = free_port() if is_called else 0
        process = await _started(folder, port, commands, echoes=echoes)
        if not is_called or await _listens(process, port):
            break
        # Somebody was quicker to take a port that was free.
        assert attempts_left, said(folder)
        assert "Address already in use" in said(folder)
    try:
        yield port
    except BaseException as error:
        await ended(process)
        error.add_note(f"baresip: {said(folder)}")
        raise
    finally:
        await ended(process)


async def _started(folder: Path, port: int, commands: Sequence[str], *, echoes: bool) -> asyncio.subprocess.Process:
    source = "aubridge,player" if echoes else f"aufile,{folder}/tone.wav"
    (folder / "config").write_text(CONFIG.format(host=HOST, port=port, source=source, modules=MODULES))
    arguments = [part for command in commands for part in ("-e", command)]
    with (folder / "log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            *("baresip", "-4", "-s", "-f", str(folder), "-t", "60", *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


async def _listens(process: asyncio.subprocess.Process, port: int) -> bool:
    """Wait until this process has this UDP port, or has ended: a call that comes before is lost."""
    await eventually(lambda: process.returncode is not None or _has(process.pid, port))
    return process.returncode is None


def _has(pid: int, port: int) -> bool:
    rows = [row.split() for row in Path("/proc/net/udp").read_text().splitlines()[1:]]
    sockets = {f"socket:[{row[9]}]" for row in rows if int(row[1].rpartition(":")[2], 16) == port}
    with contextlib.suppress(FileNotFoundError):
        return any(str(descriptor.readlink()) in sockets for descriptor in Path(f"/proc/{pid}/fd").iterdir())
    return False


def free_port() -> int:
    """A UDP port of loopback that nobody has yet."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def said(folder: Path) -> str:
    """The end of what a program wrote to its log in this folder."""
    lines = (folder / "log").read_text(errors="replace").splitlines()
    return "\n".join(line for line in lines if line.strip())[-6_000:]


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
