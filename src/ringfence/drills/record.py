"""A record of who opened what, as a drill sees it: who writes it, who owns its disk and keys, and who watches it."""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from ringfence.domain.ledger.checkpoint import parse_checkpoint
from ringfence.domain.ledger.note import NoteError, Verifier, open_note
from ringfence.domain.ledger.proof import consistency_proof
from ringfence.domain.ledger.witness import ForkError, Seen, follow
from ringfence.kms.key_files import KeyFiles
from ringfence.kms.ledger.keys import load_ledger_keys
from ringfence.kms.ledger.lines import LedgerBrokenError, line_of
from ringfence.kms.ledger.reading import LedgerReader, read_ledger
from ringfence.kms.ledger.writer import ENTRIES, FOLDER, LedgerWriter
from ringfence.ports.ledger import AccessEntry

Change = Callable[[list[AccessEntry]], list[AccessEntry]]


class Record(Protocol):
    """The record of one installation, in a folder of its own."""

    def write(self, entries: Sequence[AccessEntry]) -> None:
        """The installation appends."""

    def rewrite(self, change: Change) -> None:
        """A thief of disk and keys makes of it whatever he likes, so that it is sound in itself."""

    def look(self) -> str:
        """What somebody outside notices who looked before too; "" where all is as it should be."""

    def entries(self) -> list[AccessEntry]: ...

    def copy(self, directory: Path) -> "Record":
        """The same again elsewhere, with who watches it."""


class WatchedLedger:
    """Ours: a Merkle tree with a signed checkpoint, and a witness who knows the key and remembers what he saw."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._seen = Seen()
        self._verifier: Verifier | None = None

    def write(self, entries: Sequence[AccessEntry]) -> None:
        asyncio.run(self._written(entries))

    def rewrite(self, change: Change) -> None:
        keys = load_ledger_keys(KeyFiles(self._directory / "keys"))
        lines = [line_of(keys, entry, n)[0] for n, entry in enumerate(change(read_ledger(self._directory)))]
        for left in (self._directory / FOLDER).iterdir():
            left.unlink()
        (self._directory / FOLDER / ENTRIES).write_bytes(b"".join(lines))
        # He starts the product on what he wrote: it makes tree and index, and signs.
        asyncio.run(self._written([]))

    def look(self) -> str:
        reader = LedgerReader(self._directory)
        self._verifier = self._verifier or reader.verifier
        try:
            text, _ = open_note(reader.note(), [self._verifier])
            shown = parse_checkpoint(text)
            proof = consistency_proof(reader.hashes(shown.size), self._seen.size, shown.size)
            self._seen = follow(self._seen, self._seen.size, shown, proof)
        except (ForkError, NoteError, LedgerBrokenError, ValueError) as error:
            return str(error)
        return ""

    def entries(self) -> list[AccessEntry]:
        return read_ledger(self._directory)

    def copy(self, directory: Path) -> "WatchedLedger":
        shutil.copytree(self._directory, directory)
        other = WatchedLedger(directory)
        other._seen, other._verifier = self._seen, self._verifier
        return other

    async def _written(self, entries: Sequence[AccessEntry]) -> None:
        ledger = LedgerWriter(self._directory)
        await ledger.open(at_ms=0)
        if entries:
            await ledger.append(entries)
        await ledger.close()
