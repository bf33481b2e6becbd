"""A member's way from the link to the texts, in Chromium, with everything that came over the wire looked through.

The account is sealed by the hybrid, as in the tests of grants and of what is set up; of X25519 is that of the traffic.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect
from tests.browser.key_origin import browser as browser
from tests.browser.member_console import AC, REMOTE, TOKEN, MemberConsole, member_console, with_authenticator
from tests.browser.member_traffic import a_call, a_recording

from ringfence.domain.message import Direction, Status
from ringfence.domain.recovery_kit import new_recovery_secret, recovery_credential, write_recovery_secret
from ringfence.domain.sealing.slots import slot_seed
from ringfence.ports.store import AccountRow, CredentialRow
from ringfence.usecases.accounts.credential import slot_of

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stand() -> Iterator[MemberConsole]:
    with member_console(hybrid=True) as stand:
        yield stand


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    # Where days begin at another hour, and are written otherwise: pages and frames have one form.
    context = browser.new_context(timezone_id="America/New_York", locale="en-US")
    context.set_default_timeout(15_000)
    yield context
    context.close()


# Puts another root in the place of the one that was seen last, which it answers.
OTHER_PAST = """() => {
  const seen = localStorage.getItem("ringfence-ledger");
  const other = { ...JSON.parse(seen), root: btoa("x".repeat(32)) };
  localStorage.setItem("ringfence-ledger", JSON.stringify(other));
  return seen;
}"""


def keys_of(page: Page, stand: MemberConsole) -> Frame:
    page.wait_for_selector("#keys", state="attached")
    return next(frame for frame in page.frames if frame.url.startswith(stand.key_origin))


def enrolled(page: Page, stand: MemberConsole) -> None:
    page.goto(stand.link())
    page.get_by_role("button", name="Make my passkey").click()
    expect(page.get_by_role("heading", name="Enrolled")).to_be_visible()
    assert "#" not in page.url


def signed_in(page: Page, stand: MemberConsole) -> None:
    page.get_by_role("link", name="To the console").click()
    page.frame_locator("#keys").get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_from_a_link_to_the_texts_and_no_content_outside_the_frame(
    context: BrowserContext, stand: MemberConsole
) -> None:
    page = context.new_page()
    devtools, authenticator = with_authenticator(context, page)
    wire: list[str] = []
    page.on("request", lambda request: wire.append(f"{request.url} {request.headers} {request.post_data}"))
    page.on("response", lambda response: wire.append(f"{response.url} {response.headers}"))
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    stand.text(stand.canary)
    stand.text("It failed.", Status.FAILED)
    stand.text("STOP", Status.RECEIVED, Direction.INBOUND)

    enrolled(page, stand)
    signed_in(page, stand)
    today = page.locator("tbody tr").first.locator("td")
    expect(today).to_have_text(["2", "1", "1", "50 %", "1", "0.0237 USD"])

    page.get_by_role("link", name="Texts").click()
    texts = page.frame_locator("#keys")
    # No second touch: what the sign-in opened is open on the next page.
    expect(texts.locator("td.text").last).to_have_text(stand.canary)
    expect(texts.locator("td.number").last).to_contain_text(REMOTE)
    when = texts.locator("td.when time").last
    at = when.get_attribute("datetime")
    assert at is not None
    expect(texts.get_by_role("columnheader", name="When (UTC)")).to_be_visible()
    expect(when).to_have_text(f"{at[:10]} {at[11:19]}")
    page.get_by_label("Status").select_option("failed")
    page.get_by_role("button", name="Show").click()
    expect(texts.locator("td.text")).to_have_text(["It failed."])
    # What happens while the list is open is offered, by the same filter: nothing is opened that nobody asked for.
    opened = sum(entry.verb == "open_epochs" for entry in stand.ledger.entries)
    stand.text("It arrived.")
    stand.text("It failed, too.", Status.FAILED)
    offered = page.get_by_role("button", name="new: show")
    # On a busy machine a poll rests long.
    expect(offered).to_have_text("1 new: show", timeout=20_000)
    assert sum(entry.verb == "open_epochs" for entry in stand.ledger.entries) == opened
    offered.click()
    expect(texts.locator("td.text")).to_have_text(["It failed, too.", "It failed."])
    expect(offered).to_have_count(0)
    page.get_by_label("Follow").uncheck()

    page.get_by_role("link", name="Ledger").click()
    told = page.frame_locator("#keys").get_by_role("status")
    expect(told).to_contain_text("You look for the first time")
    expect(page.get_by_label("Follow")).not_to_be_checked()
    page.get_by_role("button", name="Newest").click()
    expect(told).to_contain_text("that you saw last")
    assert re.match(r"(\d+) of \1 entries are in the ledger", told.inner_text())
    # A checkpoint about once a second: what was opened just now may not be under the newest.
    for _ in range(20):
        if "open_epochs" in page.frame_locator("#keys").locator("tbody").inner_text():
            break
        page.wait_for_timeout(250)
        page.get_by_role("button", name="Newest").click()
    expect(page.frame_locator("#keys").locator("tbody")).to_contain_text("open_epochs")
    # This browser saw another past than the ledger has now.
    seen = keys_of(page, stand).evaluate(OTHER_PAST)
    page.get_by_role("button", name="Newest").click()
    expect(page.get_by_text("its past was changed")).to_be_visible()
    keys_of(page, stand).evaluate("seen => localStorage.setItem('ringfence-ledger', seen)", seen)
    page.reload()
    expect(told).to_contain_text("that you saw last")

    page.get_by_role("link", name="Members").click()
    page.get_by_role("button", name="Add a passkey of yours").click()
    frame = page.frame_locator("#keys")
    frame.get_by_role("button", name="Show your passkey").click()
    # Another authenticator: the first one has a passkey here.
    frame.get_by_role("button", name="Make the new passkey").wait_for()
    held = devtools.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]
    devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": authenticator})
    _, authenticator = with_authenticator(context, page)
    frame.get_by_role("button", name="Make the new passkey").click()
    expect(page.get_by_role("button", name="Forget")).to_have_count(2)

    # The new passkey opens what was there before it, in a session of its own.
    page.get_by_role("button", name="Sign out").click()
    page.frame_locator("#keys").get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_role("link", name="Texts").click()
    expect(page.frame_locator("#keys").locator("td.text").last).to_have_text(stand.canary)

    assert complaints == []
    assert len(held) == 1
    sent = "".join(wire)
    for secret in (stand.canary, REMOTE, TOKEN):
        assert secret not in sent
        assert secret not in page.content()
    opened = [(entry.actor[:2], entry.verb) for entry in stand.ledger.entries if entry.verb == "open_epochs"]
    assert opened
    assert {actor for actor, _ in opened} == {"PK"}


@pytest.mark.long
def test_a_member_of_the_parent_reads_a_subaccount_in_the_frame(context: BrowserContext, stand: MemberConsole) -> None:
    page = context.new_page()
    with_authenticator(context, page)
    child = "AC" + "c" * 32
    row = AccountRow(sid=child, tenant=AC, parent=AC, friendly_name="Branch", created_ms=2, updated_ms=2)
    token = CredentialRow(
        account=child, sid=child, kind="auth_token", verifier=b"", hmac_states=b"", created_ms=2, updated_ms=2
    )
    stand.wait(stand.texts.create_account(row, token))
    stand.wait(stand.keys.create_account(child, [slot_of(child, bytes(32))], AC))
    stand.text(stand.canary, account=child)
    call = stand.wait(a_call(stand, account=child))
    recording = stand.wait(a_recording(stand, call, account=child))
    enrolled(page, stand)
    signed_in(page, stand)
    page.get_by_role("link", name="Subaccounts").click()
    page.get_by_role("link", name="Branch").click()
    frame = page.frame_locator("#keys")
    expect(frame.locator("td.text")).to_have_text([stand.canary])
    frame.locator("td.when a").click()
    expect(frame.locator("dl.facts")).to_contain_text(stand.canary)
    page.get_by_role("main").get_by_role("link", name="Calls").click()
    expect(page.get_by_role("heading", name="Calls of Branch")).to_be_visible()
    frame.locator("td.when a").click()
    expect(page.get_by_role("heading", name=f"Call {call}")).to_be_visible()
    expect(frame.locator("ol.steps")).to_contain_text("a voice that nobody has")
    frame.get_by_role("link", name=recording).click()
    page.get_by_role("button", name=f"Open {recording}").click()
    expect(frame.locator("audio")).to_have_attribute("aria-label", f"Recording {recording}")
    assert stand.canary not in page.content()
    opened = [entry for entry in stand.ledger.entries if entry.account == child and entry.verb == "open_epochs"]
    assert len(opened) == 5


@pytest.mark.long
def test_a_link_serves_once(context: BrowserContext, stand: MemberConsole) -> None:
    page = context.new_page()
    with_authenticator(context, page)
    link = stand.link()
    page.goto(link)
    # What it is for, what will happen, and what to do where that does not.
    expect(page.get_by_role("heading", name="Make your passkey")).to_be_visible()
    expect(page.get_by_text(f"lets you into the console of {AC}")).to_be_visible()
    expect(page.get_by_role("heading", name="What happens")).to_be_visible()
    page.get_by_text("If it does not work").click()
    expect(page.get_by_text("press the button again")).to_be_visible()
    page.get_by_role("button", name="Make my passkey").click()
    expect(page.get_by_role("heading", name="Enrolled")).to_be_visible()
    second = context.new_page()
    with_authenticator(context, second)
    second.goto(link)
    expect(second.get_by_role("alert")).to_contain_text("This link was used")
    expect(second.get_by_text("whoever holds the account's Auth Token makes another")).to_be_visible()


@pytest.mark.long
def test_a_passkey_without_a_prf_signs_in_and_reads_with_the_token(
    context: BrowserContext, stand: MemberConsole
) -> None:
    page = context.new_page()
    with_authenticator(context, page, prf=False)
    stand.text(stand.canary)
    enrolled(page, stand)
    signed_in(page, stand)
    page.get_by_role("link", name="Texts").click()
    frame = page.frame_locator("#keys")
    frame.get_by_role("button", name="Show your passkey").click()
    frame.get_by_label("Auth Token or secret").fill(TOKEN)
    frame.get_by_role("button", name="Open").click()
    expect(frame.locator("td.text").first).to_have_text(stand.canary)
    assert any(entry.actor == AC and entry.verb == "slot_boxes" for entry in stand.ledger.entries)
    secret, kit = new_recovery_secret(), recovery_credential(AC)
    stand.wait(stand.keys.add_slot(stand.caller, AC, slot_of(kit, slot_seed(secret.hex(), kit))))
    page.get_by_role("button", name="Sign out").click()
    frame.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_role("link", name="Texts").click()
    frame.get_by_role("button", name="Show your passkey").click()
    frame.get_by_role("button", name="Type the recovery kit instead").click()
    groups = write_recovery_secret(secret)
    wrong = "Z" if groups[-1][0] != "Z" else "Y"
    frame.get_by_label("Recovery kit").fill(" ".join([*groups[:-1], wrong + groups[-1][1:]]))
    frame.get_by_role("button", name="Open").click()
    expect(frame.get_by_role("alert")).to_have_text("Group 13 of 13 is not as it was written.")
    frame.get_by_label("Recovery kit").fill(" ".join(groups))
    frame.get_by_role("button", name="Open").click()
    expect(frame.locator("td.text").first).to_have_text(stand.canary)
    assert any(entry.actor == kit and entry.verb == "open_epochs" for entry in stand.ledger.entries)
