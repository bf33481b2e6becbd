"""The one buffer that uvloop reads all streams into, overwritten: it keeps what was read last until more is read."""

import asyncio
import contextlib
import socket

# Source: uvloop, includes/consts.pxi, UV_STREAM_RECV_BUF_SIZE.
BUFFER_BYTES = 256_000
_ZEROS = bytes(BUFFER_BYTES)


class ReadBuffer:
    """A pair of sockets of this process's own: zeros that go in at one end are read at the other."""

    def __init__(self, ours: socket.socket, reading: asyncio.BaseTransport) -> None:
        self._ours = ours
        self._reading = reading

    @classmethod
    async def opened(cls) -> "ReadBuffer":
        """On the running loop."""
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        # All at once, so that they are read at once.
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * BUFFER_BYTES)
        reading, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=theirs)
        return cls(ours, reading)

    def overwrite(self) -> None:
        """Send zeros; the loop reads them in its next round."""
        with contextlib.suppress(BlockingIOError):  # those of before are not read yet
            self._ours.send(_ZEROS)

    def close(self) -> None:
        """Idempotent."""
        self._reading.close()
        self._ours.close()
