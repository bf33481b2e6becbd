"""The tenants' own programs: one small web server that answers well, badly and not at all."""

import asyncio
import contextlib
from types import TracebackType

from ringfence.drills.canary import Canaries

HANGS_S = 2.0


class TenantPrograms:
    """Answers `/<behaviour>/<tenant>/…`; use as an async context. Behaviours: reply, ok, error, hang, garbage."""

    def __init__(self, canaries: Canaries) -> None:
        self._canaries = canaries
        self.port = 0
        self.called: dict[str, int] = {}
        self._answering: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "TenantPrograms":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for answering in list(self._answering):
            answering.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)
        await self._server.wait_closed()

    def url(self, behaviour: str, tenant: str) -> str:
        """A webhook URL with a canary in its query."""
        mark = self._canaries.mark(tenant, "webhook URL")
        return f"http://127.0.0.1:{self.port}/{behaviour}/{tenant}/hook?key={mark}"

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task of our own: a connection's task that is cancelled by asyncio's streams is logged as an error.
        task = asyncio.create_task(self._serve(reader, writer))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with (
            contextlib.closing(writer),
            contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError),
        ):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(_length_of(head))
                _, behaviour, tenant, _ = head.split(b" ", 2)[1].decode("latin-1").split("/", 3)
                self.called[tenant] = self.called.get(tenant, 0) + 1
                writer.write(await self._answer(behaviour, tenant))
                await writer.drain()

    async def _answer(self, behaviour: str, tenant: str) -> bytes:
        mark = self._canaries.mark(tenant, "TwiML reply")
        if behaviour == "reply":
            return _http(200, f"<Response><Message>Thanks, {mark}</Message></Response>")
        if behaviour == "garbage":
            return _http(200, f'<Response><Message to="{mark}">{mark}</Response>')
        if behaviour == "hang":
            await asyncio.sleep(HANGS_S)
        if behaviour in ("hang", "error"):
            return _http(500, f"it broke: {mark}")
        return _http(204, "")


def _http(status: int, body: str) -> bytes:
    data = body.encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: text/xml\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data


def _length_of(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
