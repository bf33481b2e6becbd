"""Refusals that the caller is told about, with Twilio's codes."""

from ringfence.domain.error_catalogue import CATALOGUE, OURS, ErrorKind

__all__ = ["CATALOGUE", "ApiError", "ErrorKind", "TryLaterError", "describe", "more_info"]

# A detail is echoed to the caller; what it sent may be a megabyte.
DETAIL_CHARACTERS = 120
MASKED_DIGITS = 4
_UNKNOWN = "Unknown error"


class ApiError(Exception):
    """A refusal that the caller is told about with Twilio's code.

    `details` fill the placeholders of the catalogue's message and go to the caller alone:
    neither str() nor repr() shows them, because they may hold a number or a body. A placeholder
    without its detail is left out.
    """

    def __init__(self, code: int, message: str | None = None, *, status: int | None = None, **details: object) -> None:
        kind = CATALOGUE.get(code) or ErrorKind(code, _UNKNOWN)
        self.code = code
        self.status = status or kind.status
        self.message = message if message is not None else _fill(kind.message, details)
        super().__init__(f"error {code}")

    def __repr__(self) -> str:
        return f"ApiError({self.code})"


class TryLaterError(ApiError):
    """A refusal that holds for `retry_after_s` seconds, and the caller may know."""

    def __init__(self, code: int, message: str, *, retry_after_s: int) -> None:
        super().__init__(code, message)
        self.retry_after_s = retry_after_s


def more_info(code: int) -> str:
    """Where Twilio documents the code; "" for our own, which its dictionary does not have."""
    if code in OURS:
        return ""
    return f"https://www.twilio.com/docs/errors/{code}"


def describe(code: int) -> str:
    """The catalogue's text for a code without details, as in a message's `error_message`."""
    kind = CATALOGUE.get(code)
    return _fill(kind.message, {}) if kind else _UNKNOWN


class _Details(dict[str, object]):
    """Details by placeholder; `NAME_masked` is NAME with its last digits hidden."""

    def __missing__(self, placeholder: str) -> str:
        name = placeholder.removesuffix("_masked")
        return _mask(str(self[name])) if name != placeholder else ""


def _fill(message: str, details: dict[str, object]) -> str:
    if "{" not in message:
        return message
    shown = _Details({name: str(value)[:DETAIL_CHARACTERS] for name, value in details.items()})
    filled = message.format_map(shown)
    # What a missing detail leaves behind: "resource  was", "Number: ".
    return filled if details else " ".join(filled.split()).rstrip(" :")


def _mask(number: str) -> str:
    return f"{number[:-MASKED_DIGITS]}{'X' * MASKED_DIGITS}" if len(number) > 2 * MASKED_DIGITS else number
