"""The Phones page in Chromium: a text arrives, a tap answers it, and nothing a text holds can run."""

import re
from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Locator, Page, expect
from tests.browser.conftest import on_a_desk

from ringfence.ports.carrier import Submit

pytestmark = pytest.mark.browser

SHOP, PHONE, OTHER = "+12025550123", "+12025550177", "+12025550178"
REMINDER = "Haircut Tue 15:00. Reply C to confirm, X to cancel."


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One for all pages: each test's stand is another origin, of which nothing is known yet."""
    with on_a_desk(browser) as context:
        yield context


def phone(page: Page, number: str = PHONE) -> Locator:
    return page.locator(f'.phone[data-number="{number}"]')


def live(page: Page) -> None:
    expect(page.locator("#live")).to_have_text("Live")


def test_a_text_arrives_live_with_a_badge_and_is_announced(page: Page, stand) -> None:
    stand.add()
    expect(phone(page)).to_have_count(1)
    expect(phone(page)).to_have_attribute("aria-label", "Handset Sam Rivera")
    expect(page.get_by_role("heading", name="Send your first text")).to_be_visible()
    stand.text(REMINDER)
    expect(phone(page).get_by_text(REMINDER)).to_be_visible()
    expect(phone(page).locator(".caption-badge")).to_have_text("1")
    expect(page).to_have_title("(1) Phones · ringfence")
    expect(page.locator("#announcer")).to_contain_text(f"Sam Rivera has a text from +1 (202) 555-0123: {REMINDER}")
    expect(phone(page).locator(".device")).to_have_class(re.compile("buzz"))
    expect(page.get_by_role("heading", name="Send your first text")).to_have_count(0)
    phone(page).locator(".messages").click()
    expect(phone(page).locator(".caption-badge")).to_be_hidden()
    expect(page).to_have_title("Phones · ringfence")
    assert stand.do(lambda: stand.network.handset(PHONE).texts[0].read)


def test_a_mail_comes_to_a_mailbox_beside_the_phones_and_runs_nothing(page: Page, stand) -> None:
    stand.add()
    words = "Your Fade & Co verification code is: 482913 <img src=x onerror='window.ran=1'>"
    stand.mail(words)
    mailbox = page.locator(".mailbox")
    expect(mailbox).to_have_attribute("aria-label", "Mailbox sam@example.com")
    expect(mailbox.get_by_role("heading", name="Fade & Co")).to_be_visible()
    expect(mailbox.locator(".body")).to_have_text(words)
    expect(mailbox.get_by_text("Fade & Co <codes@ringfence.example>")).to_be_visible()
    expect(mailbox.locator(".caption-badge")).to_have_text("1")
    expect(page.locator("#announcer")).to_contain_text("sam@example.com has a mail from")
    expect(mailbox.get_by_role("textbox")).to_have_count(0)
    mailbox.locator(".mails").click()
    expect(mailbox.locator(".caption-badge")).to_be_hidden()
    assert page.evaluate("window.ran") is None


def test_tapping_confirm_sends_c(page: Page, stand) -> None:
    stand.add()
    stand.text(REMINDER)
    phone(page).get_by_role("button", name="Confirm: reply C").click()
    mine = phone(page).locator(".message.mine")
    expect(mine.locator(".body")).to_have_text("C")
    expect(mine.get_by_role("button")).to_have_attribute("aria-label", re.compile("^Sending"))
    expect(phone(page).locator(".reply")).to_have_count(0)
    assert stand.arrivals() == [(PHONE, SHOP, "C")]
    expect(mine.get_by_role("button")).to_have_attribute("aria-label", re.compile("^Delivered"))


def test_the_whole_conversation_goes_by_keyboard(page: Page, stand) -> None:
    stand.add()
    stand.text(REMINDER)
    confirm = phone(page).get_by_role("button", name="Confirm: reply C")
    expect(confirm).to_be_visible()
    for _ in range(20):
        page.keyboard.press("Tab")
        if confirm.evaluate("element => element === document.activeElement"):
            break
    ring = confirm.evaluate("element => getComputedStyle(element).boxShadow")
    assert ring != "none", "where the focus is can be seen"
    page.keyboard.press("Enter")
    expect(phone(page).locator(".message.mine .body")).to_have_text("C")
    expect(phone(page).get_by_role("textbox")).to_be_focused()
    page.keyboard.type("Can we say 15:30?")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("Thanks")
    page.keyboard.press("Enter")
    expect(phone(page).get_by_role("textbox")).to_have_value("")
    page.keyboard.press("Enter")
    expect(phone(page).locator(".message.mine")).to_have_count(2)
    assert [body for _, _, body in stand.arrivals()] == ["C", "Can we say 15:30?\nThanks"]


def test_a_text_cannot_run_or_draw_anything(page: Page, stand) -> None:
    stand.add(name='<img src=x onerror="window.ran=1">')
    hostile = '<img src=x onerror="window.ran=1"><script>window.ran=1</script> javascript:window.ran=1 "><b>bold</b>'
    stand.text(hostile)
    stand.text("see https://a.example/?q=<script>window.ran=1</script>.", sender="<svg onload=window.ran=1>")
    stand.text("pictures", media_urls=("https://a.example/cat.png", 'javascript:alert("x")'))
    expect(page.locator("#announcer p")).to_have_count(3)
    if not phone(page).locator(".conversation").count():
        phone(page).get_by_role("button", name=re.compile("^All conversations")).click()
    expect(phone(page).locator(".conversation")).to_have_count(2)
    phone(page).locator(".conversation").filter(has_text="pictures").click()
    assert phone(page).locator(".body").first.text_content() == hostile
    phone(page).get_by_role("button", name=re.compile("^All conversations")).click()
    phone(page).locator(".conversation").filter(has_text="svg").click()
    expect(phone(page).get_by_role("link", name="https://a.example/?q=")).to_have_attribute(
        "rel", "noopener noreferrer"
    )
    expect(phone(page).get_by_text("This sender cannot be answered.")).to_be_visible()
    assert page.evaluate("window.ran") is None
    assert page.locator(".phone :is(img, script, svg[onload], b):not(.conversation b)").count() == 0
    assert page.locator('a[href^="javascript"]').count() == 0


def test_a_violation_would_be_caught(browser: Browser, stand) -> None:
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{stand.url}/phones")
    with pytest.raises(Error, match="TrustedHTML"):
        page.evaluate("() => { document.body.innerHTML = '<b>x</b>' }")
    picture = "document.body.append(Object.assign(document.createElement('img'), {src: 'https://a.example/x.png'}))"
    page.evaluate(picture)
    page.wait_for_timeout(200)
    page.close()
    assert any("Content Security Policy" in text for text in complaints)


def test_it_finds_a_restarted_server_and_shows_what_is_there_now(page: Page, stand) -> None:
    stand.add()
    stand.text("before")
    expect(phone(page).get_by_text("before")).to_be_visible()
    stand.stop()
    expect(page.locator("#live")).to_have_text("Reconnecting…")
    phone(page).get_by_role("textbox").fill("still here?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    expect(phone(page).get_by_role("textbox")).to_have_value("still here?")
    stand.start()
    stand.add()
    stand.text("after")
    live(page)
    expect(phone(page).get_by_text("after")).to_be_visible()
    expect(phone(page).get_by_text("before")).to_have_count(0)


def test_what_came_during_a_break_is_caught_up_with(page: Page, stand) -> None:
    stand.add()
    stand.text("one")
    expect(phone(page).get_by_text("one")).to_be_visible()
    stand.stop()
    expect(page.locator("#live")).to_have_text("Reconnecting…")
    stand.network.submit([Submit(ref="SM2", sender=SHOP, to=PHONE, body="two")])
    stand.start(stand.network)
    expect(phone(page).get_by_text("two")).to_be_visible()
    expect(phone(page).get_by_text("one")).to_be_visible()
    expect(phone(page).locator(".caption-badge")).to_have_text("2")
    live(page)


def test_a_handset_is_added_named_made_to_fail_cleared_and_removed(page: Page, stand) -> None:
    page.get_by_role("button", name="Add handset").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Number").fill(OTHER)
    dialog.get_by_label("Name").fill("Ada")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog).to_have_count(0)
    ada = phone(page, OTHER)
    expect(ada.get_by_role("heading", name="Ada")).to_be_visible()

    ada.get_by_role("button", name="Settings of").click()
    dialog.get_by_label("Name").fill("Grace")
    dialog.get_by_label("Texts").select_option("30005")
    dialog.get_by_label("Receipts").select_option("lose_receipts")
    expect(ada.locator(".trouble")).to_have_text("fails 30005no receipts")
    dialog.get_by_role("button", name="Done").click()
    expect(ada.get_by_role("heading", name="Grace")).to_be_visible()
    stand.text("never arrives", to=OTHER)
    expect(ada.locator(".failure")).to_have_text("Not delivered · 30005 Unknown destination handset")
    expect(ada.locator(".caption-badge")).to_be_hidden()

    ada.get_by_role("button", name="Settings of").click()
    expect(dialog.get_by_label("Texts")).to_have_value("30005")
    dialog.get_by_label("Texts").select_option("")
    dialog.get_by_label("Receipts").select_option("")
    expect(ada.locator(".trouble")).to_be_hidden()
    dialog.get_by_role("button", name="Clear texts").click()
    expect(ada.locator(".message")).to_have_count(0)
    ada.get_by_role("button", name="Settings of").click()
    dialog.get_by_role("button", name="Remove").click()
    expect(ada).to_have_count(0)
    assert stand.do(lambda: list(stand.network.faults)) == []


def test_a_wrong_number_is_explained_where_it_was_typed(page: Page, stand) -> None:
    stand.add()
    page.get_by_role("button", name="Add handset").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Number").fill("555")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog).to_be_visible()
    assert dialog.get_by_label("Number").evaluate("input => input.validity.patternMismatch")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Add handset")).to_be_focused()


def test_any_text_can_be_inspected(page: Page, stand) -> None:
    stand.add()
    stand.text("Dear Priya, your appointment is on 12 March at 09:40 – Room 4. Please bring your insurance card.")
    bubble = phone(page).locator(".message.theirs")
    expect(bubble.locator(".parts")).to_have_text("2 SMS")
    bubble.locator(".body").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("2 segments")
    expect(dialog).to_contain_text("UCS-2")
    expect(dialog).to_contain_text("Not in GSM-7: “–” (U+2013)")
    expect(dialog.locator(".cut-parts li")).to_have_count(2)
    expect(dialog).to_contain_text("SM00000000000000000000000000000001")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_a_slow_press_on_an_unread_text_still_inspects_it(page: Page, stand) -> None:
    """The finger's touch reads the text; it lifts after the news of that came back, off the same button."""
    stand.add()
    stand.text(REMINDER)
    badge = phone(page).locator(".caption-badge")
    expect(badge).to_have_text("1")
    phone(page).locator(".meta").hover()
    page.mouse.down()
    expect(badge).to_be_hidden()
    expect(phone(page).locator(".message.unread")).to_have_count(0)
    page.mouse.up()
    expect(page.get_by_role("dialog")).to_contain_text("1 segment")


def test_a_text_from_somebody_else_rings_from_the_top_of_the_screen(page: Page, stand) -> None:
    stand.add()
    stand.text("first shop")
    expect(phone(page).get_by_text("first shop")).to_be_visible()
    stand.text("second shop", sender="+12025550199")
    banner = phone(page).locator(".banner")
    expect(banner).to_contain_text("second shop")
    expect(phone(page).locator(".back .elsewhere")).to_have_text("1")
    banner.click()
    expect(phone(page).locator(".thread-peer h3")).to_have_text("+1 (202) 555-0199")
    expect(phone(page).locator(".caption-badge")).to_be_hidden()
    stand.text("first shop again")
    phone(page).get_by_role("button", name="All conversations, 1 unread elsewhere").click()
    rows = phone(page).locator(".conversation")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("first shop again")
    expect(rows.first.locator(".badge")).to_have_text("1")
    rows.first.click()
    expect(phone(page).locator(".caption-badge")).to_be_hidden()


def test_a_handset_begins_a_conversation(page: Page, stand) -> None:
    stand.add()
    phone(page).get_by_role("button", name="New message").click()
    phone(page).get_by_label("To").fill(SHOP)
    phone(page).get_by_label("Text", exact=True).fill("Are you open on Sunday?")
    phone(page).get_by_role("button", name="Send").click()
    expect(phone(page).locator(".message.mine .body")).to_have_text("Are you open on Sunday?")
    assert stand.arrivals() == [(PHONE, SHOP, "Are you open on Sunday?")]


def test_a_text_on_its_way_is_three_dots(page: Page, stand) -> None:
    stand.add()
    phone(page).get_by_role("button", name="Settings of").click()
    page.get_by_role("dialog").get_by_label("Delivery").select_option("30000")
    expect(phone(page).locator(".trouble")).to_have_text("30 s late")
    page.keyboard.press("Escape")
    stand.text("slow")
    expect(phone(page).locator(".message .dots")).to_be_visible()
    expect(phone(page).get_by_text("slow")).to_have_count(0)


def test_trouble_on_the_whole_network_is_said_at_the_top(page: Page, stand) -> None:
    stand.add()
    page.get_by_role("button", name="Network").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("The network").select_option("throttle")
    expect(page.locator("#live")).to_have_text("Network: throttled")
    dialog.get_by_role("button", name="All is well").click()
    live(page)


@pytest.mark.parametrize("width", [360, 390])
def test_it_fits_a_phone(browser: Browser, stand, width: int) -> None:
    stand.add()
    stand.add(OTHER, "Ada Lovelace of a Very Long Name Indeed")
    stand.text(REMINDER)
    stand.text("https://a.example/" + "x" * 300, to=OTHER)
    context = browser.new_context(
        viewport={"width": width, "height": 640}, is_mobile=True, has_touch=True, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{stand.url}/phones")
    expect(phone(page).get_by_text(REMINDER)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = phone(page).bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, width)
    tabs = page.get_by_role("navigation", name="Handsets")
    expect(tabs.get_by_role("button").first).to_have_attribute("aria-current", "true")
    tabs.get_by_role("button", name=re.compile("Ada")).tap()
    expect(tabs.get_by_role("button", name=re.compile("Ada"))).to_have_attribute("aria-current", "true")
    expect(phone(page, OTHER).locator(".bubble")).to_be_in_viewport()
    tabs.get_by_role("button", name=re.compile("Sam")).tap()
    confirm = phone(page).get_by_role("button", name="Confirm: reply C")
    expect(confirm).to_be_in_viewport()
    size = confirm.bounding_box()
    assert size is not None
    assert size["height"] >= 36, "a thumb hits it"
    confirm.tap()
    expect(phone(page).locator(".message.mine .body")).to_have_text("C")
    page.get_by_role("button", name="Network").tap()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_what_is_behind_them(browser: Browser, stand, scheme: str) -> None:
    stand.add()
    stand.text(REMINDER)
    stand.do(lambda: stand.network.text_from(PHONE, SHOP, "C"))
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{stand.url}/phones")
    expect(phone(page).locator(".message.mine")).to_be_visible()
    pairs = page.evaluate(
        """(selectors) => selectors.map((selector) => {
            const element = document.querySelector(selector);
            const solid = (node) => {
              const colour = getComputedStyle(node).backgroundColor;
              return /, 0\\)|transparent/.test(colour) ? solid(node.parentElement) : colour;
            };
            const paint = (colour) => {
              const canvas = new OffscreenCanvas(1, 1).getContext("2d");
              canvas.fillStyle = colour;
              canvas.fillRect(0, 0, 1, 1);
              return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
            };
            return [selector, paint(getComputedStyle(element).color), paint(solid(element))];
        })""",
        [".theirs .body", ".theirs .meta", ".mine .body", ".mine .meta", ".caption-name", ".day"],
    )
    context.close()
    for selector, ink, paper in pairs:
        assert contrast(ink, paper) >= 4.5, (selector, scheme)


def contrast(one: Sequence[float], other: Sequence[float]) -> float:
    """WCAG 2.2, "contrast ratio"."""

    def luminance(colour: Sequence[float]) -> float:
        parts = [value / 255 for value in colour]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_a_telephone_proves_that_it_is_here_at_a_tap(page: Page, stand) -> None:
    stand.add()
    notice = phone(page).locator(".silent")
    expect(notice).to_be_hidden()
    until_ms = stand.do(stand.network.clock.now_ms) + 600_000
    stand.do(lambda: stand.network.offer("VL1", PHONE, until_ms, with_token=True))
    notice.get_by_role("button", name="Prove it").click()
    expect(notice).to_contain_text("The network vouched for this telephone.")
    token = notice.locator("code").text_content() or ""
    assert stand.do(lambda: stand.network.silent.finding("VL1", token)).value == "proven"
    notice.get_by_role("button", name="Done").click()
    expect(notice).to_be_hidden()
