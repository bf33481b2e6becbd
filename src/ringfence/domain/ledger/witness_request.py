"""What a log says to a witness to have a checkpoint cosigned, and what the witness answers.

Source: C2SP, tlog-witness, "add-checkpoint".
"""

import base64
import re
from collections.abc import Sequence

from ringfence.domain.ledger.note import NoteError, Verifier, join_note, open_note, split_note

_SIZE = re.compile(r"(0|[1-9][0-9]{0,18})\n?", re.ASCII)


def request_body(old_size: int, proof: Sequence[bytes], note: str) -> bytes:
    """The body that asks for a cosignature on the checkpoint `note`, which begins with `old_size` entries."""
    hashes = "".join(f"{base64.b64encode(step).decode()}\n" for step in proof)
    return f"old {old_size}\n{hashes}\n{note}".encode()


def read_size(body: bytes) -> int:
    """How many entries a witness says that it cosigned last. ValueError for anything else."""
    found = _SIZE.fullmatch(body.decode("ascii", errors="replace"))
    if found is None:
        raise ValueError("expected a number of entries")
    return int(found[1])


def cosignature_in(answer: bytes, note: str, verifier: Verifier) -> tuple[str, int]:
    """The line by which a witness signed a checkpoint, and when it says that it did (Unix, seconds). NoteError."""
    text, _ = split_note(note)
    try:
        _, lines = split_note(join_note(text, [answer.decode()]))
    except UnicodeDecodeError:
        raise NoteError("the answer is not text") from None
    for line in lines:
        try:
            _, (signature,) = open_note(join_note(text, [f"{line}\n"]), [verifier])
        except NoteError:
            continue
        return line, signature.at_s
    raise NoteError("the witness did not sign")
