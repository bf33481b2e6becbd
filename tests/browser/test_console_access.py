"""Every page of both consoles as axe-core sees it, on a telephone and by day and night: nothing may be wrong with any.

The pages are those of the routers: one that is new and not visited fails.
"""

import os
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page
from starlette.routing import compile_path
from tests.authorisation.test_console_matrix import surfaces
from tests.browser.console_stage import NARROW, WIDE, Stage, frames_of, member_page, of_device, staff_page, stage
from tests.browser.key_origin import browser as browser

from ringfence.drills.staff_desk import OurDesk

pytestmark = [pytest.mark.browser, pytest.mark.long]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
# A frame is a part of its page: what a page must have once, its frame need not have again.
OF_WHOLE_PAGES = ["region", "page-has-heading-one", "landmark-one-main", "document-title", "bypass"]

NO_PAGES = {
    "/healthz": "an answer in a line",
    "/worker.js": "script",
    "/assets/{name}": "script and style",
    "/grants/{sid}": "an answer for a script",
    "/live": "a stream for a script",
    "/sso/callback": "leads on whoever comes from a provider",
    "/sign-in": "for those outside: looked at by itself",
    "/join": "for those outside: looked at by itself",
}
# Tables and sounds to keep.
FILES = ("/export", "/sound")
# Answers for a script: a ticket for the page whose address follows.
TICKETS = "/live/"
TOO_WIDE = "(lists) => lists.some((each) => each.scrollWidth > each.clientWidth)"
SHOTS = os.environ.get("RINGFENCE_SHOTS", "")


# One for each: the terminal invites the first of staff alone.
@pytest.fixture
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("stage")) as made:
        made.fill()
        # One that stands, and one before it: the first is told on other pages too.
        for days in (30, 60):
            made.declare_duty(days)
        yield made


def wrong_with(page: Page) -> list[str]:
    """What axe finds, in the page and in the frames in it."""
    found = []
    for number, frame in enumerate(frames_of(page)):
        frame.evaluate(AXE)
        options: dict[str, Any] = {"runOnly": TAGS, "iframes": False}
        if number:
            options["rules"] = {rule: {"enabled": False} for rule in OF_WHOLE_PAGES}
        answer = frame.evaluate("(options) => axe.run(document, options)", options)
        assert answer["passes"], f"axe looked at nothing on {frame.url}"
        found += [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in answer["violations"]]
    return found


def pages_of(surface: str, folder: Path) -> dict[str, re.Pattern[str]]:
    """Paths of the router that answer a browser that opens them, with what they match."""
    listed = surfaces(OurDesk(folder, 8421).app)[surface]
    paths = sorted({each.path for each in listed if each.method == "GET"} - set(NO_PAGES))
    listed_for_people = [path for path in paths if not path.endswith(FILES) and not path.startswith(TICKETS)]
    return {path: compile_path(path)[0] for path in listed_for_people}


def crawled(page: Page, home: str) -> Iterator[str]:
    """Open every page that links lead to from `home`, one of each kind; the path of what is open."""
    waiting, seen = ["/"], {"/"}
    while waiting:
        path = waiting.pop(0)
        # As a link of the page: some addresses open by a link of ours alone.
        with page.expect_navigation():
            page.evaluate("(to) => location.assign(to)", f"{home}{path}")
        if page.locator("#keys").count():
            # What its frame asks for and shows is there.
            page.wait_for_load_state("networkidle")
        yield path
        within = "() => [...document.querySelectorAll('a[href]')].map((each) => each.href)"
        for link in [link for frame in frames_of(page) for link in frame.evaluate(within)]:
            parts = urlsplit(link)
            kind = re.sub(r"(?<![a-z])[A-Z]{2}[0-9a-f]{32}", "SID", parts.path)
            if f"{parts.scheme}://{parts.netloc}" == home and kind not in seen:
                seen.add(kind)
                waiting.append(parts.path)


def looked_at(page: Page, home: str, kinds: dict[str, re.Pattern[str]], name: str) -> tuple[list[str], set[str]]:
    """What is wrong, and which kinds of pages were looked at; pictures where somebody asks for them."""
    wrong, seen = [], set()
    for path in crawled(page, home):
        seen |= {kind for kind, pattern in kinds.items() if pattern.match(path)}
        wrong += [f"{name} {path}: {each}" for each in wrong_with(page)]
        width, screen = page.locator("html").evaluate("it => [it.scrollWidth, innerWidth]")
        if width > screen:
            wrong.append(f"{name} {path}: {width} px on a screen of {screen}")
        if screen == NARROW["viewport"]["width"] and page.locator(".listed").evaluate_all(TOO_WIDE):
            wrong.append(f"{name} {path}: cards are wider than their list")
        if SHOTS:
            named = path.strip("/").replace("/", "-") or "overview"
            page.screenshot(path=Path(SHOTS) / f"{name}-{named[:60]}.png", full_page=True)
    return wrong, seen


@pytest.mark.parametrize(
    ("surface", "device", "scheme"),
    [
        ("operator", NARROW, "light"),
        ("tenant", NARROW, "light"),
        ("operator", WIDE, "dark"),
        ("tenant", WIDE, "dark"),
        ("operator", NARROW, "dark"),
        ("tenant", WIDE, "light"),
    ],
    ids=lambda value: f"{value['viewport']['width']}" if isinstance(value, dict) else value,
)
def test_axe_finds_nothing_wrong_with_any_page(
    browser: Browser, filled: Stage, tmp_path: Path, surface: str, device: dict[str, Any], scheme: str
) -> None:
    context = of_device(browser, device, scheme)
    # A page that follows has a request under way for good: here it is looked at whether it has loaded.
    context.add_init_script("sessionStorage.setItem('ringfence-follow', 'off')")
    enter, home = (staff_page, filled.operator) if surface == "operator" else (member_page, filled.console)
    page = enter(context, filled)
    kinds = pages_of(surface, tmp_path)
    outside = of_device(browser, device, scheme)
    doors = f"{home}/sign-in", f"{home}/join" if surface == "operator" else f"{filled.keys}/enrol"

    for door in doors:
        door_page = outside.new_page()
        door_page.goto(door)
        assert not wrong_with(door_page), door
    outside.close()
    wrong, seen = looked_at(page, home, kinds, f"{surface}-{device['viewport']['width']}-{scheme}")

    if device is NARROW:
        page.goto(home)
        page.get_by_role("button", name="Menu").click()
        wrong += [f"menu: {each}" for each in wrong_with(page)]
    assert not wrong, "\n".join(wrong)
    assert set(kinds) - seen == set()
    context.close()
