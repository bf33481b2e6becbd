"""An operator adds a device of his own, exchanges keys, shows old lists: the app refuses, and says so.

He owns the database and what the server answers, and not the app's files. The control is an app that believes the
server's list of devices: there the same operator reads every secret.
"""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from tests.browser.authenticator import Device, Devices, Site, announced, joined
from tests.browser.authenticator import devices as devices
from tests.browser.authenticator import old as old
from tests.browser.authenticator import site as site
from tests.browser.authenticator_operator import Operator

pytestmark = [pytest.mark.browser, pytest.mark.long]

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.fixture
def operator(site: Site) -> Operator:
    return Operator(site)


def expect_alarm(device: Device, words: str) -> None:
    expect(device.page.get_by_role("alert")).to_contain_text(words)
    expect(device.page.get_by_role("alert")).to_contain_text("Something is wrong with the server")


# An app that lets in whom the server names: everything is as in the real one, but nobody checks who signed.
CONTROL = """async () => {
    const { Session } = await import("/session.js");
    const { Server } = await import("/device/server.js");
    const { sealKey } = await import("/device/account_key.js");
    const { fromBase64url } = await import("/crypto/bytes.js");
    const { account, token, epochs } = (await Session.open()).state.member;
    const { entries } = await new Server(account, token).get("/log");
    const devices = entries.map((entry) => JSON.parse(entry.body).device).filter(Boolean);
    return Promise.all(devices.map((device) => sealKey(fromBase64url(epochs[0]), device, account, 0)));
}"""


def test_control_an_app_that_believes_the_server_gives_the_operator_everything(old: Device, operator: Operator) -> None:
    account = old.start()
    old.look()
    operator.append("announce", operator.device["id"], device=operator.device, not_before_ms=0)
    sealed = old.page.evaluate(CONTROL)
    operator.append("admit", operator.device["id"], announced=1, sealed=sealed[-1], list_version=0)
    stolen = operator.stolen(account)
    assert stolen is not None
    assert [entry["secret"] for entry in stolen] == [SECRET]


@pytest.mark.parametrize(
    ("kind", "as_whom"),
    [("announce", "himself"), ("announce", "the old device"), ("remove", "the old device"), ("recover", "recovery")],
)
def test_the_operator_cannot_write_into_the_list_of_devices(
    old: Device, operator: Operator, kind: str, as_whom: str
) -> None:
    account = old.start()
    old.look()
    owner = operator.said()[0]["device"]["id"]
    by = {"himself": operator.device["id"], "the old device": owner, "recovery": "recovery"}[as_whom]
    fields = {
        "announce": {"device": operator.device, "not_before_ms": 0},
        "recover": {"device": operator.device, "epoch": 1, "sealed": {owner: "", operator.device["id"]: ""}},
        "remove": {"device": owner, "epoch": 1, "sealed": {}},
    }[kind]
    operator.append(kind, by, **fields)
    expect_alarm(old, "An entry in the list of devices is")
    old.look()
    assert operator.stolen(account) is None
    assert len(operator.entries()) == 2
    old.go("Codes")
    expect(old.page.locator(".code")).to_be_visible()


def test_the_operator_does_not_become_a_device_by_his_own_approval(old: Device, devices: Devices, site: Site) -> None:
    """He marks a device that only asked as a member: it gets the list, and has no key for it."""
    account = old.start()
    thief = devices.add()
    thief.ask(account)
    site.rows("UPDATE token SET role = 'member', device = 'X' WHERE role = 'joining'")
    record = thief.page.evaluate(
        """async () => {
            const { Session } = await import("/session.js");
            const { Server } = await import("/device/server.js");
            const { account, token } = (await Session.open()).state.joining;
            return (await new Server(account, token).get("/list")).record;
        }"""
    )
    assert record["version"] >= 1
    assert SECRET not in json.dumps(record)
    thief.look("joins")
    expect(thief.page.get_by_role("heading", name="Joining")).to_be_visible()
    thief.go("Codes")
    expect(thief.page.locator(".code")).to_have_count(0)


def exchange_commitment(operator: Operator, site: Site, account: str) -> None:
    """Put the operator's own device in the place of the one that asks, before the old device reads who asks."""
    import hashlib

    from tests.browser.authenticator_operator import b64, labelled, unb64

    nonce = b"n" * 32
    keys = unb64(operator.device["sign"]) + unb64(operator.device["seal"]) + operator.device["name"].encode()
    commitment = b64(hashlib.sha256(labelled("join", account.encode(), keys, nonce)).digest())
    reveal = json.dumps({"device": operator.device, "nonce": b64(nonce)})
    site.rows("UPDATE joining SET commitment = ?, reveal = ?", commitment, reveal)


@pytest.mark.long
def test_a_new_device_is_told_when_its_commitment_was_exchanged(
    old: Device, devices: Devices, site: Site, operator: Operator
) -> None:
    account = old.start()
    # What the old device has read of the new one is what it answers, whatever is exchanged afterwards.
    old.page.close()
    new = devices.add()
    new.ask(account)
    exchange_commitment(operator, site, account)
    old.page = old.open()
    old.review()
    expect(new.page.get_by_role("alert")).to_contain_text("Somebody who is no device of the account answered")
    expect(new.page.locator(".big")).to_have_count(0)
    # Without digits on the new device a person has nothing to type; whatever is typed is wrong but for luck.
    old.approve("00000000")
    expect(old.page.get_by_role("dialog").get_by_role("alert")).to_contain_text("not the digits")
    assert [said["kind"] for said in operator.said()] == ["first"]


@pytest.mark.long
def test_the_old_device_is_told_when_the_new_ones_keys_were_exchanged(
    old: Device, devices: Devices, site: Site, operator: Operator
) -> None:
    account = old.start()
    new = devices.add()
    new.ask(account)
    old.review()
    expect(new.page.locator(".big")).to_be_visible()
    nonce = json.loads(site.rows("SELECT reveal FROM joining")[0][0])["nonce"]
    site.rows("UPDATE joining SET reveal = ?", json.dumps({"device": operator.device, "nonce": nonce}))
    old.approve(new.digits())
    expect(old.page.get_by_role("dialog").get_by_role("alert")).to_contain_text("exchanged on their way")
    assert [said["kind"] for said in operator.said()] == ["first"]


@pytest.mark.long
def test_a_new_device_is_not_shown_an_account_of_the_operators_making(
    old: Device, devices: Devices, site: Site, operator: Operator
) -> None:
    """He answers in the old device's place, with a log that he made for the purpose."""
    account = old.start()
    old.page.close()
    new = devices.add()
    new.ask(account)
    first = operator.entry(
        {"seq": 0, "previous": "", "by": operator.device["id"], "kind": "first", "at_ms": site.now_ms()}
        | {"device": operator.device, "delay_ms": 0, "sealed": {operator.device["id"]: ""}}
    )
    site.rows("UPDATE entry SET entry = ? WHERE seq = 0", json.dumps(first))
    commitment = site.rows("SELECT commitment FROM joining")[0][0]
    answer = {"commitment": commitment, "by": operator.device["id"], "nonce": "", "head": {"seq": 0, "hash": ""}}
    site.rows("UPDATE joining SET answer = ?", json.dumps(answer | {"signature": ""}))
    expect(new.page.get_by_role("alert")).to_contain_text("The server shows the devices of another account")
    old.page = old.open()


def truncate(site: Site) -> None:
    site.rows("DELETE FROM entry WHERE seq > 0")


def cut_out(site: Site) -> None:
    site.rows("DELETE FROM entry WHERE seq = 0")


def empty(site: Site) -> None:
    site.rows("DELETE FROM entry")


def repeat(site: Site) -> None:
    site.rows("INSERT INTO entry SELECT account, (SELECT max(seq) + 1 FROM entry), entry FROM entry WHERE seq = 1")


def alter(site: Site) -> None:
    """The delay of a day becomes none, in the first entry."""
    entry = site.rows("SELECT entry FROM entry WHERE seq = 0")[0][0]
    site.rows("UPDATE entry SET entry = ? WHERE seq = 0", entry.replace('delay_ms\\":86400000', 'delay_ms\\":0'))


def old_list(site: Site) -> None:
    site.rows("UPDATE list SET record = json_set(record, '$.version', 0), version = 0")


def no_list(site: Site) -> None:
    site.rows("DELETE FROM list")


def altered_list(site: Site) -> None:
    record = json.loads(site.rows("SELECT record FROM list")[0][0])
    record["version"] += 1
    site.rows("UPDATE list SET record = ?", json.dumps(record))


@pytest.mark.long
@pytest.mark.parametrize(
    ("attack", "words"),
    [
        (truncate, "shows an older list of devices than this device has seen"),
        (cut_out, "was cut or put together anew"),
        (empty, "shows no devices at all"),
        (repeat, "was cut or put together anew"),
        (alter, "shows the devices of another account"),
        (old_list, "shows an older copy of your accounts than this device has seen"),
        (no_list, "shows an older copy of your accounts than this device has seen"),
        (altered_list, "copy of your accounts was altered"),
    ],
)
def test_what_the_server_showed_before_counts(
    old: Device, devices: Devices, site: Site, attack: Callable[[Site], None], words: str
) -> None:
    joined(old, devices.add())
    old.look()
    attack(site)
    expect_alarm(old, words)
    # It stays to be seen when the server is as before, and after the app was closed.
    old.reopen()
    expect_alarm(old, words)
    expect(old.page.locator(".code")).to_be_visible()


@pytest.mark.long
def test_a_canceled_device_is_not_let_in_by_an_old_log(old: Device, devices: Devices, site: Site) -> None:
    new = devices.add()
    announced(old, new)
    kept = site.rows("SELECT * FROM entry")
    old.page.get_by_role("button", name="Cancel Ada's tablet").click()
    expect(old.page.get_by_text("will be one of your devices")).to_have_count(0)
    site.rows("DELETE FROM entry")
    for row in kept:
        site.rows("INSERT INTO entry VALUES (?, ?, ?)", *row)
    old.later(86_460)
    expect_alarm(old, "shows an older list of devices")
    old.look()
    assert len(site.rows("SELECT * FROM entry")) == 2


# A device that was removed writes the list once more, under the key that it still has.
WRITE_AS_REMOVED = """async ({ number, entries }) => {
    const { Session } = await import("/session.js");
    const { sealList } = await import("/device/account_key.js");
    const { fromBase64url } = await import("/crypto/bytes.js");
    const { account, epochs } = (await Session.open()).state.member;
    return sealList(fromBase64url(epochs[0]), { entries }, account, 0, number);
}"""


@pytest.mark.long
def test_the_operator_and_a_removed_device_together_change_nothing(old: Device, devices: Devices, site: Site) -> None:
    new = devices.add()
    joined(old, new)
    old.page.get_by_role("button", name="Remove Ada's tablet").click()
    old.page.get_by_role("button", name="Remove", exact=True).click()
    expect(old.page.get_by_role("listitem").filter(has_text="Ada's tablet")).to_have_count(0)
    old.look()
    number = site.rows("SELECT version FROM list")[0][0] + 1
    gone = [
        {
            "id": "a",
            "issuer": "Evil",
            "name": "",
            "secret": SECRET,
            "algorithm": "SHA1",
            "digits": 6,
            "period_s": 30,
            "updated_ms": 1,
        }
    ]
    record = new.page.evaluate(WRITE_AS_REMOVED, {"number": number, "entries": gone})
    site.rows("UPDATE list SET version = ?, record = ?", number, json.dumps(record))
    old.look()
    old.look()
    assert site.rows("SELECT json_extract(record, '$.epoch'), version FROM list") == [(1, number + 1)]
    old.go("Codes")
    expect(old.page.get_by_role("listitem")).to_have_count(1)
    expect(old.page.get_by_role("listitem")).to_contain_text("Octo Forge")
