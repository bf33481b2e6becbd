"""Takes secrets, numbers, identifiers and texts out of what was said, so that the rest may be kept in a repository.

What looks the same stays the same: a SID or number becomes one of its own form, the same each time it comes.
"""

import re
from collections.abc import Collection
from typing import Any

# Fields whose values say what happened, not to whom or what about. Names without case and underscores.
CLEAR = frozenset(
    {
        "status", "direction", "numsegments", "nummedia", "errorcode", "price", "priceunit", "apiversion",
        "messagestatus", "smsstatus", "uri", "subresourceuris", "media", "datecreated", "dateupdated", "datesent",
        "code", "moreinfo", "page", "pagesize", "start", "end", "firstpageuri", "nextpageuri", "previouspageuri",
        "sequencenumber", "contenttype", "mediacontenttype0", "optouttype", "fromcountry", "tocountry", "type",
    }
)  # fmt: skip
SECRET_NAMES = ("token", "secret", "password", "signature", "capability")
SECRET = "(secret)"  # noqa: S105 - what stands in its place

_SID = re.compile(r"\b([A-Z]{2})([0-9a-f]{32})\b")
_NUMBER = re.compile(r"(\+|%2B)[1-9][0-9]{6,14}\b", re.IGNORECASE)
_URL = re.compile(r"https?://\S+")
_HEX = re.compile(r"\b[0-9a-fA-F]{32}\b")
_TEXT_NODE = re.compile(r">([^<>]*\S[^<>]*)<")
_ATTRIBUTE = re.compile(r'="([^"]*)"')


class Scrubber:
    """Scrubs one cassette. Fields named in `keep` are kept as they are, but for the SIDs and numbers within."""

    def __init__(self, keep: Collection[str] = ()) -> None:
        self._keep = frozenset(_plain(name) for name in keep)
        self._sids: dict[str, str] = {}
        self._numbers: dict[str, str] = {}
        self._urls: dict[str, str] = {}

    def field(self, name: str, value: Any) -> Any:
        """A field's value, whatever its type, ready to be kept."""
        if isinstance(value, dict):
            return {each: self.field(each, inner) for each, inner in value.items()}
        if isinstance(value, list):
            return [self.field(name, inner) for inner in value]
        if not isinstance(value, str):
            return value
        plain = _plain(name)
        if any(secret in plain for secret in SECRET_NAMES):
            return SECRET
        if not value or plain in self._keep or plain in CLEAR:
            return self.identifiers(value)
        if _URL.fullmatch(value):
            return self._url(value)
        replaced = self.identifiers(value)
        if _SID.fullmatch(value) or _NUMBER.fullmatch(value):
            return replaced
        return _measured(value)

    def identifiers(self, text: str) -> str:
        """The text with its SIDs and numbers replaced by others, and nothing left that looks like a token."""
        text = _SID.sub(lambda found: self._sid(found[0]), text)
        text = _NUMBER.sub(lambda found: self._number(found[0]), text)
        return _HEX.sub(SECRET, text)

    def document(self, text: str) -> str:
        """XML with its verbs and attributes' names, without its words."""
        text = _TEXT_NODE.sub(lambda found: f">{self._words(found[1])}<", text)
        return _ATTRIBUTE.sub(lambda found: f'="{self._attribute(found[1])}"', text)

    def _words(self, text: str) -> str:
        if "body" in self._keep:
            return self.identifiers(text)
        return str(self.field("text", text))

    def _attribute(self, value: str) -> str:
        return self._url(value) if _URL.fullmatch(value) else self.identifiers(value)

    def _sid(self, sid: str) -> str:
        return self._sids.setdefault(sid, f"{sid[:2]}{len(self._sids) + 1:032}")

    def _number(self, number: str) -> str:
        digits = "+" + number.lstrip("+%").removeprefix("2B").removeprefix("2b")
        # A range set aside for fiction, and after it numbers of an area that does not exist.
        place = len(self._numbers)
        made = f"+120255501{place:02}" if place < 100 else f"+1000555{place:04}"
        stands = self._numbers.setdefault(digits, made)
        return stands if number.startswith("+") else "%2B" + stands[1:]

    def _url(self, url: str) -> str:
        return self._urls.setdefault(url, f"https://url-{len(self._urls) + 1}.example/")


def is_scrubbed(value: object) -> bool:
    """True for what stands for something else, which may be anything when a cassette is played."""
    if not isinstance(value, str):
        return False
    measured = re.fullmatch(r"\(text of [0-9]+ characters?\)", value)
    return value == SECRET or bool(measured or _SID.search(value) or _NUMBER.search(value)) or ".example/" in value


def _measured(text: str) -> str:
    return f"(text of {len(text)} character{'' if len(text) == 1 else 's'})"


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
