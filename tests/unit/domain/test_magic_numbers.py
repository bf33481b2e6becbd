"""Magic numbers, from Twilio's page on test credentials."""

from ringfence.domain.error_catalogue import CATALOGUE
from ringfence.domain.magic_numbers import AREA_CODE, FROM, OTHER_FROM, PHONE_NUMBER, TO, VALID_FROM
from ringfence.domain.number import parse_e164


def test_what_each_number_does():
    assert TO == {
        "+15005550001": 21211,
        "+15005550002": 21612,
        "+15005550003": 21408,
        "+15005550004": 21610,
        "+15005550009": 21614,
    }
    assert FROM == {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
    assert PHONE_NUMBER == {"+15005550000": 21422, "+15005550001": 21421}
    assert AREA_CODE == {"533": 21452}
    assert VALID_FROM == "+15005550006"
    assert OTHER_FROM == 21606


def test_each_is_a_number_that_parses_and_an_error_that_exists():
    for table in (TO, FROM, PHONE_NUMBER):
        for number, code in table.items():
            assert parse_e164(number).e164 == number
            assert code in CATALOGUE
    assert VALID_FROM not in {*TO, *FROM, *PHONE_NUMBER}
