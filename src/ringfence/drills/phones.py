"""All simulated telephones at once: each text as it is delivered, read from the simulator's live feed."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any

import msgspec

WITHIN_S = 120.0
_decoder = msgspec.json.Decoder(dict[str, Any])


class Phones:
    """What came to whom; use as an async context. `texts` counts those to each number, each once."""

    def __init__(self, port: int) -> None:
        self.texts: Counter[str] = Counter()
        self._port = port
        self._seen: set[str] = set()
        self._bodies: dict[str, asyncio.Future[str]] = {}

    async def __aenter__(self) -> "Phones":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 26)
        self._writer.write(f"GET /simulator/events HTTP/1.1\r\nHost: localhost:{self._port}\r\n\r\n".encode())
        head = await self._reader.readuntil(b"\r\n\r\n")
        if b"transfer-encoding: chunked" not in head.lower():
            raise ConnectionError("the simulator has no live feed")
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        self._writer.close()

    async def text_of(self, sid: str) -> str:
        """The body of a text by its SID, once it was delivered. TimeoutError; ConnectionError where the feed ended."""
        body = self._body(sid)
        either: set[asyncio.Future[Any]] = {body, self._reading}
        done, _ = await asyncio.wait(either, timeout=WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        if body in done:
            return body.result()
        if self._reading in done:
            raise ConnectionResetError("the live feed ended") from self._reading.exception()
        raise TimeoutError(f"no text in {WITHIN_S:g} s")

    async def quiet(self, for_s: float) -> None:
        """Return once nothing has come for so long."""
        seen = -1
        while len(self._seen) != seen:
            seen = len(self._seen)
            await asyncio.sleep(for_s)

    def _body(self, sid: str) -> asyncio.Future[str]:
        return self._bodies.setdefault(sid, asyncio.get_running_loop().create_future())

    async def _chunks(self) -> AsyncIterator[bytes]:
        """The feed's bytes, until it ends or is cut off. Source: RFC 9112, section 7.1; no trailers are sent."""
        with suppress(asyncio.IncompleteReadError):
            while size := int(await self._reader.readuntil(b"\r\n"), 16):
                yield await self._reader.readexactly(size)
                await self._reader.readexactly(2)

    async def _read(self) -> None:
        rest = b""
        async for chunk in self._chunks():
            # A long event comes in several chunks, and whoever is killed leaves half of one.
            *lines, rest = (rest + chunk).split(b"\n")
            self._heard(lines)

    def _heard(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            if line.startswith(b"data: "):
                for text in _decoder.decode(line.removeprefix(b"data: "))["messages"]:
                    self._note(text)

    def _note(self, text: dict[str, Any]) -> None:
        sid = text["sid"]
        if sid is None or sid in self._seen or text["status"] != "delivered":
            return
        self._seen.add(sid)
        self.texts[text["to"]] += 1
        if not (body := self._body(sid)).done():
            body.set_result(text["body"])
