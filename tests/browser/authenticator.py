"""The example authenticator behind its own server, and devices (browser contexts) that open it."""

import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.simple_server import make_server

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browser.test_browser_phone import Quiet

EXAMPLE = Path(__file__).parents[2] / "examples" / "authenticator"
sys.path.insert(0, str(EXAMPLE))

from server.__main__ import Server  # noqa: E402
from server.app import Application  # noqa: E402
from server.directory import Directory  # noqa: E402
from server.directory import RefusalError as RefusalError  # noqa: E402
from server.relay import Relay as Relay  # noqa: E402

GITHUB = "otpauth://totp/Octo%20Forge:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Octo%20Forge"


CONTROLLED = """() => new Promise((resolve) => {
    const look = () => navigator.serviceWorker.controller && resolve();
    navigator.serviceWorker.addEventListener("controllerchange", look);
    look();
})"""
DAY_S = 86_400
PATIENCE_MS = 20_000


class Site:
    """The server on a port of 127.0.0.1, its database, and its clock: what an operator owns."""

    def __init__(self, database: Path, relay: Relay | None) -> None:
        self.database = database
        self.relay = relay
        self.ahead_ms = 0
        self.url = ""
        self.directory = Directory(str(database), self.now_ms, DAY_S * 1000)

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read or write the database past the server."""
        with sqlite3.connect(self.database) as database:
            return database.execute(sql, values).fetchall()


@contextmanager
def serving(database: Path, relay: Relay | None = None) -> Iterator[Site]:
    site = Site(database, relay)
    server = make_server("127.0.0.1", 0, Application(site.directory, relay), server_class=Server, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        site.url = f"http://127.0.0.1:{server.server_port}"
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        site.directory.close()


class Device:
    """One person's device: a browser of its own, which must stay free of errors and of violations of its policy."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.url = url
        options = {"viewport": {"width": 360, "height": 740}, "reduced_motion": "reduce"} | options
        self.context: BrowserContext = browser.new_context(**options)
        self.context.set_default_timeout(PATIENCE_MS)
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

    def start(self, name: str = "Ada's telephone") -> str:
        """Make an account of this device; the account's name."""
        page = self.go("Devices")
        page.get_by_role("button", name="Start with this device").click()
        page.get_by_label("Name of this device").fill(name)
        page.get_by_role("button", name="Start", exact=True).click()
        return (page.locator("#account-name").text_content() or "").replace("-", "")

    def ask(self, account: str, name: str = "Ada's tablet") -> None:
        page = self.go("Devices")
        page.get_by_role("button", name="Join with another device").click()
        page.get_by_label("The account's name").fill(account)
        page.get_by_label("Name of this device").fill(name)
        page.get_by_role("button", name="Ask", exact=True).click()
        expect(page.get_by_role("heading", name="Joining")).to_be_visible()

    def digits(self) -> str:
        """What a new device shows, to be typed on the old one."""
        return (self.page.locator(".big").text_content() or "").replace(" ", "")

    def review(self, name: str = "Ada's tablet") -> None:
        self.page.get_by_role("button", name="Review").click()
        expect(self.page.get_by_role("heading", name=f"Let {name} in?")).to_be_visible()

    def approve(self, digits: str) -> None:
        self.page.get_by_label("Digits on the new device").fill(digits)
        self.page.get_by_role("button", name="Approve").click()

    def later(self, seconds: int) -> None:
        """This device's clock goes forward."""
        self.page.clock.set_fixed_time(time.time() + seconds)

    def look(self, path: str = "log") -> None:
        """Until the app has asked the server for everything once more, from beginning to end."""
        for _ in range(2):
            with self.page.expect_response(f"**/{path}"):
                pass

    def secrets(self) -> str:
        """What the app exports in the clear."""
        page = self.go("Backup")
        page.get_by_role("button", name="Export in the clear").click()
        page.get_by_label("I delete the file").check()
        with page.expect_download() as download:
            page.get_by_role("button", name="Export", exact=True).click()
        return download.value.path().read_text()

    def wait_kept(self) -> None:
        """Until the service worker keeps the app and serves this page."""
        self.page.evaluate("navigator.serviceWorker.ready")
        # The page's policy lets no string be evaluated again and again, as waiting for one would.
        self.page.evaluate(CONTROLLED)

    def close(self) -> None:
        self.context.close()
        # A server that refuses, or is away, makes the browser say so.
        said = [text for text in self.complaints if "net::ERR_" not in text and "the server responded with" not in text]
        assert said == []


class Devices:
    """As many devices as a test wants, closed after it."""

    def __init__(self, browser: Browser, url: str) -> None:
        # A passphrase takes seconds of a busy machine, on purpose.
        expect.set_options(timeout=PATIENCE_MS)
        self._new: Callable[..., Device] = lambda **options: Device(browser, url, **options)
        self._all: list[Device] = []

    def add(self, **options: Any) -> Device:
        self._all.append(self._new(**options))
        return self._all[-1]

    def close(self) -> None:
        expect.set_options(timeout=None)
        for device in self._all:
            device.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with serving(tmp_path / "kept.db") as site:
        yield site


@pytest.fixture
def devices(browser: Browser, site: Site) -> Iterator[Devices]:
    devices = Devices(browser, site.url)
    yield devices
    devices.close()


@pytest.fixture
def old(devices: Devices) -> Device:
    """A device with an account to lose, in no account of devices yet."""
    old = devices.add()
    old.add()
    return old


def announced(old: Device, new: Device) -> str:
    """The new device asked, its digits were typed on the old one, and it waits. The account's name."""
    account = old.start()
    new.ask(account)
    old.review()
    expect(new.page.locator(".big")).to_be_visible()
    old.approve(new.digits())
    expect(new.page.get_by_text("Let in. It waits until")).to_be_visible()
    return account


def joined(old: Device, new: Device) -> str:
    """Both are devices of one account. Its name."""
    account = announced(old, new)
    for device in (old, new):
        device.later(DAY_S + 60)
    expect(new.page.get_by_role("heading", name="The account's name")).to_be_visible()
    return account
