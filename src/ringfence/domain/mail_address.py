"""Mail addresses that codes may go to, and those that they come from.

An address is kept in small letters: whoever may choose the case would have as many verifications of one mailbox as
there are ways to write it. Sources: RFC 5321, sections 2.4, 4.1.2 and 4.5.3.1; RFC 5322, sections 3.2.3 and 3.4.
"""

import re
from email.utils import formataddr, parseaddr
from typing import Final

import msgspec

ADDRESS_MAX: Final = 254
LOCAL_PART_MAX: Final = 64

# A dot-atom at a host name of two labels or more. Quoted strings, literals and other alphabets are not taken.
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@({_LABEL}(?:\.{_LABEL})+)")


class MailAddress(msgspec.Struct, frozen=True):
    """A mailbox, in small letters."""

    address: str

    @property
    def domain(self) -> str:
        """What follows the @."""
        return self.address.rpartition("@")[2]

    @property
    def region(self) -> str:
        """ "": a mailbox is in no country."""
        return ""

    def __repr__(self) -> str:
        return "MailAddress(…)"


def parse_mail_address(text: str) -> MailAddress | None:
    """The address that `text` writes, or None where it is none that mail is sent to."""
    # Lower case comes after: the sign for kelvin becomes a k by it.
    written = text.lower() if text.isascii() and len(text) <= ADDRESS_MAX else ""
    found = _ADDRESS.fullmatch(written)
    if found is None or len(found[1]) > LOCAL_PART_MAX or found[2].rpartition(".")[2].isdecimal():
        return None
    return MailAddress(written)


def format_sender(name: str, address: str) -> str:
    """What stands in From: a name, quoted or encoded where it must be, and an address."""
    return formataddr((name, address))


def sender_address(sender: str) -> str:
    """The address in what `format_sender` wrote; "" where there is none."""
    address = parseaddr(sender)[1]
    return address if "@" in address else ""
