"""The attributes of a voice element, read one way: a value that makes no sense is warned of and its default taken."""

import re

from ringfence.domain.twiml.document import Element, Method, TwimlWarning
from ringfence.domain.twiml.schema import NOT_IN_SCHEMA

# Keys of a telephone, and w and W for half a second's and a second's wait.
DIGITS = re.compile(r"[0-9A-Da-d*#wW]*")
_KEYS = re.compile(r"[0-9*#]*")
_WHOLE = re.compile(r"[0-9]{1,9}")


class Attributes:
    """One element's attributes, and where its warnings go."""

    def __init__(self, element: Element, left_out: list[TwimlWarning]) -> None:
        self._element = element
        self._left_out = left_out

    def warn(self, code: int, reason: str) -> None:
        """Tell the tenant, with the element's place."""
        self._left_out.append(TwimlWarning(code, reason, self._element.line, self._element.column))

    def text(self, name: str) -> str:
        """A value as it stands, "" where it is absent."""
        return self._element.attributes.get(name, "").strip()

    def whole(self, name: str, default: int, *, code: int, least: int, most: int = 10**9 - 1) -> int:
        """A whole number from `least` to `most`; a larger one counts as `most`."""
        text = self.text(name)
        if not text:
            return default
        if not _WHOLE.fullmatch(text) or int(text) < least:
            self._wrong(code, name)
            return default
        return min(int(text), most)

    def flag(self, name: str, *, default: bool, code: int = NOT_IN_SCHEMA) -> bool:
        """true or false, in any case."""
        text = self.text(name).lower()
        if text not in {"", "true", "false"}:
            self._wrong(code, name)
        return {"true": True, "false": False}.get(text, default)

    def one_of(self, name: str, values: tuple[str, ...]) -> str:
        """One of `values`; the first is the default."""
        text = self.text(name)
        if text and text not in values:
            self._wrong(NOT_IN_SCHEMA, name)
        return text if text in values else values[0]

    def method(self, code: int, name: str = "method") -> Method:
        """GET or POST."""
        match self.text(name).upper():
            case "GET":
                return "GET"
            case "" | "POST":
                return "POST"
        self._wrong(code, name)
        return "POST"

    def keys(self, name: str, default: str, *, code: int, most: int) -> str:
        """Up to `most` keys; given and empty is none."""
        if name not in self._element.attributes:
            return default
        text = self.text(name)
        if not _KEYS.fullmatch(text) or len(text) > most:
            self._wrong(code, name)
            return default
        return text

    def digits(self, name: str, code: int) -> str:
        """Keys to be sounded, with waits between them."""
        text = self.text(name)
        if not DIGITS.fullmatch(text):
            self._wrong(code, name)
            return ""
        return text

    def _wrong(self, code: int, name: str) -> None:
        self.warn(code, f"{name} of {self._element.name} has an invalid value")
