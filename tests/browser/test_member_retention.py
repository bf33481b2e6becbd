"""A member sees, in Chromium, that a duty to retain metadata was declared, what it keeps, and what the ledger says."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.browser.key_origin import browser as browser
from tests.browser.member_console import MemberConsole, member_console
from tests.browser.signed_in_page import page as page
from tests.browser.test_console_access import wrong_with

from ringfence.domain.retention.declaration import declare
from ringfence.domain.retention.officer import OfficerKey

pytestmark = pytest.mark.browser
BASIS = "Telecommunications Act, section 113b"
OFFICERS = [OfficerKey(name, bytes([n]) * 32).officer for n, name in enumerate(("ann", "bob"), start=1)]
NARROW = {"width": 360, "height": 740}


@pytest.fixture
def stand() -> Iterator[MemberConsole]:
    with member_console() as stand:
        yield stand


def test_a_member_is_told_of_a_duty_and_reads_what_it_keeps_and_what_the_ledger_says(
    page: Page, stand: MemberConsole
) -> None:
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{stand.console}/retention")
    expect(page.get_by_text("Nothing is retained.")).to_be_visible()

    page.get_by_role("link", name="Overview").click()
    told = page.get_by_text("Your operator has declared a legal duty to retain metadata of your texts and calls")
    expect(told).to_have_count(0)
    stand.wait(stand.keys.declare_duty(declare(["kind", "remote"], 30, BASIS, OFFICERS)))
    # It comes by itself to whoever has the page open.
    expect(told).to_be_visible()

    page.set_viewport_size(NARROW)
    page.get_by_role("link", name="More of it, and who opened what").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Retention")).to_be_visible()
    expect(page.get_by_text(f"Basis: {BASIS}")).to_be_visible()
    expect(page.locator("tr[data-row=remote]")).to_contain_text("yes")
    expect(page.locator("tr[data-row=duration_s]")).to_contain_text("no")
    frame = page.frame_locator("#keys")
    entry = frame.locator("tbody tr")
    expect(frame.get_by_role("status")).to_contain_text("1 of 1 entry is in the ledger")
    expect(entry).to_contain_text(f"duty:1 fields:kind,remote days:30 officers:ann,bob basis:{BASIS}")
    expect(entry).to_contain_text("duty.declare")
    expect(page.get_by_role("button", name="More", exact=True)).to_be_disabled()
    assert page.locator("html").evaluate("it => it.scrollWidth <= innerWidth")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert wrong_with(page) == [], scheme

    stand.wait(stand.keys.end_duty(True))
    expect(page.get_by_text("opens for nobody any more")).to_be_visible()
    expect(page.get_by_text("No duty stands.")).to_be_visible()
    # A checkpoint is signed about once a second: until then the entry is not told.
    for _ in range(20):
        with page.expect_response("**/retention/entries") as answer:
            page.get_by_role("button", name="Oldest").click()
        if len(answer.value.json()["entries"]) > 1:
            break
        page.wait_for_timeout(500)
    expect(entry).to_have_count(2)
    expect(entry.last).to_contain_text("duty.erase")
    assert complaints == []
