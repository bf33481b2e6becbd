"""The authenticator shows codes: added, kept sealed, offline, under a lock, installed."""

import hashlib
import hmac
import re
import struct
import subprocess
import sys

import pytest
from playwright.sync_api import Page, expect
from tests.browser.authenticator import EXAMPLE, Devices
from tests.browser.authenticator import devices as devices
from tests.browser.authenticator import site as site

pytestmark = [pytest.mark.browser, pytest.mark.long]

# A time that all devices of a test believe in, five seconds into a step.
NOW_S = 1_800_000_005


def code_at(seconds: int, secret: bytes = b"12345678901234567890") -> str:
    mac = hmac.new(secret, struct.pack(">Q", seconds // 30), hashlib.sha1).digest()
    number = struct.unpack(">I", mac[mac[19] & 15 :][:4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def shown(code: str) -> str:
    return f"{code[:3]} {code[3:]}"


def test_an_account_is_added_by_its_address_and_shows_its_code(devices: Devices) -> None:
    device = devices.add()
    device.page.clock.set_fixed_time(NOW_S)
    device.add()
    row = device.page.get_by_role("listitem")
    expect(row).to_contain_text("Octo Forge")
    expect(row.locator(".code")).to_have_text(shown(code_at(NOW_S)))
    expect(row.locator(".left")).to_have_text("25 s")
    row.get_by_role("button", name="Copy the code for Octo Forge ada").click()
    assert device.page.evaluate("navigator.clipboard.readText()") == code_at(NOW_S)
    expect(device.page.get_by_role("status")).to_have_text("Copied the code for Octo Forge.")


def test_the_next_code_comes_when_its_time_comes(devices: Devices) -> None:
    device = devices.add()
    device.page.clock.set_fixed_time(NOW_S)
    device.add()
    code = device.page.locator(".code")
    expect(code).to_have_text(shown(code_at(NOW_S)))
    device.page.clock.set_fixed_time(NOW_S + 25)
    expect(code).to_have_text(shown(code_at(NOW_S + 25)))
    assert code_at(NOW_S) != code_at(NOW_S + 25)


def test_a_secret_is_typed_by_hand(devices: Devices) -> None:
    page = devices.add().page
    page.get_by_role("button", name="Add an account").click()
    page.get_by_text("Type the secret instead").click()
    page.get_by_label("Site").fill("Harbour Bank")
    page.get_by_label("Secret").fill("gezd gnbv gy3t qojq gezd gnbv gy3t qojq")
    page.get_by_label("Digits").select_option("8")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".code")).to_have_text(re.compile(r"^\d{4} \d{4}$"))


def test_what_is_wrong_is_said_and_nothing_is_added(devices: Devices) -> None:
    page = devices.add().page
    page.get_by_role("button", name="Add an account").click()
    page.get_by_label("Setup address").fill("otpauth://hotp/ada?secret=GEZDGNBVGY3TQOJQ")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("Only codes by time (totp) are supported.")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="No accounts yet")).to_be_visible()


def test_an_account_is_removed_after_a_question(devices: Devices) -> None:
    device = devices.add()
    device.add()
    device.page.get_by_role("button", name="Remove Octo Forge").click()
    device.page.get_by_role("button", name="Remove", exact=True).click()
    expect(device.page.get_by_role("heading", name="No accounts yet")).to_be_visible()
    expect(device.reopen().get_by_role("heading", name="No accounts yet")).to_be_visible()


def test_codes_come_without_a_network_after_the_first_visit(devices: Devices) -> None:
    device = devices.add()
    device.add()
    device.wait_kept()
    device.context.set_offline(True)
    page = device.reopen()
    page.clock.set_fixed_time(NOW_S)
    expect(page.locator(".code")).to_have_text(shown(code_at(NOW_S)))
    device.context.set_offline(False)


KEPT = """async () => {
    const database = await new Promise((resolve) => {
        const request = indexedDB.open("authenticator");
        request.onsuccess = () => resolve(request.result);
    });
    const store = database.transaction("kept").objectStore("kept");
    const all = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
    const [names, values] = await Promise.all([all(store.getAllKeys()), all(store.getAll())]);
    database.close();
    return Object.fromEntries(names.map((name, index) => [name, values[index]]));
}"""
BYTES_AND_KEYS = f"""async () => {{
    const kept = await ({KEPT})();
    const plain = (_, value) => value instanceof Uint8Array ? new TextDecoder("latin1").decode(value) : value;
    const values = [kept, ...Object.values(kept)].flatMap((value) => Object.values(value));
    const secret = values.filter((value) => value instanceof CryptoKey && value.type !== "public");
    const can = (key) => crypto.subtle.exportKey("jwk", key).then(() => true, () => false);
    const extracted = await Promise.all(secret.map(can));
    return {{ names: Object.keys(kept), texts: JSON.stringify(kept, plain), extracted }};
}}"""


def test_secrets_at_rest_are_sealed_under_a_key_that_cannot_be_read(devices: Devices) -> None:
    device = devices.add()
    device.add()
    kept = device.page.evaluate(BYTES_AND_KEYS)
    assert "key" in kept["names"]
    assert kept["extracted"] == [False]
    assert not re.search("GEZDGNBV|12345678901234567890|Octo|ada", kept["texts"])


def test_a_lock_takes_the_key_away(devices: Devices) -> None:
    device = devices.add()
    device.add()
    page = device.page
    page.get_by_role("button", name="Lock").click()
    page.get_by_label("Lock code").fill("12345")
    page.get_by_role("button", name="Set the lock").click()
    expect(page.get_by_role("alert")).to_have_text("A lock code has at least six characters.")
    page.get_by_label("Lock code").fill("two horses")
    page.get_by_role("button", name="Set the lock").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page = device.reopen()
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    kept = page.evaluate(BYTES_AND_KEYS)
    assert "key" not in kept["names"]
    page.get_by_label("Lock code").fill("two donkeys")
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_role("alert")).to_have_text("That is not the lock code.")
    expect(page.locator(".code")).to_have_count(0)
    page.get_by_label("Lock code").fill("two horses")
    page.get_by_role("button", name="Unlock").click()
    expect(page.locator(".code")).to_be_visible()
    page.get_by_role("button", name="Lock").click()
    page.get_by_role("button", name="Remove the lock").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(device.reopen().locator(".code")).to_be_visible()


def test_a_lock_falls_after_five_minutes_out_of_sight(devices: Devices) -> None:
    device = devices.add()
    device.add()
    page = device.page
    page.get_by_role("button", name="Lock").click()
    page.get_by_label("Lock code").fill("two horses")
    page.get_by_role("button", name="Set the lock").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.clock.install()
    look_away = """(state) => {
        Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(look_away, "hidden")
    page.clock.fast_forward("04:59")
    page.evaluate(look_away, "visible")
    page.clock.fast_forward("10:00")
    expect(page.locator(".code")).to_be_visible()
    page.evaluate(look_away, "hidden")
    page.clock.fast_forward("05:01")
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    expect(page.locator(".code")).to_have_count(0)


def test_two_windows_do_not_overwrite_each_other(devices: Devices) -> None:
    device = devices.add()
    device.add()
    other = device.open()
    expect(other.get_by_role("status")).to_contain_text("open in another window")
    device.page.close()
    expect(other.locator(".code")).to_be_visible()


def test_it_can_be_installed(devices: Devices) -> None:
    device = devices.add()
    device.wait_kept()
    session = device.context.new_cdp_session(device.page)
    manifest = session.send("Page.getAppManifest")
    assert manifest["errors"] == []
    # A context of a test is an incognito window, which never installs; nothing else may stand in the way.
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [error["errorId"] for error in errors if error["errorId"] != "in-incognito"] == []


def test_no_script_of_elsewhere_and_no_markup_from_text_can_run(devices: Devices) -> None:
    device = devices.add()
    page = device.page
    tries = """async () => {
        const refused = async (step) => {
            try { await step(); return "ran"; } catch (problem) { return problem.name; }
        };
        return [
            await refused(() => (document.body.innerHTML = "<img src=x onerror=alert(1)>")),
            await refused(() => new Worker("/other.js")),
            await refused(() => trustedTypes.createPolicy("default", { createHTML: (text) => text })),
            await refused(() => fetch("https://elsewhere.example/")),
        ];
    }"""
    assert page.evaluate(tries) == ["TypeError", "TypeError", "TypeError", "TypeError"]
    device.complaints.clear()


def test_the_service_worker_names_every_file_as_it_is() -> None:
    done = subprocess.run([sys.executable, "-m", "server.release", "--check"], cwd=EXAMPLE, check=False)
    assert done.returncode == 0, "run `python -m server.release` in examples/authenticator"


@pytest.mark.parametrize("width", [320, 360, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off_at_any_width(devices: Devices, width: int, scheme: str) -> None:
    device = devices.add(viewport={"width": width, "height": 740}, color_scheme=scheme)
    device.add()
    page: Page = device.page
    expect(page.locator(".code")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
