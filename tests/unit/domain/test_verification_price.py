"""What a code costs at most is known before it is sent, and is what its text is priced at in the end."""

import pytest

from ringfence.domain.number import Number, parse_e164
from ringfence.domain.rating import DEVELOPMENT_RATES
from ringfence.domain.verification_price import CALL_MINUTES_MAX, price_of_call, price_of_text
from ringfence.usecases.voice.call_with_code import TIME_LIMIT_S


def number(e164: str) -> Number:
    found = parse_e164(e164)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("words", "segments"),
    [
        ("Your code is: {{code}}", 1),
        ("x" * 154 + "{{code}}", 1),
        ("x" * 155 + "{{code}}", 2),
        ("Ваш код: {{code}}" + "ы" * 60, 2),
    ],
    ids=["short", "full", "one too many", "UCS-2"],
)
def test_a_text_costs_its_segments_with_the_code_in_it(words: str, segments: int) -> None:
    assert price_of_text(words, 6, "GB") == segments * DEVELOPMENT_RATES.outbound["GB"]


def test_a_call_costs_the_minutes_that_it_may_last() -> None:
    assert CALL_MINUTES_MAX * 60 == TIME_LIMIT_S
    cheap, dear = price_of_call(number("+12025550177")), price_of_call(number("+37181000000"))
    assert 0 < cheap < dear
