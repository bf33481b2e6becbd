"""Codes by mail, as the official SDK starts and checks them."""

from typing import Any

import pytest
from tests.api.test_verifications import Verify, other_than, refused

from ringfence.domain.verification import DOTS

TO = "sam@example.com"


@pytest.fixture
def verify(tenant: Any) -> Verify:
    return Verify(tenant)


def test_a_code_goes_by_mail_and_is_right(verify: Verify) -> None:
    started = verify.start(TO, "email")
    assert (started.status, started.channel, started.to) == ("pending", "email", TO)
    (attempt,) = started.send_code_attempts
    assert attempt["channel"] == "EMAIL"
    assert verify.check(other_than(verify.code(started)), TO).valid is False
    checked = verify.check(verify.code(started), TO)
    assert (checked.sid, checked.status, checked.channel, checked.to) == (started.sid, "approved", "email", TO)


def test_what_is_at_rest_of_a_mail_has_dots_in_the_codes_place_and_costs_nothing(verify: Verify) -> None:
    started = verify.start(TO, "email")
    row, content = verify.text(started)
    assert (content.remote, content.body) == (TO, f"Your Fade & Co verification code is: {DOTS}")
    assert content.code.subject == "Fade & Co"
    assert row.local == '"Fade & Co" <codes@ringfence.example>' or row.local == "Fade & Co <codes@ringfence.example>"
    assert (row.num_segments, row.remote_region) == (0, "")
    assert verify.client.messages.list() == []


def test_an_address_in_other_letters_is_the_same_mailbox(verify: Verify) -> None:
    started = verify.start("Sam@Example.COM", "email")
    assert started.to == TO
    assert verify.start("SAM@example.com", "email").sid == started.sid
    assert verify.of_service.verifications("sAm@example.com").fetch().sid == started.sid
    assert verify.check(verify.code(started), "SAM@EXAMPLE.com").status == "approved"


@pytest.mark.parametrize(
    ("to", "channel"),
    [
        ("sam", "email"),
        ("sam@localhost", "email"),
        ("sam@example.com\r\nBcc: eve@example.com", "email"),
        ("sam@@example.com", "email"),
        ("+12025550177", "email"),
        (TO, "sms"),
        (TO, "call"),
    ],
)
def test_a_channel_takes_its_own_kind_of_address(verify: Verify, to: str, channel: str) -> None:
    assert refused(verify.start, to, channel) == (400, 60200)


def test_a_mailbox_and_a_telephone_have_codes_of_their_own(verify: Verify) -> None:
    by_mail, by_text = verify.start(TO, "email"), verify.start()
    assert by_mail.sid != by_text.sid
    code = verify.code(by_mail)
    assert verify.check(other_than(code)).valid is False
    assert verify.check(code, TO).valid is True


def test_words_are_in_the_language_asked_for_and_in_the_name_given(verify: Verify) -> None:
    started = verify.start(TO, "email", locale="de", custom_friendly_name="Barbers")
    row, content = verify.text(started)
    assert content.body.startswith("Ihr Barbers-Best\u00e4tigungscode")
    assert content.code.subject == "Barbers"
    assert row.local == "Barbers <codes@ringfence.example>"


def test_five_mails_are_sent_of_one_verification(verify: Verify) -> None:
    for _ in range(5):
        verify.start(TO, "email")
    assert refused(verify.start, TO, "email") == (429, 60203)


def test_an_installation_that_is_not_set_up_for_mail_says_so(verify: Verify) -> None:
    channels = verify.tenant.installation.deps.verifying.starter._channels
    mail = channels.pop("email")
    try:
        assert refused(verify.start, TO, "email") == (400, 60223)
    finally:
        channels["email"] = mail
