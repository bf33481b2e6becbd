"""The simulator's process: a mobile network for development, with its carrier link, control interface and page."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

import uvicorn

from ringfence.carriers.simulator.control import create_app
from ringfence.carriers.simulator.exchange import Exchange
from ringfence.carriers.simulator.link import serve_link
from ringfence.carriers.simulator.network import Network
from ringfence.ipc.sockets import bind
from ringfence.roles.calling import calling_now
from ringfence.roles.pacing import settle
from ringfence.roles.process import RoleProcess
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings

DEMO_HANDSET = "+12025550177"
DEMO_NAME = "Sam Rivera"


async def run(settings: Settings, process: RoleProcess) -> None:
    """Serve until cancelled. RefusalError in production: its handsets would swallow real people's texts."""
    if not settings.dev:
        raise RefusalError("the simulator is for development only", 'set mode = "dev", or do not start it')
    if not settings.owns_keys:
        raise RefusalError(
            "keys_from names an installation that has a simulator", "start it there, or remove keys_from"
        )
    network = Network(process.clock)
    network.add_handset(DEMO_HANDSET, DEMO_NAME)
    exchange = Exchange(network)
    link = await serve_link(settings.socket("simulator"), exchange)
    server = _HttpServer(network, settings)
    keeping_time = asyncio.create_task(exchange.run())
    serving = asyncio.create_task(server.serve(sockets=[server.bound]))
    try:
        await server.until_started(serving)
        settle()
        process.ready()
        await asyncio.wait((keeping_time, serving), return_when=asyncio.FIRST_COMPLETED)
        raise RuntimeError("a part of the simulator ended by itself")
    finally:
        keeping_time.cancel()
        server.stop()
        await asyncio.gather(keeping_time, serving, return_exceptions=True)
        await link.close()
        settings.socket("simulator-http").unlink(missing_ok=True)


class _HttpServer(uvicorn.Server):
    """uvicorn on a private Unix socket. Signals are the role's affair, not the server's."""

    def __init__(self, network: Network, settings: Settings) -> None:
        self.bound = bind(settings.socket("simulator-http"), socket.SOCK_STREAM)
        self.bound.listen(128)
        names = [urlsplit(settings.url).hostname or "localhost", *settings.hosts]
        self._closing = asyncio.Event()
        config = uvicorn.Config(
            create_app(
                network,
                self._closing,
                [f"[{name}]" if ":" in name else name for name in names],
                partial(calling_now, settings),
            ),
            log_config=None,
            log_level="warning",
            date_header=False,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        super().__init__(config)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        """Begin to close; live feeds end, the rest has a second."""
        self._closing.set()
        self.should_exit = True

    async def until_started(self, serving: "asyncio.Task[None]") -> None:
        """Return once it answers; what ended it is raised."""
        while not self.started:
            if serving.done():
                serving.result()
                raise RuntimeError("the simulator's HTTP server did not start")
            await asyncio.sleep(0.01)
