"""The header fields of a SIP message, in order, found by any spelling of their names.

Source: RFC 3261, sections 7.3 and 20; compact forms: RFC 3261, 3515, 3892, 4028, 6665.
"""

from collections.abc import Iterable, Iterator

from ringfence.carriers.sip.grammar import MalformedError, split_list

_COMPACT = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
}
_SPELLED = {
    "call-id": "Call-ID",
    "cseq": "CSeq",
    "www-authenticate": "WWW-Authenticate",
    "rack": "RAck",
    "rseq": "RSeq",
}


class Headers:
    """Header fields as they stood: order and repetition are kept, names are found in any case or compact form."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields = [(canonical(name), value) for name, value in fields]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)

    def __contains__(self, name: str) -> bool:
        key = canonical(name)
        return any(own == key for own, _ in self._fields)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._fields == other._fields

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Headers({len(self._fields)} fields)"

    def get(self, name: str) -> str | None:
        """The first value under a name, or None."""
        key = canonical(name)
        return next((value for own, value in self._fields if own == key), None)

    def get_all(self, name: str) -> list[str]:
        """Every field under a name, in order, each as it stood."""
        key = canonical(name)
        return [value for own, value in self._fields if own == key]

    def values(self, name: str) -> list[str]:
        """Every value under a name, comma-separated ones apart. MalformedError."""
        return [value for field in self.get_all(name) for value in split_list(field)]

    def single(self, name: str) -> str | None:
        """The value of a field that may stand once, or None. MalformedError where it stands twice."""
        fields = self.get_all(name)
        if len(fields) > 1:
            raise MalformedError(f"{spelled(canonical(name))} given more than once")
        return fields[0] if fields else None

    def words(self, name: str) -> frozenset[str]:
        """The comma-separated words of a field in lower case: option tags, methods, types."""
        return frozenset(
            word.strip().lower() for field in self.get_all(name) for word in field.split(",") if word.strip()
        )

    def add(self, name: str, value: str) -> None:
        """Append a field."""
        self._fields.append((canonical(name), value))

    def put_first(self, name: str, value: str) -> None:
        """Place a field before every other: a new Via or Record-Route."""
        self._fields.insert(0, (canonical(name), value))

    def replace(self, name: str, *values: str) -> None:
        """Let a name have exactly these values, where its first one stood or else at the end."""
        key = canonical(name)
        place = next((index for index, (own, _) in enumerate(self._fields) if own == key), len(self._fields))
        kept = list(self._fields[:place])
        rest = [field for field in self._fields[place:] if field[0] != key]
        self._fields = [*kept, *((key, value) for value in values), *rest]

    def remove(self, name: str) -> None:
        """Take every field of a name away."""
        self.replace(name)

    def copy(self) -> "Headers":
        """The same fields, to be changed apart."""
        return Headers(self._fields)


def canonical(name: str) -> str:
    """A header's long name in lower case."""
    lower = name.lower()
    return _COMPACT.get(lower, lower)


def spelled(key: str) -> str:
    """A canonical name as it is usually written."""
    return _SPELLED.get(key) or "-".join(word.capitalize() for word in key.split("-"))
