"""The authenticator by keyboard, by screen reader and by weak eyes, in light and dark.

Checked here: names, labels, contrast (WCAG 2.2, 1.4.3), sizes of targets (2.5.8), focus. Where RINGFENCE_AXE names a
copy of axe-core (`axe.min.js`), that looks too.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.browser.authenticator import Device, Devices, Site
from tests.browser.authenticator import devices as devices
from tests.browser.authenticator import site as site

pytestmark = [pytest.mark.browser, pytest.mark.long]

# What is wrong with what can be seen, as texts.
LOOK = """() => {
    const wrong = [];
    const visible = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    const within = document.querySelector("dialog[open]") ?? document.body;
    const numbers = (colour) => {
        const [r, g, b, a = 1] = colour.match(/[0-9.]+/g).map(Number);
        return [r, g, b, a];
    };
    const behind = (element) => {
        for (let each = element; each; each = each.parentElement) {
            const colour = numbers(getComputedStyle(each).backgroundColor);
            if (colour[3] > 0) return colour;
        }
        return [255, 255, 255, 1];
    };
    const luminance = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map((part) => part / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const contrast = (one, other) => {
        const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
        return (light + 0.05) / (dark + 0.05);
    };
    const walker = document.createTreeWalker(within, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !visible(element) || element.closest(".visually-hidden, option, :disabled")) continue;
        const style = getComputedStyle(element);
        const isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
        const ratio = contrast(numbers(style.color), behind(element));
        if (ratio < (isLarge ? 3 : 4.5)) wrong.push(`contrast ${ratio.toFixed(2)}: ${walker.currentNode.data}`);
    }
    for (const element of within.querySelectorAll("button, a, input, select, textarea, summary, meter")) {
        if (!visible(element)) continue;
        const labels = [...(element.labels ?? [])].map((label) => label.textContent).join(" ");
        const name = element.getAttribute("aria-label") ?? (labels || element.textContent);
        if (!name.trim()) wrong.push(`no name: ${element.outerHTML.slice(0, 80)}`);
        const { width, height } = element.getBoundingClientRect();
        if (element.tagName !== "METER" && !element.closest(".check") && Math.min(width, height) < 24) wrong.push(`small: ${name} ${width}x${height}`);
    }
    const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
    if (new Set(ids).size !== ids.length) wrong.push(`the same id twice: ${ids}`);
    for (const svg of document.querySelectorAll("svg")) if (svg.getAttribute("aria-hidden") !== "true") wrong.push("a drawing that is read out");
    return wrong;
}"""  # noqa: E501

AXE = os.environ.get("RINGFENCE_AXE", "")


def look(device: Device) -> list[str]:
    wrong = list(device.page.evaluate(LOOK))
    if AXE:
        device.page.evaluate(Path(AXE).read_text())
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        found = device.page.evaluate("(values) => axe.run(document, { runOnly: values })", tags)
        wrong += [f"{each['id']}: {each['nodes'][0]['html']}" for each in found["violations"]]
    return wrong


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_view_can_be_read_and_named(devices: Devices, site: Site, scheme: str) -> None:
    options = {"color_scheme": scheme, "bypass_csp": bool(AXE)}
    old, new = devices.add(**options), devices.add(**options)
    found: dict[str, list[str]] = {"empty": look(old)}

    def shown(name: str, device: Device, step: Callable[[], object]) -> None:
        step()
        found[name] = look(device)

    def button(name: str) -> Callable[[], object]:
        return old.page.get_by_role("button", name=name, exact=True).click

    shown("codes", old, old.add)
    shown("adding", old, button("Add an account"))
    shown("typing", old, old.page.get_by_text("Type the secret instead").click)
    shown("refused", old, button("Add"))
    expect(old.page.get_by_role("alert")).to_be_visible()
    button("Cancel")()
    shown("locking", old, button("Lock"))
    button("Cancel")()
    shown("devices at first", old, lambda: old.go("Devices"))
    shown("starting", old, button("Start with this device"))
    button("Cancel")()
    account = old.start()
    shown("devices", old, old.page.get_by_text("What happened to this list").click)
    shown("asking", new, lambda: new.ask(account))
    shown("reviewing", old, old.review)
    shown("digits", new, new.page.locator(".big").wait_for)
    old.approve(new.digits())
    shown("waiting", new, new.page.get_by_text("Let in. It waits until").wait_for)
    shown("announced", old, old.page.get_by_role("button", name="Cancel Ada's tablet").wait_for)
    shown("approvals", old, lambda: old.go("Approvals"))
    shown("backup", old, lambda: old.go("Backup"))
    shown("passphrase", old, button("Turn the backup on"))
    button("Cancel")()
    shown("exporting", old, button("Export in the clear"))
    button("Cancel")()
    site.rows("DELETE FROM entry")
    shown("alarm", old, old.page.get_by_role("alert").wait_for)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_everything_is_done_by_keyboard(devices: Devices) -> None:
    device = devices.add()
    page = device.page

    def focused() -> str:
        return str(page.evaluate("document.activeElement.textContent || document.activeElement.name"))

    def tab_to(name: str) -> None:
        for _ in range(12):
            if focused() == name:
                return
            page.keyboard.press("Tab")
        pytest.fail(f"the keyboard does not reach {name}")

    tab_to("Add an account")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Setup address")).to_be_focused()
    page.keyboard.type("otpauth://totp/Post:ada?secret=GEZDGNBVGY3TQOJQ&issuer=Post")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    # Focus is where it was: at what opened the dialog.
    expect(page.get_by_role("button", name="Add an account")).to_be_focused()
    tab_to("Devices")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Devices")).to_have_attribute("aria-current", "page")
    tab_to("Start with this device")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_what_a_screen_reader_is_told_of_a_code(devices: Devices) -> None:
    device = devices.add()
    device.page.clock.set_fixed_time(1_800_000_005)
    device.add()
    expect(device.page.get_by_role("main")).to_match_aria_snapshot("""
        - region "Codes":
          - list:
            - listitem:
              - button "Copy the code for Octo Forge ada 768 147"
              - text: 25 s
              - button "Remove Octo Forge"
          - button "Add an account"
    """)
