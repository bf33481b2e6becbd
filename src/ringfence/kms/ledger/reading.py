"""The ledger read: entry by entry, as tiles, and all of it held against itself."""

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ringfence.domain.ledger.checkpoint import Checkpoint, parse_checkpoint
from ringfence.domain.ledger.cosigned import most_cosigned, with_lines_of
from ringfence.domain.ledger.merkle import HASH_BYTES, Frontier, Subtree, leaf_hash
from ringfence.domain.ledger.note import split_note
from ringfence.domain.ledger.proof import root_of
from ringfence.domain.ledger.tile import HEIGHT, WIDTH, Tile, TileHashes, encode_bundle, tile_path, tiles_of
from ringfence.kms.key_files import KeyFiles
from ringfence.kms.ledger.checkpoint_file import CheckpointFile
from ringfence.kms.ledger.cosigned_file import CosignedFile
from ringfence.kms.ledger.index import By, entries_of, entries_of_account_by, latest_of_account, whose
from ringfence.kms.ledger.keys import LedgerKeys, load_ledger_keys
from ringfence.kms.ledger.lines import LedgerBrokenError, Line, Position, read_line, read_lines
from ringfence.kms.ledger.tree_files import OFFSET_BYTES, OFFSETS
from ringfence.kms.ledger.writer import CHECKPOINT, COSIGNED, ENTRIES, FOLDER, INDEX
from ringfence.ports.ledger import AccessEntry

_HEX_LEAF = 64
FOUND_AT_ONCE = 10_000


class Sound(NamedTuple):
    """What was found right: so many entries, of which the first `signed` are under the checkpoint. `root` is of all."""

    entries: int
    root: bytes
    signed: int


class LedgerReader:
    """Reads the ledger of a key service's folder. It may be written to meanwhile: what came later is not read.

    `keys`, where given, take the place of its key file. KeyFileError where that is not there, OSError where the ledger
    is not.
    """

    def __init__(self, directory: Path, keys: LedgerKeys | None = None) -> None:
        self._folder = directory / FOLDER
        self._keys = keys or load_ledger_keys(KeyFiles(directory / "keys"))
        self._checkpoint = CheckpointFile(self._folder / CHECKPOINT, self._keys.signers)
        self.verifier = self._keys.signer.verifier
        self.verifiers = [signer.verifier for signer in self._keys.signers]

    def note(self) -> str:
        """The last checkpoint as it is signed; "" where there is none yet. LedgerBrokenError where it is not ours."""
        if self._checkpoint.read() is None:
            return ""
        return (self._folder / CHECKPOINT).read_bytes().decode()

    def cosigned(self) -> list[str]:
        """The last checkpoints that witnesses signed, as notes."""
        return CosignedFile(self._folder / COSIGNED).read()

    def checkpoint(self) -> Checkpoint | None:
        """What it says."""
        note = self.note()
        return parse_checkpoint(split_note(note)[0]) if note else None

    def lines(self) -> Iterator[Line]:
        """Every entry in order, but a half-written last one. LedgerBrokenError at the first that does not hold."""
        with self._opened(ENTRIES) as descriptor:
            stop = os.fstat(descriptor).st_size
            for n, data in enumerate(read_lines(descriptor, Position(0, 0), stop)):
                line = read_line(self._keys, data, n)
                if line is not None:
                    yield line
                elif data.endswith(b"\n"):
                    raise LedgerBrokenError(f"entry {n} of the ledger does not hold")

    def lines_at(self, numbers: Iterable[int]) -> Iterator[Line]:
        """These entries, whose numbers ascend and are in the ledger. LedgerBrokenError where one does not hold."""
        for block, wanted in itertools.groupby(numbers, key=lambda n: n // WIDTH):
            data = self._block(block)
            for n in wanted:
                line = read_line(self._keys, data[n % WIDTH], n) if n % WIDTH < len(data) else None
                if line is None:
                    raise LedgerBrokenError(f"entry {n} of the ledger does not hold")
                yield line

    def lines_of(
        self, by: By, name: str, *, after: int = -1, before: int | None = None, limit: int | None = None
    ) -> Iterator[Line]:
        """Entries of an account, of who opened, or of a session, in order: between two numbers, and so many at most.

        LedgerBrokenError where the index names one that is another's.
        """
        left = limit
        while left is None or left > 0:
            some = FOUND_AT_ONCE if left is None else min(left, FOUND_AT_ONCE)
            found = entries_of(self._folder / INDEX, by, name, after=after, before=before, limit=some)
            if not found:
                return
            yield from self._indexed(found, {by: name})
            after = found[-1]
            left = None if left is None else left - len(found)

    def latest_of(self, account: str, *, before: int, limit: int) -> Iterator[Line]:
        """An account's newest entries before one, in order. LedgerBrokenError as in `lines_of`."""
        found = latest_of_account(self._folder / INDEX, account, before=before, limit=limit)
        yield from self._indexed(found, {"account": account})

    def lines_of_account_by(
        self, account: str, by: By, name: str, *, after: int, before: int, limit: int
    ) -> Iterator[Line]:
        """An account's entries of one who opened, or of one session, in order. LedgerBrokenError as in `lines_of`."""
        path = self._folder / INDEX
        found = entries_of_account_by(path, account, by, name, after=after, before=before, limit=limit)
        yield from self._indexed(found, {"account": account, by: name})

    def _indexed(self, numbers: Iterable[int], of: Mapping[By, str]) -> Iterator[Line]:
        for line in self.lines_at(numbers):
            if any(getattr(whose(line.entry), by) != name for by, name in of.items()):
                raise LedgerBrokenError(
                    f"the ledger's index is wrong about entry {line.n}: delete it, and it is made anew"
                )
            yield line

    def salt(self, line: Line) -> bytes:
        """What an account needs beside an entry of its own to see that it is in the tree."""
        return self._keys.salt(line.entry.account, line.n)

    def tile(self, tile: Tile) -> bytes:
        """A tile of the tree: as much of it as is there."""
        if tile.level is None:
            leaves = [bytes.fromhex(line[:_HEX_LEAF].decode()) for line in self._block(tile.n)[: tile.width]]
            return encode_bundle(leaves)
        try:
            return self._slice(f"level-{tile.level}", tile.n * WIDTH * HASH_BYTES, tile.width * HASH_BYTES)
        except FileNotFoundError:
            return b""

    def hashes(self, size: int) -> TileHashes:
        """For proofs in the tree of the first `size` entries."""
        return TileHashes(self.tile, size)

    def root(self, size: int) -> bytes:
        """The root of the first `size` entries, by the tiles."""
        return root_of(self.hashes(size), size)

    def check(self) -> Sound:
        """Read everything and make the tree anew. LedgerBrokenError where anything was changed, moved or cut off."""
        # The checkpoint is read first: the entries that it counts are there by then.
        checkpoint = self.checkpoint()
        signed = 0 if checkpoint is None else checkpoint.size
        tree, tiles = Frontier(), _TilesSoFar(self, signed)
        for line in self.lines():
            tiles.follow(tree.append(leaf_hash(line.leaf)))
            if checkpoint is not None and tree.size == signed and tree.root() != checkpoint.root:
                raise LedgerBrokenError("the ledger's entries are not those of its checkpoint")
        if tree.size < signed:
            raise LedgerBrokenError(f"the ledger ends after {tree.size} entries, its checkpoint says {signed}")
        tiles.end()
        return Sound(tree.size, tree.root(), signed)

    def export(self, directory: Path) -> Checkpoint:
        """Write the checkpoint and every tile below it where a plain web server may serve them.

        Source: C2SP, tlog-tiles. An existing export is brought up to date. LedgerBrokenError where nothing is signed.
        """
        note = self.note()
        if not note:
            raise LedgerBrokenError("the ledger has no checkpoint yet")
        checkpoint = parse_checkpoint(split_note(note)[0])
        for tile in tiles_of(checkpoint.size):
            path = directory / tile_path(tile)
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(self.tile(tile))
        notes = self.cosigned()
        (directory / CHECKPOINT).write_bytes(with_lines_of(note, notes).encode())
        if notes:
            (directory / COSIGNED).write_bytes(most_cosigned(notes).encode())
        return checkpoint

    def _block(self, block: int) -> list[bytes]:
        """The lines of a block of 256, as many as are there."""
        places = self._slice(OFFSETS, block * OFFSET_BYTES, 2 * OFFSET_BYTES)
        if len(places) < OFFSET_BYTES:
            return []
        start = int.from_bytes(places[:OFFSET_BYTES])
        with self._opened(ENTRIES) as descriptor:
            stop = int.from_bytes(places[OFFSET_BYTES:]) or os.fstat(descriptor).st_size
            return list(itertools.islice(read_lines(descriptor, Position(0, start), stop), WIDTH))

    def _slice(self, name: str, start: int, size: int) -> bytes:
        with self._opened(name) as descriptor:
            return os.pread(descriptor, size, start)

    @contextmanager
    def _opened(self, name: str) -> Iterator[int]:
        descriptor = os.open(self._folder / name, os.O_RDONLY)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


class _TilesSoFar:
    """The hash tiles of a tree as it is made, each held against the file once it is whole."""

    def __init__(self, ledger: LedgerReader, size: int) -> None:
        self._ledger = ledger
        self._size = size
        self._rows: dict[int, bytearray] = {}
        self._done: dict[int, int] = {}

    def follow(self, complete: Iterable[tuple[Subtree, bytes]]) -> None:
        for (height, n), root in complete:
            level, above = divmod(height, HEIGHT)
            if not above and (n + 1) << height <= self._size:
                row = self._rows.setdefault(level, bytearray())
                row += root
                if len(row) == WIDTH * HASH_BYTES:
                    self._compare(level, row)

    def end(self) -> None:
        for level, row in self._rows.items():
            if row:
                self._compare(level, row)

    def _compare(self, level: int, row: bytearray) -> None:
        n = self._done.get(level, 0)
        tile = Tile(level, n, len(row) // HASH_BYTES)
        if self._ledger.tile(tile) != row:
            raise LedgerBrokenError(f"{tile_path(tile)} of the ledger is not that of its entries")
        self._done[level] = n + 1
        row.clear()


def read_ledger(directory: Path) -> list[AccessEntry]:
    """Every entry of a small ledger, in order. LedgerBrokenError, KeyFileError."""
    return [line.entry for line in LedgerReader(directory).lines()]
