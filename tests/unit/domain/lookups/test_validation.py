"""Written numbers: which of them are any, and their one right form."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.lookups.validation import Examined, examine, is_country

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
EXAMPLES = [phonenumbers.example_number(region) for region in REGIONS]


def test_a_number_is_told_with_its_country_and_forms() -> None:
    assert examine("(415) 992-9960") == Examined(
        phone_number="+14159929960",
        valid=True,
        calling_country_code="1",
        country_code="US",
        national_format="(415) 992-9960",
    )


@pytest.mark.parametrize(
    ("text", "country", "shown", "fault"),
    [
        ("+141599299600", "", "+141599299600", "TOO_LONG"),
        ("+1415", "", "+1415", "TOO_SHORT"),
        ("555-1234", "US", "+15551234", "TOO_SHORT"),
        ("1", "US", "+11", "NOT_A_NUMBER"),
        ("notanumber", "", "+1notanumber", "NOT_A_NUMBER"),
        ("keine", "de", "+49keine", "NOT_A_NUMBER"),
        ("1-800-FLOWERS", "", "+11-800-FLOWERS", "NOT_A_NUMBER"),
        ("+4", "", "+4", "NOT_A_NUMBER"),
        ("+", "", "+", "NOT_A_NUMBER"),
        ("", "", "+1", "NOT_A_NUMBER"),
        ("+999123456", "", "+999123456", "INVALID_COUNTRY_CODE"),
        ("+4912345678901234567", "", "+4912345678901234567", "TOO_LONG"),
        ("+44201234567", "", "+44201234567", "INVALID_BUT_POSSIBLE"),
        ("+11111111111", "", "+11111111111", "INVALID_BUT_POSSIBLE"),
        ("+1415992996٠", "", "+1415992996٠", "NOT_A_NUMBER"),
    ],
)
def test_what_is_none_is_told_why(text: str, country: str, shown: str, fault: str) -> None:
    assert examine(text, country) == Examined(phone_number=shown, valid=False, errors=(fault,))  # type: ignore[arg-type]


def test_a_number_of_no_country_has_a_calling_code_alone() -> None:
    found = examine("+80012345678")
    assert (found.valid, found.country_code, found.calling_country_code) == (True, None, "800")


@given(st.sampled_from([example for example in EXAMPLES if example is not None]))
def test_every_valid_number_is_found_again_in_each_of_its_forms(number: phonenumbers.PhoneNumber) -> None:
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    found = examine(e164)
    assert found.valid
    assert found.phone_number == e164
    assert found.national_format is not None
    assert examine(found.national_format, found.country_code or "").phone_number == e164


@given(st.text(max_size=80), st.sampled_from(["", "US", "de"]))
def test_anything_is_answered_without_an_error(text: str, country: str) -> None:
    found = examine(text, country)
    assert found.valid is not bool(found.errors)
    assert found.phone_number.startswith("+")
    assert found.phone_number not in repr(found)


@pytest.mark.parametrize(("code", "known"), [("US", True), ("gb", True), ("ZZ", False), ("USA", False), ("", False)])
def test_countries_are_known_by_two_letters(code: str, known: bool) -> None:
    assert is_country(code) is known
