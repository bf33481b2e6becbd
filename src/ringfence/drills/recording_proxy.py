"""A proxy that keeps every byte an attacker exchanges, so that a scan needs to ask nobody."""

import asyncio
import contextlib
from types import TracebackType

READ_BYTES = 64 << 10
KEPT_MAX_BYTES = 256 << 20


class RecordingProxy:
    """Forwards TCP from a free port of 127.0.0.1 to `port`, and keeps both directions. Use as an async context."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._kept = bytearray()
        self.port = 0

    async def __aenter__(self) -> "RecordingProxy":
        self._server = await asyncio.start_server(self._forward, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await self._server.wait_closed()

    def recorded(self) -> bytes:
        """All bytes so far, in the order they passed."""
        return bytes(self._kept)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answers, requests = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        try:
            await asyncio.gather(self._pump(reader, requests), self._pump(answers, writer))
        finally:
            for end in (writer, requests):
                end.close()
                with contextlib.suppress(OSError):
                    await end.wait_closed()

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(READ_BYTES):
                if len(self._kept) + len(data) > KEPT_MAX_BYTES:
                    raise OverflowError("the recording proxy is full")
                self._kept += data
                target.write(data)
                await target.drain()
            target.write_eof()
