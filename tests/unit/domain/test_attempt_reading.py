"""What a developer reads of an attempt."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.attempt import Exchange
from ringfence.domain.attempt_reading import QUOTED_CHARACTERS, form_of, quoted_line, signed_text, text_of
from ringfence.domain.signature import signature_base

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9)
pairs = st.lists(st.tuples(words, words), max_size=4)


def exchange(url="http://h/p", body=b""):
    return Exchange(at_ms=0, method="POST", url=url, body=body)


@given(pairs)
def test_the_form_and_what_was_signed_are_those_that_were_sent(form):
    sent = exchange(body=urlencode(form).encode())
    assert form_of(sent) == form
    assert signed_text(sent) == signature_base("http://h/p", form).decode()


def test_the_url_is_signed_as_the_program_sees_it():
    assert signed_text(exchange("http://h:80/p?x=1")) == "http://h/p?x=1"


def test_a_url_that_is_none_was_not_signed():
    assert signed_text(exchange("ftp://h")) is None


def test_what_is_no_text_is_shown_as_far_as_it_goes():
    assert text_of(b"caf\xe9") == "caf\ufffd"


@pytest.mark.parametrize(
    ("answer", "line", "column", "quoted"),
    [
        (b"one\ntwo\nthree", 2, 1, ("two", 1)),
        (b"one\r\ntwo\rthree", 3, 4, ("three", 4)),
        (b"one", 1, 0, ("one", 1)),
        (b"one", 2, 1, None),
        (b"one", 0, 0, None),
        (b"", 1, 1, ("", 1)),
    ],
)
def test_the_line_at_fault_is_quoted(answer, line, column, quoted):
    assert quoted_line(answer, line, column) == quoted


@given(st.integers(1, 2_000))
def test_a_long_line_is_cut_around_the_column(column):
    line = "".join(chr(0x21 + place % 90) for place in range(2_000))
    text, at = quoted_line(line.encode(), 1, column)
    assert len(text) == QUOTED_CHARACTERS
    assert text[at - 1] == line[column - 1]
