"""Names of SIP Domains: what of a host part names one.

A program written for Twilio names `shop.sip.twilio.com`, and phones reach the same domain as `shop` under the
installation's own name.

Source: Twilio, "SIP Domain resource" (domain_name).
"""

import re

MAX_NAME_CHARACTERS = 200

_LABELS = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
_TWILIO = re.compile(rf"({_LABELS})\.sip(?:\.[a-z]{{2}}[0-9])?\.twilio\.com")
_NAME = re.compile(_LABELS)


def domain_label(host: str, ours: str) -> str | None:
    """What stands before Twilio's suffix, or before `ours`, in lower case; None for any other host."""
    lower = host.lower().rstrip(".")
    if len(lower) > MAX_NAME_CHARACTERS:
        return None
    twilio = _TWILIO.fullmatch(lower)
    if twilio is not None:
        return twilio[1]
    label = lower.removesuffix(f".{ours.lower()}")
    return label if label != lower and _NAME.fullmatch(label) else None
