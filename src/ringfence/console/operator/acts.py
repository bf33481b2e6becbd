"""What staff did of late, as the ledger has it."""

from collections.abc import Sequence

import msgspec

from ringfence.domain.ledger.checkpoint import parse_checkpoint
from ringfence.domain.ledger.note import split_note
from ringfence.ports.access_notes import OPERATOR
from ringfence.ports.ledger import AccessEntry, OwnRecords

PAGE = 50


class Acts(msgspec.Struct, frozen=True, kw_only=True):
    """A page of entries, the latest first, each with its place in the ledger, which has `size` entries at its last
    checkpoint. `before` leads to the page after this one; None where there is none."""

    size: int
    entries: Sequence[tuple[int, AccessEntry]]
    before: int | None


async def ledger_size(records: OwnRecords) -> int:
    """How many entries the last checkpoint signs. ConnectionError."""
    return _size_at(await records.checkpoint())


async def acts_of_staff(records: OwnRecords, before: int | None = None) -> Acts:
    """Those that concern no account, before the `before`th entry. ConnectionError where the ledger cannot be read."""
    found = await records.latest_for(OPERATOR, before, PAGE + 1)
    entries = [(each.n, each.entry) for each in reversed(found.entries)]
    page = entries[:PAGE]
    return Acts(size=_size_at(found.checkpoint), entries=page, before=page[-1][0] if len(entries) > PAGE else None)


def _size_at(note: str) -> int:
    """Of a checkpoint, "" for none yet."""
    return parse_checkpoint(split_note(note)[0]).size if note else 0
