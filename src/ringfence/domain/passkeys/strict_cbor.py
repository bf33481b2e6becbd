"""CBOR as authenticators write it, and nothing else: definite lengths, shortest integers, no tags, no fractions.

One item has one spelling but for the order of a map's keys, so that two readers of the same bytes see the same thing.

Source: CTAP 2.1, section 8 "Message Encoding"; RFC 8949, section 3.
"""

from typing import Final

NESTING_MAX: Final = 4
"""Maps and arrays inside each other, the outermost included."""

Item = int | bytes | str | bool | None | list["Item"] | dict[int | str, "Item"]

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_SIMPLE_VALUES: Final[dict[int, bool | None]] = {20: False, 21: True, 22: None}
_INLINE = 24
_LARGEST_SIZE = 27


class InvalidCborError(ValueError):
    """Not one such item. The reason holds no part of it."""


def decode_cbor(data: bytes) -> Item:
    """The one item that `data` is; InvalidCborError where anything follows it."""
    item, end = decode_cbor_at(data, 0)
    if end != len(data):
        raise InvalidCborError("something follows")
    return item


def decode_cbor_at(data: bytes, start: int) -> tuple[Item, int]:
    """The item that begins at `start`, and where it ends; what follows is not looked at."""
    return _decode(data, start, NESTING_MAX)


def _decode(data: bytes, at: int, nesting: int) -> tuple[Item, int]:
    if at >= len(data):
        raise InvalidCborError("ends early")
    major, info = data[at] >> 5, data[at] & 0x1F
    at += 1
    if major == _SIMPLE:
        if info not in _SIMPLE_VALUES:
            raise InvalidCborError("a value of no kind that we know")
        return _SIMPLE_VALUES[info], at
    argument, at = _argument(data, at, info)
    if major == _UNSIGNED:
        return argument, at
    if major == _NEGATIVE:
        return -1 - argument, at
    if major in (_BYTES, _TEXT):
        return _string(data, at, argument, text=major == _TEXT)
    if major == _TAG:
        raise InvalidCborError("a tag")
    if nesting == 0:
        raise InvalidCborError("nested too deeply")
    if major == _ARRAY:
        items: list[Item] = []
        for _ in range(argument):
            item, at = _decode(data, at, nesting - 1)
            items.append(item)
        return items, at
    return _map(data, at, argument, nesting - 1)


def _argument(data: bytes, at: int, info: int) -> tuple[int, int]:
    if info < _INLINE:
        return info, at
    if info > _LARGEST_SIZE:
        raise InvalidCborError("of unknown length")
    size = 1 << (info - _INLINE)
    if len(data) - at < size:
        raise InvalidCborError("ends early")
    argument = int.from_bytes(data[at : at + size], "big")
    shorter = _INLINE if size == 1 else 1 << (4 * size)
    if argument < shorter:
        raise InvalidCborError("an integer longer than it need be")
    return argument, at + size


def _string(data: bytes, at: int, length: int, *, text: bool) -> tuple[bytes | str, int]:
    end = at + length
    if end > len(data):
        raise InvalidCborError("ends early")
    if not text:
        return data[at:end], end
    try:
        return data[at:end].decode(), end
    except UnicodeDecodeError:
        raise InvalidCborError("text that is not UTF-8") from None


def _map(data: bytes, at: int, length: int, nesting: int) -> tuple[dict[int | str, Item], int]:
    found: dict[int | str, Item] = {}
    for _ in range(length):
        key, at = _decode(data, at, nesting)
        # True is 1 to a dict: as a key it could hide another.
        if isinstance(key, bool) or not isinstance(key, int | str):
            raise InvalidCborError("a key that is neither integer nor text")
        if key in found:
            raise InvalidCborError("a key twice")
        found[key], at = _decode(data, at, nesting)
    return found, at
