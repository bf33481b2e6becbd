"""Pages of both consoles that are open in Chromium while something happens: what is new comes, and disturbs nobody."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.key_origin import browser as browser
from tests.browser.member_console import SHOP, MemberConsole, member_console, with_authenticator
from tests.browser.member_traffic import a_recording
from tests.browser.test_member_console import enrolled, signed_in

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


def test_a_member_is_offered_what_is_sealed_and_shown_what_is_not(browser: Browser, stand: MemberConsole) -> None:
    complaints: list[str] = []
    page = somebody(browser, complaints)
    enrolled(page, stand)
    signed_in(page, stand)
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    stand.text("The first.")
    page.get_by_role("link", name="Texts").click()
    frame = page.frame_locator("#keys")
    expect(frame.locator("td.text")).to_contain_text(["The first."])
    opened = sum(entry.verb == "open_epochs" for entry in stand.ledger.entries)
    stand.text("The second.")
    stand.text("The third.")
    offered = page.get_by_role("button", name="new: show")
    expect(offered).to_have_text("2 new: show")
    assert sum(entry.verb == "open_epochs" for entry in stand.ledger.entries) == opened, "what nobody asked for"
    offered.click()
    expect(frame.locator("td.text")).to_contain_text(["The third.", "The second.", "The first."])
    expect(offered).to_have_count(0)

    page.get_by_role("link", name="Recordings").click()
    expect(page.get_by_text("None.")).to_be_visible()
    stand.wait(a_recording(stand, "CA" + "1" * 32))
    play = page.get_by_role("button", name="Open RE")
    expect(play).to_be_enabled()
    play.click()
    expect(frame.get_by_role("link", name="Save as WAV")).to_be_visible()
    # Off, it stays as it is, on every page of the session.
    page.get_by_label("Follow").uncheck()
    page.get_by_role("link", name="Texts").click()
    expect(frame.locator("td.text")).to_have_count(6)
    expect(page.get_by_label("Follow")).not_to_be_checked()
    page.context.close()
    assert complaints == []
