"""Checkpoints with the cosignatures of several witnesses: put together, chosen among, and held to a policy.

Each witness signs the text of a checkpoint. Who signed the same text stand in one note; a log that grows while they are
asked has several. Source: C2SP, tlog-cosignature.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from ringfence.domain.ledger.checkpoint import Checkpoint, parse_checkpoint
from ringfence.domain.ledger.note import NoteError, Signature, Verifier, join_note, open_note, signer_of, split_note


class Cosigned(NamedTuple):
    """A checkpoint, and the witnesses that put their names to it."""

    checkpoint: Checkpoint
    by: tuple[Signature, ...]


def with_lines_of(note: str, notes: Sequence[str]) -> str:
    """The note, and below it who else signed the same text in `notes`; each of them once. NoteError."""
    text, lines = split_note(note)
    known = {signer_of(line) for line in lines}
    for other in notes:
        theirs, more = split_note(other)
        for line in more if theirs == text else ():
            if signer_of(line) not in known:
                known.add(signer_of(line))
                lines.append(line)
    return join_note(text, [f"{line}\n" for line in lines])


def kept_with(note: str, notes: Sequence[str], most: int) -> list[str]:
    """What is kept of `notes` when `note` is cosigned: at most so many texts, the longest log last. NoteError."""
    text = split_note(note)[0]
    others = [each for each in notes if split_note(each)[0] != text]
    return sorted([*others, with_lines_of(note, notes)], key=_size)[-most:]


def most_cosigned(notes: Sequence[str]) -> str:
    """The note that most have signed, of these the one of the longest log; "" of none. NoteError.

    While a log's witnesses are asked one after the other, the last checkpoint has fewer names than the one before.
    """
    return max(notes, key=lambda note: (len(split_note(note)[1]), _size(note)), default="")


def cosigned_by(notes: Sequence[str], log: Sequence[Verifier], witnesses: Collection[Verifier]) -> Cosigned | None:
    """The checkpoint of `log` that most of these witnesses signed, of these the longest; None where none did.

    NoteError for a note that `log` did not sign, and for a signature of one of them that is wrong.
    """
    found = []
    for note in notes:
        text, signatures = open_note(note, [*log, *witnesses])
        by = tuple(each for each in signatures if each.verifier in witnesses)
        if len(by) == len(signatures):
            raise NoteError("a cosigned checkpoint is not the log's")
        if by:
            found.append(Cosigned(parse_checkpoint(text), by))
    return max(found, key=lambda each: (len(each.by), each.checkpoint.size), default=None)


def _size(note: str) -> int:
    return parse_checkpoint(split_note(note)[0]).size
