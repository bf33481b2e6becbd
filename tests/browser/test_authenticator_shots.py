"""Pictures of the authenticator; `make shots` writes them to docs/images."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.browser.authenticator import Devices
from tests.browser.authenticator import devices as devices
from tests.browser.authenticator import site as site

pytestmark = [pytest.mark.browser, pytest.mark.long]

TELEPHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2}
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 860}}
ACCOUNTS = [
    ("Octo Forge", "ada@example.com", 6),
    ("Harbour Bank", "8841-02", 8),
    ("Fade & Co.", "ada", 6),
    ("Post", "ada.l", 6),
]


@pytest.mark.parametrize(
    ("name", "scheme", "device"),
    [
        ("authenticator-mobile", "light", TELEPHONE),
        ("authenticator", "light", DESK),
        ("authenticator-dark", "dark", DESK),
    ],
)
def test_the_picture_can_be_taken(
    devices: Devices, tmp_path: Path, name: str, scheme: str, device: dict[str, Any]
) -> None:
    folder = Path(os.environ.get("RINGFENCE_SHOTS") or tmp_path)
    shown = devices.add(color_scheme=scheme, **device)
    shown.page.clock.set_fixed_time(1_800_000_008)
    for index, (issuer, owner, digits) in enumerate(ACCOUNTS):
        secret = "GEZDGNBVGY3TQOJQ" + "ABCDEFGH"[index] * 8
        address = f"{issuer}:{owner}".replace(" ", "%20").replace("&", "%26")
        shown.add(f"otpauth://totp/{address}?secret={secret}&digits={digits}")
    expect(shown.page.locator(".toast.shown")).to_have_count(1)
    shown.page.evaluate("document.querySelector('.toast').classList.remove('shown')")
    folder.mkdir(parents=True, exist_ok=True)
    shown.page.screenshot(path=folder / f"{name}.png", animations="disabled")
    assert (folder / f"{name}.png").stat().st_size > 15_000


def test_the_picture_of_a_new_device_can_be_taken(devices: Devices, tmp_path: Path) -> None:
    folder = Path(os.environ.get("RINGFENCE_SHOTS") or tmp_path)
    old, new = devices.add(**TELEPHONE), devices.add(**TELEPHONE)
    old.add()
    new.ask(old.start())
    old.review()
    new.page.locator(".big").wait_for()
    folder.mkdir(parents=True, exist_ok=True)
    old.page.get_by_label("Digits on the new device").fill(new.digits())
    old.page.screenshot(path=folder / "authenticator-review.png", animations="disabled")
    old.approve(new.digits())
    old.page.get_by_role("button", name="Cancel Ada's tablet").wait_for()
    old.page.evaluate("document.querySelectorAll('.toast').forEach((toast) => toast.classList.remove('shown'))")
    old.page.screenshot(path=folder / "authenticator-waiting.png", animations="disabled")
    assert all(file.stat().st_size > 15_000 for file in folder.glob("authenticator-*.png"))
