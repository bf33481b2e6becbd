"""A page of staff that is open in Chromium while something happens: what is new comes, and disturbs nobody.

What members see is in `test_member_console` and `test_member_traffic`, beside what else their pages do.
"""

from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.key_origin import browser as browser
from tests.browser.member_console import SHOP, MemberConsole, member_console, with_authenticator

from ringfence.console.live import polls
from ringfence.domain.message import Status

pytestmark = pytest.mark.browser

IN_PLACE = resources.files("ringfence.console").joinpath("static/in_place.js")


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
    # A row that came says what its cells are, for a narrow screen.
    expect(rows.first.locator("[data-head=Sender]")).to_contain_text(SHOP)
    # What is under somebody's hands stays as it is: what has the focus, and what is marked.
    offered = page.get_by_role("button", name="Changed: show")
    for waiting, at_work in enumerate(
        (
            "() => document.querySelector('tbody a').focus()",
            "() => getSelection().selectAllChildren(document.querySelector('tbody code'))",
        ),
        start=1,
    ):
        page.evaluate(at_work)
        stand.text("It waits, too.", Status.QUEUED)
        expect(offered).to_be_visible()
        expect(rows.locator("td.number")).to_have_text([f"{waiting}"])
        offered.click()
        expect(rows.locator("td.number")).to_have_text([f"{waiting + 1}"])
        expect(offered).to_have_count(0)
    assert not [each for each in addresses if ticket in each]
    page.context.close()
    assert complaints == []


def members_with(*passkeys: str) -> str:
    """The list of members, of one who has these passkeys."""
    rows = [
        f'<tr data-row="{each}"><th scope="row">MB1</th><td>reader</td>'
        f'<td><button data-act="/members/MB1/passkeys/{each}/forget">Forget</button></td></tr>'
        for each in passkeys
    ]
    return f'<div id="list" tabindex="0" data-live><table><tbody>{"".join(rows)}</tbody></table></div>'


def test_no_button_of_a_list_turns_into_that_of_another_row(browser: Browser) -> None:
    page = browser.new_page()

    def serve(route: Any) -> None:
        if route.request.url.endswith(".js"):
            route.fulfill(body=IN_PLACE.read_text(), content_type="text/javascript")
        else:
            route.fulfill(body=f"<!doctype html>{members_with('PK1', 'PK2')}", content_type="text/html")

    page.route("**/*", serve)
    page.goto("http://console.localhost/")
    page.locator("button").first.focus()
    went_on = page.evaluate(
        """async (now) => {
          const { inUse, putInPlace } = await import("/in_place.js");
          const list = document.getElementById("list");
          const [lost, kept] = list.querySelectorAll("button");
          const isInUse = inUse(list);
          const made = document.implementation.createHTMLDocument();
          made.body.innerHTML = now;
          putInPlace(list, made.getElementById("list"));
          const [left] = list.querySelectorAll("button");
          return [isInUse, lost.isConnected, left === kept, document.activeElement.id];
        }""",
        members_with("PK2").replace("reader", "owner"),
    )
    assert went_on == [True, False, True, "list"]
    page.close()
