"""A service's policy: `auto` takes the strongest code, and nobody steps down from a factor without a reason."""

import json
from typing import Any

import pytest
import requests
from tests.api.factor_recipes import IDENTITY, totp_factor
from tests.api.test_phishing_report import read
from tests.api.test_verifications import TO, Verify, refused

POLICY = "passkeys,push,totp,sms,call,email"


@pytest.fixture
def verify(tenant: Any) -> Verify:
    made = Verify(tenant)
    assert set_policy(made, POLICY).status_code == 200
    return made


def set_policy(verify: Verify, policy: str) -> requests.Response:
    made = verify.tenant
    url = f"{made.installation.url}/v2/Services/{verify.service.sid}"
    return requests.post(url, auth=(made.sid, made.token), data={"ChannelPolicy": policy}, timeout=10)


def tags(**more: str) -> str:
    return json.dumps({"identity": IDENTITY} | more)


def test_without_a_policy_auto_is_a_text_or_a_mail(tenant: Any) -> None:
    verify = Verify(tenant)
    assert verify.start(channel="auto").channel == "sms"
    assert verify.start("sam@example.com", "auto").channel == "email"


def test_auto_takes_the_strongest_code_of_the_policy(verify: Verify) -> None:
    assert verify.start(channel="auto", tags=tags()).channel == "sms"
    assert verify.start("sam@example.com", "auto", tags=tags()).channel == "email"
    set_policy(verify, "call,sms")
    assert verify.start("+12025550166", "auto").channel == "call"
    assert refused(verify.start, "ada@example.com", "auto") == (400, 60223)


def test_a_channel_that_the_policy_does_not_name_is_refused(verify: Verify) -> None:
    set_policy(verify, "passkeys,totp,email")
    assert refused(verify.start) == (400, 60223)
    assert verify.start("sam@example.com", "email").channel == "email"


@pytest.mark.parametrize("channel", ["auto", "sms", "call"])
def test_nobody_steps_down_from_a_factor_without_a_reason(tenant: Any, verify: Verify, channel: str) -> None:
    totp_factor(tenant, verify.service.sid)
    assert refused(verify.start, channel=channel, tags=tags()) == (409, 20510)
    assert refused(verify.start, channel=channel, tags=tags(step_down_reason=" ")) == (409, 20510)
    # Somebody else, or nobody that is named, has no factor.
    assert verify.start("+12025550166", channel, tags=tags(identity="somebody-else")).status == "pending"
    started = verify.start(channel=channel, tags=tags(step_down_reason="lost the telephone"))
    made = verify.tenant
    url = f"{made.installation.url}/ringfence/v1/Accounts/{made.sid}/Verifications/{started.sid}/Timeline"
    (sending,) = requests.get(url, auth=(made.sid, made.token), timeout=10).json()["sendings"]
    assert sending["stepped_from"] == "totp"
    assert verify.check(verify.code(started)).status == "approved"
    report = read(tenant).json()
    assert (report["sign_ins"], report["stepped_down"]) == (1, 1)


def test_a_factor_that_the_policy_puts_after_the_channel_is_no_step_down(tenant: Any, verify: Verify) -> None:
    totp_factor(tenant, verify.service.sid)
    set_policy(verify, "passkeys,sms,totp")
    started = verify.start(tags=tags())
    assert verify.check(verify.code(started), TO).status == "approved"
    assert read(tenant).json()["stepped_down"] == 0


@pytest.mark.parametrize("policy", ["sms,fax", "sms,sms"])
def test_what_is_no_policy_is_refused(verify: Verify, policy: str) -> None:
    answer = set_policy(verify, policy)
    assert (answer.status_code, answer.json()["code"]) == (400, 60200)


def own_settings(verify: Verify, tenant: Any = None) -> requests.Response:
    asks, made = tenant or verify.tenant, verify.tenant
    url = f"{made.installation.url}/ringfence/v1/Accounts/{asks.sid}/VerifyServices/{verify.service.sid}"
    return requests.get(url, auth=(asks.sid, asks.token), timeout=10)


def test_what_is_ours_of_a_service_is_read_back(tenant: Any) -> None:
    verify = Verify(tenant)
    shown = own_settings(verify).json()
    assert shown == {
        "sid": verify.service.sid,
        "account_sid": tenant.sid,
        "channel_policy": [],
        "code_host": None,
        "new_factors_need_approval": False,
        "url": f"/ringfence/v1/Accounts/{tenant.sid}/VerifyServices/{verify.service.sid}",
    }
    requests.post(
        f"{tenant.installation.url}/v2/Services/{verify.service.sid}",
        auth=(tenant.sid, tenant.token),
        data={"ChannelPolicy": "passkey>sms", "CodeHost": "Login.example", "NewFactorsNeedApproval": "true"},
        timeout=10,
    ).raise_for_status()
    ours = {"channel_policy": ["passkeys", "sms"], "code_host": "login.example", "new_factors_need_approval": True}
    assert own_settings(verify).json() == shown | ours


def test_an_empty_policy_takes_it_away(verify: Verify) -> None:
    set_policy(verify, "passkeys,email")
    assert refused(verify.start) == (400, 60223)
    assert set_policy(verify, "").status_code == 200
    assert own_settings(verify).json()["channel_policy"] == []
    assert verify.start().channel == "sms"


def test_another_setting_leaves_the_policy(verify: Verify) -> None:
    verify.client.verify.v2.services(verify.service.sid).update(code_length=8)
    assert own_settings(verify).json()["channel_policy"] == POLICY.split(",")


def test_nobody_else_reads_them(verify: Verify, installation: Any) -> None:
    assert own_settings(verify, installation.new_tenant()).status_code == 404
