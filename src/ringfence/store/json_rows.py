"""Many rows to and from SQLite as one value: each row of a cursor costs a turn of the interpreter's lock, JSON none.

While another thread computes, a turn may take milliseconds. SQLite reads and writes JSON in its own code, without it.
"""

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

import msgspec

Row = TypeVar("Row")

_encoder = msgspec.json.Encoder()


def json_rows(rows: Sequence[object]) -> str:
    """An array of arrays for `json_each`. Rows hold text, integers, booleans and None: no bytes."""
    return _encoder.encode(rows).decode()


class JsonRows(Generic[Row]):
    """Reads what `json_group_array` of objects or arrays gave as rows of one kind."""

    def __init__(self, kind: type[Row]) -> None:
        self._decoder = msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]

    def read(self, text: str) -> list[Row]:
        """The rows, in their order."""
        return self._decoder.decode(text)


def joined(values: Iterable[bytes]) -> tuple[bytes, list[tuple[int, int]]]:
    """All values as one blob, and where each stands in it for `substr`: (from 1, length).

    The place of an empty value is for the caller to see: SQLite's `substr` gives NULL where the blob is empty.
    """
    blob = bytearray()
    places = []
    for value in values:
        places.append((len(blob) + 1, len(value)))
        blob += value
    return bytes(blob), places
