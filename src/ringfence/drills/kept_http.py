"""Many HTTP requests on few connections, sent as bytes: what an attacker in a hurry does."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Mapping
from urllib.parse import urlencode

import msgspec

WITHIN_S = 60.0
_LENGTH = b"content-length:"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Status line and headers as they came, and the body."""

    status: int
    head: bytes
    body: bytes

    def __repr__(self) -> str:
        return f"Answer({self.status})"


class KeptHttp:
    """Asks 127.0.0.1:`port`, on at most `connections` at once that are kept open; use as an async context."""

    def __init__(self, port: int, *, connections: int = 16, basic: tuple[str, str] | None = None) -> None:
        self._port = port
        self._turns = asyncio.Semaphore(connections)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._basic = basic

    async def __aenter__(self) -> "KeptHttp":
        return self

    async def __aexit__(self, *raised: object) -> None:
        for _, writer in self._idle:
            writer.close()

    async def ask(
        self,
        method: str,
        path: str,
        form: Mapping[str, str] | None = None,
        *,
        json: bool = False,
        basic: tuple[str, str] | None = None,
    ) -> Answer:
        """The answer, which must say its length; ConnectionError where a new connection broke before it was whole.

        With `json` the form is sent as that.
        """
        content = b"" if form is None else msgspec.json.encode(form) if json else urlencode(form).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{self._port}"]
        if form is not None:
            kind = "application/json" if json else "application/x-www-form-urlencoded"
            lines += [f"Content-Type: {kind}", f"Content-Length: {len(content)}"]
        if (credential := basic or self._basic) is not None:
            lines.append(f"Authorization: Basic {base64.b64encode(':'.join(credential).encode()).decode()}")
        request = "\r\n".join(lines).encode() + b"\r\n\r\n" + content
        while True:
            was_idle = bool(self._idle)
            try:
                return await self._answer(request)
            except ConnectionError:
                # A server ends connections on which nothing was asked for a while.
                if not was_idle:
                    raise

    async def _answer(self, request: bytes) -> Answer:
        async with self._connection() as (reader, writer), asyncio.timeout(WITHIN_S):
            writer.write(request)
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(_length_of(head))
            except asyncio.IncompleteReadError:
                raise ConnectionResetError("no whole answer") from None
        return Answer(status=int(head.split(b" ", 2)[1]), head=head, body=body)

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        async with self._turns:
            pair = await self._opened()
            try:
                yield pair
            except BaseException:
                pair[1].close()
                raise
            self._idle.append(pair)

    async def _opened(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return self._idle.pop() if self._idle else await asyncio.open_connection("127.0.0.1", self._port)


def _length_of(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(_LENGTH):
            return int(line.removeprefix(_LENGTH))
    return 0
