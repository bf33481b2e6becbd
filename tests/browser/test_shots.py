"""Pictures of the Phones page; `make shots` writes them to docs/images for the README."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from ringfence.carriers.simulator.faults import Fault, FaultKind

pytestmark = pytest.mark.browser

SHOP, SAM, ADA, PRIYA = "+12025550123", "+12025550177", "+12025550178", "+447700900321"
CLINIC = "+442079460018"
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}}
MOBILE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 780},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}
APPOINTMENT = (
    "Dear Priya, thank you for choosing Harbour Clinic. Your appointment with Dr Okafor is on 12 March at 09:40, "
    "Room 4. Please bring a list of your medicines. Details: https://clinic.example/a/83"
)


def until_delivered(stand, number: str, count: int) -> None:
    def settled() -> bool:
        handset = stand.network.handset(number)
        done = [text for text in handset.texts if text.status != "sending"] if handset else []
        return len(done) >= count

    for _ in range(400):
        if stand.do(settled):
            return
        stand.wait(_pause())
    pytest.fail("the texts did not arrive")


async def _pause() -> None:
    await asyncio.sleep(0.01)


def fill(stand) -> None:
    """Three lives: an appointment to confirm, a code, a clinic whose first text failed."""
    stand.add(SAM, "Sam Rivera")
    stand.add(ADA, "Ada Lovelace")
    stand.add(PRIYA, "Priya Nair")
    stand.text("Hi Sam, it’s Fade & Co. Your usual on Tuesday?", SAM, SHOP)
    until_delivered(stand, SAM, 1)
    stand.do(lambda: stand.network.text_from(SAM, SHOP, "Yes please, 3 pm 👍"))
    stand.arrivals()
    stand.text("Haircut Tue 15:00. Reply C to confirm, X to cancel.", SAM, SHOP)
    stand.text("Your ringfence sign-in code is 493 817. Never share it.", ADA, "+12025550145")
    stand.do(lambda: stand.network.add_fault(Fault(kind=FaultKind.FAIL, number=PRIYA, code=30003, remaining=1)))
    stand.text("Your results are in. Please call us.", PRIYA, CLINIC)
    until_delivered(stand, PRIYA, 1)
    stand.text(APPOINTMENT, PRIYA, CLINIC)
    for number, count in ((SAM, 3), (ADA, 1), (PRIYA, 2)):
        until_delivered(stand, number, count)


def nothing(page: Page) -> None:
    """The page as it is."""


def inspect(page: Page) -> None:
    page.locator(f'.phone[data-number="{PRIYA}"] .meta').last.click()
    expect(page.get_by_role("dialog")).to_contain_text("2 segments")


@pytest.mark.parametrize(
    ("name", "scheme", "device", "step"),
    [
        ("phones-light", "light", DESKTOP, nothing),
        ("phones-dark", "dark", DESKTOP, nothing),
        ("phones-inspect", "light", DESKTOP, inspect),
        ("phones-mobile", "light", MOBILE, nothing),
    ],
)
def test_the_picture_can_be_taken(
    browser: Browser,
    stand,
    tmp_path: Path,
    name: str,
    scheme: str,
    device: dict[str, Any],
    step: Callable[[Page], None],
) -> None:
    folder = Path(os.environ.get("RINGFENCE_SHOTS") or tmp_path)
    fill(stand)
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce", **device)
    page = context.new_page()
    page.goto(f"{stand.url}/phones")
    expect(page.locator(".phone")).to_have_count(3)
    expect(page.get_by_role("button", name="Confirm: reply C")).to_be_visible()
    step(page)
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", animations="disabled")
    context.close()
    assert (folder / f"{name}.png").stat().st_size > 20_000
