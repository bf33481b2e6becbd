"""Why a code did not arrive, on the timeline page in Chromium: the answer first, and nothing of the code."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from twilio.base.exceptions import TwilioRestException

pytestmark = pytest.mark.browser

LANDLINE, MOBILE = "+493023125001", "+4917139200123"


@pytest.fixture
def service(installation: Any) -> Any:
    client = installation.client()
    client.verify.base_url = f"{installation.base_url}/verify"
    made = client.verify.v2.services.create(friendly_name="Fade & Co", lookup_enabled=True, skip_sms_to_landlines=True)
    return client.verify.v2.services(made.sid)


@pytest.fixture
def refused(service: Any) -> str:
    """A start that was refused: the SID that its error names."""
    with pytest.raises(TwilioRestException) as refusal:
        service.verifications.create(to=LANDLINE, channel="sms")
    return str(refusal.value.msg).rpartition(" ")[2]


def sign_in(page: Page, installation: Any, sid: str) -> None:
    page.goto(f"{installation.base_url}/timeline/{sid}")
    page.get_by_label("Account SID").fill(installation.account_sid)
    page.get_by_label("Auth Token").fill(installation.auth_token)
    page.get_by_role("button", name="Show the timeline").click()


def test_a_refused_start_says_why_and_what_to_do(context: BrowserContext, installation: Any, refused: str) -> None:
    page = context.new_page()
    sign_in(page, installation, refused)
    card = page.get_by_role("region", name="The verification")
    answer = card.get_by_role("status")
    expect(answer).to_contain_text("Nothing was sent: SMS is not supported by landline phone number (60205).")
    expect(answer).to_contain_text("Fix Bring the code by call.")
    expect(card).to_contain_text("nothing was sent")
    expect(card.get_by_role("link", name="what happened")).to_have_count(0)


def test_a_sending_leads_to_its_own_timeline(context: BrowserContext, installation: Any, service: Any) -> None:
    started = service.verifications.create(to=MOBILE, channel="sms")
    page = context.new_page()
    sign_in(page, installation, started.sid)
    card = page.get_by_role("region", name="The verification")
    expect(card.get_by_role("status")).to_contain_text("The code arrived, and was not entered yet.", timeout=20_000)
    card.get_by_role("link", name="what happened").click()
    expect(page.get_by_role("region", name="The text")).to_contain_text("••••••")


@pytest.mark.parametrize(
    ("name", "scheme", "width"),
    [
        ("code-timeline", "light", 1280),
        ("code-timeline-dark", "dark", 1280),
        ("code-timeline-mobile", "light", 390),
    ],
)
def test_the_picture_can_be_taken(
    browser: Browser, installation: Any, refused: str, tmp_path: Path, name: str, scheme: Any, width: int
) -> None:
    folder = Path(os.environ.get("RINGFENCE_SHOTS") or tmp_path)
    context = browser.new_context(
        viewport={"width": width, "height": 560}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    sign_in(page, installation, refused)
    expect(page.get_by_role("region", name="The verification")).to_contain_text("60205")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", animations="disabled")
    context.close()
