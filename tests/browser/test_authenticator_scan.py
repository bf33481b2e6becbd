"""A QR code is read by the camera where the browser can, and the camera is free again whatever happens.

Chromium on Linux reads no QR codes and has no camera here: both are the test's own, the rest is the page's.
"""

import pytest
from playwright.sync_api import expect
from tests.browser.authenticator import GITHUB, Device, Devices
from tests.browser.authenticator import devices as devices
from tests.browser.authenticator import site as site

pytestmark = [pytest.mark.browser, pytest.mark.long]

# A camera that sees grey, and a reader that sees `window.code` in it once the test has put that there.
CAMERA = """
window.tracks = [];
window.code = null;
window.asked = () => Promise.resolve();
navigator.mediaDevices.getUserMedia = async ({ video }) => {
    if (video.facingMode !== "environment") throw new Error("the wrong camera");
    await window.asked();
    const canvas = document.createElement("canvas");
    const stream = canvas.captureStream(10);
    setInterval(() => canvas.getContext("2d").fillRect(0, 0, 9, 9), 100);
    window.tracks.push(...stream.getTracks());
    return stream;
};
window.BarcodeDetector = class {
    static async getSupportedFormats() { return ["qr_code"]; }
    async detect(video) {
        if (!(video instanceof HTMLVideoElement)) throw new Error("not the camera");
        return window.code ? [{ rawValue: window.code }] : [];
    }
};
"""
# No string may be evaluated by the page itself: its policy forbids that, as it should.
ENDED = """async () => {
    const isOff = () => window.tracks.length > 0 && window.tracks.every((track) => track.readyState === "ended");
    while (!isOff()) await new Promise((resolve) => setTimeout(resolve, 20));
    return true;
}"""


@pytest.fixture
def device(devices: Devices) -> Device:
    device = devices.add()
    device.context.add_init_script(CAMERA)
    device.reopen()
    device.page.get_by_role("button", name="Add an account").click()
    return device


def test_what_the_camera_reads_is_what_is_added(device: Device) -> None:
    page = device.page
    page.get_by_role("button", name="Scan a QR code").click()
    expect(page.get_by_label("Camera")).to_be_visible()
    page.evaluate("(code) => { window.code = code; }", GITHUB)
    expect(page.get_by_label("Setup address")).to_have_value(GITHUB)
    expect(page.get_by_label("Camera")).to_have_count(0)
    assert page.evaluate(ENDED)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("listitem")).to_contain_text("Octo Forge")


def test_another_code_than_an_accounts_is_refused(device: Device) -> None:
    page = device.page
    page.evaluate("window.code = 'https://evil.example'")
    page.get_by_role("button", name="Scan a QR code").click()
    expect(page.get_by_label("Setup address")).to_have_value("https://evil.example")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("No accounts yet")).to_be_visible()


def test_closing_frees_the_camera(device: Device) -> None:
    page = device.page
    page.get_by_role("button", name="Scan a QR code").click()
    expect(page.get_by_label("Camera")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    assert page.evaluate(ENDED)


def test_a_camera_that_comes_after_the_dialog_was_closed_is_not_kept(device: Device) -> None:
    page = device.page
    page.evaluate("() => { window.asked = () => new Promise((resolve) => { window.give = resolve; }); }")
    page.get_by_role("button", name="Scan a QR code").click()
    page.get_by_role("button", name="Cancel").click()
    page.evaluate("() => window.give()")
    assert page.evaluate(ENDED)


def test_without_a_camera_the_secret_is_typed(device: Device) -> None:
    page = device.page
    page.evaluate("() => { window.asked = () => Promise.reject(new DOMException('no', 'NotAllowedError')); }")
    page.get_by_role("button", name="Scan a QR code").click()
    expect(page.get_by_text("The camera is not available. Type the secret instead.")).to_be_visible()
