"""The control's log daemon as a process: it takes datagrams and appends them to a file, as long as it lives."""

import asyncio
import contextlib
import socket

from ringfence.drills.control.stand_in import play
from ringfence.roles import process as role_process
from ringfence.roles.run_dir import make_private
from ringfence.roles.settings import Settings

AUDIT = "audit"
LARGEST_BYTES = 1 << 16


async def run(settings: Settings, process: role_process.RoleProcess) -> None:
    """Append whatever comes, until cancelled."""
    make_private(settings.kms_dir)
    path = settings.socket(AUDIT)
    path.unlink(missing_ok=True)
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams,
        (settings.kms_dir / "audit.jsonl").open("ab", buffering=0) as file,
    ):
        datagrams.bind(str(path))
        datagrams.setblocking(False)
        process.ready()
        while True:
            line = await asyncio.get_running_loop().sock_recv(datagrams, LARGEST_BYTES)
            with contextlib.suppress(OSError):
                file.write(line + b"\n")


if __name__ == "__main__":
    play("audit")
