import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.gsm7 import SEPTETS
from ringfence.domain.segments import segment
from ringfence.domain.smart_encoding import smart_encode


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("“Tuesday” isn’t free", '"Tuesday" isn\'t free'),
        ("„so‟ – or — so", '"so" - or - so'),
        ("wait…", "wait..."),
        ("3\u00a0pm\u2009sharp", "3 pm sharp"),
        ("a\u200bb\ufeff", "ab"),
        ("½ price", "1/2 price"),
        ("ＳＡＬＥ！", "SALE!"),
        ("`so`", "'so'"),
        ("｀", "'"),
        ("a‚b", "a'b"),
        ("line\u2028next", "line\nnext"),
    ],
)
def test_what_looks_alike_is_put_in_the_alphabets_terms(written: str, sent: str) -> None:
    assert smart_encode(written) == sent
    assert segment(smart_encode(written)).encoding == "GSM-7"


@pytest.mark.parametrize("body", ["", "plain", "€ and é are in it: {}", "“quoted” 👍", "привет — всем", "“汉”"])
def test_all_or_nothing(body: str) -> None:
    assert smart_encode(body) == body


def test_a_long_text_becomes_one_part() -> None:
    body = "Don’t forget: " + "x" * 140
    assert segment(body).count == 3
    assert segment(smart_encode(body)).count == 1


@given(st.text())
def test_it_never_makes_a_text_dearer_and_is_done_in_one_go(body: str) -> None:
    encoded = smart_encode(body)
    assert encoded == body or set(encoded) <= SEPTETS.keys()
    assert smart_encode(encoded) == encoded
