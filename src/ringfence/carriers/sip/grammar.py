"""The small pieces SIP headers are made of: tokens, quoted strings, parameters and lists.

Source: RFC 3261, section 25.1. White space is unfolded before anything here sees it.
"""

import re
from collections.abc import Iterable

TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
# A comma or a semicolon separates only outside quotes and angle brackets.
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|<[^>]*>|[^"<]', re.DOTALL)
_QUOTED = re.compile(r'"(?:[^"\\]|\\[\x00-\x09\x0b\x0c\x0e-\x7f])*"', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
# A value that is neither a token nor quoted: a host, an IPv6 reference, or a word of another language.
_BARE_VALUE = re.compile(r'[^\s"<>;,=]+')

Parameters = tuple[tuple[str, str | None], ...]


class MalformedError(ValueError):
    """A header or a URI that its grammar does not allow. The reason holds no part of it."""


def split_outside_quotes(text: str, separator: str) -> list[str]:
    """The pieces between separators, trimmed; one inside quotes or angle brackets does not count. MalformedError."""
    pieces: list[str] = []
    start = end = 0
    while end < len(text):
        match = _PIECE.match(text, end)
        if match is None:
            raise MalformedError("a quote or an angle bracket that is never closed")
        if match[0] == separator:
            pieces.append(text[start:end].strip())
            start = match.end()
        end = match.end()
    pieces.append(text[start:].strip())
    return pieces


def split_list(text: str) -> list[str]:
    """The values of a header that is a comma-separated list; an empty one is an error. MalformedError."""
    pieces = split_outside_quotes(text, ",")
    if not all(pieces):
        raise MalformedError("an empty value in a list")
    return pieces


def parse_parameters(pieces: Iterable[str]) -> Parameters:
    """Read `name` and `name = value` pieces in order; names become lower case, quoted values lose their quotes."""
    parameters: list[tuple[str, str | None]] = []
    for piece in pieces:
        name, equals, value = (part.strip() for part in piece.partition("="))
        if not TOKEN.fullmatch(name):
            raise MalformedError("a parameter without a name")
        if not equals:
            parameters.append((name.lower(), None))
        elif value.startswith('"'):
            parameters.append((name.lower(), unquote(value)))
        elif _BARE_VALUE.fullmatch(value):
            parameters.append((name.lower(), value))
        else:
            raise MalformedError("a parameter's value that is neither a token nor quoted")
    if len({name for name, _ in parameters}) < len(parameters):
        raise MalformedError("a parameter given twice")
    return tuple(parameters)


def write_parameters(parameters: Parameters) -> str:
    """`;name=value` for each parameter; a value that is no token, host or quoted string is quoted."""
    written = []
    for name, value in parameters:
        if value is None:
            written.append(f";{name}")
        elif _BARE_VALUE.fullmatch(value):
            written.append(f";{name}={value}")
        else:
            written.append(f";{name}={quote(value)}")
    return "".join(written)


def unquote(text: str) -> str:
    """The inside of a quoted string, its escapes resolved. MalformedError."""
    if not _QUOTED.fullmatch(text):
        raise MalformedError("a quoted string that is not closed or holds a line break")
    return _ESCAPE.sub(r"\1", text[1:-1])


def quote(text: str) -> str:
    """A quoted string that reads back as `text`. MalformedError for a line break, which none can hold."""
    if "\r" in text or "\n" in text:
        raise MalformedError("a line break in a quoted string")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parse_number(text: str, *, most: int) -> int:
    """A decimal number from 0 to `most`. MalformedError."""
    if not (text.isascii() and text.isdigit()) or len(text.lstrip("0")) > len(str(most)) or int(text) > most:
        raise MalformedError(f"not a number from 0 to {most}")
    return int(text)
