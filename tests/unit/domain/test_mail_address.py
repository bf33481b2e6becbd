"""Mail addresses that codes go to: what is one, and that one mailbox has one way to be written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.mail_address import format_sender, parse_mail_address, sender_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("sam@example.com", "sam@example.com"),
        ("Sam.Rivera+codes@Mail.Example.COM", "sam.rivera+codes@mail.example.com"),
        ("o'hara@xn--bcher-kva.example", "o'hara@xn--bcher-kva.example"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ],
)
def test_an_address_is_kept_in_small_letters(text: str, address: str) -> None:
    parsed = parse_mail_address(text)
    assert parsed is not None
    assert (parsed.address, parsed.domain, parsed.region) == (address, address.partition("@")[2], "")
    assert "sam" not in repr(parsed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sam",
        "@example.com",
        "sam@",
        "sam@localhost",
        "sam@-example.com",
        "sam@example-.com",
        "sam@example..com",
        "sam@192.0.2.7",
        "sam@[192.0.2.7]",
        ".sam@example.com",
        "sam.@example.com",
        "sa..m@example.com",
        "sam@eve@example.com",
        "sam rivera@example.com",
        '"sam"@example.com',
        "Sam <sam@example.com>",
        "sam@example.com\n",
        "sam@example.com,eve@example.com",
        "s\u00e4m@example.com",
        "sam@\u212aelvin.example",
        "a" * 65 + "@example.com",
        "sam@" + "a" * 64 + ".com",
        "sam@" + ".".join(["a" * 60] * 4) + ".example",
    ],
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert parse_mail_address(text) is None


@given(st.text())
def test_what_is_taken_is_one_line_of_ascii_and_taken_again_as_it_is(text: str) -> None:
    for written in (text, f"{text}@example.com", f"sam@{text}.example"):
        parsed = parse_mail_address(written)
        if parsed is not None:
            assert parsed.address.isascii()
            assert parsed.address.isprintable()
            assert not set(parsed.address) & set(' <>(),;:"[]')
            assert parse_mail_address(parsed.address) == parsed


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), max_size=32))
def test_a_senders_address_is_found_whatever_its_name(name: str) -> None:
    sender = format_sender(name, "codes@example.com")
    assert sender_address(sender) == "codes@example.com"
    assert "\n" not in sender


@pytest.mark.parametrize("number", ["+12025550123", "12345", "Fade", "whatsapp:+12025550123"])
def test_numbers_have_no_address(number: str) -> None:
    assert sender_address(number) == ""
