"""A member shares one text's timeline with support, in Chromium: one press, a code, and nothing outside the frames."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.key_origin import browser as browser
from tests.browser.member_console import AC, REMOTE, MemberConsole, member_console, with_authenticator
from tests.browser.member_traffic import a_call
from tests.browser.test_grant_pages import UTC, WAIT_MS, person
from tests.browser.test_member_console import enrolled, signed_in

pytestmark = pytest.mark.browser


@pytest.fixture
def stand() -> Iterator[MemberConsole]:
    with member_console(hybrid=True) as stand:
        yield stand


def shared(member: Page, kind: str, sid: str, stand: MemberConsole) -> str:
    """The code that a member's frame shows of a record."""
    member.goto(f"{stand.console}/{kind}/{sid}")
    frame = member.frame_locator("#keys")
    expect(frame.get_by_role("heading", name="What happened")).to_be_visible(timeout=WAIT_MS)
    member.get_by_role("button", name="Share with support").click()
    code = frame.get_by_label("Code", exact=True)
    code.wait_for()
    return code.inner_text()


def test_support_reads_what_was_shared_and_nothing_else(browser: Browser, stand: MemberConsole) -> None:
    text, call = stand.text(stand.canary), stand.wait(a_call(stand))
    contexts, (member, staff) = zip(person(browser), person(browser), strict=True)
    complaints: list[str] = []
    wire: list[str] = []
    for page in (member, staff):
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: wire.append(f"{request.url} {request.headers} {request.post_data}"))
    enrolled(member, stand)
    signed_in(member, stand)
    staff.goto(f"{stand.operator}/join#{stand.wait(stand.staff.invite_first('Ada'))}")
    staff.get_by_role("button", name="Make a passkey").click()
    staff.wait_for_url("**/sign-in")
    staff.get_by_role("button", name="Sign in with your passkey").click()
    staff.wait_for_url(f"{stand.operator}/")

    codes = {kind: shared(member, kind, sid, stand) for kind, sid in (("texts", text), ("calls", call))}
    staff.goto(f"{stand.operator}/grants")
    frame = staff.frame_locator("#keys")
    for kind, seen in (("texts", stand.canary), ("calls", REMOTE)):
        staff.get_by_role("button", name="Type a code").click()
        frame.get_by_label("The code that the tenant gave you").fill("GR and so on")
        frame.get_by_role("button", name="Open").click()
        expect(frame.get_by_role("alert")).to_contain_text("That is no such code")
        frame.get_by_label("The code that the tenant gave you").fill(codes[kind])
        frame.get_by_role("button", name="Open").click()
        expect(frame.locator("dl.facts")).to_contain_text(seen, timeout=WAIT_MS)
        expect(frame.get_by_role("heading", name="What happened")).to_be_visible()
        assert seen not in staff.content(), "the console's own page has no word of it"
    opened = [
        (entry.actor.partition(":")[0], entry.scope) for entry in stand.ledger.entries if entry.verb == "grant_open"
    ]
    assert [(actor, scope[2:]) for actor, scope in opened] == [("staff", (text,)), ("staff", (call,))]
    assert all(scope[0].startswith("session:CS") for _, scope in opened), "the session that opened it"
    secrets = [code.partition(".")[2] for code in codes.values()]
    assert not any(secret in line for secret in secrets for line in wire), "no console is told a code"

    # A code of the one does not open the other, and what is ended opens no more.
    staff.get_by_role("button", name="Type a code").click()
    frame.get_by_label("The code that the tenant gave you").fill(f"{codes['texts'].partition('.')[0]}.{secrets[1]}")
    frame.get_by_role("button", name="Open").click()
    expect(staff.locator("#told")).to_contain_text("not what this code opens", timeout=WAIT_MS)
    member.get_by_role("link", name="Approvals").click()
    rows = member.get_by_role("row", name="whoever of staff has its code")
    expect(rows).to_have_count(2)
    staff.get_by_role("button", name="Type a code").click()
    frame.get_by_label("The code that the tenant gave you").fill(codes["calls"])
    frame.get_by_role("button", name="Open").click()
    expect(frame.locator("dl.facts")).to_contain_text(REMOTE, timeout=WAIT_MS)
    expect(staff.locator("#grant-told")).to_have_text(re.compile(rf"Shared until {UTC} UTC\."))
    rows.first.get_by_role("button", name="End").click()
    expect(rows).to_have_count(1, timeout=WAIT_MS)
    member.get_by_role("heading", name="Over").click()
    expect(rows.last).to_contain_text("revoked", timeout=WAIT_MS)
    # It leaves the screen of whoever has it open.
    expect(frame.get_by_role("status")).to_have_text("This has ended: what it opened is put away.", timeout=WAIT_MS)
    expect(staff.locator("#grant-told")).to_contain_text("It is revoked: what it opened is put away")
    staff.get_by_role("button", name="Type a code").click()
    frame.get_by_label("The code that the tenant gave you").fill(codes["calls"])
    frame.get_by_role("button", name="Open").click()
    expect(staff.locator("#told")).to_contain_text("it has ended", timeout=WAIT_MS)
    assert AC in staff.content()
    assert complaints == []
    for context in contexts:
        context.close()


LOCK = "import('/assets/keys_frame.js').then(({ askKeys }) => askKeys('lock'))"


def test_to_share_before_the_text_is_open_asks_for_the_passkey_once(browser: Browser, stand: MemberConsole) -> None:
    text = stand.text(stand.canary)
    context = browser.new_context()
    context.set_default_timeout(WAIT_MS)
    member = context.new_page()
    devtools, authenticator = with_authenticator(context, member)
    enrolled(member, stand)
    signed_in(member, stand)

    def touches() -> int:
        (held,) = devtools.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]
        return int(held["signCount"])

    # As after a quarter of an hour: signed in still, and nothing is open.
    member.evaluate(LOCK)
    before = touches()
    member.goto(f"{stand.console}/texts/{text}")
    frame = member.frame_locator("#keys")
    frame.get_by_role("button", name="Show your passkey").wait_for()
    member.get_by_role("button", name="Share with support").click()
    member.get_by_role("button", name="Look again").click()
    frame.get_by_role("button", name="Show your passkey").click()
    expect(frame.get_by_label("Code", exact=True)).to_be_visible()
    assert touches() == before + 1
    context.close()
