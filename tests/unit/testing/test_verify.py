"""Signing in with a code in a developer's test: by text, and by call."""

from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from .conftest import CUSTOMER


@pytest.fixture
def service(ringfence: Any) -> Any:
    """A Verify service of an account without a number, as with Twilio."""
    made = ringfence.client().verify.v2.services.create(friendly_name="Fade & Co")
    return ringfence.client().verify.v2.services(made.sid)


def test_a_code_comes_by_text_and_is_right(ringfence: Any, service: Any) -> None:
    phone = ringfence.phone(CUSTOMER)
    started = service.verifications.create(to=CUSTOMER, channel="sms")
    assert started.status == "pending"
    assert phone.last_text().body == f"Your Fade & Co verification code is: {phone.last_code()}"
    assert service.verification_checks.create(to=CUSTOMER, code=phone.last_code()).status == "approved"
    assert ringfence.client().messages.list() == []


def test_a_code_comes_by_call_once_a_key_was_pressed(ringfence: Any, service: Any) -> None:
    phone = ringfence.phone(CUSTOMER)
    service.verifications.create(to=CUSTOMER, channel="call")
    call = phone.await_call()
    assert call.hears("press any key")
    assert call.last_code() is None
    call.press("1")
    ringfence.clock.advance(seconds=30)
    code = phone.last_code()
    assert len(code) == 6
    assert call.ended("completed")
    assert call.heard.count("Your Fade & Co verification code is:") == 2
    assert service.verification_checks.create(to=CUSTOMER, code=code).status == "approved"
    assert ringfence.client().calls.list() == []


def test_digits_for_an_extension_go_before_the_code(ringfence: Any, service: Any) -> None:
    phone = ringfence.phone(CUSTOMER)
    service.update(dtmf_input_required=False)
    service.verifications.create(to=CUSTOMER, channel="call", send_digits="w12")
    ringfence.clock.advance(seconds=30)
    code = phone.last_code()
    keys = [place for place, heard in enumerate(phone.await_call().heard) if "12" in heard]
    assert code
    assert keys[:1] == [0], phone.await_call().heard


def test_a_mailbox_hears_no_code(ringfence: Any, service: Any) -> None:
    phone = ringfence.phone(CUSTOMER)
    service.verifications.create(to=CUSTOMER, channel="call")
    ringfence.clock.advance(minutes=1)
    assert phone.await_call().ended("completed")
    with pytest.raises(LookupError):
        phone.last_code()


def test_after_ten_minutes_the_code_is_nothing_and_another_comes(ringfence: Any, service: Any) -> None:
    phone = ringfence.phone(CUSTOMER)
    service.verifications.create(to=CUSTOMER, channel="sms")
    first = phone.last_code()
    ringfence.clock.advance(minutes=10)
    with pytest.raises(TwilioRestException) as refusal:
        service.verification_checks.create(to=CUSTOMER, code=first)
    assert refusal.value.code == 20404
    service.verifications.create(to=CUSTOMER, channel="sms")
    assert service.verification_checks.create(to=CUSTOMER, code=phone.last_code()).valid is True


def test_a_code_outlives_midnight(ringfence: Any, service: Any) -> None:
    phone = ringfence.phone(CUSTOMER)
    now = ringfence.clock.now
    midnight = now.replace(hour=23, minute=58, second=0, microsecond=0)
    if midnight > now:
        ringfence.clock.advance(midnight - now)
    service.verifications.create(to=CUSTOMER, channel="sms")
    code = phone.last_code()
    ringfence.clock.advance(minutes=5)
    again = service.verifications.create(to=CUSTOMER, channel="sms")
    assert (len(again.send_code_attempts), phone.last_code()) == (2, code)
    assert service.verification_checks.create(to=CUSTOMER, code=code).valid is True


def test_a_code_comes_by_mail_and_is_right(ringfence: Any, service: Any) -> None:
    mailbox = ringfence.mailbox("sam@example.com")
    with pytest.raises(LookupError):
        mailbox.last_code()
    started = service.verifications.create(to=str(mailbox), channel="email")
    mail = mailbox.last_mail()
    assert (mail.to, mail.subject) == ("sam@example.com", "Fade & Co")
    assert mail.sender.endswith("<codes@ringfence.example>")
    assert mail.body == f"Your Fade & Co verification code is: {mailbox.last_code()}"
    assert mailbox.inbox == [mail]
    checked = service.verification_checks.create(to="Sam@example.com", code=mailbox.last_code())
    assert (checked.sid, checked.status) == (started.sid, "approved")


def test_a_mailbox_has_an_address(ringfence: Any) -> None:
    with pytest.raises(ValueError, match="a mailbox is"):
        ringfence.mailbox(CUSTOMER)


def test_a_code_comes_by_whatsapp_to_the_same_phone(ringfence: Any) -> None:
    phone, shop = ringfence.phone(CUSTOMER), ringfence.number("+12025550123")
    services = ringfence.client().verify.v2.services
    made = services.create(friendly_name="Fade & Co", whatsapp_from=f"whatsapp:{shop}")
    services(made.sid).verifications.create(to=CUSTOMER, channel="whatsapp")
    assert phone.last_text().sender == f"whatsapp:{shop}"
    checked = services(made.sid).verification_checks.create(to=CUSTOMER, code=phone.last_code())
    assert (checked.status, checked.channel) == ("approved", "whatsapp")


def test_a_telephone_proves_itself_by_its_network(ringfence: Any, service: Any) -> None:
    phone, other = ringfence.phone(CUSTOMER), ringfence.phone("+12025550188")
    started = service.verifications.create(to=CUSTOMER, channel="sna")
    assert phone.inbox == []
    assert phone.opens(started.sna["url"]) == ""
    with pytest.raises(ValueError, match="opened before"):
        other.opens(started.sna["url"])
    assert service.verification_checks.create(to=CUSTOMER).status == "approved"


def test_an_address_that_another_telephone_opened_approves_nothing(ringfence: Any, service: Any) -> None:
    started = service.verifications.create(to=CUSTOMER, channel="sna")
    ringfence.phone("+12025550188").opens(started.sna["url"])
    checked = service.verification_checks.create(to=CUSTOMER)
    assert (checked.status, checked.sna_attempts_error_codes[0]["code"]) == ("pending", 60500)


def test_an_address_lives_as_long_as_its_verification(ringfence: Any, service: Any) -> None:
    started = service.verifications.create(to=CUSTOMER, channel="sna")
    ringfence.clock.advance(minutes=10)
    with pytest.raises(ValueError, match="over"):
        ringfence.phone(CUSTOMER).opens(started.sna["url"])
    with pytest.raises(TwilioRestException) as refused:
        service.verification_checks.create(to=CUSTOMER)
    assert refused.value.code == 20404
