"""A program's own words hold one place for the code, which no telephone takes for part of a link."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.custom_message import MAX_CHARACTERS, read_custom_message
from ringfence.domain.spoken_code import CODE_PLACE


@pytest.mark.parametrize(
    "text",
    [
        "{{code}}",
        "Your code is {{code}}.",
        "Code:{{code}}\nNever tell anybody.",
        "您的验证码是{{code}}。",
        "“{{code}}”",
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
    ],
)
def test_what_cannot_be_is_refused_with_what_it_must_be(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why.replace("{", r"\{")):
        read_custom_message(text)


@given(st.text(), st.text())
def test_the_code_never_stands_in_a_word_with_a_dot_or_a_slash_before_it(before: str, after: str) -> None:
    try:
        text = read_custom_message(f"{before}{CODE_PLACE}{after}")
    except ValueError:
        return
    ascii_before = text.partition(CODE_PLACE)[0].split()[-1:] if not before[-1:].isspace() and before else []
    for word in ascii_before:
        tail = "".join(char if "!" <= char <= "~" else " " for char in word).split(" ")[-1]
        assert not set(tail) & set("./@")
