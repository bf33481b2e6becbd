"""A program's own words around a code. Source: Twilio, Verify v2, "Start new verification", CustomMessage."""

import re
import unicodedata
from typing import Final

from ringfence.domain.spoken_code import CODE_PLACE

MAX_CHARACTERS: Final = 480

# What a telephone could take for a link that the code is part of: its preview would carry the code there. Some read
# letters and marks of other widths, and the full stop of Chinese and Japanese, as the ones of an address. That stop
# before a letter of theirs ends a sentence, since they set no space behind it.
_RUN_BEFORE: Final = re.compile(r"\S*$")
_RUN_AFTER: Final = re.compile(r"\S*")
_PLAIN_AFTER: Final = re.compile(r"[!-~]*")
_STOP: Final = re.compile(r"\u3002(?![^\W\d_a-zA-Z])")
_LINKING: Final = frozenset("./\\@?=&#%")
_LINKED_AFTER: Final = re.compile(r"[./\\@?=&#%].*[^\W_]")
_ADDRESS: Final = re.compile(r"://|www\.|[^\W_]\.[^\W\d_]|[^\W\d_]\.[^\W_]", re.IGNORECASE)


def read_custom_message(text: str) -> str:
    """The words as they are, with one `{{code}}` in them. ValueError says what they must be instead."""
    if not 0 < len(text) <= MAX_CHARACTERS:
        raise ValueError(f"expected 1 to {MAX_CHARACTERS} characters")
    if not text.replace("\n", "").isprintable():
        raise ValueError("expected no control characters")
    if text.count(CODE_PLACE) != 1:
        raise ValueError(f"expected one {CODE_PLACE}")
    before, _, after = text.partition(CODE_PLACE)
    if _is_joined(before, after):
        raise ValueError(f"expected {CODE_PLACE} outside of links")
    return text


def holds_address(text: str) -> bool:
    """True where a telephone could take a part of it for a link: a scheme, `www.`, or a dot between letters."""
    return _ADDRESS.search(unicodedata.normalize("NFKC", text).replace("\u3002", ".")) is not None


def _is_joined(before: str, after: str) -> bool:
    # A run of text without spaces always matches, be it an empty one.
    head, tail = _plain(_RUN_BEFORE.findall(before)[0]), _plain(_RUN_AFTER.findall(after)[0])
    joined_letters = any(char.isalnum() for char in _PLAIN_AFTER.findall(tail)[0])
    return not _LINKING.isdisjoint(head) or joined_letters or _LINKED_AFTER.search(tail) is not None


def _plain(run: str) -> str:
    return _STOP.sub(".", unicodedata.normalize("NFKC", run))
