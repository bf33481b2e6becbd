"""A start's own words, and whom its mail comes from, as the official SDK sends them."""

import json
from typing import Any

import pytest
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


@pytest.mark.parametrize("substitutions", ['{"name": "Sam"}', "[]", "x"])
def test_templates_have_no_variables_of_a_programs_own(verify: Verify, substitutions: str) -> None:
    assert refused(verify.start, template_custom_substitutions=substitutions) == (400, 60200)
    assert verify.start(template_custom_substitutions="{}").status == "pending"
