"""A program's own words hold one place for the code, which no telephone takes for part of a link."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.custom_message import MAX_CHARACTERS, holds_address, read_custom_message
from ringfence.domain.spoken_code import CODE_PLACE


@pytest.mark.parametrize(
    "text",
    [
        "{{code}}",
        "Your code is {{code}}.",
        "Code:{{code}}\nNever tell anybody.",
        "您的验证码是{{code}}。",
        "“{{code}}”",
        "您好。您的验证码是{{code}}。请勿告诉他人。",
        "【店】{{code}}，有效期10分钟",
        "コードは{{code}}です。",
        "({{code}}), at shop.example",
        "shop.example: {{code}}!",
        "x" * (MAX_CHARACTERS - 9) + " {{code}}",
    ],
)
def test_what_is_read_is_taken_as_it_is(text: str) -> None:
    assert read_custom_message(text) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "1 to 480"),
        ("x" * (MAX_CHARACTERS - 8) + " {{code}}", "1 to 480"),
        ("Your code", "one {{code}}"),
        ("{{code}} {{code}}", "one {{code}}"),
        ("{{ code }}", "one {{code}}"),
        ("a\tb {{code}}", "control"),
        ("a\x00 {{code}}", "control"),
        ("https://evil.example/{{code}}", "links"),
        ("evil.example/?c={{code}}", "links"),
        ("evil.example#{{code}}", "links"),
        ("{{code}}.evil.example", "links"),
        ("{{code}}@evil.example", "links"),
        ("evil.{{code}}", "links"),
        ("https://evil.example/é{{code}}", "links"),
        ("evil.example/–{{code}}", "links"),
        ("evil．example／{{code}}", "links"),
        ("{{code}}é.evil.example", "links"),
        ("{{code}}．evil．example", "links"),
        ("{{code}}。evil。example", "links"),
        ("{{code}}｡evil｡example", "links"),
        ("{{code}}。evil.公司", "links"),
    ],
)
def test_what_cannot_be_is_refused_with_what_it_must_be(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why.replace("{", r"\{")):
        read_custom_message(text)


@pytest.mark.parametrize(
    "value",
    [
        "https://x",
        "WWW.x",
        "evil.example",
        "a.b1",
        "1a.b",
        "evil．example",
        "evil。example",
        "ｗｗｗ．1",
        "evil｡example",
    ],
)
def test_a_value_that_holds_an_address_is_told(value: str) -> None:
    assert holds_address(value)


@pytest.mark.parametrize("value", ["", "Row 7", "3.50", "12.30 h", "Dr. Owl", "the end.", "a/b", "x:y", "10.10."])
def test_other_values_hold_none(value: str) -> None:
    assert not holds_address(value)


@given(st.text(), st.text())
def test_the_code_never_stands_in_a_word_with_a_dot_or_a_slash_before_it(before: str, after: str) -> None:
    try:
        text = read_custom_message(f"{before}{CODE_PLACE}{after}")
    except ValueError:
        return
    before, _, after = (unicodedata.normalize("NFKC", part) for part in text.partition(CODE_PLACE))
    assert not set(re.split(r"\s", before)[-1]) & set("./@")
    assert not re.match(r"\S*\.[a-z]", after)
