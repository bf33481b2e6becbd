"""A region found from the metadata is the region that phonenumbers itself finds, or none is."""

from unittest.mock import patch

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ringfence.domain import number
from ringfence.domain.number import parse_e164
from ringfence.domain.number_plans import region_of

CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
KINDS = range(11)
DIGITS = st.text("0123456789", min_size=4, max_size=13)


def asked(written: str) -> tuple[str, str] | None:
    """What phonenumbers alone answers."""
    with patch.object(number, "region_of", lambda _: None):
        found = parse_e164.__wrapped__(written)
    return found and (found.e164, found.region)


def looked_up(written: str) -> tuple[str, str] | None:
    found = parse_e164.__wrapped__(written)
    return found and (found.e164, found.region)


@st.composite
def nearly_real(draw: st.DrawFn) -> str:
    """An example number of some country and kind, with up to two digits changed."""
    code = draw(st.sampled_from(CODES))
    region = draw(st.sampled_from(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]))
    if region == "001":
        real = phonenumbers.example_number_for_non_geo_entity(code)
    else:
        real = phonenumbers.example_number_for_type(region, draw(st.sampled_from(KINDS)))
    digits = list(
        phonenumbers.format_number(real, phonenumbers.PhoneNumberFormat.E164)[1:] if real else f"{code}2025550"
    )
    for _ in range(draw(st.integers(0, 2))):
        digits[draw(st.integers(0, len(digits) - 1))] = draw(st.sampled_from("0123456789"))
    return "+" + "".join(digits)


@given(nearly_real() | st.builds("+{}{}".format, st.sampled_from(CODES) | st.just(1), DIGITS))
@example("+12025550123")
@example("+13105550")  # seven digits: real in Canada, not dialled so from abroad
@example("+77011234567")
@example("+441481960194")
@example("+390236618300")
@example("+5215512345678")  # a mobile prefix that Mexico gave up
@example("+80012345678")
@example("+29051234")
def test_the_answer_is_the_one_phonenumbers_gives(written):
    assert looked_up(written) == asked(written)


@pytest.mark.parametrize(
    ("e164", "region"),
    [
        ("+12025550123", "US"),
        ("+14165550123", "CA"),
        ("+18095550123", "DO"),
        ("+15552345678", "US"),  # in no range at all: the plan's main country
        ("+491713920001", "DE"),
        ("+77011234567", "KZ"),
        ("+883510012345", "001"),
    ],
)
def test_the_usual_needs_no_one_else(e164, region):
    assert region_of(e164) == region


@pytest.mark.parametrize("unusual", ["+2101234567", "+1202555012", "+390236618300", "+4402079460018", "+11234567890"])
def test_the_unusual_is_left_to_phonenumbers(unusual):
    assert region_of(unusual) is None


@pytest.mark.parametrize("code", CODES)
def test_every_plan_can_be_read(code):
    region_of(f"+{code}234567890")
