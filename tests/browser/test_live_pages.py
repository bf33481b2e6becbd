"""Pages of both consoles that are open in Chromium while something happens: what is new comes, and disturbs nobody."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.key_origin import browser as browser
from tests.browser.member_console import SHOP, MemberConsole, member_console, with_authenticator

from ringfence.domain.message import Status

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stand() -> Iterator[MemberConsole]:
    with member_console() as stand:
        yield stand


def somebody(browser: Browser, complaints: list[str]) -> Page:
    context = browser.new_context()
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    with_authenticator(context, page)
    return page


def test_what_happens_comes_into_pages_that_are_open(browser: Browser, stand: MemberConsole) -> None:
    complaints: list[str] = []
    staff = somebody(browser, complaints)
    staff.goto(f"{stand.operator}/join#{stand.wait(stand.staff.invite_first('Ada'))}")
    staff.get_by_role("button", name="Make a passkey").click()
    staff.wait_for_url("**/sign-in")
    staff.get_by_role("button", name="Sign in with your passkey").click()
    staff.wait_for_url(f"{stand.operator}/")
    addresses: list[str] = []
    staff.on("request", lambda request: addresses.append(f"{request.url} {request.headers.get('referer')}"))
    with staff.expect_response(f"{stand.operator}/live") as streaming:
        staff.get_by_role("link", name="Queues").click()
    ticket = streaming.value.request.headers["ringfence-ticket"]
    expect(staff.get_by_text("Nothing waits.")).to_be_visible()
    rows = staff.locator("tbody tr")
    stand.text("It waits.", Status.QUEUED)
    expect(rows).to_contain_text([SHOP])
    expect(rows.locator("td.number")).to_have_text(["1"])
    stand.text("It waits, too.", Status.QUEUED)
    expect(rows.locator("td.number")).to_have_text(["2"])
    assert not [each for each in addresses if ticket in each]
    staff.context.close()
    assert complaints == []
