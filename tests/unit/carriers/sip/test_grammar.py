"""The parts of SIP's grammar that headers share: lists, parameters, quoted strings and numbers."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.carriers.sip.grammar import (
    MalformedError,
    parse_number,
    parse_parameters,
    quote,
    split_list,
    split_outside_quotes,
    unquote,
    write_parameters,
)


@pytest.mark.parametrize(
    ("read", "reason"),
    [
        (lambda: split_outside_quotes('a;"b', ";"), "a quote or an angle bracket that is never closed"),
        (lambda: split_outside_quotes("a;<b", ";"), "a quote or an angle bracket that is never closed"),
        (lambda: split_list("a,,b"), "an empty value in a list"),
        (lambda: parse_parameters(["=x"]), "a parameter without a name"),
        (lambda: parse_parameters(["a=b c"]), "a parameter's value that is neither a token nor quoted"),
        (lambda: parse_parameters(["a=1", "b", "A=2"]), "a parameter given twice"),
        (lambda: unquote('"a'), "a quoted string that is not closed or holds a line break"),
        (lambda: quote("a\rb"), "a line break in a quoted string"),
        (lambda: quote("a\nb"), "a line break in a quoted string"),
        (lambda: parse_number("256", most=255), "not a number from 0 to 255"),
    ],
)
def test_what_the_grammar_does_not_allow_is_named(read: Callable[[], object], reason: str) -> None:
    with pytest.raises(MalformedError) as caught:
        read()
    assert str(caught.value) == reason


def test_what_is_in_quotes_or_brackets_separates_nothing() -> None:
    assert split_outside_quotes('a ; "b;c" ;<d;e>; ', ";") == ["a", '"b;c"', "<d;e>", ""]
    assert split_list('a, "b,c" , <d,e>') == ["a", '"b,c"', "<d,e>"]


def test_parameters_are_read_in_order_and_written_as_they_can_be_read() -> None:
    read = parse_parameters(["Lr", "Q = 0.5", 'note="a b"', "empty=x"])
    assert read == (("lr", None), ("q", "0.5"), ("note", "a b"), ("empty", "x"))
    assert write_parameters(read) == ';lr;q=0.5;note="a b";empty=x'


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("007", 7), ("255", 255), ("0000255", 255), ("99", 99)])
def test_numbers_are_decimal_up_to_the_most(text: str, number: int) -> None:
    assert parse_number(text, most=255) == number


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1.0", "0x1", "256", "1000", "9" * 5_000, "\u0663", "\u00b2", "a", "1 "]
)
def test_nothing_else_is_a_number(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_number(text, most=255)


@given(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20))
def test_what_was_quoted_reads_back(text: str) -> None:
    assert unquote(quote(text)) == text
