"""An ASGI app in a loop and thread of its own, started when it is first asked, with its lifespan.

Source: ASGI specification 3.0, "HTTP & WebSocket" and "Lifespan".
"""

import asyncio
import concurrent.futures
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from ringfence.testing.patience import Patience, place_of
from ringfence.testing.programs import Answered, Asked

STOP_S = 5.0

App = Callable[..., Awaitable[None]]


class AsgiProgram:
    """Ask it from any thread."""

    def __init__(self, app: App, patience: Patience) -> None:
        self._app = app
        self._patience = patience
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._lifespan: _Lifespan | None = None

    def ask(self, asked: Asked) -> Answered:
        """The answer. What the app raises is kept in it, as status 500 where it had not answered yet."""
        loop = self._started()
        answering = asyncio.run_coroutine_threadsafe(self._answer(asked), loop)
        try:
            return answering.result(self._patience.left_s)
        except concurrent.futures.TimeoutError:
            place = self._place()
            answering.cancel()
            raise self._patience.lost(place) from None

    def close(self) -> None:
        """Shut the app down and end its loop. Idempotent."""
        if self._loop is None or self._thread is None:
            return
        loop, self._loop = self._loop, None
        try:
            asyncio.run_coroutine_threadsafe(self._stop(), loop).result(STOP_S)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join(STOP_S)
            loop.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="ringfence-asgi-app", daemon=True)
            self._thread.start()
            self._lifespan = _Lifespan(self._app)
            try:
                asyncio.run_coroutine_threadsafe(self._lifespan.start(), self._loop).result(self._patience.left_s)
            except BaseException:
                self.close()
                raise
        return self._loop

    def _place(self) -> str:
        """Where the app's thread is; "" while it waits in its loop."""
        frame = sys._current_frames().get(self._thread.ident or 0) if self._thread is not None else None
        return place_of(frame)

    async def _stop(self) -> None:
        if self._lifespan is not None:
            await self._lifespan.stop()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, asked: Asked) -> Answered:
        assert self._lifespan is not None
        return await ask_app(self._app, asked, self._lifespan.state.copy())


async def ask_app(app: App, asked: Asked, state: dict[str, Any] | None = None) -> Answered:
    """One request to an ASGI app, in the running loop."""
    incoming = [{"type": "http.request", "body": asked.body, "more_body": False}]
    done = asyncio.Event()
    status = 500
    headers: tuple[tuple[str, str], ...] = ()
    parts: list[bytes] = []

    async def receive() -> dict[str, Any]:
        if not incoming:
            await done.wait()
            return {"type": "http.disconnect"}
        return incoming.pop()

    async def send(message: dict[str, Any]) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = tuple(
                (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in message["headers"]
            )
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                done.set()

    raised: Exception | None = None
    try:
        await app(_scope(asked, state), receive, send)
        if not done.is_set():
            raise RuntimeError("the ASGI app did not finish its response")
    except Exception as error:
        raised = error
    return Answered(status=status, headers=headers, body=b"".join(parts), raised=raised)


def _scope(asked: Asked, state: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": asked.url.scheme,
        "path": unquote(asked.path),
        "raw_path": asked.path.encode(),
        "root_path": "",
        "query_string": asked.query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in asked.fields],
        "server": (asked.url.host, asked.url.port),
        "client": ("127.0.0.1", 0),
        **({} if state is None else {"state": state}),
    }


class _Lifespan:
    """An app's start and end. An app that knows no lifespan has none."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.state: dict[str, Any] = {}
        self._to_app: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self._told = asyncio.Event()
        self._failure: str | None = None
        self._up = False
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Return once the app is up. RuntimeError where it says that it cannot start."""
        self._running = asyncio.create_task(self._run(), name="lifespan")
        await self._tell("lifespan.startup")
        if self._failure is not None:
            raise RuntimeError(f"the ASGI app did not start: {self._failure}")
        self._up = True

    async def stop(self) -> None:
        """Return once the app is down; one that is not up is only left."""
        if self._up and self._running is not None and not self._running.done():
            await self._tell("lifespan.shutdown")

    async def _tell(self, kind: str) -> None:
        self._told.clear()
        self._to_app.put_nowait({"type": kind})
        await self._told.wait()

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self._app(scope, self._to_app.get, self._send)
        except Exception:
            # The specification's way for an app to say that it has no lifespan.
            self.state.clear()
        finally:
            self._told.set()

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"].endswith(".failed"):
            self._failure = message.get("message") or "no reason given"
        self._told.set()
