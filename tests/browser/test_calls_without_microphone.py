"""Calls in a browser that gives no microphone: what it hears is heard, and the other end hears silence.

Such a browser hides its addresses too, so that ours has to learn them from its checks.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Stand
from tests.browser.exchange import TONE_HZ
from tests.browser.test_calls import HEARD_HZ, KEEP_CALLS, call, phone, press, screen, until

pytestmark = pytest.mark.browser


@pytest.fixture
def stand() -> Iterator[Stand]:
    stand = Stand(with_calls=True)
    yield stand
    stand.stop()


def test_a_call_goes_on_without_a_microphone(page: Page, stand: Stand) -> None:
    page.context.add_init_script(KEEP_CALLS)
    page.reload()
    stand.add()
    talk = call(stand)
    press(page, "Answer")
    expect(screen(page)).to_contain_text("Connected")
    expect(screen(page)).to_contain_text("No microphone: they hear silence.")
    until(page, lambda: page.evaluate(HEARD_HZ) == pytest.approx(TONE_HZ, abs=6))
    until(page, lambda: talk.leg.packets > 50)
    assert talk.leg.heard_hz == 0
    offered = talk.remotes[0].ice
    assert offered is not None
    assert all(".local " in candidate for candidate in offered.candidates)
    press(page, "Keypad")
    screen(page).get_by_role("button", name="7", exact=True).click()
    until(page, lambda: talk.leg.keys == "7")
    press(page, "Hang up")
    until(page, lambda: talk.end == 200)
    expect(phone(page).locator(".call-row")).to_have_count(1)
    assert talk.leg.causes == []
