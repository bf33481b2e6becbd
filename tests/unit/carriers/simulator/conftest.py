"""The simulator's HTTP interface behind a real server."""

import asyncio
import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import uvicorn

from ringfence.carriers.simulator.control import create_app
from ringfence.carriers.simulator.exchange import Exchange
from ringfence.carriers.simulator.network import Network, Pace
from ringfence.domain.clock import SystemClock
from ringfence.ports.carrier import Submit


class Answer:
    """An HTTP answer, read whole."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """A network, and its HTTP interface on a port of 127.0.0.1."""

    def __init__(self) -> None:
        self.network = Network(SystemClock(), pace=Pace(delivery_ms=5, receipt_ms=5))
        self._closing = asyncio.Event()
        config = uvicorn.Config(
            create_app(self.network, self._closing, ["phones.example"]),
            port=0,
            lifespan="off",
            log_config=None,
            access_log=False,
        )
        self._server = uvicorn.Server(config)
        self._sent = 0
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        assert self._started.wait(10)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.exchange = Exchange(self.network)
        pump = asyncio.create_task(self.exchange.run())
        serving = asyncio.create_task(self._server.serve())
        while not self._server.started:
            await asyncio.sleep(0.005)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        self._started.set()
        await serving
        pump.cancel()

    def close(self) -> None:
        """Stop serving. Again is a no-op."""
        if not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._closing.set)
        self._server.should_exit = True
        self._thread.join(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def submit(self, to: str, body: str, sender: str = "+12025550123") -> None:
        """What the platform hands over."""
        self._sent += 1
        text = Submit(ref=f"SM{self._sent:032x}", sender=sender, to=to, body=body)
        asyncio.run_coroutine_threadsafe(self.exchange.submit([text]), self._loop).result(10)

    def open(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> http.client.HTTPResponse:
        """An answer that is still to be read."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, headers=dict(headers or {}))
        return connection.getresponse()

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One request; a body that is not bytes goes as JSON. A header given as "" is left out."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        wanted = {"Host": f"localhost:{self.port}"}
        if data is not None:
            wanted |= {"Content-Type": "application/json", "Content-Length": str(len(data))}
        wanted |= headers or {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in wanted.items():
                if value:
                    connection.putheader(name, value)
            connection.endheaders(data)
            return Answer(connection.getresponse())
        finally:
            connection.close()


@pytest.fixture
def wire() -> Iterator[Wire]:
    wire = Wire()
    yield wire
    wire.close()
