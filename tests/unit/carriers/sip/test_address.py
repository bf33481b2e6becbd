"""Names and addresses, as From, To and Contact hold them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.carriers.sip.address import Address, parse_address
from ringfence.carriers.sip.grammar import MalformedError
from ringfence.carriers.sip.uri import SipUri

BOB = SipUri(user="bob", host="b.example")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<sip:bob@b.example>", Address(uri=BOB)),
        ("sip:bob@b.example;tag=1", Address(uri=BOB, parameters=(("tag", "1"),))),
        ("sip:bob@b.example ;   tag    = 1n", Address(uri=BOB, parameters=(("tag", "1n"),))),
        (
            "Bob B. Builder <sip:bob@b.example>;tag=1",
            Address(uri=BOB, display="Bob B. Builder", parameters=(("tag", "1"),)),
        ),
        ("bob<sip:bob@b.example>", Address(uri=BOB, display="bob")),
        (r'"Bob \"the\\ <x@y>, B" <sip:bob@b.example>', Address(uri=BOB, display=r'Bob "the\ <x@y>, B')),
        ('<sip:bob@b.example>;q="a;b"', Address(uri=BOB, parameters=(("q", "a;b"),))),
    ],
)
def test_an_address_is_read(text: str, expected: Address) -> None:
    assert parse_address(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sip:bob@b.example?Route=x",
        "< sip:bob@b.example>",
        "<sip:bob@b.example",
        "Bell, Alexander <sip:bob@b.example>",
        '"Bob <sip:bob@b.example>',
        "<sip:bob@b.example> x;tag=1",
        "<sip:bob@b.example>;;",
        "<sip:bob@b.example>;tag=1;tag=2",
        "<sip:bob@b.example>;=1",
        "<sip:bob@b.example>;tag=a b",
    ],
)
def test_a_crooked_one_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_address(text)


@given(
    st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])), st.text(alphabet="abc019", min_size=1)
)
def test_any_name_reads_back(display: str, tag: str) -> None:
    address = Address(uri=BOB, display=display, parameters=(("tag", tag),))
    assert parse_address(str(address)) == address


def test_a_name_with_a_line_break_cannot_be_written() -> None:
    with pytest.raises(MalformedError):
        str(Address(uri=BOB, display="a\r\nVia: x"))


def test_a_tag_replaces_the_one_before() -> None:
    address = Address(uri=BOB, parameters=(("tag", "1"), ("x", None)))
    assert address.tag == "1"
    assert str(address.with_tag("2")) == "<sip:bob@b.example>;x;tag=2"
    assert Address(uri=BOB).tag is None
