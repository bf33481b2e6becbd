"""A witness: who remembers the last checkpoint of a log, and puts its name to none that does not follow from it.

Source: C2SP, tlog-witness.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ringfence.domain.ledger.checkpoint import Checkpoint
from ringfence.domain.ledger.merkle import EMPTY_ROOT
from ringfence.domain.ledger.proof import ProofError, check_consistency


class Seen(NamedTuple):
    """What a witness remembers of a log."""

    size: int = 0
    root: bytes = EMPTY_ROOT


class StaleError(Exception):
    """The log speaks of another size than the witness remembers: it must begin there. 409 on the wire."""


class ForkError(Exception):
    """The checkpoint does not follow from the one remembered: the log was changed. 422 on the wire."""


def follow(seen: Seen, old_size: int, checkpoint: Checkpoint, proof: Sequence[bytes]) -> Seen:
    """What the witness remembers from now on, if it may sign. StaleError, ForkError: then it must not."""
    if old_size != seen.size:
        raise StaleError("another size is remembered")
    if checkpoint.size < old_size:
        raise ForkError("the log became shorter")
    try:
        check_consistency(seen.size, checkpoint.size, seen.root, checkpoint.root, proof)
    except ProofError as error:
        raise ForkError(str(error)) from None
    return Seen(checkpoint.size, checkpoint.root)
