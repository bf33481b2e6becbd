"""The timeline page in Chromium, on a whole installation: read with the tenant's own secret, live, and by link once."""

import contextlib
import json
import os
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from tests.waiting_server import WaitingServer

from ringfence.cli.handset_call import HandsetCall
from ringfence.cli.installation_client import InstallationClient
from ringfence.cli.terminal import Terminal
from ringfence.cli.timeline import timeline_link
from ringfence.cli.triggered_call import TriggeredCall
from ringfence.roles.credentials import Credentials

pytestmark = pytest.mark.browser

SHOP, PHONE = "+12025550123", "+12025550192"
BROKEN = "<Response>\n  <Message>See you</Message>\n  <Mesage>later</Mesage>\n</Response>"


class Shop:
    """A tenant's program whose answer to everything is set: (status, content type, body)."""

    def __init__(self) -> None:
        shop = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", "0")))
                status, content_type, body = shop.answers.get(self.path, shop.answer)
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.answer: tuple[int, str, bytes] = (200, "text/plain", b"thank you")
        self.answers: dict[str, tuple[int, str, bytes]] = {}
        self._server = WaitingServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.close()


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def tab(context: BrowserContext, complaints: list[str]) -> Iterator[Page]:
    """A page that must stay free of errors and of violations of its policy; refusals that a test wants apart."""
    page = context.new_page()
    watch(page, complaints)
    yield page
    assert [text for text in complaints if "Failed to load resource" not in text] == []


def watch(page: Page, complaints: list[str]) -> None:
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))


def send(installation: Any, shop: Shop | None, body: str = "Haircut Tue 15:00. Reply C to confirm.") -> str:
    callback = {} if shop is None else {"status_callback": f"{shop.url}/status?shop=1"}
    return installation.client().messages.create(to=PHONE, from_=SHOP, body=body, **callback).sid


def sign_in(page: Page, installation: Any, sid: str, secret: str | None = None) -> None:
    page.goto(f"{installation.base_url}/timeline/{sid}")
    page.get_by_label("Account SID").fill(installation.account_sid)
    page.get_by_label("Auth Token").fill(secret or installation.auth_token)
    page.get_by_role("button", name="Show the timeline").click()


def step(page: Page, title: str) -> Locator:
    return page.locator("li.step").filter(has=page.get_by_role("heading", name=title))


def complete(page: Page) -> None:
    expect(page.locator("#live")).to_have_text("Complete", timeout=20_000)


def test_a_text_is_followed_from_acceptance_to_the_last_webhook(tab: Page, installation: Any, shop: Shop) -> None:
    sid = send(installation, shop)
    sign_in(tab, installation, sid)
    expect(tab.get_by_role("region", name="The text")).to_contain_text("Haircut Tue 15:00")
    complete(tab)
    expect(tab.locator(".route")).to_contain_text("+1 (202) 555-0123")
    expect(tab.locator(".route .chip")).to_have_text("delivered")
    titles = tab.locator("li.step h3").all_inner_texts()
    assert titles[0] == "Accepted and written down"
    assert titles[1] == "Handed to simulator: sent"
    assert "Receipt: delivered" in titles
    for event in ("sent", "delivered"):
        webhook = step(tab, f"Webhook: {event}")
        expect(webhook.locator(".attempt-head")).to_contain_text("HTTP 200")
        expect(webhook.get_by_role("img")).to_have_attribute("aria-label", re.compile(r"First byte .* ms; .* in all"))
    webhook = step(tab, "Webhook: delivered")
    webhook.get_by_text("Signature", exact=True).click()
    signed = webhook.get_by_label("What was signed")
    expect(signed).to_contain_text(f"{shop.url}/status?shop=1AccountSid{installation.account_sid}ApiVersion2010-04-01")
    webhook.get_by_text(re.compile("^Request")).click()
    expect(webhook).to_contain_text("MessageStatus")
    webhook.get_by_text(re.compile("^Answer · 200")).click()
    expect(webhook.get_by_label("Body")).to_have_text("thank you")
    assert installation.auth_token not in tab.content()
    tab.reload()
    expect(tab.get_by_role("region", name="The text")).to_contain_text("Haircut Tue 15:00")


def test_a_failure_says_cause_and_fix_and_is_told_again(tab: Page, installation: Any, shop: Shop) -> None:
    shop.answer = (404, "text/html", b"<h1>no such page</h1>")
    sid = send(installation, shop)
    sign_in(tab, installation, sid)
    webhook = step(tab, "Webhook: sent")
    expect(webhook).to_contain_text("Given up", timeout=20_000)
    expect(webhook).to_contain_text("HTTP retrieval failure")
    expect(webhook).to_contain_text("Cause The program answered with an error")
    expect(webhook).to_contain_text("Fix Look at the status and the answer")
    complete(tab)
    webhook.get_by_text(re.compile("^Answer · 404")).click()
    expect(webhook.get_by_label("Body")).to_have_text("<h1>no such page</h1>")
    shop.answer = (204, "text/plain", b"")
    webhook.get_by_role("button", name="Replay").focus()
    tab.keyboard.press("Enter")
    expect(webhook.locator("h3")).to_contain_text("Told", timeout=20_000)
    expect(webhook.get_by_role("region", name="Attempt 2")).to_contain_text("HTTP 204")
    # What was open stays open.
    expect(webhook.get_by_label("Body")).to_have_text("<h1>no such page</h1>")
    complete(tab)
    expect(tab.locator("#announcer")).to_contain_text("The webhook is sent again")


def test_a_fault_in_the_twiml_is_quoted(tab: Page, installation: Any, shop: Shop, handset: Any) -> None:
    shop.answer = (200, "text/xml", BROKEN.encode())
    client = installation.client()
    (number,) = client.incoming_phone_numbers.list(phone_number=SHOP)
    was = number.sms_url
    number.update(sms_url=f"{shop.url}/sms")
    try:
        phone = handset(PHONE)
        phone.reply("C")
        phone.await_text("See you")
        sid = next(text.sid for text in client.messages.list(to=SHOP, limit=5) if text.body == "C")
        sign_in(tab, installation, sid)
        expect(step(tab, "Arrived from simulator")).to_have_count(1)
        webhook = step(tab, "Webhook: received")
        expect(webhook).to_contain_text("Line 3, column 3", timeout=20_000)
        expect(webhook.get_by_label("Line 3")).to_have_text("  <Mesage>later</Mesage>")
        expect(webhook).to_contain_text("Correct its spelling")
        webhook.locator(".replies a").click()
        expect(tab.get_by_role("region", name="The text")).to_contain_text("See you")
    finally:
        number.update(sms_url=was or "")


def test_a_wrong_secret_is_asked_again(tab: Page, installation: Any) -> None:
    sid = send(installation, None)
    sign_in(tab, installation, sid, "0" * 32)
    expect(tab.get_by_role("alert")).to_have_text("This does not sign in. Check the SID and the secret.")
    expect(tab.get_by_label("Account SID")).to_have_value(installation.account_sid)
    tab.get_by_label("API key’s SID").fill(installation.api_key)
    tab.get_by_label("Auth Token").fill(installation.api_secret)
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("region", name="The text")).to_contain_text("Haircut")
    tab.get_by_role("button", name="Sign out").click()
    expect(tab.get_by_role("heading", name="Whose text or call is it?")).to_be_visible()
    tab.reload()
    expect(tab.get_by_role("heading", name="Whose text or call is it?")).to_be_visible()


def test_nothing_a_text_or_an_answer_holds_can_run(tab: Page, installation: Any, shop: Shop) -> None:
    evil = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>"
    shop.answer = (200, "text/html", evil.encode())
    sid = send(installation, shop, evil)
    sign_in(tab, installation, sid)
    complete(tab)
    webhook = step(tab, "Webhook: sent")
    webhook.get_by_text(re.compile("^Answer")).click()
    expect(webhook.get_by_label("Body")).to_have_text(evil)
    assert tab.title() == f"Timeline · {sid}"
    assert tab.locator("main img, main script").count() == 0


def link_of(installation: Any, sid: str) -> str:
    names = ("account_sid", "auth_token", "api_key", "api_secret")
    profile = Credentials(**{name: getattr(installation, name) for name in names})
    client = InstallationClient(installation.base_url, profile.account_sid, profile.auth_token)
    return timeline_link(installation.base_url, client, profile, sid)


def test_a_link_signs_in_once(browser: Browser, tab: Page, installation: Any) -> None:
    sid = send(installation, None)
    link = link_of(installation, sid)
    tab.goto(link)
    expect(tab.get_by_role("region", name="The text")).to_contain_text("Haircut")
    assert tab.url == f"{installation.base_url}/timeline/{sid}"
    other = browser.new_context()
    page = other.new_page()
    page.goto(link)
    expect(page.get_by_role("alert")).to_have_text("This link was used before, or is older than ten minutes.")
    assert "#" not in page.url
    other.close()


def test_the_phones_page_leads_to_it(tab: Page, installation: Any, handset: Any) -> None:
    phone = handset(PHONE)
    sid = send(installation, None, "Where did this come from?")
    phone.await_text("Where did this come from?")
    tab.goto(installation.phones_url)
    tab.locator(f'.phone[data-number="{PHONE}"] .meta').last.click()
    with tab.expect_popup() as opened:
        tab.get_by_role("dialog").get_by_role("link", name="Timeline").click()
    expect(opened.value.get_by_label("Message, Call or Verification SID")).to_have_value(sid)


def test_a_phone_shows_it_without_scrolling_sideways(browser: Browser, installation: Any, shop: Shop) -> None:
    sid = send(installation, shop)
    narrow = browser.new_context(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    page = narrow.new_page()
    page.goto(link_of(installation, sid))
    complete(page)
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    narrow.close()


def test_each_control_has_a_name_and_shows_its_focus(tab: Page, installation: Any, shop: Shop) -> None:
    tab.goto(link_of(installation, send(installation, shop)))
    complete(tab)
    seen = set()
    for _ in range(40):
        tab.keyboard.press("Tab")
        name, ring = tab.evaluate(
            "[document.activeElement.innerText || document.activeElement.ariaLabel || '',"
            " getComputedStyle(document.activeElement).boxShadow]"
        )
        if document_body(tab):
            break
        assert name, "a control without a name"
        assert ring != "none", name
        seen.add(name.strip().split("\n")[0])
    assert {"Sign out", "Signature", "Replay"} <= seen


def document_body(page: Page) -> bool:
    return bool(page.evaluate("document.activeElement === document.body"))


@pytest.mark.parametrize(("name", "scheme"), [("timeline", "light"), ("timeline-dark", "dark")])
def test_the_picture_can_be_taken(
    browser: Browser, installation: Any, shop: Shop, tmp_path: Path, name: str, scheme: Any
) -> None:
    folder = Path(os.environ.get("RINGFENCE_SHOTS") or tmp_path)
    shop.answer = (404, "text/html", b"<h1>no such page</h1>")
    sid = send(installation, shop, "Haircut Tue 15:00. Reply C to confirm, X to cancel.")
    context = browser.new_context(
        viewport={"width": 1280, "height": 1160}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(link_of(installation, sid))
    complete(page)
    shop.answer = (200, "text/plain", b"ok")
    step(page, "Webhook: sent").get_by_role("button", name="Replay").click()
    expect(step(page, "Webhook: sent").locator("h3")).to_contain_text("Told", timeout=20_000)
    complete(page)
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):
        page.mouse.move(0, 0)
    page.screenshot(path=folder / f"{name}.png", animations="disabled")
    context.close()
    assert (folder / f"{name}.png").stat().st_size > 20_000


@pytest.fixture
def called(installation: Any, shop: Shop) -> str:
    """A call that came in, heard a menu, chose from it, and is over."""
    shop.answers = {
        "/voice": (
            200,
            "text/xml",
            b'<Response>\n  <Gather numDigits="1" action="/chosen">\n    <Say>Press 1 to confirm.</Say>\n  </Gather>\n'
            b"</Response>",
        ),
        "/chosen": (200, "text/xml", b"<Response>\n  <Say>See you on Tuesday!</Say>\n</Response>"),
    }
    (number,) = installation.client().incoming_phone_numbers.list(phone_number=SHOP)
    number.update(voice_url=f"{shop.url}/voice", status_callback=f"{shop.url}/status")
    call = HandsetCall(sip_port_of(installation), PHONE, SHOP)
    client = InstallationClient(installation.base_url, installation.account_sid, installation.auth_token)
    terminal = Terminal()
    try:
        assert TriggeredCall(client, terminal, call, press="1", limit_s=30).follow(PHONE, SHOP)
    finally:
        call.close()
        number.update(voice_url="", status_callback="")
    return client.get("/Calls.json", From=PHONE, To=SHOP)["calls"][0]["sid"]


def sip_port_of(installation: Any) -> int:
    listens = json.loads(next(installation.data.rglob("sip.json")).read_text())
    return next(int(listen.rpartition(":")[2]) for listen in listens if listen.startswith("ws:"))


@pytest.mark.parametrize(
    ("name", "scheme", "width"),
    [
        ("call-timeline", "light", 1280),
        ("call-timeline-dark", "dark", 1280),
        ("call-timeline-mobile", "light", 390),
    ],
)
def test_the_picture_of_a_calls_timeline_can_be_taken(
    browser: Browser, installation: Any, called: str, tmp_path: Path, name: str, scheme: Any, width: int
) -> None:
    folder = Path(os.environ.get("RINGFENCE_SHOTS") or tmp_path)
    context = browser.new_context(
        viewport={"width": width, "height": 1160}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(link_of(installation, called))
    complete(page)
    expect(page.locator("li.step").filter(has_text="Gather").first).to_be_visible()
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", animations="disabled")
    context.close()
    assert (folder / f"{name}.png").stat().st_size > 20_000
