"""Put a code, or dots in its place, into the words of a template.

A value is put in as it is and never searched for placeholders again. Source: Twilio, "Verify Templates".
"""

import re
from collections.abc import Mapping
from typing import Final

from ringfence.domain.verify_templates.wordings import WORDINGS

_PLACEHOLDER: Final = re.compile(r"\{\{\s*([A-Za-z][A-Za-z0-9_]*)\s*\}\}")
_BETWEEN_DIGITS: Final = ", "


def default_template(locale: str, *, warning: bool = False, payment: bool = False) -> str:
    """The template of a supported locale, with its warning or for a payment. KeyError for another locale."""
    wording = WORDINGS[locale]
    text = wording.payment if payment else wording.code
    return f"{text}. {wording.warning}" if warning else text


def placeholders(template: str) -> frozenset[str]:
    """The names that a template has places for."""
    return frozenset(_PLACEHOLDER.findall(template))


def render(template: str, values: Mapping[str, str]) -> str:
    """`template` with each place filled. KeyError for a place without a value."""
    return _PLACEHOLDER.sub(lambda place: values[place[1]], template)


def spoken(code: str) -> str:
    """A code as it is read out: one digit after the other."""
    return _BETWEEN_DIGITS.join(code)
