"""One role in one process: what it is given, and how it starts and stops.

A role is a module of this package with `async def run(settings: Settings, process: RoleProcess) -> None`. It composes
adapters and use cases, calls `process.ready()` once it serves, and works until it is cancelled (SIGTERM, or the death
of its supervisor); whatever it raises otherwise ends the process, and the supervisor starts it again.
"""

import asyncio
import contextlib
import ctypes
import importlib
import os
import signal
import socket
import struct
import sys
import threading
from collections.abc import Sequence

from ringfence.domain.clock import Clock, SystemClock
from ringfence.roles.clock_file import FileClock, parse_offset_ms, write_offset_ms
from ringfence.roles.settings import Settings, decode
from ringfence.roles.short_held import letting_go

ROLES = ("kms", "simulator", "dispatcher", "api", "media", "voice", "console", "key_origin")
API = "api"
# A key service that waits for the death of the one that serves.
STANDBY = "kms-standby"
READY = b"R"
# The exit code of a role that will not run with these settings, however often it is started.
REFUSED = 78
_LENGTH = struct.Struct("<I")
_PR_SET_PDEATHSIG = 1


class RoleProcess:
    """What a role is given by whoever started it."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        *,
        ready_fd: int | None = None,
        listeners: Sequence[socket.socket] = (),
        secret: bytes = b"",
    ) -> None:
        self.name = name
        self.clock = clock_of(settings)
        self.listeners = tuple(listeners)
        self.secret = secret
        self._ready_fd = ready_fd

    def ready(self) -> None:
        """Tell the supervisor that this role serves. Again is a no-op."""
        if self._ready_fd is not None:
            descriptor, self._ready_fd = self._ready_fd, None
            # The supervisor may be gone already: its death reaches this process by the lifeline.
            with contextlib.suppress(BrokenPipeError):
                os.write(descriptor, READY)
            os.close(descriptor)

    def forget_secret(self) -> None:
        """Keep the secret no longer here, once it has served."""
        self.secret = b""


def role_of(name: str) -> str:
    """The role of a process by its name: further ones of the api or of media are called api-2, media-2 and so on."""
    return name.partition("-")[0]


def api_names(count: int) -> list[str]:
    """The names of so many processes of the api."""
    return [API, *(f"{API}-{number}" for number in range(2, count + 1))]


def clock_of(settings: Settings) -> Clock:
    """The installation's clock: the machine's, or the shared one that `clock` moves."""
    return FileClock(settings.clock_file) if settings.clock else SystemClock()


def prepare_clock(settings: Settings, *, again: bool) -> None:
    """Write the shared clock's offset where the settings move it; with `again`, over the one before."""
    path = settings.clock_file
    if settings.clock and settings.owns_keys and (again or not path.exists()):
        write_offset_ms(path, parse_offset_ms(settings.clock, now_ms=SystemClock().now_ms()))


def frame(data: bytes) -> bytes:
    """What the supervisor writes to a child's lifeline: length, then settings; and a secret in the same way."""
    return _LENGTH.pack(len(data)) + data


def read_lifeline(descriptor: int) -> Settings:
    """The settings a supervisor sent."""
    return decode(_read_frame(descriptor))


def read_secret(descriptor: int) -> bytes:
    """The secret that a supervisor sends after the settings, to a role that needs one."""
    return _read_frame(descriptor)


def hold_lifeline(descriptor: int) -> None:
    """End this process when the supervisor dies, however it dies: it alone holds the other end of the pipe."""
    if sys.platform == "linux":
        # The kernel's own signal works even while this process hangs; the thread below is for other systems.
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

    def watch() -> None:
        while os.read(descriptor, 1):
            continue
        os._exit(1)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


async def run_role(name: str, settings: Settings, process: RoleProcess) -> None:
    """Run the role of a process called `name` until SIGTERM or SIGINT, then let it finish what it holds."""
    module = importlib.import_module(f"ringfence.roles.{role_of(name)}")
    task = asyncio.ensure_future(module.run(settings, process))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    # A collection would be heard where sound is made, and sound is in no cycles.
    async with contextlib.nullcontext() if role_of(name) == "media" else letting_go():
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _read_frame(descriptor: int) -> bytes:
    (length,) = _LENGTH.unpack(_read_exactly(descriptor, _LENGTH.size))
    return _read_exactly(descriptor, length)


def _read_exactly(descriptor: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = os.read(descriptor, size - len(data))
        if not chunk:
            raise EOFError("the supervisor is gone")
        data += chunk
    return data
