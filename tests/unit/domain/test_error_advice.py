"""Each error of a text, a call or a webhook comes with a cause and a fix."""

import pytest

from ringfence.domain.error_advice import ADVICE, advise
from ringfence.domain.error_catalogue import _DELIVERY, _VOICE, _WEBHOOK, CATALOGUE


@pytest.mark.parametrize("kind", [*_DELIVERY, *_WEBHOOK, *_VOICE], ids=lambda kind: str(kind.code))
def test_every_error_that_a_timeline_can_show_has_advice(kind):
    advice = advise(kind.code)
    assert advice is not None
    assert advice.cause.endswith(".")
    assert advice.fix.endswith(".")


def test_advice_is_about_codes_of_the_catalogue():
    assert ADVICE.keys() <= CATALOGUE.keys()


def test_other_codes_have_none():
    assert advise(20404) is None
