"""Numbers: what Twilio takes as an address, and what it does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.number import (
    CACHED_NUMBERS,
    NumberKind,
    is_alphanumeric,
    is_short_code,
    parse_e164,
    parse_sender,
)


@pytest.mark.parametrize(
    ("written", "e164", "region", "kind", "prefix"),
    [
        ("+12025550123", "+12025550123", "US", NumberKind.FIXED_OR_MOBILE, "+1 202"),
        ("+15005550006", "+15005550006", "US", NumberKind.PERSONAL, "+1 500"),  # Twilio's test numbers
        ("+15552345678", "+15552345678", "US", NumberKind.UNKNOWN, "+1 555"),
        ("+18095550123", "+18095550123", "DO", NumberKind.FIXED_OR_MOBILE, "+1 809"),
        ("+14165550123", "+14165550123", "CA", NumberKind.FIXED_OR_MOBILE, "+1 416"),
        ("+18005550123", "+18005550123", "US", NumberKind.TOLL_FREE, "+1 800"),
        ("+19005550123", "+19005550123", "US", NumberKind.PREMIUM, "+1 900"),
        ("+447700900123", "+447700900123", "GB", NumberKind.UNKNOWN, "+44 7700"),  # reserved for drama
        ("+441481960194", "+441481960194", "GG", NumberKind.LOCAL, "+44 1481"),
        ("+442079460018", "+442079460018", "GB", NumberKind.LOCAL, "+44 20"),
        ("+33612345678", "+33612345678", "FR", NumberKind.MOBILE, "+33 6"),
        ("+390236618300", "+390236618300", "IT", NumberKind.LOCAL, "+39 02"),  # Italy keeps its zero
        ("+77011234567", "+77011234567", "KZ", NumberKind.MOBILE, "+7 701"),
        ("+80012345678", "+80012345678", "001", NumberKind.TOLL_FREE, "+800 12"),
        ("+883510012345", "+883510012345", "001", NumberKind.VOIP, "+883 510"),
        ("+861380013800", "+861380013800", "CN", NumberKind.UNKNOWN, "+86"),
        ("2025550123", "+12025550123", "US", NumberKind.FIXED_OR_MOBILE, "+1 202"),
        ("12025550123", "+12025550123", "US", NumberKind.FIXED_OR_MOBILE, "+1 202"),
        (" 12025550123", "+12025550123", "US", NumberKind.FIXED_OR_MOBILE, "+1 202"),  # a "+" that a form made a space
        ("+1 (202) 555-0123", "+12025550123", "US", NumberKind.FIXED_OR_MOBILE, "+1 202"),
        ("202.555.0123", "+12025550123", "US", NumberKind.FIXED_OR_MOBILE, "+1 202"),
        ("+44 20/7946-0018 ", "+442079460018", "GB", NumberKind.LOCAL, "+44 20"),
    ],
)
def test_numbers(written, e164, region, kind, prefix):
    number = parse_e164(written)
    assert number is not None
    assert (number.e164, number.region, number.kind, number.calling_prefix) == (e164, region, kind, prefix)


@pytest.mark.parametrize(
    "absurd",
    [
        "",
        " ",
        "+",
        "+1",
        "+12345",
        "12345",
        "+15550100",  # no area code
        "+1202555012",
        "+120255501234",
        "+11111111111",
        "+10000000000",
        "+11125550123",
        "+12021550123",
        "+12020550123",
        "+999123456789",  # no such calling code
        "+9999999999999999999",
        "++12025550123",
        "+1+2025550123",
        "+1 800 FLOWERS",
        "+12025550123x5",
        "+12025550123;ext=5",
        "tel:+12025550123",
        "X2025550123X",
        "+1 202 555 0123\n",
        "+1\t202 555 0123",
        "+٤٤٢٠٧٩٤٦٠٠١٨",  # digits, but not E.164's
        "+１２０２５５５０１２３",
        "whatsapp:+12025550123",
        "sip:a@b",
        "null",
        "2" * 5000,
        "-" * 20,
    ],
)
def test_absurd_numbers_are_refused(absurd):
    assert parse_e164(absurd) is None


def test_kinds_are_spelled_for_the_api_and_the_store():
    assert {*map(str, NumberKind)} == {
        "local", "mobile", "fixed_or_mobile", "tollfree", "premium", "shared_cost", "voip", "personal", "pager", "uan",
        "voicemail", "unknown", "short_code", "alphanumeric",
    }  # fmt: skip


def test_what_the_number_is_stays_out_of_its_repr():
    number = parse_e164("+12025550123")
    assert repr(number) == "Number(US, fixed_or_mobile)"
    assert "5550123" not in repr(parse_e164)


def test_the_cache_is_bounded():
    assert parse_e164.cache_info().maxsize == CACHED_NUMBERS == 16_384


@pytest.mark.parametrize(
    ("written", "textable"),
    [
        ("+12025550123", True),
        ("+33612345678", True),
        ("+447700900123", True),
        ("+18005550123", True),
        ("+15005550006", True),
        ("12345", True),
        ("+442079460018", False),
        ("+19005550123", False),
        ("+448431234567", False),
        ("ringfence", False),
    ],
)
def test_what_can_be_texted(written, textable):
    assert parse_sender(written).textable is textable


@pytest.mark.parametrize("code", ["123", "12345", "987654"])
def test_short_codes(code):
    sender = parse_sender(code)
    assert (sender.e164, sender.kind, sender.region, sender.calling_prefix) == (code, NumberKind.SHORT_CODE, "", "")
    assert is_short_code(code)


@pytest.mark.parametrize("text", ["12", "1234567", "01234", "+12345", "12 34", "١٢٣٤٥", "", "12345\n"])
def test_not_short_codes(text):
    assert not is_short_code(text)


@pytest.mark.parametrize(
    "text", ["A", "ringfence", "ABCDEFGHIJK", "Fade and Co", "a1234567890", "Fade & Co", "x+y", "my_id", "x-1"]
)
def test_alphanumeric_senders(text):
    sender = parse_sender(text)
    assert (sender.e164, sender.kind, sender.region) == (text, NumberKind.ALPHANUMERIC, "")
    assert is_alphanumeric(text)


@pytest.mark.parametrize(
    "text", ["", "ABCDEFGHIJKL", " A", "A ", "12", "1234567 ", "é", "a.b", "a:b", "A\n", "++++", "a\u00a0b"]
)
def test_not_senders(text):
    assert parse_sender(text) is None
    assert not is_alphanumeric(text)


def test_a_sender_may_be_a_number():
    assert parse_sender("+1 202 555 0123") == parse_e164("+12025550123")


@given(st.text(alphabet="+0123456789 ()-./x", max_size=40))
def test_what_is_parsed_is_e164_and_parses_to_itself(text):
    number = parse_e164(text)
    if number is not None:
        assert number.e164[0] == "+"
        assert number.e164[1:].isascii()
        assert number.e164[1:].isdigit()
        assert 7 <= len(number.e164[1:]) <= 17
        again = parse_e164(number.e164)
        assert again is None or again == number
        digits = "".join(number.calling_prefix[1:].split())
        assert number.e164[1:].startswith(digits)
        assert len(digits) <= max(len(number.e164[1:]) - 6, 1)


@given(st.text(max_size=60))
def test_any_text_is_answered(text):
    parse_sender(text)
