"""Of the sign-ins of a period, how many a look-alike site could have taken, and what would lower it.

A code that a person reads can be typed into the wrong site, whatever brought it; so can that of an authenticator app,
and a push can be approved for somebody else's sign-in, with a number to match too. A passkey signs for the one site
that it was made for. A telephone's possession, proven silently, is proven to whoever has it visit an address.
Source: NIST SP 800-63B-4, section 3.2.5, "Phishing Resistance".
"""

from collections.abc import Iterable
from typing import Final

import msgspec

PASSKEYS: Final = "passkeys"
PHISHING_RESISTANT: Final = frozenset({PASSKEYS})

_ADVICE: Final = {
    "sms": "Offer passkeys; until then set CodeHost, which binds the code to your site where browsers fill it in.",
    "call": "Offer passkeys: who is called reads the code to whoever asks.",
    "whatsapp": "Offer passkeys.",
    "email": "Offer passkeys; a mailbox is often open on the machine that the look-alike site is seen on.",
    "totp": "Offer passkeys: an authenticator app's code is typed into whatever site asks.",
    "push": "Offer passkeys; until then set Push.NumberMatching, so that nobody approves in passing.",
    "push_matched": "Offer passkeys: a look-alike site shows the number too.",
    "sna": "Offer passkeys.",
}
_OTHER: Final = "Offer passkeys."


class SignIns(msgspec.Struct, frozen=True, kw_only=True):
    """How many were approved for a service by one channel, or one type of factor.

    Of `stepped_down` of them the user had something stronger.
    """

    service: str
    channel: str
    count: int
    stepped_down: int = 0


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One service's sign-ins by one channel. `advice` is "" where nothing need be done."""

    service: str
    channel: str
    sign_ins: int
    phishable: int
    stepped_down: int
    advice: str


class PhishingReport(msgspec.Struct, frozen=True, kw_only=True):
    """All of them: what could have been taken first, the most of it first."""

    sign_ins: int
    phishable: int
    stepped_down: int
    lines: tuple[Line, ...]


def phishing_report(counts: Iterable[SignIns]) -> PhishingReport:
    """The report on these; counts of the same service and channel are added up."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for one in counts:
        count, stepped_down = sums.get((one.service, one.channel), (0, 0))
        sums[one.service, one.channel] = count + one.count, stepped_down + one.stepped_down
    lines = [_line(*key, *sizes) for key, sizes in sums.items() if sizes[0]]
    lines.sort(key=lambda line: (-line.phishable, -line.sign_ins, line.service, line.channel))
    return PhishingReport(
        sign_ins=sum(line.sign_ins for line in lines),
        phishable=sum(line.phishable for line in lines),
        stepped_down=sum(line.stepped_down for line in lines),
        lines=tuple(lines),
    )


def _line(service: str, channel: str, count: int, stepped_down: int) -> Line:
    safe = channel in PHISHING_RESISTANT
    return Line(
        service=service,
        channel=channel,
        sign_ins=count,
        phishable=0 if safe else count,
        stepped_down=stepped_down,
        advice="" if safe else _ADVICE.get(channel, _OTHER),
    )
