"""A page of the tenants' console whose scripts have not come yet, or do not come: nothing that is typed is sent."""

import re
from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from tests.browser.key_origin import browser as browser
from tests.browser.member_console import MemberConsole, member_console
from tests.browser.signed_in_page import page as page

pytestmark = pytest.mark.browser


@pytest.fixture
def stand() -> Iterator[MemberConsole]:
    with member_console() as stand:
        yield stand


def test_neither_a_click_nor_a_key_sends_a_form_that_nobody_hears(
    browser: Browser, page: Page, stand: MemberConsole
) -> None:
    bare = browser.new_context(java_script_enabled=False)
    still = bare.new_page()
    asked: list[str] = []
    for path, label in (("/organisation", "Client id"), ("/members", "Role of"), ("/services", "Name")):
        page.goto(f"{stand.console}{path}")
        markup = page.evaluate("path => fetch(path).then((answer) => answer.text())", path)
        address = f"https://console.example{path}"
        bare.route(re.compile("^https:"), partial(Route.fulfill, body=markup, content_type="text/html"))
        still.goto(address)
        still.on("request", lambda request: asked.append(request.url) if request.is_navigation_request() else None)
        asked.clear()
        still.get_by_label(label).first.focus()
        still.keyboard.press("Enter")
        for button in still.locator("form button:not([type=button])").all():
            expect(button).to_be_disabled()
            button.click(force=True)
        # Whatever was sent would be here now.
        still.get_by_role("heading", level=1).wait_for()
        assert still.url == address
        assert asked == []
        bare.unroute_all()
        # Here the script has come.
        for button in page.locator("form button:not([type=button])").all():
            expect(button).to_be_enabled()
    bare.close()
