"""The report of a blast radius as a lawyer opens it, on a telephone and on a desk: one file that fits either."""

import hashlib
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.key_origin import browser as browser

from ringfence.cli.blast_report import BlastReport, report_page
from ringfence.domain.ledger.blast import reach_of
from ringfence.kms.ledger.lines import Line
from ringfence.ports.ledger import AccessEntry

pytestmark = pytest.mark.browser

AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
START_MS = 1_772_438_400_000
BEYOND = """() => [...document.querySelectorAll("body *")]
  .filter((each) => !each.closest("thead") && each.getBoundingClientRect().right > innerWidth + 0.5)
  .map((each) => each.outerHTML.slice(0, 100))"""


def sid(prefix: str, n: int) -> str:
    return prefix + hashlib.md5(f"{prefix}{n}".encode(), usedforsecurity=False).hexdigest()


def report() -> str:
    through = (f"session:{sid('CS', 1)}", f"grant:{sid('GR', 1)}")
    entries = [
        AccessEntry(
            at_ms=START_MS + n * 60_000,
            account=sid("AC", n % 2),
            actor=f"staff:{sid('ST', 1)}",
            verb="refused.grant_open" if n == 5 else "grant_open",
            scope=(*through, *(sid("SM", each) for each in range(n + 1))),
        )
        for n in range(6)
    ]
    told = [(each.at_ms, each.account, each.verb, each.scope) for each in entries]
    return report_page(
        BlastReport(
            who=f"session {sid('CS', 1)}",
            from_ms=START_MS,
            until_ms=START_MS + 3_600_000,
            made_ms=START_MS + 7_200_000,
            lines=[Line(n, each, b"", b"") for n, each in enumerate(entries)],
            reached=reach_of(told),
            left={sid("AC", 1): (sid("SM", 9), sid("SM", 10))},
            gaps=[(1, START_MS, START_MS)],
            signed=1,
            checkpoint=f"ringfence.example/ledger\n1\n{'A' * 43}=\n\n— ringfence.example/ledger {'B' * 90}\n",
        )
    )


@pytest.mark.parametrize("width", [360, 1_280])
def test_it_fits_the_screen_and_axe_finds_nothing_wrong(browser: Browser, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 740})
    page.set_content(report())
    assert page.locator("html").evaluate("it => it.scrollWidth") <= width
    assert page.evaluate(BEYOND) == []
    page.evaluate(AXE)
    answer: Any = page.evaluate("(options) => axe.run(document, options)", RULES)
    assert answer["passes"]
    assert [each["id"] for each in answer["violations"]] == []
    # Narrow, each cell says what it is; wide, its head does.
    openings = page.locator("td[data-head=openings]").first
    before = openings.evaluate("it => getComputedStyle(it, '::before').content")
    assert ("openings" in before) is (width == 360)
    heads = page.locator("thead th").first
    assert (heads.evaluate("it => it.closest('thead').offsetWidth") <= 1) is (width == 360)
    page.close()


def test_one_of_a_thing_is_one(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(report())
    expect(page.locator("body")).to_contain_text("What is in 1 entry that is missing, as the ledger says itself")
    expect(page.locator("body")).to_contain_text("The last checkpoint, over 1 entry, as it was signed")
    page.close()
