"""The code in a text, "Your code is 482 913", or in what a call says, one character after the other."""

import re
from collections.abc import Sequence
from itertools import groupby

# 4 to 10 digits, perhaps in groups: 482913, 482-913, 48 29 13, G-482913. Not a part of a number or an amount.
_DIGITS = r"(?<![\d+$€£.,:/])(?:[A-Z]{1,3}-)?(\d{4,10}|\d{2,4}(?:[- ]\d{2,4}){1,3})(?![\d/]|[.,:]\d)"
_ANY = re.compile(_DIGITS)
_NAMED = re.compile(rf"(?:code|passcode|password|pin|otp)\b[^\d+]{{0,30}}?{_DIGITS}", re.IGNORECASE)
_NAMED_AFTER = re.compile(rf"{_DIGITS}\s+is\s+(?:your|the)\b", re.IGNORECASE)
MIN_DIGITS, MAX_DIGITS = 4, 10


def code_in(body: str) -> str | None:
    """The digits of the code; None where the text has none. What is called a code comes before any other number."""
    for pattern in (_NAMED, _NAMED_AFTER, _ANY):
        for found in pattern.finditer(body):
            digits = re.sub(r"\D", "", found[1])
            if MIN_DIGITS <= len(digits) <= MAX_DIGITS:
                return digits
    return None


def code_spelled(heard: Sequence[str]) -> str | None:
    """The last run of single characters in what was heard, where it is as long as a code."""
    runs = ["".join(run) for single, run in groupby(heard, key=lambda words: len(words) == 1) if single]
    return next((run for run in reversed(runs) if MIN_DIGITS <= len(run) <= MAX_DIGITS), None)
