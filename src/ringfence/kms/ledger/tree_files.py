"""The Merkle tree of the ledger in files: what proofs and tiles are read from.

`level-0` holds the leaves' hashes, 32 bytes each, `level-1` the roots of each 256 of them, and so on: a tile is a slice
of a level. `offsets` holds where in the entries' file each 256th entry begins, 8 bytes each. All of it follows from the
entries, and is made again where a crash took it.
"""

import os
from pathlib import Path

from ringfence.domain.ledger.merkle import HASH_BYTES, Frontier, frontier_of
from ringfence.domain.ledger.proof import root_of
from ringfence.domain.ledger.tile import HEIGHT, WIDTH, Tile, TileHashes

OFFSET_BYTES = 8
OFFSETS = "offsets"


class _Rows:
    """A file of records of one size, that grows."""

    def __init__(self, path: Path, record_bytes: int) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._bytes = record_bytes
        self._end = os.fstat(self._descriptor).st_size // record_bytes * record_bytes
        self._pending = bytearray()

    @property
    def count(self) -> int:
        return self._end // self._bytes

    def cut(self, count: int) -> None:
        """Forget all but the first records."""
        self._pending.clear()
        self._end = count * self._bytes
        os.ftruncate(self._descriptor, self._end)

    def add(self, record: bytes) -> None:
        self._pending += record

    def flush(self) -> None:
        while self._pending:
            written = os.pwrite(self._descriptor, self._pending, self._end)
            self._end += written
            del self._pending[:written]

    def sync(self) -> None:
        os.fsync(self._descriptor)

    def read(self, first: int, count: int) -> bytes:
        return os.pread(self._descriptor, count * self._bytes, first * self._bytes)

    def close(self) -> None:
        os.close(self._descriptor)


class TreeFiles:
    """One thread writes: `add`, then `flush`. Any may read what lies below `size`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._levels: list[_Rows] = []
        while not self._levels or (directory / f"level-{len(self._levels)}").exists():
            self._levels.append(self._level(len(self._levels)))
        self._offsets = _Rows(directory / OFFSETS, OFFSET_BYTES)
        self._frontier = Frontier()
        self.size = 0

    def close(self) -> None:
        for rows in (*self._levels, self._offsets):
            rows.close()

    def restore(self, size: int) -> bytes | None:
        """Go on from the first `size` entries, and forget the rest: the root. None where so many are not there."""
        enough = all(rows.count >= size >> (HEIGHT * level) for level, rows in enumerate(self._levels))
        if not enough or size >> (HEIGHT * len(self._levels)) or self._offsets.count < -(-size // WIDTH):
            return None
        for level, rows in enumerate(self._levels):
            rows.cut(size >> (HEIGHT * level))
        self._offsets.cut(-(-size // WIDTH))
        hashes = TileHashes(self.read, size)
        self._frontier = Frontier(size, [hashes.subtree(subtree) for subtree in frontier_of(size)])
        self.size = size
        return self._frontier.root()

    def add(self, leaf_hash: bytes, offset: int) -> None:
        """One entry more, that begins at `offset` of the entries' file."""
        if self._frontier.size % WIDTH == 0:
            self._offsets.add(offset.to_bytes(OFFSET_BYTES))
        for (height, _), root in self._frontier.append(leaf_hash):
            level, above = divmod(height, HEIGHT)
            if not above:
                if level == len(self._levels):
                    self._levels.append(self._level(level))
                self._levels[level].add(root)

    def flush(self) -> None:
        """Write what was added; `size` then counts it. OSError: it is kept, and the next call tries again."""
        self._offsets.flush()
        for rows in self._levels:
            rows.flush()
        self.size = self._frontier.size

    def sync(self) -> None:
        """What was flushed is on disk."""
        for rows in (*self._levels, self._offsets):
            rows.sync()

    def read(self, tile: Tile) -> bytes:
        """A hash tile's bytes, or what of them is there."""
        level = tile.level
        if level is None:
            raise ValueError("entry bundles are not part of the tree's files")
        return self._levels[level].read(tile.n * WIDTH, tile.width) if level < len(self._levels) else b""

    def root(self, size: int) -> bytes:
        """The root of the first `size` entries."""
        return root_of(self.hashes(size), size)

    def hashes(self, size: int) -> TileHashes:
        """For proofs in the tree of the first `size` entries."""
        return TileHashes(self.read, size)

    def block(self, n: int) -> int:
        """Where in the entries' file the block of 256 begins that holds the `n`th entry."""
        return int.from_bytes(self._offsets.read(n // WIDTH, 1))

    def _level(self, level: int) -> _Rows:
        return _Rows(self._directory / f"level-{level}", HASH_BYTES)
