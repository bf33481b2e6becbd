"""A grant from asking to reading, on the pages of both consoles, in Chromium."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browser.key_origin import browser as browser
from tests.browser.member_console import AC, REMOTE, MemberConsole, member_console, with_authenticator
from tests.browser.member_traffic import a_call, a_recording
from tests.browser.test_member_console import enrolled, signed_in

pytestmark = pytest.mark.browser

WAIT_MS = 40_000
UTC = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
LENGTH_S = """(audio) =>
  audio.readyState ? audio.duration : new Promise((done) => (audio.onloadedmetadata = () => done(audio.duration)))
"""


@pytest.fixture
def stand() -> Iterator[MemberConsole]:
    with member_console(hybrid=True) as stand:
        yield stand


def person(browser: Browser) -> tuple[BrowserContext, Page]:
    context = browser.new_context()
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    with_authenticator(context, page)
    return context, page


def test_staff_ask_a_member_matches_and_the_text_is_read_in_the_frame_alone(
    browser: Browser, stand: MemberConsole
) -> None:
    granted, other = stand.text(stand.canary), stand.text("Nobody asked for this.")
    call = stand.wait(a_call(stand))
    recording = stand.wait(a_recording(stand, call))
    contexts, (member, staff) = zip(person(browser), person(browser), strict=True)
    complaints: list[str] = []
    for page in (member, staff):
        page.on("pageerror", lambda error: complaints.append(str(error)))
    enrolled(member, stand)
    signed_in(member, stand)
    staff.goto(f"{stand.operator}/join#{stand.wait(stand.staff.invite_first('Ada'))}")
    staff.get_by_role("button", name="Make a passkey").click()
    staff.wait_for_url("**/sign-in")
    staff.get_by_role("button", name="Sign in with your passkey").click()
    # Its overview needs a ledger on disk, which there is none of here.
    staff.wait_for_url(f"{stand.operator}/")

    staff.goto(f"{stand.operator}/grants?account={AC}&text={granted}")
    expect(staff.get_by_label("Account", exact=True)).to_have_value(AC)
    staff.get_by_label("Texts, calls and recordings, by SID").fill(f"{granted} {call} {recording}")
    staff.get_by_label("Why", exact=True).fill("a text that came garbled")
    staff.get_by_role("button", name="Ask", exact=True).click()
    expect(staff.locator("#grant-told")).to_contain_text("It waits for an approver", timeout=WAIT_MS)

    member.get_by_role("link", name="Approvals").click()
    waiting = member.get_by_role("region", name="Asked, and waiting for an answer")
    expect(waiting.get_by_role("row", name="a text that came garbled")).to_be_visible(timeout=WAIT_MS)
    member.get_by_role("button", name="Look").click()
    asked = member.frame_locator("#keys")
    asked.get_by_role("button", name="Look").click()
    staff.frame_locator("#keys").get_by_role("button", name="Show the number").click()
    number = staff.frame_locator("#keys").locator(".number-to-match")
    number.wait_for()
    expect(asked.locator("blockquote")).to_have_text("a text that came garbled", timeout=WAIT_MS)
    expect(asked.locator("p").first).to_contain_text(
        "asks to read 1 text, 1 call and 1 recording for 30 minutes", timeout=WAIT_MS
    )
    expect(asked.locator("strong")).to_have_text("Ada", timeout=WAIT_MS)
    # Which text, call and recording these are.
    expect(asked.locator("ul code")).to_have_text([granted, call, recording])
    asked.get_by_label("Their number").wait_for()
    asked.get_by_label("Their number").fill(number.inner_text())
    asked.get_by_role("button", name="Approve").click()

    expect(staff.locator("#grant-told")).to_have_text(re.compile(rf"Granted until {UTC} UTC\."), timeout=WAIT_MS)
    read = staff.frame_locator("#keys").locator("td.text")
    expect(read).to_have_text([stand.canary], timeout=WAIT_MS)
    expect(staff.frame_locator("#keys").locator("table.calls td.number")).to_contain_text(REMOTE, timeout=WAIT_MS)
    assert stand.canary not in staff.content(), "the console's own page has no word of it"
    told = [(entry.actor.partition(":")[0], entry.verb, entry.scope) for entry in stand.ledger.entries]
    opened = [scope for actor, verb, scope in told if verb == "grant_open"]
    assert [scope[2:] for scope in opened] == [(call, granted)]
    assert not any(other in scope for _, verb, scope in told if verb != "open_epochs")

    # A recording is opened by itself, in the frame, and stands in the ledger by itself.
    staff.get_by_role("button", name=f"Open {recording}").click()
    played = staff.frame_locator("#keys")
    expect(played.locator("p").first).to_contain_text("two channels", timeout=WAIT_MS)
    assert played.get_by_label(f"Recording {recording}").evaluate(LENGTH_S) == 1
    with staff.expect_download() as saved:
        played.get_by_role("link", name="Save as WAV").click()
    assert saved.value.suggested_filename == f"{recording}.wav"
    assert saved.value.path().read_bytes()[:4] == b"RIFF"
    opened = [entry.scope[2:] for entry in stand.ledger.entries if entry.verb == "grant_open"]
    assert opened == [(call, granted), (recording,)]

    given = member.get_by_role("region", name="Open to somebody")
    expect(given.get_by_role("row", name="garbled")).to_contain_text("approved, until", timeout=WAIT_MS)
    expect(waiting.get_by_text("Nobody asks.")).to_be_visible()
    member.get_by_role("button", name="End").click()
    expect(given.get_by_text("Nothing.")).to_be_visible(timeout=WAIT_MS)
    # What is over is folded.
    ended = member.get_by_role("row", name="a text that came garbled")
    expect(ended).to_have_count(0)
    member.get_by_role("heading", name="Over").click()
    expect(ended).to_contain_text("revoked", timeout=WAIT_MS)
    # What it opened leaves the screen of staff, by nobody's hand there.
    expect(staff.locator("#grant-told")).to_contain_text("It is revoked: what it opened is put away", timeout=WAIT_MS)
    expect(played.get_by_role("status")).to_have_text("This has ended: what it opened is put away.")
    expect(played.locator("audio, td.text")).to_have_count(0)
    expect(staff.locator("#granted-recordings")).to_be_hidden()

    # One that was sealed and could not be given: page and frame say so.
    staff.goto(f"{stand.operator}/grants?account={AC}&text={granted}")
    staff.get_by_label("Why", exact=True).fill("it is garbled again")
    staff.get_by_role("button", name="Ask", exact=True).click()
    expect(staff.locator("#grant-told")).to_contain_text("It waits for an approver", timeout=WAIT_MS)
    member.reload()
    member.get_by_role("row", name="it is garbled again").get_by_role("button", name="Look").click(timeout=WAIT_MS)
    asked.get_by_role("button", name="Look").click()
    staff.frame_locator("#keys").get_by_role("button", name="Show the number").click()
    asked.get_by_label("Their number").fill(number.inner_text())
    stand.ledger.full = True
    asked.get_by_role("button", name="Approve").click()
    expect(asked.get_by_role("status")).to_contain_text("was not taken", timeout=WAIT_MS)
    expect(member.locator("#told")).to_contain_text("it was not done")
    stand.ledger.full = False
    member.reload()
    expect(given.get_by_text("Nothing.")).to_be_visible(timeout=WAIT_MS)
    member.get_by_role("heading", name="Over").click()
    expect(member.get_by_role("row", name="it is garbled again")).not_to_contain_text("approved", timeout=WAIT_MS)
    assert complaints == []
    for context in contexts:
        context.close()
