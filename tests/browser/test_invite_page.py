"""The page of an invitation in Chromium: nothing is taken before the button, all is shown once, and saved as text."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from tests.api.conftest import installation as installation

from ringfence.usecases.accounts.invitation import invite, new_invitation_id

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [360, 1_440])
def test_it_shows_an_account_once_and_saves_it(browser: Browser, installation: Any, width: int) -> None:
    clock = installation.deps.clock
    link = installation.run(
        invite(installation.store, clock, invitation=new_invitation_id(clock), name="<b>Fade</b> & Co", by="")
    )
    address = f"{installation.url}/invite#{link.secret}"
    context = browser.new_context(viewport={"width": width, "height": 800}, accept_downloads=True)
    page = context.new_page()
    errors: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: dialog.accept())
    try:
        page.goto(address)
        button = page.get_by_role("button", name="Make my account")
        expect(button).to_be_visible()
        (kept,) = [row for row in installation.run(installation.store.invitations()) if row.id == link.id]
        assert kept.taken_ms == 0
        button.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Your account: <b>Fade</b> & Co")).to_be_focused()
        shots = os.environ.get("RINGFENCE_SHOTS")
        if shots:
            page.screenshot(path=Path(shots) / f"invite-{width}.png", full_page=True)
        token, kit = page.locator("#token").inner_text(), page.locator("#kit").inner_text()
        with page.expect_download() as saving:
            page.get_by_role("button", name="Save as a text file").click()
        text = Path(saving.value.path()).read_text("utf-8")
        assert token in text
        assert kit in text
        expect(page.get_by_role("status")).to_contain_text("Saved")
        assert "#" not in page.url
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert not [url for url in asked if link.secret in url.partition("#")[0] or token in url]
        assert errors == []
        page.goto("about:blank")
        page.goto(address)
        page.get_by_role("button", name="Make my account").click()
        expect(page.get_by_role("status")).to_contain_text("used up")
    finally:
        context.close()
