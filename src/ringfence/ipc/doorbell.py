"""A doorbell on a datagram Unix socket: the API rings, the dispatcher wakes. A lost ring costs latency only."""

import asyncio
import contextlib
import socket
from pathlib import Path
from types import TracebackType

from ringfence.ipc.sockets import bind

_RING = b"\x00"


class Doorbell:
    """The ringing side, a `ports.wake.Wake`."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._ringing = False

    def ring(self) -> None:
        """Wake whoever listens, once for all rings of one turn of the event loop. Never blocks."""
        if not self._ringing:
            self._ringing = True
            asyncio.get_running_loop().call_soon(self._send)

    def _send(self) -> None:
        self._ringing = False
        # Nobody there, or so many rings waiting that one more says nothing new: either way the store holds the news.
        with contextlib.suppress(OSError):
            self._socket.sendto(_RING, self._path)

    def close(self) -> None:
        self._socket.close()


class DoorbellListener:
    """The woken side. Enter it in a running event loop; `wait` returns once for any number of rings."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rung = asyncio.Event()
        self._socket: socket.socket | None = None

    async def __aenter__(self) -> "DoorbellListener":
        self._socket = bind(self._path, socket.SOCK_DGRAM)
        asyncio.get_running_loop().add_reader(self._socket, self._drain)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()

    async def wait(self, timeout_s: float | None = None) -> bool:
        """True after a ring since the last `wait`; False when `timeout_s` passed without one."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True

    def _drain(self) -> None:
        assert self._socket is not None
        with contextlib.suppress(BlockingIOError):
            while self._socket.recv(16):
                pass
        self._rung.set()
