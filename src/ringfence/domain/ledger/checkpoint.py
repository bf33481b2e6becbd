"""Checkpoints: the size and root of a log, as its signer and its witnesses put their names to it.

Source: C2SP, tlog-checkpoint.
"""

import base64
import binascii
import re
from typing import NamedTuple

from ringfence.domain.ledger.merkle import HASH_BYTES
from ringfence.domain.ledger.note import NoteError

_KEY = "key "
_SIZE = re.compile("0|[1-9][0-9]{0,18}", re.ASCII)


class Checkpoint(NamedTuple):
    """How a log stood. `origin` names the log; `keys` are all that ever signed it, where there is more than one.

    They stand in lines of their own, `key name+id+key`, the newest last: an extension of ours.
    """

    origin: str
    size: int
    root: bytes
    keys: tuple[str, ...] = ()

    def text(self) -> str:
        """The body of its note."""
        keys = "".join(f"{_KEY}{key}\n" for key in self.keys)
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n{keys}"


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint of a note's text; of lines after the third others than keys are passed over. NoteError."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0] or lines[-1]:
        raise NoteError("a checkpoint has three lines: origin, size, root")
    if _SIZE.fullmatch(lines[1]) is None or int(lines[1]) >= 1 << 63:
        raise NoteError("the checkpoint's size is not a number")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("the checkpoint's root is not Base64") from None
    if len(root) != HASH_BYTES or base64.b64encode(root).decode() != lines[2]:
        raise NoteError("the checkpoint's root is not a hash")
    if any(not line for line in lines[3:-1]):
        raise NoteError("the checkpoint holds an empty line")
    keys = tuple(line.removeprefix(_KEY) for line in lines[3:-1] if line.startswith(_KEY))
    return Checkpoint(lines[0], int(lines[1]), root, keys)
