"""Chromium, and a simulated network behind a real HTTP server for it to look at."""

import asyncio
import contextlib
import os
import shutil
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.browser.exchange import Exchange as CallExchange

from ringfence.carriers.simulator.calling import no_calls
from ringfence.carriers.simulator.control import create_app
from ringfence.carriers.simulator.exchange import Exchange
from ringfence.carriers.simulator.network import Network, Pace
from ringfence.domain.clock import SystemClock
from ringfence.ports.carrier import Submit

CHROMIUM = os.environ.get("RINGFENCE_CHROMIUM") or shutil.which("chromium") or ""
CHROMIUM_ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
SHOP, PHONE = "+12025550123", "+12025550177"


class Stand:
    """A network with its page on a port of 127.0.0.1, in a thread with a loop of its own."""

    def __init__(self, *, with_calls: bool = False) -> None:
        self._with_calls = with_calls
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._sent = 0
        self.start()

    def start(self, network: Network | None = None) -> None:
        """Serve `network`, by default a new one that knows nothing of an earlier one."""
        self.network = network or Network(SystemClock(), pace=Pace(delivery_ms=40, receipt_ms=10))
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        assert self._started.wait(10)

    def stop(self) -> None:
        """Take the server away, connections and all."""
        self._loop.call_soon_threadsafe(self._closing.set)
        self._server.should_exit = True
        self._thread.join(10)
        assert not self._thread.is_alive()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._closing = asyncio.Event()
        self.exchange = Exchange(self.network)
        pump = asyncio.create_task(self.exchange.run())
        self.calls = CallExchange(self.port) if self._with_calls else None
        self.calling = no_calls
        if self.calls is not None:
            await self.calls.open()
            self.calling = self.calls.calling
        config = uvicorn.Config(
            create_app(self.network, self._closing, calling=lambda: self.calling()),
            port=self.port,
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        serving = asyncio.create_task(self._server.serve())
        while not self._server.started:
            await asyncio.sleep(0.01)
        self._started.set()
        await serving
        if self.calls is not None:
            await self.calls.close()
        pump.cancel()
        self.exchange.close()

    def do(self, step: Callable[[], Any]) -> Any:
        """Run `step` in the network's own thread."""

        async def call() -> Any:
            return step()

        return self.wait(call())

    def wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def add(self, number: str = PHONE, name: str = "Sam Rivera") -> None:
        self.do(lambda: self.network.add_handset(number, name))

    def text(self, body: str, to: str = PHONE, sender: str = SHOP, media_urls: tuple[str, ...] = ()) -> None:
        """What a program would send, as the platform hands it over."""
        self._sent += 1
        ref = f"SM{self._sent:032x}"
        submit = Submit(ref=ref, sender=sender, to=to, body=body, media_urls=media_urls)
        self.wait(self.exchange.submit([submit]))

    def mail(self, body: str, to: str = "sam@example.com", subject: str = "Fade & Co") -> None:
        """A mail, as the platform hands it over."""
        self._sent += 1
        sender = "Fade & Co <codes@ringfence.example>"
        submit = Submit(ref=f"VL{self._sent:032x}", sender=sender, to=to, body=body, subject=subject)
        self.wait(self.exchange.submit([submit]))

    def arrivals(self) -> list[tuple[str, str, str]]:
        """(from, to, body) of what handsets wrote, taken and acknowledged as the platform would."""

        def take() -> list[tuple[str, str, str]]:
            news = self.network.mailbox.take(100, self.network.clock.monotonic_ms())
            self.network.acknowledge([item.id for item in news])
            texts = [item.arrival for item in news if item.arrival is not None]
            return [(text.sender, text.to, text.body) for text in texts]

        return self.do(take)


# Not for longer: while it runs, playwright keeps an event loop in this thread, and no other test may start one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("no Chromium here: install Debian's chromium, or point RINGFENCE_CHROMIUM at one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def stand() -> Iterator[Stand]:
    stand = Stand()
    yield stand
    stand.stop()


@contextlib.contextmanager
def on_a_desk(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody at a desk, who knows nothing of an earlier one."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with on_a_desk(browser) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext, stand: Stand) -> Iterator[Page]:
    """The Phones page, which must stay free of errors and of violations of its policy."""
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{stand.url}/phones")
    yield page
    page.close()
    # A server that was taken away on purpose makes the browser say so; nothing else may be said.
    assert [text for text in complaints if "net::ERR_" not in text] == []
