"""Tiles: how a tree is laid out in files that anybody may fetch and keep.

A hash tile of level L holds up to 256 roots of subtrees of height 8·L; an entry bundle holds up to 256 leaves.
Source: C2SP, tlog-tiles.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ringfence.domain.ledger.merkle import HASH_BYTES, Subtree, node_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
MAX_LEVEL = 63
MAX_ENTRY_BYTES = (1 << 16) - 1
_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


class Tile(NamedTuple):
    """The `n`th tile of a level, None of the entry bundles. `width` is below 256 where the tree ends within it."""

    level: int | None
    n: int
    width: int = WIDTH


def tile_path(tile: Tile) -> str:
    """Its place below the prefix of the log, such as tile/0/x001/x234/067 or tile/entries/000.p/5."""
    groups = [f"{tile.n % 1000:03d}"]
    rest = tile.n // 1000
    while rest:
        groups.insert(0, f"x{rest % 1000:03d}")
        rest //= 1000
    partial = "" if tile.width == WIDTH else f".p/{tile.width}"
    return f"tile/{'entries' if tile.level is None else tile.level}/{'/'.join(groups)}{partial}"


def parse_tile_path(path: str) -> Tile | None:
    """The tile at this place; None where no tile can be. Each tile has one path only."""
    found = _PATH.fullmatch(path)
    if found is None or len(path) > 100:
        return None
    level = None if found[1] == "entries" else int(found[1])
    width = int(found[3] or WIDTH)
    tile = Tile(level, int(re.sub("[x/]", "", found[2])), width)
    if width > WIDTH or (level or 0) > MAX_LEVEL or tile_path(tile) != path:
        return None
    return tile


def width_at(level: int | None, n: int, size: int) -> int:
    """How wide that tile of a tree of `size` leaves is: 0 where it is not there."""
    there = size >> (HEIGHT * (level or 0))
    return min(max(there - n * WIDTH, 0), WIDTH)


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile of a tree of `size` leaves, its entry bundles first."""
    levels = [None, *range(-(-max(size.bit_length(), 1) // HEIGHT))]
    for level in levels:
        n = 0
        while width := width_at(level, n, size):
            yield Tile(level, n, width)
            n += 1


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """An entry bundle. ValueError for more than 256 entries, or one too long."""
    if len(entries) > WIDTH or any(len(entry) > MAX_ENTRY_BYTES for entry in entries):
        raise ValueError("too much for an entry bundle")
    return b"".join(len(entry).to_bytes(2) + entry for entry in entries)


def decode_bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle. ValueError where it is cut off, or too long."""
    entries = []
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 2])
        entry = data[at + 2 : at + 2 + size]
        if at + 2 > len(data) or len(entry) != size:
            raise ValueError("the entry bundle is cut off")
        entries.append(entry)
        at += 2 + size
    if len(entries) > WIDTH:
        raise ValueError("the entry bundle has more than 256 entries")
    return entries


class TileHashes:
    """A `proof.Hashes` over the tiles of a tree of `size` leaves.

    `fetch` has a tile's bytes. ValueError where what it gives is not as long as the tile is wide, or the subtree ends
    beyond the tree.
    """

    def __init__(self, fetch: Callable[[Tile], bytes], size: int) -> None:
        self._fetch = fetch
        self._size = size

    def subtree(self, subtree: Subtree) -> bytes:
        if (subtree.n + 1) << subtree.height > self._size:
            raise ValueError("the tree ends before that")
        level, above = divmod(subtree.height, HEIGHT)
        first = subtree.n << above
        n = first // WIDTH
        tile = Tile(level, n, width_at(level, n, self._size))
        data = self._fetch(tile)
        if len(data) != tile.width * HASH_BYTES:
            raise ValueError(f"{tile_path(tile)} has another length")
        at = (first - n * WIDTH) * HASH_BYTES
        row = [data[at + step : at + step + HASH_BYTES] for step in range(0, HASH_BYTES << above, HASH_BYTES)]
        while len(row) > 1:
            row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
        return row[0]
