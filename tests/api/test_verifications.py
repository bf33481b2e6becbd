"""Verifications and their checks, as the official SDK sees them. Codes come from the key service, as a carrier's do."""

from typing import Any

import pytest
import requests
from tests.api import lookup_recipes
from twilio.base.exceptions import TwilioRestException

from ringfence.domain.sealing.call import open_call_with
from ringfence.domain.sealing.content import open_content_with
from ringfence.domain.verification import DOTS
from ringfence.ports.verification_codes import CodeOf

TO = "+12025550177"
LONG_AGO = "VE" + "0" * 32


class Verify:
    """One service of a tenant, and what its customers' handsets would show."""

    def __init__(self, tenant: Any, **settings: Any) -> None:
        self.tenant = tenant
        self.client = tenant.client()
        self.service = self.client.verify.v2.services.create(**({"friendly_name": "Fade & Co"} | settings))
        self.of_service = self.client.verify.v2.services(self.service.sid)

    def start(self, to: str = TO, channel: str = "sms", **more: Any) -> Any:
        return self.of_service.verifications.create(to=to, channel=channel, **more)

    def check(self, code: str, to: str = TO, **more: Any) -> Any:
        return self.of_service.verification_checks.create(code=code, to=to, **more)

    def code(self, verification: Any) -> str:
        told = self.tenant.installation.run(
            self.tenant.installation.keys.reveal_codes(
                [
                    CodeOf(
                        account=self.tenant.sid,
                        sid=verification.sid,
                        service=verification.service_sid,
                        to=verification.to,
                    )
                ]
            )
        )
        assert told[0] is not None
        return str(told[0])

    def text(self, verification: Any, nth: int = 0) -> Any:
        """What is at rest of a sending: the row, and its content."""
        store, keys = self.tenant.installation.store, self.tenant.installation.keys
        sid = verification.send_code_attempts[nth]["attempt_sid"]
        row = self.tenant.installation.run(store.message(self.tenant.sid, sid))
        (key,) = self.tenant.installation.run(keys.open_records(self.tenant.sid, [(row.epoch, sid)]))
        return row, open_content_with(key, self.tenant.sid, sid, row.content)


@pytest.fixture
def verify(tenant: Any) -> Verify:
    return Verify(tenant)


def other_than(code: str) -> str:
    return "".join(str((int(digit) + 1) % 10) for digit in code)


def refused(call: Any, *arguments: Any, **fields: Any) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as refusal:
        call(*arguments, **fields)
    return refusal.value.status, refusal.value.code


def test_a_verification_is_started_and_approved(verify: Verify) -> None:
    started = verify.start()
    assert started.sid.startswith("VE")
    assert (started.status, started.valid, started.channel, started.to) == ("pending", False, "sms", TO)
    assert started.service_sid == verify.service.sid
    assert started.account_sid == verify.tenant.sid
    assert started.url == f"{verify.service.url}/Verifications/{started.sid}"
    (attempt,) = started.send_code_attempts
    assert attempt["channel"] == "SMS"
    assert attempt["attempt_sid"].startswith("VL")
    checked = verify.check(verify.code(started))
    assert (checked.sid, checked.status, checked.valid, checked.to) == (started.sid, "approved", True, TO)
    assert verify.of_service.verifications(started.sid).fetch().status == "approved"


def test_a_wrong_code_leaves_it_pending(verify: Verify) -> None:
    started = verify.start()
    checked = verify.check(other_than(verify.code(started)))
    assert (checked.sid, checked.status, checked.valid) == (started.sid, "pending", False)
    assert verify.check(verify.code(started)).status == "approved"


def test_a_code_has_as_many_digits_as_the_service_says(tenant: Any) -> None:
    for length in (4, 10):
        verify = Verify(tenant, code_length=length)
        code = verify.code(verify.start())
        assert code.isdecimal()
        assert len(code) == length


def test_what_is_at_rest_and_what_the_api_shows_has_dots_in_the_codes_place(verify: Verify) -> None:
    started = verify.start()
    row, content = verify.text(started)
    assert content.body == f"Your Fade & Co verification code is: {DOTS}"
    assert content.remote == TO
    code = verify.code(started)
    assert code not in repr(row) + repr(content.code.words) + content.body
    assert content.code.with_code(code) == f"Your Fade & Co verification code is: {code}"
    assert row.num_segments == 1
    assert verify.client.messages.list() == []
    assert verify.client.messages.list(to=TO) == []


def test_sending_again_brings_the_same_code_until_five_were_sent(verify: Verify) -> None:
    first = verify.start()
    code = verify.code(first)
    for sent in range(2, 6):
        again = verify.start()
        assert again.sid == first.sid
        assert len(again.send_code_attempts) == sent
        assert verify.code(again) == code
    assert refused(verify.start) == (429, 60203)
    assert verify.check(code).status == "approved"


def test_after_its_end_a_number_gets_a_new_verification_with_another_code(verify: Verify) -> None:
    first = verify.start()
    code = verify.code(first)
    verify.check(code)
    second = verify.start()
    assert second.sid != first.sid
    assert verify.code(second) != code


def test_five_checks_are_all_there_are(verify: Verify) -> None:
    started = verify.start()
    code = verify.code(started)
    for _ in range(5):
        assert verify.check(other_than(code)).status == "pending"
    assert refused(verify.check, code) == (429, 60202)
    assert refused(verify.check, code) == (429, 60202)
    assert verify.of_service.verifications(started.sid).fetch().status == "max_attempts_reached"
    assert refused(verify.start) == (429, 60202)
    verify.of_service.verifications(started.sid).update(status="canceled")
    assert verify.start().status == "pending"


def test_an_approved_code_is_good_once(verify: Verify) -> None:
    code = verify.code(verify.start())
    verify.check(code)
    assert refused(verify.check, code) == (404, 20404)


def test_there_is_one_answer_where_there_is_nothing_to_check(tenant: Any, verify: Verify) -> None:
    started = verify.start()
    code = verify.code(started)
    elsewhere = Verify(tenant)
    verify.start("+12025550188")
    canceled = verify.start("+12025550166")
    verify.of_service.verifications(canceled.sid).update(status="canceled")

    def answer(of: Verify, **fields: str) -> tuple[int, Any]:
        response = requests.post(
            f"{tenant.installation.url}/v2/Services/{of.service.sid}/VerificationCheck",
            auth=(tenant.sid, tenant.token),
            data={"Code": code} | fields,
            timeout=10,
        )
        shown = response.json()
        shown["message"] = shown["message"].replace(of.service.sid, "VA")
        return response.status_code, shown

    unknown = answer(verify, To="+12025550155")
    assert unknown[0] == 404
    assert unknown[1]["code"] == 20404
    assert answer(verify, To="+12025550166") == unknown
    assert answer(elsewhere, To=TO) == unknown
    assert answer(elsewhere, VerificationSid=started.sid) == unknown
    assert answer(verify, VerificationSid=LONG_AGO) == unknown
    assert verify.check(code).status == "approved"


def test_another_numbers_code_is_wrong(verify: Verify) -> None:
    code = verify.code(verify.start())
    verify.start("+12025550188")
    assert verify.check(code, to="+12025550188").valid is False


def test_a_check_may_name_the_verification(verify: Verify) -> None:
    started = verify.start()
    checked = verify.of_service.verification_checks.create(code=verify.code(started), verification_sid=started.sid)
    assert (checked.status, checked.to) == ("approved", TO)


@pytest.mark.parametrize("code", ["123", "12345678901", "١٢٣٤٥٦", "12 456", "12345\n", "１２３４５６", "12-456"])
def test_what_cannot_be_a_code_is_refused_and_not_counted(verify: Verify, code: str) -> None:
    started = verify.start()
    for _ in range(6):
        assert refused(verify.check, code) == (400, 60200)
    assert verify.check(verify.code(started)).status == "approved"


def test_letters_are_a_wrong_code(verify: Verify) -> None:
    verify.start()
    assert verify.check("abcdef").valid is False


def test_a_check_needs_a_code_and_whose(verify: Verify) -> None:
    verify.start()
    assert refused(verify.of_service.verification_checks.create, to=TO) == (400, 60200)
    assert refused(verify.of_service.verification_checks.create, code="123456") == (400, 60221)
    assert refused(verify.check, "123456", to="nobody") == (400, 60200)
    create = verify.of_service.verification_checks.create
    assert refused(create, code="123456", verification_sid="VEx") == (400, 60200)


@pytest.mark.parametrize("to", ["12025550177", "+1202", "nobody", "+", "client:alice"])
def test_a_code_goes_to_a_number_alone(verify: Verify, to: str) -> None:
    assert refused(verify.start, to) == (400, 60200)


def test_a_channel_is_one_of_twilios(verify: Verify) -> None:
    assert refused(verify.start, channel="pigeon") == (400, 60200)


def test_the_program_may_end_it(verify: Verify) -> None:
    for status in ("canceled", "approved"):
        started = verify.start()
        code = verify.code(started)
        assert verify.of_service.verifications(started.sid).update(status=status).status == status
        assert refused(verify.check, code) == (404, 20404)
        assert refused(verify.of_service.verifications(started.sid).update, status=status) == (404, 20404)
    assert refused(verify.of_service.verifications(verify.start().sid).update, status="expired") == (400, 60200)


def test_it_is_found_by_its_number_while_it_is_pending(verify: Verify) -> None:
    started = verify.start()
    assert verify.of_service.verifications(TO).fetch().sid == started.sid
    verify.of_service.verifications(TO).update(status="canceled")
    assert refused(verify.of_service.verifications(TO).fetch) == (404, 20404)
    assert verify.of_service.verifications(started.sid).fetch().status == "canceled"


def test_a_deleted_service_checks_nothing(verify: Verify) -> None:
    code = verify.code(verify.start())
    verify.of_service.delete()
    assert refused(verify.check, code) == (404, 20404)
    assert refused(verify.start) == (404, 20404)


def test_a_programs_own_code_must_be_allowed(tenant: Any, verify: Verify) -> None:
    assert refused(verify.start, custom_code="abc123") == (403, 60204)
    own = Verify(tenant, custom_code_enabled=True)
    started = own.start(custom_code="abc123")
    assert own.code(started) == "abc123"
    assert own.text(started)[1].body.endswith(DOTS)
    assert own.check("123abc").valid is False
    assert own.check("abc123").valid is True
    for code in ("abc", "12345678901", "12 45", "١٢٣٤٥٦"):
        assert refused(own.start, "+12025550188", custom_code=code) == (400, 60200)


def test_a_payments_code_is_right_for_that_payment_alone(tenant: Any, verify: Verify) -> None:
    assert refused(verify.start, amount="€39.99", payee="Acme") == (403, 60204)
    bank = Verify(tenant, psd2_enabled=True)
    assert refused(bank.start) == (400, 60206)
    assert refused(bank.start, amount="€39.99") == (400, 60206)
    assert refused(bank.start, channel="call", amount="€39.99", payee="Acme") == (400, 60214)
    started = bank.start(amount="€39.99", payee="Acme")
    # The same code beside other words would approve a payment that nobody read.
    assert refused(bank.start, amount="€1.00", payee="Acme") == (429, 60212)
    assert refused(bank.start, amount="€39.99", payee="Eve") == (429, 60212)
    assert bank.start(amount="€39.99", payee="Acme").sid == started.sid
    assert (started.amount, started.payee) == ("€39.99", "Acme")
    assert bank.text(started)[1].body == f"Your Fade & Co code to pay €39.99 to Acme is: {DOTS}"
    code = bank.code(started)
    assert refused(bank.check, code) == (400, 60206)
    assert bank.check(code, amount="€1.00", payee="Acme").valid is False
    checked = bank.check(code, amount="€39.99", payee="Acme")
    assert (checked.valid, checked.amount, checked.payee) == (True, "€39.99", "Acme")


def test_words_come_in_the_numbers_language_or_the_one_asked_for(tenant: Any) -> None:
    verify = Verify(tenant, do_not_share_warning_enabled=True)
    german = verify.text(verify.start("+4917139200123"))[1].body
    assert german.startswith(f"Ihr Fade & Co-Bestätigungscode lautet: {DOTS}. Geben Sie")
    french = verify.text(verify.start("+12025550188", locale="fr"))[1].body
    assert french.startswith("Votre code")
    named = verify.text(verify.start("+12025550166", custom_friendly_name="Barbers"))[1].body
    assert named.startswith("Your Barbers verification code is")


def test_a_code_is_bound_to_a_site_and_an_app(tenant: Any) -> None:
    made = tenant.installation
    verify = Verify(tenant)
    requests.post(
        f"{made.url}/v2/Services/{verify.service.sid}",
        auth=(tenant.sid, tenant.token),
        data={"CodeHost": "login.example"},
        timeout=10,
    ).raise_for_status()
    started = verify.start(app_hash="He42w354ol9")
    words = verify.text(started)[1].code.with_code("123456")
    assert words == "<#> Your Fade & Co verification code is: 123456\nHe42w354ol9\n\n@login.example #123456"
    assert refused(verify.start, "+12025550188", app_hash="short") == (400, 60200)


def test_landlines_are_skipped_where_the_service_says_so(tenant: Any) -> None:
    verify = Verify(tenant, lookup_enabled=True, skip_sms_to_landlines=True)
    assert refused(verify.start, "+493023125001") == (400, 60205)
    # A call may go there, as far as calls may go to that country.
    assert refused(verify.start, "+493023125001", channel="call") == (400, 21215)
    assert verify.start("+4917139200123").status == "pending"


def test_a_call_that_brings_a_code_is_in_no_list_and_cannot_be_touched(verify: Verify) -> None:
    started = verify.start(channel="call")
    assert started.send_code_attempts[0]["channel"] == "CALL"
    sid = "CA" + started.send_code_attempts[0]["attempt_sid"][2:]
    assert verify.client.calls.list() == []
    assert refused(verify.client.calls(sid).fetch) == (404, 20404)
    assert refused(verify.client.calls(sid).update, twiml="<Response/>") == (404, 20404)
    assert refused(verify.client.calls(sid).recordings.create) == (404, 20404)
    assert refused(verify.client.calls(sid).delete) == (404, 20404)


def test_a_verification_may_go_on_over_another_channel(verify: Verify) -> None:
    first = verify.start()
    again = verify.start(channel="call")
    assert (again.sid, again.channel) == (first.sid, "call")
    assert verify.code(again) == verify.code(first)


@pytest.mark.parametrize(
    "fields",
    [
        {"tags": "no json"},
        {"tags": "[1]"},
        {"tags": "[" * 5_000},
        {"tags": '{"a": 1}'},
        {"tags": '{"a": "\\ud800"}'},
        {"tags": '{"\\ud800": "a"}'},
        {"custom_friendly_name": "shop.example/{{code}}"},
        {"device_ip": "999.1.1.1"},
        {"risk_check": "maybe"},
        {"custom_friendly_name": "Call 12345"},
    ],
)
def test_a_wrong_parameter_is_refused(verify: Verify, fields: dict[str, Any]) -> None:
    status, code = refused(verify.start, **fields)
    assert status == 400
    assert code in {60200, 20001}


def test_known_parameters_are_taken(verify: Verify) -> None:
    started = verify.start(tags='{"a": "b"}', device_ip="2001:db8::1", risk_check="disable")
    assert started.status == "pending"


def test_its_timeline_tells_what_became_of_each_sending(verify: Verify) -> None:
    started = verify.start()
    verify.start(channel="call")
    code = verify.code(started)
    installation, tenant = verify.tenant.installation, verify.tenant
    url = f"{installation.url}/ringfence/v1/Accounts/{tenant.sid}/Verifications/{started.sid}/Timeline"
    answer = requests.get(url, auth=(tenant.sid, tenant.token), timeout=10)
    shown = answer.json()
    assert (shown["status"], shown["final"], shown["to"]) == ("pending", False, TO)
    text, call = shown["sendings"]
    assert (text["channel"], text["status"], text["problem"]) == ("sms", "queued", None)
    assert (call["channel"], call["status"]) == ("call", "queued")
    assert call["sid"].startswith("CA")
    assert code not in answer.text
    of_text = requests.get(installation.url + text["url"], auth=(tenant.sid, tenant.token), timeout=10)
    assert DOTS in of_text.json()["body"]
    assert code not in of_text.text
    missing = requests.get(url.replace(started.sid, LONG_AGO), auth=(tenant.sid, tenant.token), timeout=10)
    assert missing.status_code == 404


def test_a_template_says_whether_to_keep_the_code_to_oneself(tenant: Any, verify: Verify) -> None:
    plain, warning, *_ = (template.sid for template in verify.client.verify.v2.templates.list())
    verify.of_service.update(default_template_sid=warning)
    for to, how, warned in (("+12025550188", {}, True), ("+12025550166", {"template_sid": plain}, False)):
        body = verify.text(verify.start(to, **how))[1].body
        assert ("Don't share this code" in body) is warned
    assert refused(verify.start, template_sid="HJ" + "a" * 32) == (400, 60200)


def test_a_country_is_texted_by_the_service_that_is_configured_for_it(tenant: Any, verify: Verify) -> None:
    texting = tenant.service()
    (pooled,) = verify.client.messaging.v1.services(texting).phone_numbers.list()
    tenant.number()
    verify.of_service.messaging_configurations.create(country="US", messaging_service_sid=texting)
    row, _ = verify.text(verify.start())
    assert (row.local, row.messaging_service_sid) == (pooled.phone_number, texting)
    elsewhere, _ = verify.text(verify.start("+4917139200123"))
    assert elsewhere.messaging_service_sid is None
    verify.of_service.messaging_configurations.create(country="all", messaging_service_sid=texting)
    everywhere, _ = verify.text(verify.start("+447700900123"))
    assert everywhere.messaging_service_sid == texting


def test_address_and_device_of_a_start_are_kept_as_blind_indexes_alone(verify: Verify) -> None:
    started = verify.start(device_ip="192.0.2.7", tags='{"device_id": "phone-7"}')
    row = verify.tenant.installation.run(verify.tenant.installation.store.verification(verify.tenant.sid, started.sid))
    (attempt,) = row.attempts
    assert [origin.partition(":")[0] for origin in attempt.origins] == ["address", "device"]
    assert "192.0.2" not in str(attempt)
    assert "phone-7" not in str(attempt)
    assert verify.check(verify.code(started)).status == "approved"


def test_a_lookup_tells_whose_line_it_is_where_the_service_looks_up(tenant: Any, verify: Verify) -> None:
    assert verify.start().lookup == {}
    looking = Verify(tenant, lookup_enabled=True)
    started = looking.start("+4917139200123")
    assert set(started.lookup["carrier"]) == {
        "error_code",
        "mobile_country_code",
        "mobile_network_code",
        "name",
        "type",
    }
    assert (started.lookup["carrier"]["type"], started.lookup["carrier"]["error_code"]) == ("mobile", None)
    assert looking.of_service.verifications(started.sid).fetch().lookup == started.lookup
    assert looking.of_service.verifications(started.sid).update(status="canceled").lookup == started.lookup
    assert looking.start("+493023125001", channel="sms").lookup["carrier"]["type"] == "landline"


def test_a_lookup_of_a_start_uses_up_no_rate_rule(tenant: Any) -> None:
    lookup_recipes.ask(tenant, "PUT", "/v2/RateLimits/Fields/line_type_intelligence/Bucket/hourly", json={"limit": 0})
    started = Verify(tenant, lookup_enabled=True).start()
    assert started.lookup["carrier"]["error_code"] is None


def test_digits_are_sent_to_an_extension_before_a_code_is_said(verify: Verify) -> None:
    started = verify.start(channel="call", send_digits="ww12#")
    installation, account = verify.tenant.installation, verify.tenant.sid
    sid = "CA" + started.send_code_attempts[0]["attempt_sid"][2:]
    row = installation.run(installation.store.call(account, sid))
    (key,) = installation.run(installation.keys.open_records(account, [(row.epoch, sid)]))
    content = open_call_with(key, account, sid, row.content)
    assert content.send_digits == "ww12#"
    assert content.code is not None
    assert refused(verify.start, channel="call", send_digits="1x") == (400, 60200)


def test_rate_limits_count_starts_by_the_values_passed(verify: Verify) -> None:
    limit = verify.of_service.rate_limits.create(unique_name="ip")
    verify.of_service.rate_limits(limit.sid).buckets.create(max=2, interval=600)
    numbers = iter(f"+120255501{n}" for n in range(60, 90))

    def from_ip(value: Any) -> Any:
        return verify.start(next(numbers), rate_limits={"ip": value})

    assert [from_ip("192.0.2.7").status for _ in range(2)] == ["pending"] * 2
    assert refused(from_ip, "192.0.2.7") == (429, 20429)
    assert from_ip("192.0.2.8").status == "pending"
    assert from_ip(7).status == "pending"
    assert from_ip("7").status == "pending"
    assert refused(from_ip, 7) == (429, 20429)
    # Without the value nothing is counted.
    assert verify.start(next(numbers)).status == "pending"


def test_who_is_refused_by_a_rate_limit_is_told_when_to_ask_again_and_has_no_attempt_less(verify: Verify) -> None:
    limit = verify.of_service.rate_limits.create(unique_name="session")
    verify.of_service.rate_limits(limit.sid).buckets.create(max=1, interval=600)
    started = verify.start(rate_limits={"session": "s1"})
    made = verify.tenant
    answer = requests.post(
        f"{made.installation.url}/v2/Services/{verify.service.sid}/Verifications",
        auth=(made.sid, made.token),
        data={"To": TO, "Channel": "sms", "RateLimits": '{"session": "s1"}'},
        timeout=10,
    )
    assert (answer.status_code, answer.json()["code"]) == (429, 20429)
    assert 0 < int(answer.headers["Retry-After"]) <= 600
    assert "s1" not in answer.text
    assert len(verify.of_service.verifications(started.sid).fetch().send_code_attempts) == 1


@pytest.mark.parametrize(
    "text",
    [
        *("ip", "[]", "[" * 5_000, '{"unknown": "x"}'),
        *('{"ip": true}', '{"ip": null}', '{"ip": ""}', '{"ip": {}}'),
        # Half a character, which no UTF-8 spells.
        *('{"ip": "\\ud800"}', '{"\\ud800": "x"}'),
    ],
)
def test_rate_limits_that_are_none_are_refused(verify: Verify, text: str) -> None:
    verify.of_service.rate_limits.create(unique_name="ip")
    made = verify.tenant
    answer = requests.post(
        f"{made.installation.url}/v2/Services/{verify.service.sid}/Verifications",
        auth=(made.sid, made.token),
        data={"To": TO, "Channel": "sms", "RateLimits": text},
        timeout=10,
    )
    assert (answer.status_code, answer.json()["code"]) == (400, 60200)


def test_a_code_goes_by_whatsapp_from_the_services_sender(tenant: Any) -> None:
    number = tenant.number()
    for settings in ({"whatsapp_from": f"whatsapp:{number}"}, {"whatsapp_msg_service_sid": tenant.service()}):
        verify = Verify(tenant, **settings)
        started = verify.start(channel="whatsapp")
        assert (started.channel, started.to) == ("whatsapp", TO)
        row, content = verify.text(started)
        assert content.remote == f"whatsapp:{TO}"
        assert row.local.startswith("whatsapp:+1202556")
        assert (row.local == f"whatsapp:{number}") is ("whatsapp_from" in settings)
        assert verify.check(verify.code(started)).status == "approved"


def test_without_a_sender_of_ones_own_nothing_goes_by_whatsapp(tenant: Any) -> None:
    other = tenant.installation.new_tenant().number()
    assert refused(Verify(tenant).start, channel="whatsapp") == (400, 68008)
    assert refused(Verify(tenant, whatsapp_from=f"whatsapp:{other}").start, channel="whatsapp") == (400, 68008)
    assert refused(
        Verify(tenant, whatsapp_from=f"whatsapp:{tenant.number()}").start, "sam@example.com", "whatsapp"
    ) == (
        400,
        60200,
    )


def test_what_an_api_that_died_did_not_write_down_is_read_all_the_same(verify: Verify, tenant: Any) -> None:
    begun = verify.start()
    whose = CodeOf(account=tenant.sid, sid=begun.sid, service=begun.service_sid, to=TO)
    tenant.installation.run(tenant.installation.keys.check_code(whose, verify.code(begun)))
    assert verify.of_service.verifications(begun.sid).fetch().status == "approved"
    assert verify.start().sid != begun.sid
