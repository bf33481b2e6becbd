"""A second device is let in by the first, after digits and a delay; it can be denied, canceled and removed."""

import pytest
from playwright.sync_api import expect
from tests.browser.authenticator import DAY_S, Device, Devices, Site, announced, joined
from tests.browser.authenticator import devices as devices
from tests.browser.authenticator import old as old
from tests.browser.authenticator import site as site

pytestmark = [pytest.mark.browser, pytest.mark.long]


def test_a_new_device_has_everything_once_an_old_one_let_it_in_and_a_day_went_by(old: Device, devices: Devices) -> None:
    new = devices.add()
    announced(old, new)
    expect(old.page.get_by_text("Ada's tablet will be one of your devices")).to_be_visible()
    expect(new.page.locator(".code")).to_have_count(0)
    old.later(DAY_S + 60)
    new.later(DAY_S + 60)
    expect(old.page.get_by_role("listitem").filter(has_text="Ada's tablet")).to_be_visible()
    new.go("Codes")
    expect(new.page.get_by_role("listitem")).to_contain_text("Octo Forge")
    assert new.secrets() == old.secrets()


def test_accounts_that_one_device_adds_come_to_the_other(old: Device, devices: Devices) -> None:
    new = devices.add()
    joined(old, new)
    new.add("otpauth://totp/Harbour%20Bank:ada?secret=GEZDGNBVGY3TQOJQ&issuer=Harbour%20Bank")
    old.go("Codes")
    expect(old.page.get_by_role("listitem").filter(has_text="Harbour Bank")).to_be_visible()
    old.page.get_by_role("button", name="Remove Octo Forge").click()
    old.page.get_by_role("button", name="Remove", exact=True).click()
    expect(new.page.get_by_role("listitem").filter(has_text="Octo Forge")).to_have_count(0)


def test_before_its_time_nothing_is_sealed_to_a_new_device(old: Device, devices: Devices, site: Site) -> None:
    new = devices.add()
    announced(old, new)
    old.later(DAY_S - 60)
    old.look()
    kinds = [row[0] for row in site.rows("SELECT json_extract(json_extract(entry, '$.body'), '$.kind') FROM entry")]
    assert kinds == ["first", "announce"]


def test_any_device_cancels_one_that_waits(old: Device, devices: Devices) -> None:
    new = devices.add()
    announced(old, new)
    old.page.get_by_role("button", name="Cancel Ada's tablet").click()
    expect(new.page.get_by_role("alert")).to_contain_text("Not let in")
    for device in (old, new):
        device.later(DAY_S + 60)
    old.look()
    expect(old.page.get_by_role("listitem").filter(has_text="Ada's tablet")).to_have_count(0)


def test_a_device_that_asks_is_denied(old: Device, devices: Devices) -> None:
    new = devices.add()
    new.ask(old.start())
    old.page.get_by_role("button", name="Deny").click()
    expect(new.page.get_by_role("alert")).to_contain_text("not known here any more")
    expect(old.page.get_by_text("asks to be let in")).to_have_count(0)


def test_three_wrong_tries_deny_a_device(old: Device, devices: Devices) -> None:
    new = devices.add()
    new.ask(old.start())
    old.review()
    expect(new.page.locator(".big")).to_be_visible()
    wrong = f"{(int(new.digits()) + 1) % 100_000_000:08d}"
    for _ in range(3):
        old.approve(wrong)
        expect(old.page.get_by_role("dialog").get_by_role("alert")).to_have_text(
            "These are not the digits that the new device must show."
        )
        expect(old.page.get_by_role("button", name="Approve")).to_be_enabled()
    expect(new.page.get_by_role("alert")).to_contain_text("not known here any more")


def test_a_removed_device_learns_nothing_more(old: Device, devices: Devices, site: Site) -> None:
    new = devices.add()
    joined(old, new)
    old.page.get_by_role("button", name="Remove Ada's tablet").click()
    old.page.get_by_role("button", name="Remove", exact=True).click()
    expect(old.page.get_by_role("listitem").filter(has_text="Ada's tablet")).to_have_count(0)
    expect(new.page.get_by_text("This device is not known here any more.")).to_be_visible()
    record = site.rows("SELECT json_extract(record, '$.epoch') FROM list")
    assert record == [(1,)]


def test_all_that_is_known_is_there_after_the_app_was_closed(old: Device, devices: Devices) -> None:
    new = devices.add()
    announced(old, new)
    new.reopen()
    new.go("Devices")
    expect(new.page.get_by_text("Let in. It waits until")).to_be_visible()
    old.reopen()
    old.go("Devices")
    expect(old.page.get_by_text("Ada's tablet will be one of your devices")).to_be_visible()
