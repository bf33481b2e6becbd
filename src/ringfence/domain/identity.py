"""Who an entity of Verify is, as the program names it.

Source: Twilio, Verify v2, "Entity resource": 8 to 64 letters and digits, with dashes between them.
"""

import re

_IDENTITY = re.compile(r"(?=.{8,64}\Z)[A-Za-z0-9]+(-[A-Za-z0-9]+)*", re.ASCII)


def is_identity(text: str) -> bool:
    """True when `text` may name an entity."""
    return _IDENTITY.fullmatch(text) is not None
