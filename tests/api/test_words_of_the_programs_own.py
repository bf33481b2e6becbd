"""A start's own words, and whom its mail comes from, as the official SDK sends them."""

import json
from typing import Any

import pytest
from tests.api.conftest import OWN_TEMPLATES
from tests.api.test_verifications import TO, Verify, refused

MAILBOX = "sam@shop.example"


@pytest.fixture
def verify(tenant: Any) -> Verify:
    return Verify(tenant)


def test_a_text_is_in_the_programs_own_words_and_everybody_else_reads_dots(verify: Verify) -> None:
    begun = verify.start(custom_message="Fade & Co here. Say {{code}} at the door.")
    _, content = verify.text(begun)
    assert content.body == "Fade & Co here. Say •••••• at the door."
    assert content.code.words == "Fade & Co here. Say {{code}} at the door."


def test_each_sending_has_its_own(verify: Verify) -> None:
    verify.start(custom_message="First {{code}}")
    again = verify.start()
    _, content = verify.text(again, 1)
    assert "First" not in content.body


@pytest.mark.parametrize("message", ["No place", "evil.example/{{code}}", "{{code}} {{code}}"])
def test_words_that_cannot_be_are_refused(verify: Verify, message: str) -> None:
    assert refused(verify.start, custom_message=message) == (400, 60200)


def test_what_is_paid_is_read(tenant: Any) -> None:
    paying = Verify(tenant, psd2_enabled=True)
    payment = {"amount": "€5", "payee": "Bakery"}
    assert refused(paying.start, custom_message="Pay {{code}}", **payment) == (400, 60200)
    assert paying.start(**payment).status == "pending"


def test_a_mail_comes_from_whom_the_program_says(verify: Verify) -> None:
    wanted = json.dumps({"from": "door@ringfence.example", "from_name": "The door"})
    begun = verify.start(MAILBOX, "email", channel_configuration=wanted)
    row, _ = verify.text(begun)
    assert row.local == "The door <door@ringfence.example>"


def test_a_name_alone_keeps_the_address(verify: Verify) -> None:
    begun = verify.start(MAILBOX, "email", channel_configuration=json.dumps({"from_name": "The door"}))
    row, _ = verify.text(begun)
    assert row.local == "The door <codes@ringfence.example>"


@pytest.mark.parametrize(
    "configuration",
    [
        {"from": "boss@bank.example"},
        {"from": "no address"},
        {"from_name": "x" * 65},
        {"from_name": "a\nBcc: b"},
        {"from_name": "Code {{code}}"},
        {"template_id": "d-1"},
        "text",
    ],
    ids=str,
)
def test_nobody_writes_in_anothers_name(verify: Verify, configuration: object) -> None:
    wanted = json.dumps(configuration)
    assert refused(verify.start, MAILBOX, "email", channel_configuration=wanted) == (400, 60200)


def test_it_is_for_mails(verify: Verify) -> None:
    assert refused(verify.start, TO, channel_configuration=json.dumps({"from_name": "x"})) == (400, 60200)


TICKET, OF_ANOTHER = (template.sid for template in OWN_TEMPLATES)
SUBSTITUTIONS = {"AppName": "Owl", "Contact": 77, "unused": "nobody's"}


def test_a_template_of_the_operators_is_filled_by_the_program(verify: Verify) -> None:
    begun = verify.start(template_sid=TICKET, template_custom_substitutions=json.dumps(SUBSTITUTIONS))
    _, content = verify.text(begun)
    assert content.body == "Owl: •••••• opens ticket 77, for 10 minutes. Fade & Co"
    again = verify.start(template_sid=TICKET, template_custom_substitutions=json.dumps(SUBSTITUTIONS), locale="de")
    assert verify.text(again, 1)[1].body == "Owl: •••••• öffnet Ticket 77"


def test_the_services_own_template_is_its_default_one(tenant: Any) -> None:
    verify = Verify(tenant, default_template_sid=TICKET)
    assert refused(verify.start) == (400, 60224)
    begun = verify.start(template_custom_substitutions=json.dumps(SUBSTITUTIONS))
    assert verify.text(begun)[1].body.startswith("Owl: ")


def test_a_template_without_variables_takes_no_notice(verify: Verify) -> None:
    begun = verify.start(template_custom_substitutions=json.dumps(SUBSTITUTIONS))
    assert verify.text(begun)[1].body == "Your Fade & Co verification code is: ••••••"


@pytest.mark.parametrize(
    "substitutions",
    [
        "[]",
        "x",
        "{}",
        '{"AppName": "Owl"}',
        '{"AppName": ["Owl"], "Contact": "7"}',
        '{"AppName": "O\\nl", "Contact": "7"}',
        '{"AppName": "{{code}}", "Contact": "7"}',
        '{"AppName": "\\ud800", "Contact": "7"}',
        '{"AppName": true, "Contact": "7"}',
        '{"AppName": "Owl", "Contact": "evil.example"}',
        '{"AppName": "https://7", "Contact": "7"}',
    ],
)
def test_what_does_not_fill_it_is_refused(verify: Verify, substitutions: str) -> None:
    assert refused(verify.start, template_sid=TICKET, template_custom_substitutions=substitutions) == (400, 60224)
    assert refused(verify.start, template_sid=TICKET) == (400, 60224)


def test_no_value_makes_a_link_of_the_code(tenant: Any) -> None:
    verify = Verify(tenant)
    values = {"AppName": "Owl", "Contact": "7" * 128, "friendly_name": "Bank"}
    begun = verify.start(template_sid=TICKET, template_custom_substitutions=json.dumps(values))
    assert "Bank" not in verify.text(begun)[1].body


def test_another_accounts_template_is_not_there(verify: Verify) -> None:
    assert refused(verify.start, template_sid=OF_ANOTHER) == (400, 60200)
    listed = {template.sid: template for template in verify.client.verify.v2.templates.list()}
    assert TICKET in listed
    assert OF_ANOTHER not in listed
    assert set(listed[TICKET].translations) == {"en", "de"}


def test_a_payment_needs_words_that_tell_it(tenant: Any) -> None:
    paying = Verify(tenant, psd2_enabled=True)
    fields = {"amount": "€5", "payee": "Bakery", "template_custom_substitutions": json.dumps(SUBSTITUTIONS)}
    assert refused(paying.start, template_sid=TICKET, **fields) == (400, 60200)


def test_a_code_sent_again_is_as_long_as_it_was(tenant: Any) -> None:
    verify = Verify(tenant, code_length=4)
    words = "x" * 156 + "{{code}}"
    code = verify.code(verify.start(custom_message=words))
    verify.of_service.update(code_length=10)
    again = verify.start(custom_message=words)
    assert verify.code(again) == code
    # With ten digits it would be two.
    assert verify.text(again, 1)[0].num_segments == 1
    told = verify.client.verify.v2.verification_attempts.list(verification_sid=again.sid)
    assert {one.channel_data["code_length"] for one in told} == {4}
