"""How parameters of entities, factors and challenges are read. What raises ValueError never repeats the value."""

import json
from collections.abc import Callable

from ringfence.api.forms import read_integer


def between(low: int, high: int) -> Callable[[str], int]:
    """A whole number of these bounds, both included."""

    def read(text: str) -> int:
        number = read_integer(text)
        if not low <= number <= high:
            raise ValueError(f"expected {low} to {high}")
        return number

    return read


def of_characters(low: int, high: int) -> Callable[[str], str]:
    """Printable text of so many characters."""

    def read(text: str) -> str:
        if not low <= len(text) <= high or not text.isprintable():
            raise ValueError(f"expected {low} to {high} characters in one line")
        return text

    return read


def is_text(value: object) -> bool:
    """True for text that can be written in UTF-8: JSON's escapes can spell half a character."""
    return isinstance(value, str) and not any("\ud800" <= char <= "\udfff" for char in value)


def json_strings(high: int) -> Callable[[str], str]:
    """A JSON object of strings, written in at most so many characters: as it was written."""

    def read(text: str) -> str:
        try:
            value = json.loads(text) if len(text) <= high else None
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict) or not all(map(is_text, (*value, *value.values()))):
            raise ValueError(f"expected a JSON object of strings, of at most {high} characters")
        return text

    return read
