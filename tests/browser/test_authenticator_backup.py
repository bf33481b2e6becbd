"""Backups: sealed under a passphrase; wrong, altered, cut off and old are told apart; a way back without a device."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.authenticator import DAY_S, Device, Devices, Site, joined
from tests.browser.authenticator import devices as devices
from tests.browser.authenticator import old as old
from tests.browser.authenticator import site as site
from tests.browser.authenticator_operator import unb64

pytestmark = [pytest.mark.browser, pytest.mark.long]

PASSPHRASE = "walnut barge lantern eleven"
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

SPOIL = """async ({ passphrase, tries }) => {
    const { closeEnvelope, lockOf, openEnvelope } = await import("/crypto/envelope.js");
    const cost = { memory_KiB: 19_456, passes: 2, lanes: 1 };
    const lock = await lockOf(passphrase, { cost });
    const good = await closeEnvelope(lock, { entries: [] }, { account: "", number: 3, made_ms: 5 });
    const head = new TextDecoder().decode(good.slice(9, 9 + new DataView(good.buffer).getUint32(5)));
    const rehead = (text) => {
        const bytes = new TextEncoder().encode(text);
        const made = new Uint8Array(9 + bytes.length + good.length - 9 - head.length);
        made.set(good.slice(0, 5));
        new DataView(made.buffer).setUint32(5, bytes.length);
        made.set(bytes, 9);
        made.set(good.slice(9 + head.length), 9 + bytes.length);
        return made;
    };
    const flipped = (at) => good.map((byte, index) => (index === (at + good.length) % good.length ? byte ^ 1 : byte));
    const spoiled = {
        nothing: () => good,
        passphrase: () => good,
        tag: () => flipped(-1),
        nonce: () => flipped(9 + head.length),
        magic: () => flipped(0),
        version: () => flipped(4),
        json: () => flipped(9),
        number: () => rehead(head.replace('"number":3', '"number":4')),
        account: () => rehead(head.replace('"account":""', '"account":"A"')),
        cheap: () => rehead(head.replace("19456", "8")),
        dear: () => rehead(head.replace("19456", "99999999")),
        salt: () => rehead(head.replace(/"salt":"./, (text) => text.slice(0, -1) + (text.endsWith("A") ? "B" : "A"))),
        longer: () => Uint8Array.of(...good, 0),
        shorter: () => good.slice(0, -1),
        headless: () => good.slice(0, 40),
        empty: () => new Uint8Array(0),
    };
    const results = {};
    for (const name of tries) {
        const tried = name === "passphrase" ? `${passphrase}s` : passphrase;
        results[name] = await openEnvelope(spoiled[name](), tried).then(() => "opens", (problem) => problem.code);
    }
    return results;
}"""


def test_each_way_in_which_a_backup_is_spoiled_is_told(old: Device) -> None:
    expected = {
        "nothing": "opens",
        "passphrase": "passphrase",
        "tag": "altered",
        "nonce": "altered",
        "magic": "format",
        "version": "version",
        "json": "altered",
        "number": "altered",
        "account": "altered",
        "cheap": "cost",
        "dear": "cost",
        "salt": "passphrase",
        "longer": "altered",
        "shorter": "truncated",
        "headless": "truncated",
        "empty": "format",
    }
    given = {"passphrase": PASSPHRASE, "tries": list(expected)}
    assert old.page.evaluate(SPOIL, given) == expected


def test_letters_that_look_alike_are_alike(old: Device) -> None:
    """A passphrase typed on another keyboard: é as one letter or as two."""
    body = """async () => {
        const { lockOf } = await import("/crypto/envelope.js");
        const given = { salt: new Uint8Array(16), cost: { memory_KiB: 19_456, passes: 2, lanes: 1 } };
        const [one, other] = [await lockOf("caf\\u00e9", given), await lockOf("cafe\\u0301", given)];
        return one.check === other.check;
    }"""
    assert old.page.evaluate(body) is True


@pytest.mark.parametrize(
    ("passphrase", "level"),
    [
        ("", 0),
        ("password123", 0),
        ("aaaaaaaaaaaaaaaa", 0),
        ("qwertyuiop12", 0),
        ("hunting2024", 0),
        ("walnut barge lantern eleven", 1),
        ("walnut barge lantern eleven copper", 3),
        ("walnut walnut walnut walnut", 0),
    ],
)
def test_the_hint_is_on_the_low_side(old: Device, passphrase: str, level: int) -> None:
    body = """async (passphrase) => (await import("/strength.js")).hint(passphrase).level"""
    assert old.page.evaluate(body, passphrase) == level


def give_passphrase(page: Page, title: str, passphrase: str = PASSPHRASE, again: str | None = None) -> None:
    page.get_by_role("button", name=title).click()
    page.get_by_role("textbox", name="Passphrase").fill(passphrase)
    page.get_by_label("Once more").fill(passphrase if again is None else again)
    page.get_by_role("dialog").get_by_role("button", name=title).click()


def test_a_file_takes_the_accounts_to_another_browser(old: Device, devices: Devices, tmp_path: Path) -> None:
    page = old.go("Backup")
    with page.expect_download() as download:
        give_passphrase(page, "Save a file")
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.name == "authenticator.backup"
    assert b"GEZDGNBV" not in file.read_bytes()
    new = devices.add()
    page = new.go("Backup")
    page.get_by_role("button", name="Read a file").click()
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("textbox", name="Passphrase").fill("walnut barge lantern twelve")
    page.get_by_role("button", name="Read", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("That is not the passphrase of this backup.")
    page.get_by_role("textbox", name="Passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="Read", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert new.secrets() == old.secrets()


def test_a_passphrase_must_be_typed_twice_and_not_be_easy(old: Device) -> None:
    page = old.go("Backup")
    give_passphrase(page, "Save a file", again="walnut")
    expect(page.get_by_role("alert")).to_have_text("The two are not the same.")
    for easy, words in [("short", "at least 10 letters"), ("password123", "too easy to guess")]:
        page.get_by_role("textbox", name="Passphrase").fill(easy)
        page.get_by_label("Once more").fill(easy)
        page.get_by_role("dialog").get_by_role("button", name="Save a file").click()
        expect(page.get_by_role("alert")).to_contain_text(words)


def test_the_plain_list_is_exported_after_a_warning(old: Device) -> None:
    page = old.go("Backup")
    page.get_by_role("button", name="Export in the clear").click()
    expect(page.get_by_text("Whoever reads this file has your second factor")).to_be_visible()
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("Say that you understand.")
    page.get_by_role("button", name="Cancel").click()
    exported = old.secrets()
    assert exported == (
        f"otpauth://totp/Octo%20Forge:ada?secret={SECRET}&issuer=Octo%20Forge&algorithm=SHA1&digits=6&period=30\n"
    )


@pytest.fixture
def backed_up(old: Device) -> str:
    """The old device's account, whose backup the server keeps."""
    account = old.start()
    page = old.go("Backup")
    give_passphrase(page, "Turn the backup on")
    expect(page.get_by_text("Backup 1,")).to_be_visible()
    return account


def recover(device: Device, account: str, passphrase: str = PASSPHRASE) -> None:
    page = device.go("Devices")
    page.get_by_role("button", name="I have only my passphrase").click()
    page.get_by_role("textbox", name="The account's name").fill(account)
    page.get_by_role("textbox", name="Passphrase").fill(passphrase)
    page.get_by_label("Name of this device").fill("Ada's new telephone")
    page.get_by_role("button", name="Ask", exact=True).click()


def open_backup(device: Device, passphrase: str = PASSPHRASE) -> None:
    device.page.get_by_role("button", name="Open the backup").click()
    device.page.get_by_role("textbox", name="Passphrase").fill(passphrase)
    device.page.get_by_role("button", name="Go on").click()


def test_the_server_keeps_bytes_that_say_nothing(backed_up: str, site: Site) -> None:
    [(envelope,)] = site.rows("SELECT envelope FROM backup")
    assert b"GEZDGNBV" not in unb64(envelope)
    everything = site.database.read_bytes()
    for known in (b"GEZDGNBV", b"Octo", PASSPHRASE.encode(), b"walnut"):
        assert known not in everything


def test_a_new_account_makes_a_new_backup(backed_up: str, old: Device, site: Site) -> None:
    old.add("otpauth://totp/Harbour%20Bank:ada?secret=GEZDGNBVGY3TQOJQ&issuer=Harbour%20Bank")
    page = old.go("Backup")
    expect(page.get_by_text("Backup 2,")).to_be_visible()
    assert site.rows("SELECT number FROM backup") == [(2,)]


def test_the_passphrase_alone_brings_everything_back_after_a_day(
    backed_up: str, old: Device, devices: Devices, site: Site
) -> None:
    expected = old.secrets()
    old.page.close()
    new = devices.add()
    recover(new, backed_up)
    expect(new.page.get_by_role("heading", name="Recovering")).to_be_visible()
    open_backup(new)
    expect(new.page.get_by_role("alert")).to_have_text("The backup is not given out yet.")
    site.ahead_ms = DAY_S * 1000
    new.page.get_by_role("button", name="Go on").click()
    expect(new.page.get_by_text("Backup 1 of")).to_contain_text("1 accounts")
    new.page.get_by_role("button", name="Go on").click()
    expect(new.page.get_by_role("heading", name="The account's name")).to_be_visible()
    assert new.secrets() == expected
    old.page = old.open()
    page = old.go("Devices")
    expect(page.get_by_role("listitem").filter(has_text="Ada's new telephone")).to_be_visible()
    page.get_by_text("What happened to this list").click()
    expect(page.get_by_text("a device let itself in by the passphrase")).to_be_visible()
    # Both go on with the new key.
    new.add("otpauth://totp/Harbour%20Bank:ada?secret=GEZDGNBVGY3TQOJQ&issuer=Harbour%20Bank")
    old.go("Codes")
    expect(old.page.get_by_role("listitem").filter(has_text="Harbour Bank")).to_be_visible()


def test_an_old_device_sees_a_recovery_and_stops_it(backed_up: str, old: Device, devices: Devices, site: Site) -> None:
    new = devices.add()
    recover(new, backed_up)
    expect(old.page.get_by_text("Ada's new telephone gave your backup's passphrase")).to_be_visible()
    old.page.get_by_role("button", name="Stop Ada's new telephone").click()
    expect(old.page.get_by_text("gave your backup's passphrase")).to_have_count(0)
    site.ahead_ms = DAY_S * 1000
    open_backup(new)
    expect(new.page.get_by_role("alert")).to_have_text("This device is not known here any more.")


def test_who_does_not_know_the_passphrase_does_not_even_wait(backed_up: str, devices: Devices, site: Site) -> None:
    new = devices.add()
    recover(new, backed_up, "walnut barge lantern twelve")
    expect(new.page.get_by_role("alert")).to_have_text("That is not the passphrase of this backup.")
    assert site.rows("SELECT * FROM recovery") == []
    for _ in range(4):
        new.page.get_by_role("button", name="Ask", exact=True).click()
        expect(new.page.get_by_role("button", name="Ask", exact=True)).to_be_enabled()
    new.page.get_by_role("textbox", name="Passphrase").fill(PASSPHRASE)
    new.page.get_by_role("button", name="Ask", exact=True).click()
    expect(new.page.get_by_role("alert")).to_contain_text("Too many wrong passphrases")


def test_a_server_does_not_get_a_cheap_proof(backed_up: str, devices: Devices, site: Site) -> None:
    """A proof at no cost would let its operator try passphrases by the million."""
    head = json.loads(site.rows("SELECT head FROM backup")[0][0])
    head["cost"] = {"memory_KiB": 8, "passes": 1, "lanes": 1}
    site.rows("UPDATE backup SET head = ?", json.dumps(head))
    new = devices.add()
    recover(new, backed_up)
    expect(new.page.get_by_role("alert")).to_contain_text("The cost of guessing is not what this app accepts")
    assert site.rows("SELECT count(*) FROM wrong_proof") == [(0,)]


def test_an_older_backup_raises_an_alarm_on_every_device(
    backed_up: str, old: Device, devices: Devices, site: Site
) -> None:
    kept = site.rows("SELECT number, head, proof_hash, envelope FROM backup")[0]
    old.add("otpauth://totp/Harbour%20Bank:ada?secret=GEZDGNBVGY3TQOJQ&issuer=Harbour%20Bank")
    page = old.go("Backup")
    expect(page.get_by_text("Backup 2,")).to_be_visible()
    site.rows("UPDATE backup SET number = ?, head = ?, proof_hash = ?, envelope = ?", *kept)
    expect(page.get_by_role("alert")).to_contain_text("an older backup than this device has seen")
    site.rows("DELETE FROM backup")
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_role("alert")).to_contain_text("The server has lost your backup")


def test_another_device_watches_the_backup_too(old: Device, devices: Devices, site: Site) -> None:
    new = devices.add()
    joined(old, new)
    give_passphrase(old.go("Backup"), "Turn the backup on")
    page = new.go("Backup")
    expect(page.get_by_text("Backup 1,")).to_be_visible()
    site.rows("DELETE FROM backup")
    expect(page.get_by_role("alert")).to_contain_text("The server has lost your backup")


def test_a_removal_gives_the_backup_a_new_key_and_the_passphrase_still_works(
    old: Device, devices: Devices, site: Site
) -> None:
    lost = devices.add()
    account = joined(old, lost)
    give_passphrase(old.go("Backup"), "Turn the backup on")
    expect(old.page.get_by_text("Backup 1,")).to_be_visible()
    lost.look()
    old.go("Devices")
    old.page.get_by_role("button", name="Remove Ada's tablet").click()
    old.page.get_by_role("button", name="Remove", exact=True).click()
    old.go("Backup")
    expect(old.page.get_by_text("Backup 2,")).to_be_visible()
    new = devices.add()
    new.later(DAY_S + 60)
    recover(new, account)
    expect(new.page.get_by_role("heading", name="Recovering")).to_be_visible()
    site.ahead_ms = DAY_S * 1000
    open_backup(new)
    expect(new.page.get_by_text("Backup 2 of")).to_be_visible()
    new.page.get_by_role("button", name="Go on").click()
    expect(new.page.get_by_role("heading", name="The account's name")).to_be_visible()
    assert new.secrets() == old.secrets()


def test_a_backup_of_a_device_that_was_removed_gives_accounts_and_lets_nobody_in(
    old: Device, devices: Devices, site: Site
) -> None:
    other = devices.add()
    account = joined(old, other)
    give_passphrase(other.go("Backup"), "Turn the backup on")
    expect(other.page.get_by_text("Backup 1,")).to_be_visible()
    old.page.get_by_role("button", name="Remove Ada's tablet").click()
    old.page.get_by_role("button", name="Remove", exact=True).click()
    expect(old.page.get_by_role("listitem").filter(has_text="Ada's tablet")).to_have_count(0)
    old.go("Backup")
    expect(old.page.get_by_text("The device that renewed it was removed")).to_be_visible()
    new = devices.add()
    new.later(DAY_S + 60)
    recover(new, account)
    expect(new.page.get_by_role("heading", name="Recovering")).to_be_visible()
    site.ahead_ms = DAY_S * 1000
    open_backup(new)
    expect(new.page.get_by_text("Backup 1 of")).to_be_visible()
    new.page.get_by_role("button", name="Go on").click()
    expect(new.page.get_by_role("alert")).to_contain_text("lets no device in")
    new.page.get_by_role("button", name="Cancel").click()
    assert new.secrets() == old.secrets()
    old.look()
    expect(old.page.get_by_role("alert")).to_have_count(0)
