"""Calls on the Phones page in Chromium: a handset rings, is answered and heard, and calls out itself.

The other end is the product's SIP over WebSocket and its browser legs, with a tone for speech: the microphone plays
another tone, so that each direction is measured.
"""

import os
import re
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright
from tests.browser.conftest import CHROMIUM, CHROMIUM_ARGUMENTS, Stand, on_a_desk
from tests.browser.exchange import TONE_HZ, Talk
from tests.browser.test_phones import contrast
from tests.browser.tone_leg import swell

from ringfence.carriers.simulator.calling import Calling
from ringfence.carriers.sip.principal import record

pytestmark = pytest.mark.browser

SHOP, PHONE, OTHER, PRIYA = "+12025550123", "+12025550177", "+12025550178", "+447700900321"
MICROPHONE_HZ = 440.0
# How long the call on a picture lasts: one that is published shows that it goes on.
PICTURED = "0:03" if os.environ.get("RINGFENCE_SHOTS") else re.compile(r"^0:0\d$")
# The loudest frequency that a page's call plays now, 0 while there is next to none.
HEARD_HZ = """async () => {
  const track = window.calls.at(-1).getReceivers()[0].track;
  window.measuring ??= new AudioContext();
  const analyser = window.measuring.createAnalyser();
  analyser.fftSize = 8192;
  analyser.smoothingTimeConstant = 0;
  window.measuring.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  await new Promise((resolve) => setTimeout(resolve, 400));
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  const loudest = bins.indexOf(Math.max(...bins));
  return bins[loudest] < -60 ? 0 : loudest * window.measuring.sampleRate / analyser.fftSize;
}"""
KEEP_CALLS = """window.calls = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...values) { super(...values); window.calls.push(this); }
};"""
# What screens of calls said, for what is there for a moment only.
KEEP_WORDS = """window.said = [];
new MutationObserver(() => {
  for (const { textContent } of document.querySelectorAll(".call-state")) {
    if (!window.said.includes(textContent)) window.said.push(textContent);
  }
}).observe(document, { subtree: true, childList: true, characterData: true });"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium with a tone for a microphone, which it may use unasked."""
    if not CHROMIUM:
        pytest.skip("no Chromium here: install Debian's chromium, or point RINGFENCE_CHROMIUM at one")
    tone = tmp_path_factory.mktemp("microphone") / "tone.wav"
    with wave.open(str(tone), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        times = np.arange(48_000 * 10) / 48_000
        file.writeframes((np.sin(2 * np.pi * MICROPHONE_HZ * times) * 9_000 * swell(times)).astype("<i2").tobytes())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                *CHROMIUM_ARGUMENTS,
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={tone}",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def stand() -> Iterator[Stand]:
    stand = Stand(with_calls=True)
    yield stand
    stand.stop()


def phone(page: Page, number: str = PHONE) -> Locator:
    return page.locator(f'.phone[data-number="{number}"]')


def until(page: Page, condition: Callable[[], object]) -> None:
    """Wait, letting the page live on, until something holds."""
    for _ in range(600):
        if condition():
            return
        page.wait_for_timeout(20)
    pytest.fail("it did not come to pass")


def call(stand: Stand, number: str = PHONE) -> Talk:
    return stand.wait(stand.calls.call(number, SHOP))


def press(page: Page, name: str, number: str = PHONE) -> None:
    phone(page, number).get_by_role("button", name=name, exact=True).click()


def screen(page: Page, number: str = PHONE) -> Locator:
    return phone(page, number).get_by_role("region", name=re.compile("^Call with"))


def answered(page: Page, stand: Stand) -> Talk:
    """A call to the handset, answered there and heard on both ends."""
    stand.add()
    talk = call(stand)
    press(page, "Answer")
    until(page, lambda: talk.leg.heard_hz == MICROPHONE_HZ)
    return talk


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One for all pages: each test's stand is another origin, of which nothing is known yet."""
    with on_a_desk(browser) as context:
        context.add_init_script(KEEP_CALLS)
        context.add_init_script(KEEP_WORDS)
        yield context


def test_a_handset_rings_is_answered_and_both_ends_are_heard(page: Page, stand: Stand) -> None:
    stand.add()
    talk = call(stand)
    expect(screen(page)).to_contain_text("Incoming call")
    expect(screen(page)).to_have_attribute("aria-label", "Call with +1 (202) 555-0123")
    expect(page.locator("#announcer")).to_contain_text("Sam Rivera is called by +1 (202) 555-0123")
    until(page, lambda: talk.told == ["ringing 180"])
    press(page, "Answer")
    expect(screen(page)).to_contain_text("Connected")
    expect(screen(page).get_by_role("timer")).to_have_text(re.compile(r"^0:0\d$"))
    until(page, lambda: talk.leg.heard_hz == MICROPHONE_HZ)
    assert page.evaluate(HEARD_HZ) == pytest.approx(TONE_HZ, abs=6)
    theirs = screen(page).get_by_role("meter", name="Their voice")
    until(page, lambda: int(theirs.get_attribute("aria-valuenow") or 0) > 20)
    assert talk.told == ["ringing 180", "answered"]
    press(page, "Hang up")
    until(page, lambda: talk.end == 200)
    expect(screen(page)).to_have_count(0)
    expect(phone(page).locator(".call-row")).to_contain_text(re.compile(r"^Incoming call · 0:0\d"))
    assert talk.leg.causes == []


def test_it_is_declined(page: Page, stand: Stand) -> None:
    stand.add()
    talk = call(stand)
    press(page, "Decline")
    until(page, lambda: talk.end == 486)
    expect(screen(page)).to_have_count(0)
    expect(phone(page).locator(".call-row")).to_contain_text("Incoming call · declined")


def test_a_caller_who_gives_up_leaves_a_missed_call(page: Page, stand: Stand) -> None:
    stand.add()
    talk = call(stand)
    expect(screen(page)).to_contain_text("Incoming call")
    until(page, lambda: talk.told == ["ringing 180"])
    stand.do(talk.line.hang_up)
    until(page, lambda: talk.end == 487)
    expect(screen(page)).to_have_count(0)
    expect(phone(page).locator(".call-row.missed")).to_contain_text("Missed call")


def test_the_log_of_calls_outlives_the_page(page: Page, stand: Stand) -> None:
    stand.add()
    call(stand)
    press(page, "Decline")
    expect(screen(page)).to_have_count(0)
    row = phone(page).locator(".call-row")
    expect(row).to_contain_text("Incoming call · declined")
    # The other end of these tests is no platform that names its calls.
    expect(row.get_by_role("link")).to_have_count(0)
    page.reload()
    expect(phone(page).locator(".call-row")).to_contain_text("Incoming call · declined")
    expect(phone(page).locator(".call-row")).to_have_count(1)


def test_the_other_end_hangs_up(page: Page, stand: Stand) -> None:
    talk = answered(page, stand)
    stand.do(talk.line.hang_up)
    until(page, lambda: "Call ended" in page.evaluate("said"))
    expect(screen(page)).to_have_count(0)
    expect(phone(page).locator(".call-row")).to_contain_text("Incoming call · 0:")
    assert talk.end == 200


def test_muting_silences_the_microphone_alone(page: Page, stand: Stand) -> None:
    talk = answered(page, stand)
    press(page, "Mute")
    expect(phone(page).get_by_role("button", name="Mute")).to_have_attribute("aria-pressed", "true")
    until(page, lambda: talk.leg.heard_hz == 0)
    assert page.evaluate(HEARD_HZ) == pytest.approx(TONE_HZ, abs=6)
    press(page, "Mute")
    until(page, lambda: talk.leg.heard_hz == MICROPHONE_HZ)
    assert talk.told == ["ringing 180", "answered"], "nothing is said about it"


def test_holding_stops_both_ways_and_taking_back_begins_them_again(page: Page, stand: Stand) -> None:
    talk = answered(page, stand)
    for _ in range(2):
        press(page, "Hold")
        expect(screen(page)).to_contain_text("On hold")
        until(page, lambda: talk.told[-1] == "offered held" and talk.leg.heard_hz == 0)
        until(page, lambda: page.evaluate(HEARD_HZ) == 0)
        press(page, "Hold")
        expect(screen(page)).to_contain_text("Connected")
        until(page, lambda: talk.told[-1] == "offered free" and talk.leg.heard_hz == MICROPHONE_HZ)
        until(page, lambda: page.evaluate(HEARD_HZ) == pytest.approx(TONE_HZ, abs=6))
    assert talk.leg.causes == []


def test_the_other_end_holds(page: Page, stand: Stand) -> None:
    talk = answered(page, stand)
    assert stand.do(lambda: talk.change("sendonly"))
    expect(screen(page)).to_contain_text("They put you on hold")
    until(page, lambda: talk.remotes[-1].receive is False)
    assert stand.do(lambda: talk.change("sendrecv"))
    expect(screen(page)).to_contain_text("Connected")
    until(page, lambda: talk.leg.heard_hz == MICROPHONE_HZ)


def test_keys_are_sent_by_finger_and_by_keyboard(page: Page, stand: Stand) -> None:
    talk = answered(page, stand)
    press(page, "Keypad")
    for key in ("1", "2", "pound"):
        press(page, key)
    expect(phone(page).get_by_role("status", name="Keys sent")).to_have_text("12#")
    page.keyboard.press("9")
    until(page, lambda: talk.leg.keys == "12#9")
    until(page, lambda: talk.leg.heard_hz == MICROPHONE_HZ)


def test_a_handset_calls_out_from_its_keypad(page: Page, stand: Stand) -> None:
    stand.add()
    press(page, "New call")
    button = phone(page).get_by_role("button", name="Call", exact=True)
    expect(button).to_be_disabled()
    for key in "2025550123":
        press(page, key)
    expect(button).to_be_enabled()
    button.click()
    expect(screen(page)).to_contain_text("Connected")
    until(page, lambda: stand.calls.talks and stand.calls.talks[0].leg.heard_hz == MICROPHONE_HZ)
    (talk,) = stand.calls.talks
    assert stand.calls.asked == [(PHONE, SHOP, "trunk:phones")]
    assert page.evaluate(HEARD_HZ) == pytest.approx(TONE_HZ, abs=6)
    press(page, "Hold")
    until(page, lambda: talk.told[-1] == "offered held")
    press(page, "Hold")
    until(page, lambda: talk.leg.heard_hz == MICROPHONE_HZ)
    press(page, "Hang up")
    until(page, lambda: talk.end == 200)
    expect(phone(page).locator(".call-row")).to_contain_text("Outgoing call · 0:")


def test_whoever_texted_is_called_from_the_conversation(page: Page, stand: Stand) -> None:
    stand.add()
    stand.text("Call us.")
    press(page, "Call +1 (202) 555-0123")
    expect(screen(page)).to_contain_text("Connected")
    press(page, "Hang up")
    rows = phone(page).locator(".messages > :is(.message, .call-row)")
    expect(rows).to_have_count(2)
    expect(rows.last).to_contain_text("Outgoing call")


@pytest.mark.parametrize(("status", "words"), [(486, "busy"), (404, "unknown"), (500, "failed (500)")])
def test_a_call_that_is_refused_says_why(page: Page, stand: Stand, status: int, words: str) -> None:
    stand.add()
    stand.text("Call us.")
    stand.calls.refuses = status
    press(page, "Call +1 (202) 555-0123")
    until(page, lambda: f"Call ended: {words}" in page.evaluate("said"))
    expect(phone(page).locator(".call-row")).to_contain_text(f"Outgoing call · {words}")


def test_two_handsets_talk_side_by_side_and_a_third_caller_finds_one_busy(page: Page, stand: Stand) -> None:
    stand.add()
    stand.add(OTHER, "Ada")
    talks = {number: call(stand, number) for number in (PHONE, OTHER)}
    for number in talks:
        press(page, "Answer", number)
    for talk in talks.values():
        until(page, lambda talk=talk: talk.leg.heard_hz == MICROPHONE_HZ)
    third = call(stand)
    until(page, lambda: third.end == 486)
    press(page, "Hang up", OTHER)
    until(page, lambda: talks[OTHER].end == 200)
    assert talks[PHONE].end is None
    until(page, lambda: talks[PHONE].leg.heard_hz == MICROPHONE_HZ)


def test_the_keyboard_is_enough(page: Page, stand: Stand) -> None:
    stand.add()
    talk = call(stand)
    expect(screen(page)).to_be_visible()
    answer = phone(page).get_by_role("button", name="Answer")
    for _ in range(20):
        page.keyboard.press("Tab")
        if answer.evaluate("element => element === document.activeElement"):
            break
    page.keyboard.press("Enter")
    until(page, lambda: talk.told[-1] == "answered")
    expect(phone(page).get_by_role("button", name="Hang up")).to_be_focused()
    page.keyboard.press("Enter")
    until(page, lambda: talk.end == 200)
    expect(phone(page).locator(".call-row")).to_have_count(1)


def test_a_handset_that_is_removed_hangs_up_and_is_no_longer_there(page: Page, stand: Stand) -> None:
    talk = answered(page, stand)
    stand.do(lambda: stand.network.remove_handset(PHONE))
    until(page, lambda: talk.end == 200)
    expect(phone(page)).to_have_count(0)
    until(page, lambda: not stand.do(lambda: stand.calls.lines.registrar.bindings(record("handset", "", PHONE))))


def test_calls_that_begin_after_the_page_was_opened_need_it_anew(browser: Browser) -> None:
    """The page's policy was written when there were none."""
    stand = Stand()
    try:
        stand.add()
        page = browser.new_page()
        page.clock.install()
        page.goto(f"{stand.url}/phones")
        press(page, "New call")
        expect(phone(page).get_by_text("Calls are not running on this installation.")).to_be_visible()
        stand.calling = lambda: Calling(port=9)
        # It looks again every five seconds.
        page.clock.fast_forward(5_000)
        expect(phone(page).get_by_text("Reload it to use them.")).to_be_visible()
        page.close()
    finally:
        stand.stop()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_picture_of_calls_can_be_taken(browser: Browser, stand: Stand, tmp_path: Path, scheme: Any) -> None:
    """A call, one that comes in, and a number being dialled; `make shots` writes it to docs/images."""
    folder = Path(os.environ.get("RINGFENCE_SHOTS") or tmp_path)
    for number, name in ((PHONE, "Sam Rivera"), (OTHER, "Ada Lovelace"), (PRIYA, "Priya Nair")):
        stand.add(number, name)
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
    stand.text("We will call you at nine.")
    page = context.new_page()
    page.goto(f"{stand.url}/phones")
    expect(phone(page).get_by_text("We will call you at nine.")).to_be_visible()
    talk = call(stand)
    press(page, "Answer")
    press(page, "New call", PRIYA)
    phone(page, PRIYA).get_by_label("Number to call").fill(SHOP)
    until(page, lambda: talk.leg.heard_hz == MICROPHONE_HZ)
    stand.wait(stand.calls.call(OTHER, "+12025550145"))
    expect(screen(page, OTHER)).to_contain_text("Incoming call")
    expect(screen(page).get_by_role("timer")).to_have_text(PICTURED)
    page.screenshot(path=folder / f"phones-call-{scheme}.png", animations="disabled")
    context.close()
    assert (folder / f"phones-call-{scheme}.png").stat().st_size > 20_000


def test_the_picture_of_a_call_on_a_small_screen_can_be_taken(browser: Browser, stand: Stand, tmp_path: Path) -> None:
    """One phone, in a call with the keypad open."""
    folder = Path(os.environ.get("RINGFENCE_SHOTS") or tmp_path)
    stand.add(PHONE, "Sam Rivera")
    small = {"width": 390, "height": 780}
    context = browser.new_context(
        viewport=small, is_mobile=True, has_touch=True, device_scale_factor=2, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{stand.url}/phones")
    expect(phone(page)).to_be_visible()
    talk = call(stand)
    press(page, "Answer")
    until(page, lambda: talk.leg.heard_hz == MICROPHONE_HZ)
    press(page, "Keypad")
    expect(screen(page).get_by_role("timer")).to_have_text(PICTURED)
    page.screenshot(path=folder / "phones-call-mobile.png", animations="disabled")
    context.close()
    assert (folder / "phones-call-mobile.png").stat().st_size > 20_000


def test_a_network_without_calls_says_so(browser: Browser) -> None:
    stand = Stand()
    try:
        stand.add()
        page = browser.new_page()
        page.goto(f"{stand.url}/phones")
        press(page, "New call")
        expect(phone(page).get_by_text("Calls are not running on this installation.")).to_be_visible()
        phone(page).get_by_label("Number to call").fill(SHOP)
        expect(phone(page).get_by_role("button", name="Call", exact=True)).to_be_disabled()
        page.close()
    finally:
        stand.stop()


@pytest.mark.parametrize(("width", "height"), [(360, 640), (390, 780)])
def test_a_call_fits_a_phone(browser: Browser, stand: Stand, width: int, height: int) -> None:
    stand.add()
    stand.add(OTHER, "Ada")
    context = browser.new_context(
        viewport={"width": width, "height": height}, is_mobile=True, has_touch=True, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{stand.url}/phones")
    talk = call(stand, OTHER)
    answer = phone(page, OTHER).get_by_role("button", name="Answer")
    expect(answer).to_be_in_viewport(ratio=1)
    answer.tap()
    phone(page, OTHER).get_by_role("button", name="Keypad").tap()
    for name in ("1", "pound", "Mute", "Hold", "Hang up"):
        button = phone(page, OTHER).get_by_role("button", name=name, exact=True)
        expect(button).to_be_in_viewport(ratio=1)
        size = button.bounding_box()
        assert size is not None
        assert min(size["width"], size["height"]) >= 44, "a thumb hits it"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    phone(page, OTHER).get_by_role("button", name="Hang up").tap()
    until(page, lambda: talk.end == 200)
    context.close()


def test_words_stand_out_on_every_colour_of_a_call(page: Page, stand: Stand) -> None:
    """The colour is the caller's; where it is lightest, behind the name, all words can be read."""
    stand.add()
    call(stand)
    expect(screen(page)).to_be_visible()
    for hue in range(0, 360, 15):
        screen(page).evaluate("(element, hue) => element.style.setProperty('--hue', hue)", str(hue))
        paper = colours(screen(page).evaluate("element => getComputedStyle(element).backgroundImage"))[0]
        for words in (".call-who h3", ".call-state"):
            red, green, blue, *alpha = colours(page.locator(words).evaluate("e => getComputedStyle(e).color"))[0]
            share = alpha[0] if alpha else 1.0
            ink = [share * one + (1 - share) * other for one, other in zip((red, green, blue), paper, strict=True)]
            assert contrast(ink, paper) >= 4.5, (words, hue)


def colours(style: str) -> list[list[float]]:
    """The colours that a computed style names: red, green and blue, and what is see-through of them."""
    return [[float(part) for part in found.split(",")] for found in re.findall(r"rgba?\(([0-9., ]+)\)", style)]


def test_the_samples_show_how_a_program_calls(page: Page, stand: Stand) -> None:
    stand.add()
    page.get_by_role("button", name="Send a text").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Call", exact=True).click()
    dialog.get_by_role("button", name="Python").click()
    expect(dialog.get_by_label("Sample")).to_contain_text(f'client.calls.create(\n    to="{PHONE}"')
    dialog.get_by_role("button", name="Text", exact=True).click()
    expect(dialog.get_by_label("Sample")).to_contain_text("client.messages.create(")
