"""Pictures of both consoles, wide and on a telephone; `make shots` writes them to docs/images for the docs."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.console_stage import NARROW, WIDE, member_page, of_device, staff_page, stage
from tests.browser.key_origin import browser as browser

pytestmark = [pytest.mark.browser, pytest.mark.long]


@pytest.fixture(scope="module")
def pages(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Page]]:
    """A page of each console, of whoever has signed in there."""
    with stage(tmp_path_factory.mktemp("stage")) as made:
        made.fill()
        contexts = [of_device(browser, WIDE, "light") for _ in range(2)]
        yield {"member": member_page(contexts[0], made), "staff": staff_page(contexts[1], made)}
        for context in contexts:
            context.close()


def go(page: Page, name: str) -> None:
    """To one of the console's pages, which are behind a button where there is no room."""
    if page.get_by_role("button", name="Menu").is_visible():
        page.get_by_role("button", name="Menu").click()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True).click()


def texts(page: Page) -> None:
    go(page, "Texts")
    expect(page.frame_locator("#keys").locator("td.text").first).to_be_visible()


def overview(page: Page) -> None:
    go(page, "Overview")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def night_support(page: Page) -> None:
    """A tenant's texts as staff see them."""
    go(page, "Tenants")
    page.locator("main a[href^='/tenants/AC']").first.click()
    page.get_by_role("navigation", name="Of this tenant").get_by_role("link", name="Texts").click()
    expect(page.get_by_role("cell", name="delivered").first).to_be_visible()


def carriers(page: Page) -> None:
    go(page, "Carriers")
    expect(page.get_by_role("heading", name="Carriers")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "of", "step", "device", "scheme"),
    [
        ("console-tenant", "member", texts, WIDE, "light"),
        ("console-tenant-mobile", "member", texts, NARROW, "dark"),
        ("console-tenant-overview", "member", overview, WIDE, "dark"),
        ("console-operator", "staff", night_support, WIDE, "light"),
        ("console-operator-carriers", "staff", carriers, WIDE, "dark"),
        ("console-operator-mobile", "staff", night_support, NARROW, "light"),
    ],
)
def test_the_picture_of_a_console_can_be_taken(
    pages: dict[str, Page], tmp_path: Path, name: str, of: str, step: Any, device: dict[str, Any], scheme: Any
) -> None:
    folder, page = Path(os.environ.get("RINGFENCE_SHOTS") or tmp_path), pages[of]
    page.set_viewport_size(device["viewport"])
    page.emulate_media(color_scheme=scheme)
    step(page)
    page.wait_for_timeout(500)
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", animations="disabled")
    assert (folder / f"{name}.png").stat().st_size > 10_000
