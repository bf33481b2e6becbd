"""Typed parameters: a Struct's fields say what a form or query may hold, and with which code a wrong value is refused.

A field's wire name is its Struct's rename (`rename="pascal"` gives Twilio's names). Unknown names are ignored, as
Twilio ignores them; a single-valued name that comes twice is refused, because two readers would differ on it.
"""

import re
import types
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from ringfence.domain.errors import ApiError, describe
from ringfence.domain.twiml.voice_attributes import DIGITS
from ringfence.domain.web_url import InvalidUrlError, parse_url

F = TypeVar("F", bound=msgspec.Struct)
Read = Callable[[str], Any]
DAY_MS = 86_400_000
MAX_NAME_CHARACTERS = 64
MAX_KEYS = 32
VERIFY_PARAMETER = 60200


class Rule(NamedTuple):
    """How a field is read when its type alone does not say: `read` raises ValueError; `code` is Twilio's.

    An empty value is unset, or with `clears` it is "", which takes a setting away.
    """

    read: Read
    code: int = 20001
    clears: bool = False


class NoForm(msgspec.Struct, frozen=True):
    """An operation without parameters."""


def read_flag(text: str) -> bool:
    """true and false in any case."""
    lowered = text.lower()
    if lowered not in ("true", "false"):
        raise ValueError("expected true or false")
    return lowered == "true"


def read_integer(text: str) -> int:
    """Decimal digits with an optional minus; at most 18 of them."""
    if re.fullmatch(r"-?[0-9]{1,18}", text) is None:
        raise ValueError("expected a whole number")
    return int(text)


def read_decimal(text: str) -> Decimal:
    """A plain decimal number."""
    if re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,12})?", text) is None:
        raise ValueError("expected a number")
    return Decimal(text)


def read_url(text: str) -> str:
    """An absolute http or https URL that could be called (`domain.web_url`), as it was written."""
    parse_url(text)
    return text


def read_digits(text: str) -> str:
    """Keys of a telephone, with w and W for half a second's and a second's wait."""
    if not DIGITS.fullmatch(text) or len(text) > MAX_KEYS:
        raise ValueError(f"expected up to {MAX_KEYS} of 0-9, *, #, A-D, w and W")
    return text


def read_method(text: str) -> str:
    """GET or POST, in any case."""
    if text.upper() not in ("GET", "POST"):
        raise ValueError("expected GET or POST")
    return text.upper()


def event_words(name: str, values: Sequence[str], known: Sequence[str], *, code: int) -> tuple[str, ...]:
    """Events named in a parameter that may come again, or hold several with spaces or commas between them.

    ApiError of that code for one that is not known.
    """
    words = tuple(word for value in values for word in value.replace(",", " ").split())
    if not set(known).issuperset(words):
        raise ApiError(code, f"{describe(code)}: {name} is not of {', '.join(known[:-1])} and {known[-1]}.")
    return words


def read_instant(text: str) -> int:
    """ISO 8601 with a time zone (none means UTC), as Unix milliseconds."""
    if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}", text) is None:
        raise ValueError("expected an ISO 8601 time")
    moment = datetime.fromisoformat(text)
    return _unix_ms(moment)


class Moment(NamedTuple):
    """A day or a second in a list filter, half open, Unix milliseconds."""

    from_ms: int
    to_ms: int
    day_from_ms: int


def read_moment(text: str) -> Moment:
    """YYYY-MM-DD, or an ISO 8601 time: the span it names, and the first millisecond of its UTC day."""
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is not None:
        start_ms = _unix_ms(datetime.fromisoformat(text))
        return Moment(start_ms, start_ms + DAY_MS, start_ms)
    at_ms = read_instant(text) // 1000 * 1000
    return Moment(at_ms, at_ms + 1000, at_ms // DAY_MS * DAY_MS)


def _unix_ms(moment: datetime) -> int:
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    try:
        return int(aware.timestamp() * 1000)
    except OverflowError:
        raise ValueError("out of range") from None


def read_name(text: str) -> str:
    """A FriendlyName."""
    if len(text) > MAX_NAME_CHARACTERS:
        raise ValueError(f"expected at most {MAX_NAME_CHARACTERS} characters")
    return text


Name = Annotated[str, Rule(read_name, clears=True)]
Instant = Annotated[int, Rule(read_instant)]
MomentFilter = Annotated[Moment, Rule(read_moment)]


class _Field(NamedTuple):
    attribute: str
    read: Read
    many: bool = False
    code: int = 20001
    empty: str | None = None


class Form(Generic[F]):
    """Reads pairs into `shape`; compiled once."""

    def __init__(self, shape: type[F]) -> None:
        self.shape = shape
        hints = get_type_hints(shape, include_extras=True)
        self._fields = {
            field.encode_name: _field(field.name, hints[field.name]) for field in msgspec.structs.fields(shape)
        }

    @property
    def names(self) -> frozenset[str]:
        """Every wire name this form knows."""
        return frozenset(self._fields)

    def read(self, pairs: list[tuple[str, str]]) -> F:
        """The Struct; ApiError with the field's code for a wrong value."""
        values: dict[str, Any] = {}
        fields = self._fields
        for name, text in pairs:
            field = fields.get(name)
            if field is None:
                continue
            attribute, read, many, code, empty = field
            try:
                value = read(text) if text else empty
            except ValueError as wrong:
                raise ApiError(code, f"{_refusal(code, name)}: {_reason(wrong)}.") from None
            if value is None:
                continue
            if many:
                values[attribute] = (*values.get(attribute, ()), value)
            elif attribute in values:
                raise ApiError(20001, f"{name} is given more than once.")
            else:
                values[attribute] = value
        return self.shape(**values)


def _refusal(code: int, name: str) -> str:
    return f"Invalid parameter `{name}`" if code == VERIFY_PARAMETER else f"Invalid value for {name}"


def _reason(wrong: ValueError) -> str:
    """Our own words only: a library's ValueError may quote the value."""
    text = str(wrong)
    return text if isinstance(wrong, InvalidUrlError) or text.startswith("expected") else "out of range or malformed"


_BY_TYPE: dict[object, Read] = {bool: read_flag, int: read_integer, Decimal: read_decimal}


def _field(attribute: str, hint: object) -> _Field:
    if get_origin(hint) in (Union, types.UnionType):
        (hint,) = (part for part in get_args(hint) if part is not type(None))
    many = get_origin(hint) is tuple
    if many:
        hint = get_args(hint)[0]
    if get_origin(hint) is Annotated:
        rule = next(part for part in get_args(hint) if isinstance(part, Rule))
        return _Field(attribute, rule.read, many, rule.code, "" if rule.clears else None)
    if get_origin(hint) is Literal:
        return _Field(attribute, _one_of(get_args(hint)), many)
    if hint is str:
        return _Field(attribute, str, many, empty="")
    return _Field(attribute, _BY_TYPE[hint], many)


def _one_of(choices: tuple[str, ...]) -> Read:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"expected one of {', '.join(choices)}")
        return text

    return read
