"""The operator's console in real Chromium: a day of two members of staff, by mouse, by keyboard and on a telephone."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from ringfence.drills.staff_desk import OurDesk
from ringfence.ports.store import AccountRow, CredentialRow

pytestmark = [pytest.mark.browser, pytest.mark.long]

AC = "AC" + "a" * 32
AUTHENTICATOR = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "usb",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Served:
    """A desk on a port of 127.0.0.1, in a thread with a loop of its own."""

    def __init__(self, folder: Path) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.desk = OurDesk(folder, self._listener.getsockname()[1])
        self.answered: list[str] = []
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self) -> "Served":
        self._thread.start()
        assert self._started.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        self._listener.close()

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self.desk.open()
        config = uvicorn.Config(
            self._watched, interface="asgi3", lifespan="off", log_config=None, timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
        self._started.set()
        try:
            await self._server.serve(sockets=[self._listener])
        finally:
            await self.desk.close()

    async def _watched(self, scope: Any, receive: Any, send: Any) -> None:
        async def watched(message: Any) -> None:
            if message.get("status") == 200 and scope["path"].startswith("/tenants/"):
                self.answered.append(scope["path"])
            await send(message)

        await self.desk.app(scope, receive, watched)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path) as served:
        yield served


def somebody(browser: Browser) -> Page:
    """A browser of their own, with an authenticator."""
    page = browser.new_context().new_page()
    page.set_default_timeout(20_000)
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable", {})
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return page


def sign_in(page: Page) -> None:
    page.click("#sign-in")
    page.wait_for_selector("#processes")


def test_another_sites_link_makes_nobody_look_at_a_tenant(served: Served, browser: Browser) -> None:
    ada = somebody(browser)
    ada.goto(served.run(served.desk.link()))
    ada.click("#join")
    ada.wait_for_url("**/sign-in")
    sign_in(ada)
    made = {"created_ms": 1, "updated_ms": 1}
    token = CredentialRow(account=AC, sid=AC, kind="auth_token", verifier=b"", hmac_states=b"", **made)
    served.run(served.desk._view.create_account(AccountRow(sid=AC, tenant=AC, friendly_name="Acme", **made), token))
    address = f"{served.desk.origin}/tenants/{AC}"

    ada.goto(f"{served.desk.origin}/tenants")
    ada.get_by_role("link", name=AC).click()
    ada.wait_for_url(address)
    expect(ada.get_by_role("link", name="Texts")).to_be_visible()
    ada.reload()
    expect(ada.get_by_role("link", name="Texts")).to_be_visible()
    assert served.answered == [f"/tenants/{AC}"] * 2

    elsewhere = ada.context.new_page()
    for way in (f'<a href="{address}">See</a>', f'<a rel="noreferrer" target="_self" href="{address}">See</a>'):
        elsewhere.set_content(way)
        elsewhere.get_by_role("link").click()
        elsewhere.wait_for_url("**/tenants")
        elsewhere.goto("about:blank")
    framing = ada.context.new_page()
    framing.set_content(f'<iframe src="{address}"></iframe><img src="{address}"><script src="{address}"></script>')
    framing.wait_for_load_state("networkidle")
    assert served.answered == [f"/tenants/{AC}"] * 2
    ada.context.close()


def test_two_members_of_staff_have_a_day(served: Served, browser: Browser) -> None:
    ada, problems = somebody(browser), []
    ada.on("pageerror", lambda error: problems.append(str(error)))
    ada.goto(served.run(served.desk.link()))
    ada.click("#join")
    ada.wait_for_url("**/sign-in")
    sign_in(ada)

    # A reload round the service worker comes back through it; the address of a page can be opened anew.
    ada.context.new_cdp_session(ada).send("Page.reload", {"ignoreCache": True})
    ada.wait_for_selector("#processes")
    ada.goto(f"{served.desk.origin}/sessions")
    expect(ada.get_by_role("heading", name="Open sessions")).to_be_visible()

    # Another site's form, made to look like JSON: the worker must not sign it.
    elsewhere = ada.context.new_page()
    elsewhere.set_content(
        f"""<form method=post enctype=text/plain action="{served.desk.origin}/staff/invitations">
        <input name='{{"name": "Mallory", "x": "' value='"}}'><button>Win</button></form>"""
    )
    with elsewhere.expect_navigation() as sent:
        elsewhere.click("button")
    assert sent.value.status == 401
    elsewhere.close()
    ada.goto(f"{served.desk.origin}/staff")
    assert "Mallory" not in ada.content()

    # By keyboard alone: the first stop leads past the bar; what is sensitive asks for the passkey again.
    served.desk.clock.advance(6 * 60_000)
    ada.goto(f"{served.desk.origin}/staff")
    ada.keyboard.press("Tab")
    expect(ada.get_by_role("link", name="Skip to content")).to_be_focused()
    for role in ("operations", "security"):
        ada.get_by_label(role).focus()
        ada.keyboard.press("Space")
    ada.get_by_label("Name").focus()
    ada.keyboard.type("Bob")
    ada.keyboard.press("Enter")
    link = ada.locator("#told code").inner_text()

    bob = somebody(browser)
    bob.goto(link)
    bob.click("#join")
    expect(bob.locator("#told")).to_contain_text("24 hours from now")
    bob.goto(f"{served.desk.origin}/sign-in")
    bob.click("#sign-in")
    expect(bob.locator("#told")).to_contain_text("24 hours after you enrolled")
    ada.goto(f"{served.desk.origin}/tenants")
    expect(ada.locator(".notice")).to_contain_text("Bob has enrolled")

    # On a telephone nothing is wider than the screen.
    ada.set_viewport_size({"width": 360, "height": 740})
    operations = ("/carriers", "/routes", "/queues", "/capacity", "/incidents", "/requests", "/ledger/health")
    operations = (*operations, "/invitations", "/grants")
    for path in ("/", "/tenants", "/ledger", "/staff", "/frozen", "/sessions", *operations):
        ada.goto(f"{served.desk.origin}{path}")
        assert ada.locator("html").evaluate("it => it.scrollWidth") <= 360, path
        for table in ada.locator(".listed").all():
            assert table.evaluate("it => it.scrollWidth <= it.clientWidth"), path
    # Each row is a card, whose cells say what they are; a wide screen has heads for that.
    ada.goto(f"{served.desk.origin}/staff")
    since = ada.get_by_role("row", name="Bob").locator("[data-head='Since (UTC)']")
    assert since.evaluate("it => getComputedStyle(it, '::before').content") == '"Since (UTC)"'
    ada.set_viewport_size({"width": 1_280, "height": 740})
    assert since.evaluate("it => getComputedStyle(it, '::before').content") == "none"
    ada.set_viewport_size({"width": 360, "height": 740})
    ada.goto(f"{served.desk.origin}/grants")
    # All pages are behind a button there, by keyboard too; at the side of a wide screen.
    pages = ada.get_by_role("navigation", name="Pages")
    expect(pages).to_be_hidden()
    ada.get_by_role("button", name="Menu").focus()
    ada.keyboard.press("Enter")
    expect(pages.get_by_role("link", name="Grants")).to_have_attribute("aria-current", "page")
    ada.keyboard.press("Escape")
    expect(pages).to_be_hidden()
    ada.keyboard.press("Enter")
    ada.keyboard.press("Tab")
    expect(pages.get_by_role("link", name="Overview")).to_be_focused()
    ada.keyboard.press("Enter")
    expect(ada.get_by_role("heading", name="Overview")).to_be_visible()
    ada.set_viewport_size({"width": 1440, "height": 900})
    expect(pages).to_be_visible()
    expect(ada.get_by_role("button", name="Menu")).to_be_hidden()

    served.desk.clock.advance(24 * 3_600_000)
    bob.reload()
    sign_in(bob)
    ada.goto(f"{served.desk.origin}/")
    expect(ada.locator("#sign-in")).to_be_visible()
    sign_in(ada)
    # What is dangerous: one asks and says why, the other confirms; what there is can be saved.
    made = {"created_ms": 1, "updated_ms": 1}
    token = CredentialRow(account=AC, sid=AC, kind="auth_token", verifier=b"", hmac_states=b"", **made)
    served.run(served.desk._view.create_account(AccountRow(sid=AC, tenant=AC, friendly_name="Acme", **made), token))
    ada.goto(f"{served.desk.origin}/tenants")
    with ada.expect_download() as saved:
        ada.get_by_role("button", name="Save as CSV").click()
    assert AC in Path(saved.value.path()).read_text()
    # Another tenant is invited by a link that is shown once, and withdrawn.
    ada.get_by_role("link", name="Invite a tenant").click()
    ada.get_by_label("What to call the account").fill("Fade & Co")
    ada.get_by_role("button", name="Invite").click()
    expect(ada.locator("#told code")).to_contain_text("/invite#")
    expect(ada.locator("#told")).to_contain_text("seven days")
    ada.reload()
    expect(ada.locator("#told")).to_be_hidden()
    ada.get_by_role("row", name="Fade & Co").get_by_role("button", name="Withdraw").click()
    asked = ada.get_by_role("dialog", name="Withdraw the invitation of Fade & Co?")
    expect(asked.get_by_role("button", name="Leave it")).to_be_focused()
    asked.get_by_role("button", name="Leave it").click()
    expect(asked).to_have_count(0)
    assert len(served.run(served.desk._view.invitations())) == 1
    ada.get_by_role("row", name="Fade & Co").get_by_role("button", name="Withdraw").click()
    ada.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    expect(ada.get_by_text("None.")).to_be_visible()
    assert served.run(served.desk._view.invitations()) == []
    # Tenants are narrowed by what their names begin with.
    ada.goto(f"{served.desk.origin}/tenants")
    ada.get_by_label("Name begins with").fill("zzz")
    ada.get_by_role("button", name="Show").click()
    expect(ada.get_by_text("None.")).to_be_visible()
    ada.get_by_label("Name begins with").fill("acm")
    ada.get_by_role("button", name="Show").click()
    ada.get_by_role("link", name=AC).click()
    ada.get_by_label("Why").first.fill("They do not pay")
    ada.get_by_role("button", name="Ask to suspend").click()
    expect(ada.locator(".notice")).to_contain_text("asks for account.suspend")
    bob.goto(f"{served.desk.origin}/requests")
    bob.get_by_role("row", name="They do not pay").get_by_role("button", name="Confirm").click()
    bob.get_by_role("dialog").get_by_role("button", name="Confirm").click()
    expect(bob.get_by_text("Nothing.")).to_be_visible()
    assert served.run(served.desk._view.account(AC)).status == "suspended"

    # What one's own passkeys are is asked, too, and a key that is pressed too soon does nothing.
    ada.goto(f"{served.desk.origin}/sessions")
    for key in ("Escape", "Enter"):
        ada.get_by_role("button", name="Add a passkey").click()
        expect(ada.get_by_role("dialog", name="Add a passkey of yours?")).to_be_visible()
        ada.keyboard.press(key)
        expect(ada.get_by_role("dialog")).to_have_count(0)
        expect(ada.get_by_role("button", name="Add a passkey")).to_be_focused()
    assert ada.locator("#told").is_hidden()

    ada.goto(f"{served.desk.origin}/staff")
    ada.get_by_role("row", name="Bob").get_by_role("button", name="Remove").click()
    ada.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(ada.get_by_role("row", name="Bob")).to_contain_text("removed")
    assert bob.goto(f"{served.desk.origin}/tenants").status == 401
    ada.get_by_role("button", name="Sign out").click()
    ada.wait_for_url("**/sign-in")
    assert ada.goto(f"{served.desk.origin}/").status == 401
    assert problems == []
