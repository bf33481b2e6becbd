"""Whether the ledger goes on: what its last checkpoint signs, and who has signed it."""

from collections.abc import Sequence

import msgspec

from ringfence.domain.ledger.checkpoint import parse_checkpoint
from ringfence.domain.ledger.note import split_note
from ringfence.ports.access_notes import OPERATOR
from ringfence.ports.ledger import LedgerGap, LedgerStanding, OwnRecords

SIGNATURE = "\u2014 "


class LedgerHealth(msgspec.Struct, frozen=True, kw_only=True):
    """`size` entries under `root`, hex. `signers` are the log and its witnesses, by name, as the checkpoint has them.

    `latest_ms` is when staff did something last that it has, None where it is nothing. All are "" or 0 before the first
    checkpoint. `standing` says when that was signed, and how the key service's lease stands; of `gaps` the newest is
    first. `cosigned` has checkpoints that witnesses signed: how many entries, and by whom.
    """

    standing: LedgerStanding = LedgerStanding()
    gaps: Sequence[LedgerGap] = ()
    cosigned: Sequence[tuple[int, Sequence[str]]] = ()

    size: int = 0
    origin: str = ""
    root: str = ""
    verifier: str = ""
    signers: Sequence[str] = ()
    latest_ms: int | None = None


async def ledger_health(records: OwnRecords) -> LedgerHealth:
    """As it is now. ConnectionError where it cannot be read."""
    note = await records.checkpoint()
    if not note:
        return LedgerHealth(standing=await records.standing())
    text, signatures = split_note(note)
    checkpoint = parse_checkpoint(text)
    latest = (await records.latest_for(OPERATOR, None, 1)).entries
    return LedgerHealth(
        size=checkpoint.size,
        origin=checkpoint.origin,
        root=checkpoint.root.hex(),
        verifier=await records.verifier(),
        standing=await records.standing(),
        gaps=(await records.gaps())[::-1],
        cosigned=[_cosigned(each) for each in reversed(await records.cosigned())],
        signers=_names(signatures),
        latest_ms=latest[-1].entry.at_ms if latest else None,
    )


def _names(signatures: Sequence[str]) -> Sequence[str]:
    return [line.removeprefix(SIGNATURE).partition(" ")[0] for line in signatures]


def _cosigned(note: str) -> tuple[int, Sequence[str]]:
    text, signatures = split_note(note)
    return parse_checkpoint(text).size, _names(signatures)
