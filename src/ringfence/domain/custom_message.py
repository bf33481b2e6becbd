"""A program's own words around a code. Source: Twilio, Verify v2, "Start new verification", CustomMessage."""

import re
from typing import Final

from ringfence.domain.spoken_code import CODE_PLACE

MAX_CHARACTERS: Final = 480

# What a telephone could take for a link that the code is part of: its preview would carry the code there.
_JOINED = re.compile(rf"([!-~]*){re.escape(CODE_PLACE)}([!-~]*)")
_LINKING: Final = frozenset("./\\@?=&#%")


def read_custom_message(text: str) -> str:
    """The words as they are, with one `{{code}}` in them. ValueError says what they must be instead."""
    if not 0 < len(text) <= MAX_CHARACTERS:
        raise ValueError(f"expected 1 to {MAX_CHARACTERS} characters")
    if not text.replace("\n", "").isprintable():
        raise ValueError("expected no control characters")
    if text.count(CODE_PLACE) != 1:
        raise ValueError(f"expected one {CODE_PLACE}")
    joined = _JOINED.search(text)
    if joined is not None and (_LINKING & set(joined[1]) or any(char.isalnum() for char in joined[2])):
        raise ValueError(f"expected {CODE_PLACE} outside of links")
    return text
