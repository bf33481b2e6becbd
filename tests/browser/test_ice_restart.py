"""A call in Chromium whose network is another, or gone for a while: ICE begins anew, and both ends are heard again."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page
from tests.browser.conftest import Stand
from tests.browser.exchange import TONE_HZ, Talk
from tests.browser.test_calls import (
    HEARD_HZ,
    KEEP_CALLS,
    KEEP_WORDS,
    MICROPHONE_HZ,
    PHONE,
    SHOP,
    answered,
    phone,
    press,
    until,
)
from tests.browser.test_calls import browser as browser  # its microphone plays a tone
from tests.browser.test_calls import stand as stand

pytestmark = [pytest.mark.browser, pytest.mark.long]


@pytest.fixture
def context(context: BrowserContext) -> Iterator[BrowserContext]:
    context.add_init_script(KEEP_CALLS)
    context.add_init_script(KEEP_WORDS)
    return context


def ufrags(talk: Talk) -> list[str]:
    """Theirs, as each description had it."""
    return [remote.ice.ufrag for remote in talk.remotes if remote.ice is not None]


def heard_both_ways(page: Page, talk: Talk) -> None:
    packets = talk.leg.packets
    until(page, lambda: talk.leg.packets > packets + 50 and talk.leg.heard_hz == MICROPHONE_HZ)
    until(page, lambda: page.evaluate(HEARD_HZ) == pytest.approx(TONE_HZ, abs=6))


def test_the_page_begins_anew_when_the_network_is_another(page: Page, stand: Stand) -> None:
    talk = answered(page, stand)
    for count in (2, 3):
        page.evaluate("window.dispatchEvent(new Event('online'))")
        until(page, lambda count=count: talk.leg.paths == count)
        heard_both_ways(page, talk)
    assert len(set(ufrags(talk))) == 3
    assert all(remote.ice is not None and remote.ice.candidates for remote in talk.remotes)
    assert page.evaluate("window.calls.length") == 1, "it is the same connection"
    assert talk.leg.causes == []
    press(page, "Hang up")
    until(page, lambda: talk.end == 200)


def test_a_call_out_begins_anew_too(page: Page, stand: Stand) -> None:
    """There the page has offered, and its end of ICE controls."""
    stand.add()
    press(page, "New call")
    phone(page).get_by_label("Number to call").fill(SHOP)
    press(page, "Call")
    until(page, lambda: stand.calls.talks and stand.calls.talks[0].leg.heard_hz == MICROPHONE_HZ)
    (talk,) = stand.calls.talks
    page.evaluate("window.dispatchEvent(new Event('online'))")
    until(page, lambda: talk.leg.paths == 2)
    heard_both_ways(page, talk)
    assert talk.leg.causes == []


@pytest.mark.long
def test_a_path_that_is_lost_is_replaced(page: Page, stand: Stand) -> None:
    talk = answered(page, stand)
    talk.leg.deaf = True
    until(page, lambda: talk.told[-1] == "offered free")
    talk.leg.deaf = False
    until(page, lambda: talk.leg.paths == 2)
    heard_both_ways(page, talk)
    assert len(set(ufrags(talk))) == 2
    assert talk.leg.causes == []


def test_a_call_on_hold_begins_anew_and_stays_on_hold(page: Page, stand: Stand) -> None:
    talk = answered(page, stand)
    press(page, "Hold")
    until(page, lambda: talk.told[-1] == "offered held")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    until(page, lambda: talk.leg.paths == 2)
    assert talk.told[-2:] == ["offered held"] * 2
    press(page, "Hold")
    until(page, lambda: talk.told[-1] == "offered free")
    heard_both_ways(page, talk)
    assert phone(page, PHONE).is_visible()
