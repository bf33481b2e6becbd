"""Whoever a code goes to: a telephone's number, or a mailbox."""

from ringfence.domain.mail_address import MailAddress, parse_mail_address
from ringfence.domain.number import Number, parse_e164

Recipient = Number | MailAddress


def parse_recipient(text: str) -> Recipient | None:
    """What `text` names, or None. A number begins with +: nothing else tells it from other digits."""
    if "@" in text:
        return parse_mail_address(text)
    return parse_e164(text) if text.startswith("+") else None


def address_of(recipient: Recipient) -> str:
    """E.164, or the mail address: the one way in which it is written."""
    return recipient.e164 if isinstance(recipient, Number) else recipient.address
