"""A mail as it is handed to a relay. Sources: RFC 5322; RFC 2045 to 2047; RFC 3834, section 5."""

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

from ringfence.domain.mail_address import sender_address
from ringfence.ports.carrier import Submit

# No relay need take more than seven bits (RFC 6152).
_POLICY = SMTP.clone(cte_type="7bit")


def letter(mail: Submit, at_ms: int) -> bytes:
    """Its bytes, lines ended by CRLF. Handed in twice it has the same Message-ID, by which mailboxes tell that."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = mail.sender
    message["To"] = mail.to
    message["Subject"] = mail.subject
    message["Date"] = formatdate(at_ms / 1_000, usegmt=True)
    message["Message-ID"] = f"<{mail.ref}@{sender_address(mail.sender).rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body)
    return message.as_bytes()
