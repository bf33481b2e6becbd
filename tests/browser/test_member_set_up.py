"""A member sets up the account in Chromium, and nothing of what they type leaves the frame that anybody could read."""

import hashlib
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import FrameLocator, Page, expect
from tests.browser.key_origin import browser as browser
from tests.browser.member_console import AC, MemberConsole, member_console
from tests.browser.signed_in_page import page as page

from ringfence.domain.client_validation import read_client_key, read_client_keys
from ringfence.domain.sealing.hmac_states import states_of
from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.standing import (
    NumberConfig,
    decode_number_config,
    encode_number_config,
    hmac_states_record,
    number_record,
)
from ringfence.kms.proof_keys import PROOF_KEYS_OF_ACCOUNT_MAX
from ringfence.ports.keys import Caller
from ringfence.ports.store import CredentialRow, NumberRow, StockRow
from ringfence.usecases.accounts.credential import slot_of
from ringfence.usecases.accounts.take_access import take_access

pytestmark = pytest.mark.browser

PEM = (
    rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
PN, SK, NEXT = "PN" + "1" * 32, "SK" + "1" * 32, "+12025550199"


@pytest.fixture(scope="module")
def stand() -> Iterator[MemberConsole]:
    with member_console(hybrid=True) as stand:
        yield stand


def number(stand: MemberConsole, sms_url: str) -> None:
    record = (number_record(PN), encode_number_config(NumberConfig(sms_url=sms_url)))
    (standing,) = stand.wait(stand.keys.seal_standing(AC, [record]))
    row = NumberRow(
        account=AC,
        sid=PN,
        number="+12025550123",
        friendly_name="The shop",
        kind="local",
        region="US",
        capabilities=frozenset({"sms", "voice"}),
        standing=standing,
        created_ms=1,
        updated_ms=1,
    )
    stand.wait(stand.texts.buy_number(row, from_stock=False))
    stand.wait(stand.texts.stock([StockRow(number=NEXT, region="US", kind="local", locality="Washington", area="DC")]))


def api_key(stand: MemberConsole) -> None:
    stand.wait(stand.keys.add_slot(stand.caller, AC, slot_of(SK, slot_seed("k" * 32, SK))))
    row = CredentialRow(
        account=AC,
        sid=SK,
        kind="api_key",
        verifier=bytes(32),
        hmac_states=b"",
        friendly_name="Till's",
        created_ms=1,
        updated_ms=1,
    )
    stand.wait(stand.texts.put_credential(row))


def config_of(stand: MemberConsole, sid: str) -> NumberConfig:
    row = stand.wait(stand.texts.number(AC, sid))
    assert row is not None
    (value,) = stand.wait(stand.keys.open_standing(AC, [(number_record(sid), row.standing)]))
    return decode_number_config(value)


def taken(stand: MemberConsole) -> None:
    """As the API does once a second."""
    stand.wait(take_access(stand.texts, stand.keys, stand.clock))


def looked_over(frame: FrameLocator, button: str = "Save these changes") -> None:
    """What was typed is looked at once more, each line of it, and saved."""
    frame.get_by_role("button", name="Look it over").click()
    for line in frame.locator("dd").all():
        line.scroll_into_view_if_needed()
    frame.get_by_role("button", name=button).click()


def test_numbers_services_and_keys_are_set_up(page: Page, stand: MemberConsole) -> None:
    canary = f"https://a.example/{stand.canary}"
    number(stand, canary)
    api_key(stand)
    wire: list[str] = []
    page.on("request", lambda request: wire.append(f"{request.url} {request.headers} {request.post_data}"))
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))

    page.get_by_role("link", name="Numbers").click()
    page.get_by_role("link", name="+12025550123").click()
    frame = page.frame_locator("#keys")
    expect(frame.locator("dd")).to_have_text([f"POST {canary}"])
    page.get_by_role("button", name="Change what it does").click()
    called = frame.get_by_role("group", name="When it is called")
    called.get_by_label("Ask this address", exact=True).fill("ftp://a.example")
    frame.get_by_role("button", name="Look it over").click()
    expect(frame.get_by_role("alert")).to_contain_text("begins with https:// or http://")
    called.get_by_label("Ask this address", exact=True).fill(f"{canary}/called")
    called.get_by_label("Ask it by").select_option("GET")
    looked_over(frame)
    expect(page.locator("#told")).to_have_text("Changed.")
    expect(frame.locator("dd")).to_have_text([f"POST {canary}", f"GET {canary}/called"])
    assert config_of(stand, PN) == NumberConfig(sms_url=canary, voice_url=f"{canary}/called", voice_method="GET")

    # A form that is left makes way for what else is asked of the frame.
    page.get_by_role("button", name="Change what it does").click()
    expect(frame.get_by_role("button", name="Look it over")).to_be_visible()
    page.get_by_label("Name").fill("Till")
    with page.expect_navigation():
        page.get_by_role("button", name="Rename").click()
    expect(frame.locator("dd")).to_have_count(2)
    expect(page.get_by_label("Name")).to_have_value("Till")

    page.get_by_role("link", name="All numbers").click()
    page.get_by_role("link", name="Buy a number").click()
    page.get_by_role("button", name="Look").click()
    page.get_by_role("button", name="Buy").click()
    frame.get_by_label("Tell this address how the call goes").fill(f"{canary}/told")
    looked_over(frame)
    expect(page.get_by_role("heading", name=NEXT)).to_be_visible()
    assert config_of(stand, page.url.rpartition("/")[2]).status_callback == f"{canary}/told"

    page.get_by_text("Give this number up").click()
    page.get_by_role("button", name=f"Give {NEXT} up").click()
    expect(page.get_by_role("link", name="+12025550123")).to_be_visible()
    expect(page.get_by_role("link", name=NEXT)).to_have_count(0)

    page.get_by_role("link", name="Services").click()
    messaging = page.locator('form[data-new="/services/messaging"]')
    messaging.get_by_label("Name").fill("Reminders")
    messaging.get_by_role("button").click()
    frame.get_by_label("Tell this address").fill(f"{canary}/status")
    looked_over(frame)
    expect(page.get_by_role("heading", name="Reminders")).to_be_visible()
    expect(frame.locator("dd")).to_have_text([f"{canary}/status"])
    page.get_by_role("button", name="Put in").click()
    expect(page.get_by_role("button", name="Take +12025550123 out")).to_be_visible()
    page.get_by_label("Choose a number of the person's area").uncheck()
    with page.expect_navigation():
        page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Choose a number of the person's area")).not_to_be_checked()

    page.get_by_role("link", name="Keys").click()
    page.get_by_role("link", name="Till's").click()
    page.get_by_text("Freeze or revoke this key").click()
    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_role("button", name="Change its limits").click()
    expect(frame.get_by_role("heading", name=f"The key {SK}.")).to_be_visible()
    for place in (page, frame):
        assert place.locator("html").evaluate("it => it.scrollWidth <= it.clientWidth")
    frame.get_by_label("It is watched").select_option(label="Yes")
    # The key to prove it with makes way for those of so many others.
    for each in range(PROOF_KEYS_OF_ACCOUNT_MAX + 5):
        stand.wait(stand.keys.proof_key(AC, f"MB{each:032x}"))
    looked_over(frame)
    expect(frame.get_by_role("status")).to_contain_text("was not taken")
    expect(page.locator("#told")).to_contain_text("The key service refused that")
    page.get_by_role("button", name=f"Revoke {SK}").click()
    expect(page.get_by_text("There is none.")).to_be_visible()
    assert stand.wait(stand.texts.credential(SK)) is None

    page.get_by_role("button", name="Make a key").click()
    frame.get_by_role("button", name="Look it over").click()
    expect(frame.get_by_role("alert")).to_have_text("Give the key a name.")
    frame.get_by_label("Name").fill("Robot")
    frame.get_by_label("It may").select_option(label="Everything that the account may")
    frame.get_by_label("From these networks").fill("127.0.0.0/8")
    frame.get_by_role("button", name="Look it over").click()
    expect(frame.locator("dd")).to_have_text(
        ["Robot", "Everything that the account may", "127.0.0.0/8", "It is revoked"]
    )
    frame.get_by_role("button", name="Go on typing").click()
    looked_over(frame, "Make this key")
    expect(frame.get_by_role("heading", name="The key is made")).to_be_visible()
    made, secret = frame.locator("dd").all_inner_texts()
    frame.get_by_role("button", name="I have it").click()
    expect(frame.locator("body")).not_to_contain_text(secret)
    page.reload()
    expect(page.get_by_role("button", name=f"Revoke {made}")).to_be_visible()
    assert page.locator("html").evaluate("it => it.scrollWidth") <= 360
    taken(stand)
    row = stand.wait(stand.texts.credential(made))
    assert row is not None
    assert (row.friendly_name, row.networks, row.policy) == ("Robot", "127.0.0.0/8", "")
    assert row.verifier == hashlib.sha256(secret.encode()).digest()
    (states,) = stand.wait(stand.keys.open_standing(AC, [(hmac_states_record(made), row.hmac_states)]))
    assert states == states_of(secret.encode())
    sealing = stand.wait(stand.keys.sealing_key(stand.caller, AC))
    key = Caller(account=AC, credential=made, seed=slot_seed(secret, made))
    opened = stand.wait(stand.keys.open_epochs(key, AC, [sealing.epoch]))
    assert opened == {sealing.epoch: sealing.epoch_key}

    assert complaints == []
    assert secret not in "".join(wire)
    assert stand.canary not in "".join(wire)
    assert stand.canary not in page.content()


@pytest.mark.long
def test_webhooks_of_verify_limits_of_keys_and_access_are_set_up(page: Page, stand: MemberConsole) -> None:
    canary = f"https://a.example/{stand.canary}"
    stand.make_owners()
    api_key(stand)
    frame = page.frame_locator("#keys")
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.get_by_role("link", name="Services").click()
    verify = page.locator('form[data-act="/services/verify"]')
    verify.get_by_label("Name").fill("Shop")
    with page.expect_navigation():
        verify.get_by_role("button").click()
    page.get_by_role("link", name="Shop").click()
    webhook = page.locator("form[data-new]")
    webhook.get_by_label("Name").fill("Watch")
    webhook.get_by_label("factor.created").check()
    webhook.get_by_role("button").click()
    frame.get_by_role("button", name="Look it over").click()
    expect(frame.get_by_role("alert")).to_contain_text("It needs an address.")
    frame.get_by_label("Tell this address").fill(f"{canary}/verify")
    looked_over(frame)
    expect(page.get_by_role("heading", name="Watch")).to_be_visible()
    expect(frame.locator("dd")).to_have_text([f"{canary}/verify"])
    expect(page.get_by_label("factor.created")).to_be_checked()

    page.get_by_role("link", name="Keys").click()
    page.get_by_role("link", name="Till's").click()
    page.get_by_role("button", name="Change its limits").click()
    frame.get_by_role("button", name="Look it over").click()
    expect(frame.get_by_role("alert")).to_have_text("You changed nothing.")
    frame.get_by_label("It may be used from").select_option(label="These networks alone")
    frame.get_by_label("Networks, with spaces between").fill("192.0.2.0/33")
    frame.get_by_role("button", name="Look it over").click()
    expect(frame.get_by_role("alert")).to_contain_text("This is no network: 192.0.2.0/33")
    frame.get_by_label("Networks, with spaces between").fill("192.0.2.0/24, 2001:db8::/32")
    frame.get_by_label("It is watched").select_option(label="Yes")
    frame.get_by_label("It ends").select_option(label="At a time that you name")
    frame.get_by_label("At (UTC)").fill("2020-01-01T00:00")
    frame.get_by_role("button", name="Look it over").click()
    expect(frame.get_by_role("alert")).to_have_text("Name a time to come, within ten years.")
    frame.get_by_label("At (UTC)").fill("2030-01-02T03:04")
    with page.expect_navigation():
        looked_over(frame)
    expect(page.get_by_text("A change waits")).to_be_visible()
    # What the API takes comes by itself.
    taken(stand)
    expect(page.get_by_text("2001:db8::/32")).to_be_visible()
    expect(page.get_by_text("A change waits")).to_have_count(0)
    row = stand.wait(stand.texts.credential(SK))
    assert row is not None
    assert (row.networks, row.watched, row.canary) == ("192.0.2.0/24 2001:db8::/32", True, False)
    assert row.ends_ms == page.evaluate("Date.UTC(2030, 0, 2, 3, 4)")
    expect(page.get_by_text("2030-01-02 03:04:00 UTC")).to_be_visible()
    page.get_by_role("link", name="Access").click()
    page.get_by_role("button", name="Change the networks").click()
    frame.get_by_label("Networks, all of them").fill("192.0.2.0/24\n2001:db8::/32")
    frame.get_by_role("button", name="Look it over").click()
    expect(frame.get_by_text("You ask from 127.0.0.1, which is in none of them.")).to_be_visible()
    frame.get_by_role("button", name="Go on typing").click()
    frame.get_by_label("Networks, all of them").fill("127.0.0.0/8")
    frame.get_by_role("button", name="Look it over").click()
    expect(frame.get_by_text("You ask from 127.0.0.1, which is among them.")).to_be_visible()
    with page.expect_navigation():
        frame.get_by_role("button", name="Save these changes").click()
    page.get_by_role("button", name="Add a public key").click()
    frame.get_by_label("Name").fill("web")
    frame.get_by_label("RSA public key").fill(PEM)
    with page.expect_navigation():
        looked_over(frame)
    taken(stand)
    page.get_by_role("button", name="Require a signature").click()
    expect(frame.locator("dd")).to_have_text(["Each must be signed by one of the account's public keys"])
    with page.expect_navigation():
        frame.get_by_role("button", name="Save these changes").click()
    taken(stand)
    expect(page.get_by_role("button", name="Require no signature")).to_be_visible()
    account = stand.wait(stand.texts.account(AC))
    assert account is not None
    assert account.networks == "127.0.0.0/8"
    keys = read_client_keys(account.client_keys)
    assert keys.required
    assert [key.public_key for key in keys.keys] == [read_client_key(PEM)]

    assert complaints == []
    assert stand.canary not in page.content()
