"""A page of staff that is open in Chromium while something happens: what is new comes, and disturbs nobody.

What members see is in `test_member_console` and `test_member_traffic`, beside what else their pages do.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.key_origin import browser as browser
from tests.browser.member_console import SHOP, MemberConsole, member_console, with_authenticator

from ringfence.console.live import polls
from ringfence.domain.message import Status

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stand() -> Iterator[MemberConsole]:
    with pytest.MonkeyPatch.context() as hasty:
        hasty.setattr(polls, "POLL_S", 0.1)
        with member_console() as stand:
            yield stand


def somebody(browser: Browser, complaints: list[str]) -> Page:
    context = browser.new_context()
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    with_authenticator(context, page)
    return page


def test_what_happens_comes_into_pages_of_staff_that_are_open(browser: Browser, stand: MemberConsole) -> None:
    complaints: list[str] = []
    page = somebody(browser, complaints)
    page.goto(f"{stand.operator}/join#{stand.wait(stand.staff.invite_first('Ada'))}")
    page.get_by_role("button", name="Make a passkey").click()
    page.wait_for_url("**/sign-in")
    page.get_by_role("button", name="Sign in with your passkey").click()
    page.wait_for_url(f"{stand.operator}/")
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(f"{request.url} {request.headers.get('referer')}"))
    with page.expect_response(f"{stand.operator}/live") as streaming:
        page.get_by_role("link", name="Queues").click()
    ticket = streaming.value.request.headers["ringfence-ticket"]
    expect(page.get_by_text("Nothing waits.")).to_be_visible()
    rows = page.locator("tbody tr")
    stand.text("It waits.", Status.QUEUED)
    expect(rows).to_contain_text([SHOP])
    # What stays as it was is not made anew: a link keeps its focus, and what a person has marked stays marked.
    page.locator("tbody a").focus()
    stand.text("It waits, too.", Status.QUEUED)
    expect(rows.locator("td.number")).to_have_text(["2"])
    expect(page.locator("tbody a")).to_be_focused()
    page.evaluate("() => getSelection().selectAllChildren(document.querySelector('tbody code'))")
    stand.text("And this.", Status.QUEUED)
    offered = page.get_by_role("button", name="Changed: show")
    expect(offered).to_be_visible()
    expect(rows.locator("td.number")).to_have_text(["2"])
    offered.click()
    expect(rows.locator("td.number")).to_have_text(["3"])
    expect(offered).to_have_count(0)
    assert not [each for each in addresses if ticket in each]
    page.context.close()
    assert complaints == []
