"""Following a page of a console without a browser: a ticket, and the stream that it begins."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

from ringfence.drills.staff_browser import Request, StaffBrowser


async def ticket_for(browser: StaffBrowser, page: str, *, following: bool = True) -> Any:
    """What the console answers to who asks for a ticket."""
    target = f"{browser.origin}/live{page}"
    headers = {"host": urlsplit(browser.origin).netloc, "cookie": browser.cookie}
    if following:
        headers["ringfence-following"] = "1"
    headers |= browser.key.headers("GET", target, b"", browser._now_ms() // 1_000)
    return await browser.send(Request("GET", target, headers))


class Stream:
    """What came of it so far. `status` is there once it began."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.raw = b""
        self.gone = asyncio.Event()
        self.ended = False
        self._asked = False
        self._heard = 0

    async def take(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.raw += message.get("body", b"")
            self.ended = not message.get("more_body", False)

    async def receive(self) -> Any:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    @property
    def events(self) -> list[dict[str, Any]]:
        lines = self.raw.decode().split("\n")
        return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]

    async def until(self, holds: Any) -> None:
        async with asyncio.timeout(10):
            while not holds():
                await asyncio.sleep(0.005)

    async def next(self) -> dict[str, Any]:
        """The next event that was not heard yet."""
        await self.until(lambda: len(self.events) > self._heard)
        self._heard += 1
        return self.events[self._heard - 1]

    async def end(self) -> None:
        """Until the console ends it."""
        await self.until(lambda: self.ended)


@contextlib.asynccontextmanager
async def listening(
    app: Any, origin: str, cookie: str, ticket: str, method: str = "GET", **headers: str
) -> AsyncIterator[Stream]:
    """A stream as a browser opens it, until it is left."""
    url = urlsplit(origin)
    sent = {"host": url.netloc, "cookie": cookie, "ringfence-ticket": ticket} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": "/live",
        "raw_path": b"/live",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "client": ("127.0.0.1", 50_000),
        "server": (url.hostname, url.port),
    }
    stream = Stream()
    answering = asyncio.create_task(app(scope, stream.receive, stream.take))
    try:
        await stream.until(lambda: stream.status or answering.done())
        yield stream
    finally:
        stream.gone.set()
        await answering
