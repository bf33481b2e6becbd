"""A TwiML document as parsed, and what can be wrong with one."""

from typing import Literal

import msgspec

Method = Literal["GET", "POST"]


class Element(msgspec.Struct, frozen=True):
    """One element. `content` is its text and elements in their order; `line` and `column` (from 1) are where it begins.

    `text` is the text directly in it, joined; `children` are the elements directly in it.
    """

    name: str
    attributes: dict[str, str]
    text: str
    children: tuple["Element", ...]
    line: int
    column: int
    content: tuple["str | Element", ...] = ()

    def __repr__(self) -> str:
        return f"Element({self.line}:{self.column})"


class TwimlWarning(msgspec.Struct, frozen=True):
    """Something that was left out. `message` is for the tenant: it may name what the tenant wrote."""

    code: int
    message: str
    line: int = 0
    column: int = 0

    def __repr__(self) -> str:
        return f"TwimlWarning({self.code}, {self.line}:{self.column})"


class TwimlError(Exception):
    """An answer that cannot be run. str() shows code and place; `message` is for the tenant.

    Codes: 11750 (too large), 12100 (no well-formed XML), 12102 (root), 12300 (content type).
    """

    def __init__(self, code: int, message: str, line: int = 0, column: int = 0) -> None:
        self.code = code
        self.message = message
        self.line = line
        self.column = column
        super().__init__(f"TwiML error {code} at line {line}, column {column}")

    def __repr__(self) -> str:
        return f"TwimlError({self.code}, {self.line}:{self.column})"
