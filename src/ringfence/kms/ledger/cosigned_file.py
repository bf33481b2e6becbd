"""The ledger's last checkpoints with the cosignatures of its witnesses, in a file beside the checkpoint."""

import threading
from pathlib import Path
from typing import Final

import msgspec

from ringfence.domain.ledger.cosigned import kept_with
from ringfence.domain.ledger.note import NoteError, split_note
from ringfence.kms.ledger.checkpoint_file import replace_durably

# The one that witnesses are asked about now, and the one before it, which all of them may have signed.
KEPT: Final = 2
# It is shown to whoever asks: what a dispatcher brings may not be of any length.
NOTE_MAX_CHARACTERS: Final = 16_384


class CosignedFile:
    """Read and replaced as a whole. It follows from what witnesses say: one that cannot be read is as if none did."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = threading.Lock()

    def read(self) -> list[str]:
        """Signed notes, that of the longest ledger last. Whose signatures are right is for the reader to see."""
        try:
            notes = msgspec.json.decode(self._path.read_bytes(), type=list[str])
            for note in notes:
                split_note(note)
        except (FileNotFoundError, msgspec.DecodeError, NoteError):
            return []
        return notes

    def keep(self, note: str) -> None:
        """Keep it with what others signed of the same text, durably. OSError.

        NoteError for what is no checkpoint, and for more signatures than are kept.
        """
        with self._writing:
            notes = kept_with(note, self.read(), KEPT)
            if max(map(len, notes)) > NOTE_MAX_CHARACTERS or any(len(split_note(each)[1]) < 2 for each in notes):
                raise NoteError("a cosigned checkpoint has two signatures or more, and not so many")
            replace_durably(self._path, msgspec.json.encode(notes))
