"""Local servers that answer with the bytes they are given."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """One request with its body, as sent; asyncio.IncompleteReadError when the client left."""
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return head + await reader.readexactly(int(line.partition(b":")[2]))
    return head


class RawServer:
    """Serves `handler` on 127.0.0.1; counts connections and keeps requests read by `scripted`."""

    def __init__(self) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self.port = 0

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    @contextlib.asynccontextmanager
    async def serving(self, handler: Handler, **options: object) -> AsyncIterator["RawServer"]:
        tasks: set[asyncio.Task[None]] = set()

        async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            try:
                await handler(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                tasks.discard(task)
                writer.close()

        server = await asyncio.start_server(counted, "127.0.0.1", 0, **options)  # type: ignore[arg-type]
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in list(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def scripted(self, *answers: bytes, close: bool = False) -> contextlib.AbstractAsyncContextManager["RawServer"]:
        """Answer each request with the next of `answers` (the last one again and again)."""

        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                self.requests.append(await read_request(reader))
                writer.write(answers[min(len(self.requests), len(answers)) - 1])
                await writer.drain()
                if close:
                    return

        return self.serving(handler)


@pytest.fixture
def server() -> RawServer:
    return RawServer()
