"""Serves a role's pages on the listeners that it was given: the consoles' and the key origin's."""

import contextlib
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from ringfence.roles.bounded_http import BoundedHttp
from ringfence.roles.listeners import BACKLOG
from ringfence.roles.pacing import settle
from ringfence.roles.process import RoleProcess


async def serve_pages(app: ASGIApp, process: RoleProcess) -> None:
    """Serve `app` until cancelled, within the bounds of `BoundedHttp`; the supervisor is told once it answers."""
    server = _Server(
        uvicorn.Config(
            app,
            http=BoundedHttp,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=2,
        ),
        process,
    )
    await server.serve(sockets=list(process.listeners))


class _Server(uvicorn.Server):
    """uvicorn that tells its supervisor when it serves. Signals are the role's affair, not the server's."""

    def __init__(self, config: uvicorn.Config, process: RoleProcess) -> None:
        super().__init__(config)
        self._process = process

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        settle()
        self._process.ready()
        await super().main_loop()
