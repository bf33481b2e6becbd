"""The example of a telephone on a page of one's own, with a whole installation: tokens, an application, two clients."""

from collections.abc import Iterator
from wsgiref.simple_server import make_server

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browser.test_browser_phone import Quiet, go_online, loaded, served
from tests.browser.test_calls import HEARD_HZ, KEEP_CALLS, MICROPHONE_HZ, until
from tests.browser.test_calls import browser as browser  # its microphone plays a tone
from tests.browser.test_calls_end_to_end import SHOP, Installation
from tests.browser.test_calls_end_to_end import installation as installation

pytestmark = pytest.mark.browser


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, installation: Installation) -> Iterator[str]:
    """The example's URL, set up as its README says."""
    server = make_server("127.0.0.1", 0, handler_class=Quiet, app=None)  # type: ignore[arg-type]
    url = f"http://127.0.0.1:{server.server_port}"
    key = installation.client.new_keys.create(friendly_name="browser phone")
    application = installation.client.applications.create(voice_url=f"{url}/voice", voice_method="POST")
    for name, value in {
        "TWILIO_ACCOUNT_SID": installation.ready["account_sid"],
        "TWILIO_AUTH_TOKEN": installation.auth_token,
        "TWILIO_API_KEY": key.sid,
        "TWILIO_API_SECRET": key.secret,
        "TWILIO_APPLICATION_SID": application.sid,
        "RINGFENCE_SIP_URL": installation.sip_url,
        "PUBLIC_URL": url,
    }.items():
        monkeypatch.setenv(name, value)
    server.set_app(loaded().app)
    with served(server):
        yield url


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    context.set_default_timeout(15_000)
    context.add_init_script(KEEP_CALLS)
    yield context
    context.close()


def online(context: BrowserContext, url: str, identity: str) -> Page:
    page = context.new_page()
    go_online(page, url, identity)
    return page


def test_a_client_calls_another_and_both_are_heard(context: BrowserContext, program: str) -> None:
    ada, grace = online(context, program, "ada"), online(context, program, "grace")
    ada.get_by_role("textbox", name="Call").fill("grace")
    ada.get_by_role("button", name="Call", exact=True).click()
    grace.get_by_role("button", name="Answer").click()
    expect(ada.locator("#who")).to_have_text("grace: talking")
    for page in (ada, grace):
        until(page, lambda page=page: page.evaluate(HEARD_HZ) == pytest.approx(MICROPHONE_HZ, abs=6))
    grace.get_by_role("button", name="Hang up").click()
    expect(ada.get_by_role("region", name="Call")).to_be_hidden()


def test_a_program_calls_a_client(context: BrowserContext, installation: Installation, program: str) -> None:
    ada = online(context, program, "ada")
    twiml = "<Response><Pause length='20'/></Response>"
    made = installation.client.calls.create(to="client:ada", from_=SHOP, twiml=twiml)
    ada.get_by_role("button", name="Answer").click()
    until(ada, lambda: installation.client.calls(made.sid).fetch().status == "in-progress")
    ada.get_by_role("button", name="Hang up").click()
    until(ada, lambda: installation.client.calls(made.sid).fetch().status == "completed")


def test_nobody_registers_with_a_token_of_another_key(context: BrowserContext, program: str, monkeypatch) -> None:
    page = context.new_page()
    forged = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln"
    page.route("**/token?*", lambda route: route.fulfill(json={"token": forged, "url": loaded().SIP_URL}))
    page.goto(program)
    page.get_by_role("button", name="Go online").click()
    expect(page.get_by_role("status")).to_contain_text("401")
    expect(page.get_by_role("textbox", name="Call")).to_be_hidden()
