"""The whole story in Chromium: the barber's reminder buzzes on the phone, Confirm reaches the program, signed."""

import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

pytestmark = pytest.mark.browser
CUSTOMER = "+12025550177"


def test_a_customer_confirms_and_then_moves_the_appointment(
    installation: Any, handset: Any, start_program: Any, context: BrowserContext
) -> None:
    handset(CUSTOMER)
    page = context.new_page()
    page.goto(installation.phones_url)
    phone = page.locator(f'[data-number="{CUSTOMER}"]')
    expect(phone).to_be_visible()

    place = ["--data", str(installation.data), "--port", str(installation.port)]
    demo = start_program(
        [sys.executable, "-m", "ringfence", "demo", "barber", *place], Path.cwd(), installation.environment
    )
    demo.await_line("now you  open")
    expect(phone.get_by_text("Fade & Co: haircut Tue 15:00 with Sam.")).to_be_visible()
    phone.get_by_role("button", name="Confirm: reply C").click()
    assert "webhook 200" in demo.await_line("(signature ok) · appointment CONFIRMED")
    expect(phone.get_by_text("Fade & Co: confirmed. See you Tue 15:00!")).to_be_visible()

    phone.get_by_role("textbox").fill("R")
    phone.get_by_role("textbox").press("Enter")
    demo.await_line("(signature ok) · 3 times offered")
    phone.get_by_role("button", name="2: reply 2").click()
    demo.await_line("(signature ok) · appointment RESCHEDULED")
    expect(phone.get_by_text("Fade & Co: moved to Thu 12:00 with Sam.")).to_be_visible()
    # The new reminder comes from an interpreter of its own, which a busy machine starts slowly.
    expect(phone.get_by_text("Fade & Co: haircut Thu 12:00 with Sam.")).to_be_visible(timeout=30_000)
