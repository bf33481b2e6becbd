"""The key origin on a port of 127.0.0.1, for browsers to look at."""

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from playwright.sync_api import Browser, sync_playwright
from starlette.types import ASGIApp
from tests.browser.conftest import CHROMIUM, CHROMIUM_ARGUMENTS

from ringfence.domain.sealing import hpke
from ringfence.key_origin.app import create_key_origin

KEEPER = hpke.Recipient(os.urandom(32), hybrid=True).public


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(app: ASGIApp, port: int) -> Iterator[None]:
    """`app` in a thread with a loop of its own."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
        yield
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def key_origin(console: str) -> Iterator[str]:
    """The origin, framed by `console`."""
    port = free_port()
    with served(create_key_origin([console], console, grant_keeper=lambda: KEEPER), port):
        yield f"http://keys.localhost:{port}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium that keeps what frames of other sites store, apart, as it does for people: playwright turns that off."""
    if not CHROMIUM:
        pytest.skip("no Chromium here: install Debian's chromium, or point RINGFENCE_CHROMIUM at one")
    with sync_playwright() as playwright:
        arguments = [*CHROMIUM_ARGUMENTS, "--disable-features=Translate"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()
