"""A page of a new member of the account, who has enrolled and signed in: a fixture, for a module that has a `stand`."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.member_console import MemberConsole, with_authenticator
from tests.browser.test_member_console import enrolled, signed_in


@pytest.fixture
def page(browser: Browser, stand: MemberConsole) -> Iterator[Page]:
    context = browser.new_context()
    context.set_default_timeout(15_000)
    page = context.new_page()
    with_authenticator(context, page)
    enrolled(page, stand)
    signed_in(page, stand)
    yield page
    context.close()
