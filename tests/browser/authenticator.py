"""The example authenticator behind its own server, and devices (browser contexts) that open it."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.simple_server import make_server

from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browser.test_browser_phone import Quiet

EXAMPLE = Path(__file__).parents[2] / "examples" / "authenticator"
sys.path.insert(0, str(EXAMPLE))

from server.__main__ import Server  # noqa: E402
from server.app import Application  # noqa: E402

GITHUB = "otpauth://totp/Octo%20Forge:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Octo%20Forge"


class Site:
    """The server on a port of 127.0.0.1."""

    def __init__(self, url: str, application: Application) -> None:
        self.url = url
        self.application = application


@contextmanager
def serving(application: Application) -> Iterator[Site]:
    server = make_server("127.0.0.1", 0, application, server_class=Server, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield Site(f"http://127.0.0.1:{server.server_port}", application)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Device:
    """One person's device: a browser of its own, which must stay free of errors and of violations of its policy."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.url = url
        options = {"viewport": {"width": 360, "height": 740}, "reduced_motion": "reduce"} | options
        self.context: BrowserContext = browser.new_context(**options)
        self.context.set_default_timeout(10_000)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
        self.complaints: list[str] = []
        self.page = self.open()

    def open(self) -> Page:
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console", lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None
        )
        page.goto(self.url)
        return page

    def reopen(self) -> Page:
        """Close the app and open it again: what it knows is what it kept."""
        self.page.close()
        self.page = self.open()
        return self.page

    def go(self, tab: str) -> Page:
        self.page.get_by_role("navigation").get_by_role("link", name=tab).click()
        return self.page

    def add(self, uri: str = GITHUB) -> None:
        page = self.go("Codes")
        page.get_by_role("button", name="Add an account").click()
        page.get_by_label("Setup address").fill(uri)
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("dialog")).to_have_count(0)

    def wait_kept(self) -> None:
        """Until the service worker keeps the app and serves this page."""
        self.page.evaluate("navigator.serviceWorker.ready")
        self.page.wait_for_function("navigator.serviceWorker.controller !== null")

    def close(self) -> None:
        self.context.close()
        # A server that refuses, or is away, makes the browser say so.
        said = [text for text in self.complaints if "net::ERR_" not in text and "the server responded with" not in text]
        assert said == []


class Devices:
    """As many devices as a test wants, closed after it."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._new: Callable[..., Device] = lambda **options: Device(browser, url, **options)
        self._all: list[Device] = []

    def add(self, **options: Any) -> Device:
        self._all.append(self._new(**options))
        return self._all[-1]

    def close(self) -> None:
        for device in self._all:
            device.close()
