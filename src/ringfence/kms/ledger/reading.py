"""The whole ledger read and held against itself: every entry, the tree over them, and the signed checkpoint."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ringfence.domain.ledger.merkle import Frontier, leaf_hash
from ringfence.kms.key_files import LEDGER, KeyFiles
from ringfence.kms.ledger.checkpoint_file import CheckpointFile
from ringfence.kms.ledger.keys import LedgerKeys
from ringfence.kms.ledger.lines import LedgerBrokenError, Line, Position, read_line, read_lines
from ringfence.kms.ledger.writer import CHECKPOINT, ENTRIES, FOLDER
from ringfence.ports.ledger import AccessEntry


class Sound(NamedTuple):
    """What was found right: so many entries, of which the first `signed` are under the checkpoint. `root` is of all."""

    entries: int
    root: bytes
    signed: int


class LedgerReader:
    """Reads the ledger of a key service's folder. It may be written to meanwhile: what came later is not read.

    KeyFileError where its key is not there.
    """

    def __init__(self, directory: Path) -> None:
        self._folder = directory / FOLDER
        self._keys = LedgerKeys(KeyFiles(directory / "keys").load(LEDGER))
        self.verifier = self._keys.signer.verifier

    def lines(self) -> Iterator[Line]:
        """Every entry in order, but a half-written last one. LedgerBrokenError at the first that does not hold."""
        descriptor = os.open(self._folder / ENTRIES, os.O_RDONLY)
        try:
            stop = os.fstat(descriptor).st_size
            for n, data in enumerate(read_lines(descriptor, Position(0, 0), stop)):
                line = read_line(self._keys, data, n)
                if line is not None:
                    yield line
                elif data.endswith(b"\n"):
                    raise LedgerBrokenError(f"entry {n} of the ledger does not hold")
        finally:
            os.close(descriptor)

    def check(self) -> Sound:
        """Read everything and make the tree anew. LedgerBrokenError where anything was changed, moved or cut off."""
        # The checkpoint is read first: the entries that it counts are there by then.
        checkpoint = CheckpointFile(self._folder / CHECKPOINT, self._keys.signer).read()
        signed = 0 if checkpoint is None else checkpoint.size
        tree = Frontier()
        for line in self.lines():
            tree.append(leaf_hash(line.leaf))
            if checkpoint is not None and tree.size == signed and tree.root() != checkpoint.root:
                raise LedgerBrokenError("the ledger's entries are not those of its checkpoint")
        if tree.size < signed:
            raise LedgerBrokenError(f"the ledger ends after {tree.size} entries, its checkpoint says {signed}")
        return Sound(tree.size, tree.root(), signed)


def read_ledger(directory: Path) -> list[AccessEntry]:
    """Every entry of a small ledger, in order. LedgerBrokenError, KeyFileError."""
    return [line.entry for line in LedgerReader(directory).lines()]
