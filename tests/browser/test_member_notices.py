"""A member names, in Chromium, where a program is told of breaches, which neither page nor wire gets a word of."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.browser.key_origin import browser as browser
from tests.browser.member_console import AC, MemberConsole, member_console
from tests.browser.signed_in_page import page as page
from tests.browser.test_member_set_up import looked_over, taken

from ringfence.usecases.accounts.notice_address import notice_address_of

pytestmark = pytest.mark.browser


@pytest.fixture
def stand() -> Iterator[MemberConsole]:
    with member_console() as stand:
        yield stand


def address(stand: MemberConsole) -> str:
    return stand.wait(notice_address_of(stand.texts, stand.keys, stand.caller, AC))


def test_an_address_for_notices_is_set_shown_and_taken_away(page: Page, stand: MemberConsole) -> None:
    url = f"https://ops.example/{stand.canary}"
    wire: list[str] = []
    page.on("request", lambda request: wire.append(f"{request.url} {request.headers} {request.post_data}"))
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    frame = page.frame_locator("#keys")

    page.get_by_role("link", name="Webhooks").click()
    page.get_by_role("link", name="Where a program is told").click()
    expect(page.get_by_role("heading", name="Notices")).to_be_visible()
    expect(page.get_by_text("there is no address")).to_be_visible()
    page.get_by_role("button", name="Set an address").click()
    frame.get_by_label("Address", exact=True).fill("ftp://ops.example")
    frame.get_by_role("button", name="Look it over").click()
    expect(frame.get_by_role("alert")).to_contain_text("begins with https:// or http://")
    frame.get_by_label("Address", exact=True).fill(url)
    with page.expect_navigation():
        looked_over(frame)
    expect(page.get_by_text("A change waits")).to_be_visible()
    # What the API takes comes by itself, and the frame shows it.
    taken(stand)
    assert address(stand) == url
    expect(page.get_by_text("A change waits")).to_have_count(0)
    expect(frame.locator("dd")).to_have_text([url])

    page.get_by_role("button", name="Change the address").click()
    frame.get_by_label("A program is told").select_option(label="Nowhere")
    expect(frame.get_by_label("Address", exact=True)).to_be_hidden()
    with page.expect_navigation():
        looked_over(frame)
    taken(stand)
    assert address(stand) == ""
    expect(page.get_by_text("there is no address")).to_be_visible()
    expect(page.locator("#keys")).to_be_hidden()

    assert complaints == []
    assert stand.canary not in "".join(wire)
    assert stand.canary not in page.content()
