"""Silent network authentication, as the official SDK sees it: a handset opens an address, and no code is sent."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from tests.api.test_refused_codes import Guard
from tests.api.test_verifications import TO, Verify, refused
from tests.api.verify_recipes import ask
from twilio.base.exceptions import TwilioRestException

from ringfence.carriers.simulator.silent import token_in

OTHER = "+12025550188"
ANOTHER = "+12025550199"


@pytest.fixture
def verify(tenant: Any) -> Iterator[Verify]:
    made = Verify(tenant)
    yield made
    tenant.installation.network.silent.clear()


def opened(verify: Verify, started: Any, number: str = TO) -> object:
    return verify.tenant.installation.network.silent.opened(token_in(started.sna["url"]), number)


def check(verify: Verify, **more: Any) -> Any:
    return verify.of_service.verification_checks.create(**({"to": TO} | more))


def test_a_start_tells_the_address_and_sends_nothing(verify: Verify) -> None:
    started = verify.start(channel="sna")
    assert (started.channel, started.status) == ("sna", "pending")
    assert list(started.sna) == ["url"]
    assert started.sna["url"].startswith("http://localhost:8420/simulator/silent/")
    (attempt,) = started.send_code_attempts
    assert attempt["channel"] == "SNA"
    installation = verify.tenant.installation
    assert installation.run(installation.store.message(verify.tenant.sid, attempt["attempt_sid"])) is None
    assert verify.of_service.verifications(started.sid).fetch().sna is None


def test_the_numbers_own_telephone_approves_it_once(verify: Verify) -> None:
    started = verify.start(channel="sna")
    pending = check(verify)
    assert (pending.status, pending.valid, pending.sna_attempts_error_codes) == ("pending", False, [])
    opened(verify, started)
    done = check(verify)
    assert (done.sid, done.status, done.valid, done.channel) == (started.sid, "approved", True, "sna")
    assert done.sna_attempts_error_codes == []
    assert refused(check, verify=verify) == (404, 20404)
    assert refused(check, verify=verify, verification_sid=started.sid) == (404, 20404)
    assert verify.of_service.verifications(started.sid).fetch().status == "approved"


def test_it_is_found_by_its_sid_too(verify: Verify) -> None:
    started = verify.start(channel="sna")
    opened(verify, started)
    assert check(verify, to=None, verification_sid=started.sid).status == "approved"


@pytest.mark.parametrize(("by", "code"), [(OTHER, 60500), ("", 60533)])
def test_another_telephone_or_no_mobile_network_does_not(verify: Verify, by: str, code: int) -> None:
    started = verify.start(channel="sna")
    opened(verify, started, by)
    opened(verify, started)
    shown = check(verify)
    assert (shown.status, shown.valid) == ("pending", False)
    attempt = started.send_code_attempts[0]["attempt_sid"]
    assert shown.sna_attempts_error_codes == [{"attempt_sid": attempt, "code": code}]
    again = verify.start(channel="sna")
    assert again.sid == started.sid
    assert again.sna["url"] != started.sna["url"]
    opened(verify, again)
    done = check(verify)
    assert done.status == "approved"
    assert done.sna_attempts_error_codes == [{"attempt_sid": attempt, "code": code}]


def test_proof_for_one_number_is_none_for_another(verify: Verify) -> None:
    mine, theirs = verify.start(channel="sna"), verify.start(OTHER, "sna")
    opened(verify, theirs, OTHER)
    assert check(verify, verification_sid=mine.sid).status == "pending"
    assert check(verify, to=OTHER).status == "approved"


def test_a_start_that_was_refused_is_not_checked(verify: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    starter = verify.tenant.installation.deps.verifying.starter
    with monkeypatch.context() as guarded:
        guarded.setattr(starter, "_guard", Guard(60410, "Too many."))
        with pytest.raises(TwilioRestException) as told:
            verify.start(channel="sna")
    sid = told.value.msg.rpartition("Timeline: ")[2]
    assert verify.of_service.verifications(sid).fetch().status == "failed"
    assert refused(check, verify=verify, verification_sid=sid) == (400, 60200)


def test_a_text_takes_over_where_the_network_does_not_vouch(verify: Verify) -> None:
    started = verify.start(channel="sna")
    texted = verify.start(channel="sms")
    assert (texted.sid, texted.sna) == (started.sid, None)
    opened(verify, started)
    # The last channel takes a code.
    assert refused(check, verify=verify) == (400, 60200)
    done = verify.check(verify.code(texted))
    assert (done.status, done.sna_attempts_error_codes) == ("approved", None)


def test_a_code_sent_before_is_void_once_the_network_vouched(verify: Verify) -> None:
    code = verify.code(verify.start())
    opened(verify, verify.start(channel="sna"))
    assert check(verify).status == "approved"
    assert refused(verify.check, code=code) == (404, 20404)


def test_five_wrong_codes_keep_the_network_out_too(verify: Verify) -> None:
    verify.start()
    started = verify.start(channel="sna")
    for _ in range(5):
        verify.check("0000")
    assert refused(verify.check, code="0000") == (429, 60202)
    opened(verify, started)
    assert refused(check, verify=verify) == (429, 60202)


def test_a_canceled_one_is_not_approved(verify: Verify) -> None:
    started = verify.start(channel="sna")
    opened(verify, started)
    verify.of_service.verifications(started.sid).update(status="canceled")
    assert refused(check, verify=verify, verification_sid=started.sid) == (404, 20404)


def test_where_nothing_was_started_there_is_nothing(verify: Verify) -> None:
    assert refused(check, verify=verify, to=ANOTHER) == (404, 20404)


def test_another_account_cannot_have_it_approved(verify: Verify, installation: Any) -> None:
    started = verify.start(channel="sna")
    opened(verify, started)
    other = Verify(installation.new_tenant())
    assert refused(check, verify=other, verification_sid=started.sid) == (404, 20404)
    assert check(verify).status == "approved"


def test_a_mailbox_has_no_network_and_payments_need_words(verify: Verify, tenant: Any) -> None:
    assert refused(verify.start, "sam@example.com", "sna") == (400, 60200)
    paying = Verify(tenant, psd2_enabled=True)
    assert refused(paying.start, channel="sna", amount="1", payee="x") == (400, 60214)


def test_with_a_client_token_who_has_the_owner_open_the_address_is_not_let_in(verify: Verify) -> None:
    """The token is told to the telephone that opened it, and not to whoever asked for the address."""
    started = verify.start(channel="sna", enable_sna_client_token=True)
    assert list(started.sna) == ["url"]
    (_, token) = opened(verify, started)
    assert len(token) >= 32
    assert token not in started.sna["url"]
    for shown in (None, "", "x", token[:-1]):
        assert (check(verify, sna_client_token=shown).status, shown) == ("pending", shown)
    assert check(verify, sna_client_token=token).status == "approved"


def test_a_client_token_that_nobody_asked_for_is_not_looked_at(verify: Verify) -> None:
    started = verify.start(channel="sna")
    assert opened(verify, started).client_token == ""
    assert check(verify, sna_client_token="whatever").status == "approved"


def test_a_policy_may_name_it_and_auto_does_not_take_it(tenant: Any) -> None:
    made = Verify(tenant)
    path = f"/v2/Services/{made.service.sid}"
    assert ask(tenant, "POST", path, {"ChannelPolicy": "passkey>sna>sms"}).status_code == 200
    assert made.start(channel="sna").sna["url"]
    assert made.start(OTHER, "auto").channel == "sms"
    assert refused(made.start, ANOTHER, "call") == (400, 60223)


def test_its_timeline_says_that_no_code_was_sent(verify: Verify) -> None:
    started, made = verify.start(channel="sna"), verify.tenant
    url = f"{made.installation.url}/ringfence/v1/Accounts/{made.sid}/Verifications/{started.sid}/Timeline"
    read = lambda: requests.get(url, auth=(made.sid, made.token), timeout=10).json()["outcome"]["message"]  # noqa: E731
    assert read() == "No code was sent: the telephone proves itself by opening an address."
    opened(verify, started)
    check(verify)
    assert read() == "The telephone's network vouched for it."


def test_in_its_absence_it_is_501(verify: Verify) -> None:
    installation = verify.tenant.installation
    starter = installation.deps.verifying.starter
    offered = starter._channels.pop("sna")
    try:
        assert refused(verify.start, channel="sna")[0] == 501
    finally:
        starter._channels["sna"] = offered
