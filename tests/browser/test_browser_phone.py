"""The example of a telephone on a page of one's own: a client with an Access Token is called, and calls."""

import importlib.util
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import Stand
from tests.browser.test_calls import HEARD_HZ, KEEP_CALLS, MICROPHONE_HZ, until
from tests.browser.test_calls import browser as browser  # its microphone plays a tone
from tests.browser.test_calls import stand as stand  # it has calls
from twilio.jwt.access_token import AccessToken

from ringfence.ports.sip_access import ClientLogin

pytestmark = pytest.mark.browser

PROGRAM = Path(__file__).parents[2] / "examples" / "browser-phone" / "app.py"
ACCOUNT, APPLICATION = "AC" + "1" * 32, "AP" + "2" * 32


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, stand: Stand) -> Iterator[str]:
    """The example's URL. Its tokens are known to the exchange."""
    for name, value in {
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": "secret",
        "TWILIO_API_KEY": "SK" + "3" * 32,
        "TWILIO_API_SECRET": "secret" * 6,
        "TWILIO_APPLICATION_SID": APPLICATION,
        "RINGFENCE_SIP_URL": f"ws://127.0.0.1:{stand.calls.port}/",
    }.items():
        monkeypatch.setenv(name, value)
    stand.calls.tokens.read = read_token
    with served(make_server("127.0.0.1", 0, loaded().app, handler_class=Quiet)) as url:
        yield url


@contextmanager
def served(server: WSGIServer) -> Iterator[str]:
    """The server's URL, while it runs."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("browser_phone_example", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def read_token(token: str) -> ClientLogin:
    """What the token says, as the SDK that made it reads it."""
    grants = AccessToken.from_jwt(token, "secret" * 6).payload["grants"]
    voice = grants["voice"]
    return ClientLogin(
        account=ACCOUNT,
        identity=grants["identity"],
        application=voice["outgoing"]["application_sid"],
        incoming=voice["incoming"]["allow"],
    )


@pytest.fixture
def phone(context: BrowserContext, program: str) -> Iterator[Page]:
    context.add_init_script(KEEP_CALLS)
    page = context.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    go_online(page, program, "ada")
    yield page
    assert failures == []


def go_online(page: Page, url: str, identity: str) -> None:
    page.goto(url)
    page.get_by_label("I am").fill(identity)
    page.get_by_role("button", name="Go online").click()
    expect(page.get_by_role("status")).to_have_text(f"Online as {identity}")


def test_a_client_is_called_by_its_identity(phone: Page, stand: Stand) -> None:
    talk = stand.wait(stand.calls.call("client:ada", "+12025550123", kind="client", account=ACCOUNT))
    expect(phone.get_by_text("+12025550123: incoming")).to_be_visible()
    phone.get_by_role("button", name="Answer").click()
    until(phone, lambda: talk.leg.heard_hz == MICROPHONE_HZ)
    assert phone.evaluate(HEARD_HZ) == pytest.approx(1_000, abs=6)
    phone.get_by_label("Keys").press("5")
    until(phone, lambda: talk.leg.keys == "5")
    phone.get_by_role("button", name="Hang up").click()
    until(phone, lambda: talk.end == 200)
    expect(phone.get_by_role("region", name="Call")).to_be_hidden()


def test_a_client_calls(phone: Page, stand: Stand) -> None:
    phone.get_by_role("textbox", name="Call").fill("+12025550177")
    phone.get_by_role("button", name="Call", exact=True).click()
    until(phone, lambda: stand.calls.talks and stand.calls.talks[0].leg.heard_hz == MICROPHONE_HZ)
    assert stand.calls.asked == [("client:ada", "+12025550177", "client")]
    phone.get_by_role("button", name="Hold").click()
    until(phone, lambda: stand.calls.talks[0].told[-1] == "offered held")
