"""Mails as they are handed in: read back, they say what was meant, and nothing in them adds a header."""

from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.mail_address import format_sender
from ringfence.mail.letter import letter
from ringfence.ports.carrier import Submit

AT_MS = 1_767_225_600_000
ONE_LINE = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp", "Zs")), min_size=1, max_size=32)


def mail(**fields: str) -> Submit:
    given = {
        "ref": "VL1",
        "sender": "Fade <codes@example.com>",
        "to": "sam@example.net",
        "subject": "Fade",
        "body": "Hi",
    }
    return Submit(**(given | fields))


def read(data: bytes) -> EmailMessage:
    parsed = message_from_bytes(data, policy=SMTP)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    return parsed


def test_it_has_what_a_mail_needs() -> None:
    parsed = read(letter(mail(), AT_MS))
    assert parsed["From"] == "Fade <codes@example.com>"
    assert parsed["To"] == "sam@example.net"
    assert parsed["Subject"] == "Fade"
    assert parsed["Message-ID"] == "<VL1@example.com>"
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed["Date"].datetime.timestamp() * 1_000 == AT_MS
    assert parsed.get_content_type() == "text/plain"
    assert parsed.get_content() == "Hi\r\n"


@given(ONE_LINE, ONE_LINE, st.text(st.characters(codec="utf-8", exclude_categories=("C",)), max_size=200))
def test_words_in_every_alphabet_come_back(name: str, subject: str, body: str) -> None:
    data = letter(mail(sender=format_sender(name, "codes@example.com"), subject=subject, body=body), AT_MS)
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 998
    parsed = read(data)
    assert len(parsed.items()) == 9
    assert parsed["Subject"] == subject
    (sender,) = parsed["From"].addresses
    assert sender.addr_spec == "codes@example.com"
    # EmailMessage reads a name of two encoded words with a space between them, which RFC 2047 has it leave out.
    raw = message_from_bytes(data)["From"].replace("\r\n", "").strip()
    phrase = raw.rpartition(" <")[0]
    shown = str(make_header(decode_header(phrase))) if phrase.startswith("=?") else parseaddr(raw)[0]
    assert shown == name
    assert parsed.get_content().replace("\r\n", "\n").removesuffix("\n") == body


@pytest.mark.parametrize("field", ["subject", "to", "sender"])
def test_a_line_break_adds_no_header(field: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        letter(mail(**{field: "sam@example.com\r\nBcc: eve@example.com"}), AT_MS)
