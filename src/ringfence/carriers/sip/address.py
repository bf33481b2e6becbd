"""Name and address: what From, To, Contact, Route and their kin hold.

Source: RFC 3261, sections 20.10 and 25.1.
"""

import re

import msgspec

from ringfence.carriers.sip.grammar import (
    TOKEN,
    MalformedError,
    Parameters,
    parse_parameters,
    quote,
    split_outside_quotes,
    unquote,
    write_parameters,
)
from ringfence.carriers.sip.uri import Uri, parse_uri

_DISPLAYED = re.compile(r'((?:"(?:[^"\\]|\\.)*"|[^"<])*)<([^>]*)>(.*)', re.DOTALL)


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A URI with the name shown for it and the header's own parameters (`tag`, `expires`, `q`…)."""

    uri: Uri
    display: str = ""
    parameters: Parameters = ()

    def __str__(self) -> str:
        name = f"{quote(self.display)} " if self.display else ""
        return f"{name}<{self.uri}>{write_parameters(self.parameters)}"

    def __repr__(self) -> str:
        return f"Address({self.uri!r})"

    def parameter(self, name: str) -> str | None:
        """A parameter's value, "" for one without a value, None where it is absent."""
        for key, value in self.parameters:
            if key == name:
                return value or ""
        return None

    @property
    def tag(self) -> str | None:
        """The tag that makes a dialog of a Call-ID, or None."""
        return self.parameter("tag") or None

    def with_tag(self, tag: str) -> "Address":
        """The same address under this tag."""
        others = tuple((name, value) for name, value in self.parameters if name != "tag")
        return msgspec.structs.replace(self, parameters=(*others, ("tag", tag)))


def parse_address(text: str) -> Address:
    """Read one address, with or without angle brackets. MalformedError.

    Without them a question mark is refused, and what follows a semicolon belongs to the header (section 20.10).
    """
    if "<" not in _outside_quotes(text):
        bare, *pieces = split_outside_quotes(text, ";")
        if "?" in bare or "," in bare:
            raise MalformedError("a URI that needs angle brackets")
        return Address(uri=parse_uri(bare), parameters=parse_parameters(pieces))
    match = _DISPLAYED.fullmatch(text)
    if match is None:
        raise MalformedError("a quote or an angle bracket that is never closed")
    after = split_outside_quotes(match[3], ";")
    if after[0]:
        raise MalformedError("something between an address and its parameters")
    return Address(uri=parse_uri(match[2]), display=_display(match[1].strip()), parameters=parse_parameters(after[1:]))


def _display(text: str) -> str:
    if text.startswith('"'):
        return unquote(text)
    words = text.split()
    if not all(TOKEN.fullmatch(word) for word in words):
        raise MalformedError("a display name that needs quotes")
    return " ".join(words)


def _outside_quotes(text: str) -> str:
    return re.sub(r'"(?:[^"\\]|\\.)*"', "", text, flags=re.DOTALL)
