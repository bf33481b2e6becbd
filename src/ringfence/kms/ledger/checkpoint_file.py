"""The ledger's last checkpoint, signed, in a file of its own."""

import os
from collections.abc import Sequence
from pathlib import Path

from ringfence.domain.ledger.checkpoint import Checkpoint, parse_checkpoint
from ringfence.domain.ledger.note import NoteError, Signer, join_note, open_note
from ringfence.kms.ledger.lines import LedgerBrokenError


class CheckpointFile:
    """Read and replaced as a whole. All of `signers` sign it, and any of them may have; the list may grow."""

    def __init__(self, path: Path, signers: Sequence[Signer]) -> None:
        self._path = path
        self._signers = signers

    def read(self) -> Checkpoint | None:
        """The last one; None where there is none yet. LedgerBrokenError where it is not ours."""
        try:
            note = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except ValueError:
            raise LedgerBrokenError("the ledger's checkpoint is not text") from None
        try:
            text, _ = open_note(note, [signer.verifier for signer in self._signers])
            checkpoint = parse_checkpoint(text)
        except NoteError as error:
            raise LedgerBrokenError(f"the ledger's checkpoint: {error}") from None
        if checkpoint.origin != self._signers[0].verifier.name:
            raise LedgerBrokenError("the ledger's checkpoint is another log's")
        return checkpoint

    def write(self, size: int, root: bytes) -> str:
        """Sign and keep it, durably: the note. OSError: the last one is still there."""
        signers = list(self._signers)
        keys = tuple(signer.verifier.encode() for signer in signers) if len(signers) > 1 else ()
        text = Checkpoint(signers[0].verifier.name, size, root, keys).text()
        note = join_note(text, [signer.sign(text) for signer in signers])
        replace_durably(self._path, note.encode())
        return note


def replace_durably(path: Path, data: bytes) -> None:
    """The file is `data` as a whole, on disk, or what it was. OSError."""
    new = path.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    new.replace(path)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """What was made and renamed there is on disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
