"""A member comes through an organisation's provider, in Chromium: waits, is let in, reads with a secret, signs out."""

import re
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browser.key_origin import browser as browser
from tests.browser.member_console import AC, TOKEN, MemberConsole, member_console, with_authenticator
from tests.browser.openid_server import openid_server
from tests.browser.test_member_console import enrolled, signed_in

from ringfence.drills.openid_provider import OpenIdProvider

pytestmark = pytest.mark.browser
CLIENT = "ringfence-console"


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIdProvider]:
    with openid_server() as provider:
        yield provider


@pytest.fixture(scope="module")
def stand() -> Iterator[MemberConsole]:
    with member_console(asks_outside=True) as stand:
        yield stand


@pytest.fixture
def owners(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def theirs(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    context.set_default_timeout(15_000)
    yield context
    context.close()


def come(page: Page, stand: MemberConsole) -> None:
    """To the provider and back."""
    page.goto(f"{stand.console}/sign-in")
    page.get_by_text("Sign in through your organisation").click()
    page.get_by_label("Account").fill(AC)
    page.get_by_role("button", name="Go there").click()
    page.get_by_role("button", name="Sign in with my key").click()


def test_a_member_comes_through_a_provider_and_leaves_through_it(
    owners: BrowserContext, theirs: BrowserContext, stand: MemberConsole, provider: OpenIdProvider
) -> None:
    stand.text(stand.canary)
    owner, page = owners.new_page(), theirs.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    with_authenticator(owners, owner)
    enrolled(owner, stand)
    signed_in(owner, stand)
    owner.goto(f"{stand.console}/organisation")
    owner.get_by_label("Issuer").fill(provider.issuer)
    owner.get_by_label("Client id").fill(CLIENT)
    owner.get_by_role("button", name="Set").click()
    expect(owner.get_by_text("Members may come from")).to_be_visible()

    come(page, stand)
    told = page.locator("#told")
    expect(told).to_contain_text("an owner of the account lets you in")
    owner.reload()
    owner.get_by_role("button", name="Forget").click()
    owner.get_by_role("dialog", name="Forget").get_by_role("button", name="Leave it").click()
    expect(owner.get_by_role("dialog")).to_have_count(0)
    owner.get_by_role("button", name=re.compile("^Let .* in$")).click()
    expect(owner.get_by_text("waits")).to_have_count(0)

    # A password is what was phished.
    provider.claims = lambda claims: claims.update(amr=["pwd"])
    come(page, stand)
    expect(told).to_contain_text("sign in with your passkey here")
    page.get_by_role("link", name="Sign in in another way").click()
    expect(page.frame_locator("#keys").get_by_role("button", name="Sign in with a passkey")).to_be_visible()

    provider.claims = lambda _: None
    come(page, stand)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    # Neither code nor state stays in the address, nor in what is gone back to.
    assert "code=" not in page.evaluate("() => JSON.stringify([location.href, document.referrer, history.state])")
    page.get_by_role("link", name="Texts").click()
    frame = page.frame_locator("#keys")
    frame.get_by_label("Auth Token or secret").fill(TOKEN)
    frame.get_by_role("button", name="Open").click()
    expect(frame.locator("td.text")).to_have_text([stand.canary])
    assert stand.canary not in page.content()

    # Signed out here, they are led to the provider, and from there back; what the frame had open is closed.
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Leave Acme").wait_for()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("Sign in through your organisation")).to_be_visible()
    come(page, stand)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    # Signed out at the provider, they are out here.
    said = {"logout_token": provider.logout_token(CLIENT)}
    host = stand.console.partition("//")[2]
    there = f"http://127.0.0.1:{host.partition(':')[2]}/sso/signed-out"
    assert requests.post(there, data=said, headers={"host": host}, timeout=10).status_code == 200
    page.get_by_role("link", name="Texts").click()
    expect(page.get_by_text("Sign in through your organisation")).to_be_visible()
    assert complaints == []
